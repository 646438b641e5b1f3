// Package otpimport reads the one-time password keys that other programs
// export: lists of otpauth URIs, Google Authenticator's transfer QR codes, and
// the files of authenticator apps and password managers.
//
// Every entry of a file comes back, with a key or with the reason why it has
// none: what is left out in silence is missed when the phone is gone. Names are
// cleaned on the way in. No error quotes the file.
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
	// ErrEncrypted says that a file is encrypted in a way that is not read.
	ErrEncrypted = errors.New("the export is encrypted")
	// ErrPassword says that the password of an encrypted export is wrong.
	ErrPassword = errors.New("wrong password of the export")
	// ErrDamaged says that a file is of its format, but cannot be read.
	ErrDamaged = errors.New("the export is damaged")
	// ErrCost says that opening an encrypted export takes too much memory or
	// time.
	ErrCost = errors.New("the export asks for too much work to open it")
	// ErrParts says that not all QR codes of a transfer are there.
	ErrParts = errors.New("the transfer has more QR codes")
)

// An Entry is one key of an export.
type Entry struct {
	Label otpgen.Label // cleaned
	Key   otpgen.Key   // valid if Err is nil
	Err   error        // why the entry cannot be used
}

// A Reader reads exports that belong together, as the pictures of one transfer
// do.
type Reader struct {
	// Format names the format, or is empty to recognise it by the content.
	Format string
	// Password asks for the password of an encrypted export.
	Password func() (secret.Text, error)

	entries   []Entry
	transfers []transfer
	work      int64           // of key derivations so far; see spend
	ctx       context.Context //nolint:containedctx // of the file that is being added
}

// Formats returns the names of the formats, for people to choose from.
func Formats() []string {
	var names []string
	for _, f := range formats() {
		names = append(names, f.name)
	}
	return names
}

// A format is how one program writes keys. is looks at a part of the content
// that others do not have.
type format struct {
	name string
	is   func(content) bool
	read func(*Reader, content) error
}

func formats() []format {
	return []format{
		{"google", content.hasTransfer, (*Reader).readURIs},
		{"otpauth", content.hasURI, (*Reader).readURIs},
		{"aegis", func(c content) bool { return c.has("header") && c.has("db") }, (*Reader).readAegis},
		{"2fas", func(c content) bool { return c.has("services") && c.has("schemaVersion") }, (*Reader).read2FAS},
		{"andotp", content.isAndOTP, (*Reader).readAndOTP},
		{"freeotp", func(c content) bool { return c.has("tokens") && c.has("tokenOrder") }, (*Reader).readFreeOTP},
		{"bitwarden", content.isBitwarden, (*Reader).readBitwarden},
		{"keepassxc", func(c content) bool { return c.hasColumns("Title", "TOTP") }, (*Reader).readKeePassXC},
	}
}

// A content is a file as the formats look at it.
type content struct {
	text   string
	object map[string]json.RawMessage // when it is a JSON object
	table  table
}

func (c content) has(field string) bool { return c.object[field] != nil }

func (c content) hasColumns(names ...string) bool {
	for _, name := range names {
		if !slices.Contains(c.table.names, name) {
			return false
		}
	}
	return true
}

// Add reads one file, a picture or text. After an error the reader is of no
// more use.
func (r *Reader) Add(ctx context.Context, file io.Reader) error {
	r.ctx = ctx
	data, err := await(ctx, func() ([]byte, error) { return io.ReadAll(io.LimitReader(file, maxFile+1)) })
	if err != nil {
		return err
	}
	if len(data) > maxFile {
		return fmt.Errorf("%w: it is larger than %d MiB", ErrUnknown, maxFile>>20)
	}
	if scan.IsPicture(data) {
		return r.addPicture(ctx, data)
	}
	c := content{text: strings.TrimSpace(strings.TrimPrefix(string(data), "\ufeff"))}
	if c.text == "" {
		return fmt.Errorf("%w: it is empty", ErrUnknown)
	}
	if c.text[0] == '{' {
		if c.object, err = await(ctx, func() (object map[string]json.RawMessage, err error) {
			return object, decode(c.text, &object)
		}); err != nil {
			return err
		}
	}
	c.table, _ = tableOf(c.text)
	for _, f := range formats() {
		if f.name == r.Format || r.Format == "" && f.is(c) {
			return f.read(r, c)
		}
	}
	return ErrUnknown
}

func (r *Reader) addPicture(ctx context.Context, data []byte) error {
	codes, err := scan.Decode(ctx, bytes.NewReader(data))
	if err != nil {
		return err
	}
	var uris []string
	for _, code := range codes {
		uris = append(uris, code.Reveal())
	}
	return r.readURIs(content{text: strings.Join(uris, "\n")})
}

// Entries returns what was read, in order.
func (r *Reader) Entries() ([]Entry, error) {
	if err := complete(r.transfers); err != nil {
		return nil, err
	}
	return r.entries, nil
}

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

// step is called for each entry before it is read.
func (r *Reader) step() error {
	if r.ctx.Err() != nil {
		return context.Cause(r.ctx)
	}
	if len(r.entries) >= maxEntries {
		return fmt.Errorf("%w: it has more than %d entries", ErrUnknown, maxEntries)
	}
	return nil
}

// add keeps an entry whose key is given by an otpauth URI or its parts.
func (r *Reader) add(label otpgen.Label, key otpgen.Key, err error) {
	label.Issuer, label.Account = cleantext.Name(label.Issuer), cleantext.Name(label.Account)
	r.entries = append(r.entries, Entry{Label: label, Key: key, Err: err})
}

// addURI keeps an entry that is an otpauth URI. What a password manager calls
// the entry is its label where the URI has none.
func (r *Reader) addURI(uri string, named otpgen.Label) {
	key, label, err := otpgen.ParseURI(secret.New(uri))
	label.Issuer, label.Account = cmp.Or(label.Issuer, named.Issuer), cmp.Or(label.Account, named.Account)
	r.add(label, key, err)
}

// A record is a key as apps write it into JSON. An empty field has the value
// that it has in otpauth URIs.
type record struct {
	kind, secret, algorithm string
	digits, period          int
	counter                 *uint64
}

func (r *Reader) addRecord(label otpgen.Label, k record) {
	key, err := k.key()
	r.add(label, key, err)
}

func (k record) key() (otpgen.Key, error) {
	key, err := otpgen.NewKey(secret.New(k.secret))
	if err != nil {
		return otpgen.Key{}, err
	}
	if strings.EqualFold(k.kind, "steam") {
		return otpgen.Key{}, errors.New("this is a Steam Guard key, whose codes have letters")
	}
	if key.Kind, err = otpgen.ParseKind(cmp.Or(strings.ToLower(k.kind), "totp")); err != nil {
		return otpgen.Key{}, err
	}
	if key.Alg, err = otpgen.ParseAlg(cmp.Or(k.algorithm, "SHA1")); err != nil {
		return otpgen.Key{}, err
	}
	key.Digits = cmp.Or(k.digits, key.Digits)
	if k.period != 0 {
		key.Period = seconds(k.period)
	}
	if key.Kind == otpgen.HOTP {
		if k.counter == nil {
			return otpgen.Key{}, errors.New("it has no counter, which a hotp key needs")
		}
		key.Counter, key.Period = *k.counter, 0
	}
	return key, key.Validate()
}

// decode reads JSON of a known shape.
func decode(data string, v any) error {
	if json.Unmarshal([]byte(data), v) != nil {
		return fmt.Errorf("%w: it is not the JSON of its format", ErrDamaged)
	}
	return nil
}
