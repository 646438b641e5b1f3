// Package otpimport reads the one-time password keys that other programs
// export, and makes accounts of them: texts with otpauth URIs, Google
// Authenticator's transfer QR codes, and the files of authenticator apps and
// password managers.
//
// Every entry of a file comes back, with a key or with the reason why it has
// none: what is left out in silence is missed when the phone is gone. What
// changes a password and is not understood refuses its entry, and only that.
// Names are cleaned on the way in. No error quotes the file.
package otpimport

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"npmotp/internal/cleantext"
	"npmotp/internal/plaintext"
	"npmotp/internal/secret"
	"npmotp/otpgen"
	"npmotp/scan"
)

// Bounds on what is read. An export of 10,000 keys has 3 MB.
const (
	maxFile    = 20 << 20 // bytes of a file
	maxEntries = 200_000
)

// Errors that callers branch on.
var (
	// ErrUnknown says that a file is of no format that is known.
	ErrUnknown = errors.New("no export of one-time password keys that npmotp knows")
	// ErrUnread says that a file is of a format that is known and not read. What
	// follows says what to export instead.
	ErrUnread = errors.New("this export cannot be read")
	// ErrNoKeys says that an export holds no one-time password key.
	ErrNoKeys = errors.New("the export has no one-time password keys")
	// ErrPassword says that the password of an encrypted export is wrong.
	ErrPassword = errors.New("wrong password of the export")
	// ErrNoPassword says that an export is encrypted, and its password not known.
	ErrNoPassword = errors.New("the export is encrypted, and its password is needed")
	// ErrDamaged says that a file is of its format, but cannot be read.
	ErrDamaged = errors.New("the export is damaged")
	// ErrCost says that opening an encrypted export takes too much memory or
	// time.
	ErrCost = errors.New("the export asks for too much work to open it")
)

// An Entry is one key of an export.
type Entry struct {
	Label otpgen.Label // cleaned
	Key   otpgen.Key   // valid if Err is nil
	Err   error        // why the entry cannot be used
}

// A Reader reads exports that belong together, as the pictures of one transfer
// do. After an error other than [ErrUnknown], [ErrNoKeys] or [scan.ErrNoCode] it
// is of no more use.
type Reader struct {
	// Format names the format, or is empty to recognise it by the content.
	Format string
	// Password asks for the password of an encrypted export. Where it is nil,
	// encrypted ones are an [ErrNoPassword].
	Password func() (secret.Text, error)
	// Allow asks whether opening an export may take so many bytes of memory and
	// some seconds. Where it is nil, that is an [ErrCost].
	Allow func(memory int64) error
	// Progress, if it is set, is called now and then with the number of entries.
	Progress func(entries int)

	entries   []Entry
	transfers []transfer
	parts     []*scan.PartsError // QR codes of messages that no picture has whole
	joined    []secret.Text      // messages that they were joined to
	partial   error              // what is missing of them
	work      int64              // of key derivations so far; see spend
}

// An input is a file while it is read.
type input struct {
	ctx     context.Context //nolint:containedctx // ends with the call that made it
	r       *Reader
	data    []byte
	text    string // of data, without blanks around it
	json    bool   // the text is JSON
	object  object // if the text is a JSON object
	first   object // the first element of a JSON array, if that is an object
	table   table
	uris    []otpgen.Found // those in text, once they are looked for
	itemsOf []item         // of JSON, once they are looked for
}

// Add reads one file, a picture or text.
func (r *Reader) Add(ctx context.Context, file io.Reader) error {
	data, err := await(ctx, func() ([]byte, error) { return io.ReadAll(io.LimitReader(file, maxFile+1)) })
	if err != nil {
		return err
	}
	if len(data) > maxFile {
		return fmt.Errorf("%w: it is larger than %d MiB", ErrUnknown, maxFile>>20)
	}
	in := &input{ctx: ctx, r: r, data: data}
	if err := in.unread(); err != nil {
		return err
	}
	if members := membersOf(data); members != nil {
		return in.readArchive(members)
	}
	if scan.IsPicture(data) {
		return in.addPicture()
	}
	return in.readData()
}

// readData reads a file that is no picture and no archive.
func (in *input) readData() error {
	ctx, r := in.ctx, in.r
	in.text = strings.TrimSpace(plaintext.Decode(in.data))
	if !strings.Contains(in.text, "\n") {
		in.text = strings.ReplaceAll(in.text, "\r", "\n")
	}
	if line, rest, ok := strings.Cut(in.text, "\n"); ok && strings.HasPrefix(line, "sep=") {
		in.text = strings.TrimSpace(rest) // of a table, for Excel
	}
	if in.text == "" {
		return fmt.Errorf("%w: it is empty", ErrUnknown)
	}
	if err := in.look(); err != nil {
		return err
	}
	before := len(r.entries)
	for _, f := range formats() {
		is, err := await(ctx, func() (bool, error) { return f.name == r.Format || r.Format == "" && f.is(in), nil })
		if err != nil {
			return err
		}
		if !is {
			continue
		}
		err = f.read(in)
		if err == nil && ctx.Err() != nil {
			err = context.Cause(ctx) // what was read is a part of it
		}
		if err == nil && len(r.entries) == before && len(r.transfers) == 0 {
			err = fmt.Errorf("%w (it was read as %s)", ErrNoKeys, f.name)
		}
		return err
	}
	return in.unknown()
}

// unknown says what a file is that is no export.
func (in *input) unknown() error {
	words := strings.Fields(in.text)
	isCode := func(word string) bool {
		return len(word) == 64 && strings.Trim(word, "0123456789abcdefABCDEF") == ""
	}
	_, err := otpgen.ParseSecret(secret.New(in.text))
	switch {
	case err == nil && len(words) == 1:
		return fmt.Errorf("%w: it is a bare secret, which 'npmotp add' stores", ErrUnknown)
	case slices.ContainsFunc(words, isCode):
		return fmt.Errorf("%w: it has recovery codes, which 'npmotp recovery add' stores", ErrUnknown)
	case slices.ContainsFunc(in.table.names, func(name string) bool { return strings.EqualFold(name, "password") }):
		return fmt.Errorf("%w: the table has no column of keys", ErrNoKeys)
	}
	return ErrUnknown
}

// look prepares what formats are recognised by.
func (in *input) look() error {
	if in.text[0] != '{' && in.text[0] != '[' {
		in.table, _ = tableOf(in.ctx, in.text)
		return nil
	}
	valid, err := await(in.ctx, func() (bool, error) { return json.Valid([]byte(in.text)), nil })
	if err != nil {
		return err
	}
	switch in.json = valid; {
	case !valid && strings.Contains(in.text, "otpauth"):
		return nil // text in brackets, or JSON line by line
	case !valid && in.text[0] == '[' && !strings.HasPrefix(strings.Join(strings.Fields(in.text[:min(len(in.text), 20)]), ""), "[{\""):
		return nil
	case !valid:
		return fmt.Errorf("%w: its JSON is cut or not well formed", ErrDamaged)
	case in.text[0] == '{':
		in.object, _ = objectOf(in.text)
	default:
		_ = in.each(in.text, func(e *entry) bool {
			in.first = e.object
			return false
		})
	}
	return nil
}

func (in *input) addPicture() error {
	r := in.r
	codes, err := scan.Decode(in.ctx, bytes.NewReader(in.data))
	switch part, ok := errors.AsType[*scan.PartsError](err); {
	case ok: // another picture may have the rest
		r.parts = append(r.parts, part)
		codes, r.partial = scan.Join(r.parts...)
		codes = slices.DeleteFunc(codes, func(c secret.Text) bool { return slices.ContainsFunc(r.joined, c.Equal) })
		r.joined = append(r.joined, codes...)
	case err != nil:
		return err
	}
	for _, code := range codes {
		if err := in.addTexts(otpgen.Label{}, code.Reveal()); err != nil {
			return err
		}
	}
	return nil
}

// Partial returns a [*scan.PartsError] where a message is spread over several QR
// codes, and some of them are in none of the pictures.
func (r *Reader) Partial() error { return r.partial }

// Entries returns what was read, in order.
func (r *Reader) Entries() []Entry { return r.entries }

// await returns what fn returns, or ends with ctx while fn goes on alone.
func await[T any](ctx context.Context, fn func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := fn()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	}
}

// step is called before each entry is read.
func (in *input) step() error {
	if in.ctx.Err() != nil {
		return context.Cause(in.ctx)
	}
	if n := len(in.r.entries); in.r.Progress != nil && n%1000 == 0 && n > 0 {
		in.r.Progress(n)
	}
	if len(in.r.entries) >= maxEntries {
		return tooMany()
	}
	return nil
}

func tooMany() error { return fmt.Errorf("%w: it has more than %d entries", ErrUnknown, maxEntries) }

// add keeps an entry.
func (in *input) add(label otpgen.Label, key otpgen.Key, err error) {
	if err == nil {
		err = key.Validate()
	}
	if err != nil {
		key = otpgen.Key{}
	}
	label.Issuer, label.Account = cleanName(label.Issuer), cleanName(label.Account)
	in.r.entries = append(in.r.entries, Entry{Label: otpgen.SplitLabel(label.Issuer, label.Account), Key: key, Err: err})
}

// spoil refuses the entry before, for why.
func (in *input) spoil(why string) {
	if n := len(in.r.entries); n > 0 && in.r.entries[n-1].Err == nil {
		in.r.entries[n-1].Key, in.r.entries[n-1].Err = otpgen.Key{}, errors.New(why)
	}
}

// cleanName cleans a name, which may be escaped as Latin-1.
func cleanName(name string) string { return cleantext.Name(plaintext.Decode([]byte(name))) }

// addURI keeps an entry that is an otpauth URI. What a password manager calls
// the entry is its label where the URI has none.
func (in *input) addURI(uri string, named otpgen.Label) {
	key, label, err := otpgen.ParseURI(secret.New(uri))
	if err != nil {
		label = otpgen.LabelOf(secret.New(uri))
	}
	label.Issuer, label.Account = cmp.Or(label.Issuer, named.Issuer), cmp.Or(label.Account, named.Account)
	if err == nil && label.IsSteam() && !strings.Contains(strings.ToLower(uri), "digits=") {
		err = errSteam()
	}
	in.add(label, key, err)
}

// addBeside keeps what an item of a password manager has of keys outside of the field
// for them: URIs in a note or in a field of the user's own, and a secret in a field that
// is called so. A secret without a digit may be words.
func (in *input) addBeside(label otpgen.Label, name, text string) {
	if strings.Contains(strings.ToLower(text), "otpauth") {
		_ = in.addTexts(label, text) // its only error is that of the context
		return
	}
	if name == "" || !strings.ContainsAny(text, "234567") {
		return
	}
	raw, _ := json.Marshal(text) // a string can be written
	if field, _ := bareSecret(object{strings.ToLower(name): raw}); field != "" {
		in.addRecord(label, record{secret: text})
	}
}

// addManaged keeps the key of an item of a password manager: a URI, or a bare
// secret with the parameters that are known.
func (in *input) addManaged(label otpgen.Label, k record) {
	switch {
	case strings.TrimSpace(k.secret) == "":
	case strings.Contains(k.secret, "://"):
		in.addURI(strings.TrimSpace(k.secret), label)
	default:
		in.addRecord(label, k)
	}
}
