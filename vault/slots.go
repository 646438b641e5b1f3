package vault

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"

	"npmotp/internal/secret"
)

const (
	formatVersion = 1
	headerWord    = "npmotp-vault"
	slotWord      = "slot"
	bodyLine      = "body\n"

	slotPassphrase = "passphrase"

	// DefaultWorkFactor is age's own: 2^18 rounds of scrypt, 256 MiB.
	DefaultWorkFactor = 18
	// MaxWorkFactor is the largest accepted: 2^20 rounds need 1 GiB, and a file
	// that asks for more could only exhaust the machine.
	MaxWorkFactor = 20
	// MinWorkFactor is the smallest that a vault is created with.
	MinWorkFactor = 10

	maxFile = 64 << 20 // bytes; 10,000 accounts take about 10 MB
)

// A container is a vault file taken apart, nothing of it decrypted.
type container struct {
	slots []slot
	head  []byte // all bytes before the armor of the body
	body  []byte // armored
	hash  string // of the whole file
}

// A slot holds the vault identity, wrapped in one way.
//
// Its id is the beginning of the SHA-256 of the rest of it. So a damaged slot is
// told from a wrong passphrase, which age alone cannot do: both fail in the
// same authenticated decryption.
type slot struct {
	kind, id, name string
	armored        []byte
}

func newSlot(kind, name string, armored []byte) slot {
	s := slot{kind: kind, name: name, armored: armored}
	s.id = s.sum()
	return s
}

// sum returns the id that the slot must have.
func (s slot) sum() string {
	return hashOf(fmt.Appendf(nil, "%s %s\n%s", s.kind, s.name, s.armored))[:16]
}

func (s slot) line() string {
	line := slotWord + " " + s.kind + " " + s.id
	if s.name != "" {
		line += " " + s.name
	}
	return line + "\n"
}

// headOf returns the part of a file that stands before the body.
func headOf(slots []slot) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %d\n", headerWord, formatVersion)
	for _, s := range slots {
		b.WriteString(s.line())
		b.Write(s.armored)
	}
	b.WriteString(bodyLine)
	return b.Bytes()
}

// headHash is what the body says of the head. It binds the slots, which anyone
// can rewrite, to the contents, which only the vault identity opens.
func headHash(head []byte) string { return hashOf(head) }

// hashOf returns the hexadecimal SHA-256 of data.
func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// parseContainer takes a file apart. It accepts only what headOf and the armor
// of age write, byte for byte.
func parseContainer(data []byte) (*container, error) {
	c := &container{hash: hashOf(data)}
	rest, err := cutHeader(data)
	if err != nil {
		return nil, err
	}
	for !bytes.HasPrefix(rest, []byte(bodyLine)) {
		var s slot
		if s, rest, err = cutSlot(rest); err != nil {
			return nil, fmt.Errorf("%w: slot %d: %w", ErrFormat, len(c.slots)+1, err)
		}
		c.slots = append(c.slots, s)
	}
	if len(c.slots) == 0 {
		return nil, fmt.Errorf("%w: it has no slots", ErrFormat)
	}
	rest = rest[len(bodyLine):]
	c.head = data[:len(data)-len(rest)]
	if c.body, rest, err = cutArmor(rest); err != nil {
		return nil, fmt.Errorf("%w: body: %w", ErrFormat, err)
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("%w: %d bytes after the body", ErrFormat, len(rest))
	}
	if !bytes.Equal(c.head, headOf(c.slots)) {
		return nil, fmt.Errorf("%w: its head is not as npmotp writes it", ErrFormat)
	}
	return c, nil
}

func cutHeader(data []byte) (rest []byte, err error) {
	line, rest, ok := bytes.Cut(data, []byte("\n"))
	word, number, _ := strings.Cut(string(line), " ")
	if !ok || word != headerWord {
		return nil, fmt.Errorf("%w: it does not begin as a vault does", ErrFormat)
	}
	version, err := strconv.Atoi(number)
	if err != nil || version < 1 || strconv.Itoa(version) != number {
		return nil, fmt.Errorf("%w: no format version in its first line", ErrFormat)
	}
	if version > formatVersion {
		return nil, &VersionError{Got: version, Max: formatVersion}
	}
	return rest, nil
}

func cutSlot(data []byte) (s slot, rest []byte, err error) {
	line, rest, ok := bytes.Cut(data, []byte("\n"))
	if !ok {
		return slot{}, nil, errors.New("the file ends early")
	}
	fields := strings.SplitN(string(line), " ", 4)
	if len(fields) < 3 || fields[0] != slotWord {
		return slot{}, nil, errors.New("neither a slot nor the body")
	}
	s.kind, s.id = fields[1], fields[2]
	if len(fields) == 4 {
		s.name = fields[3]
	}
	if s.armored, rest, err = cutArmor(rest); err != nil {
		return slot{}, nil, err
	}
	if s.id != s.sum() {
		return slot{}, nil, errors.New("its bytes do not match its id")
	}
	return s, rest, nil
}

// cutArmor cuts one armored age file, with its last newline, off data.
func cutArmor(data []byte) (armored, rest []byte, err error) {
	if !bytes.HasPrefix(data, []byte(armor.Header+"\n")) {
		return nil, nil, errors.New("no armored age file")
	}
	end := []byte("\n" + armor.Footer + "\n")
	i := bytes.Index(data, end)
	if i < 0 {
		return nil, nil, errors.New("the file ends early")
	}
	i += len(end)
	return data[:i:i], data[i:], nil
}

// wrap writes the vault identity into a new passphrase slot.
func wrap(ctx context.Context, id *age.HybridIdentity, pass secret.Text, workFactor int) (slot, error) {
	r, err := age.NewScryptRecipient(pass.Reveal())
	if err != nil {
		return slot{}, err
	}
	r.SetWorkFactor(workFactor)
	armored, err := inBackground(ctx, func() ([]byte, error) {
		return seal([]byte(id.String()+"\n"), r)
	})
	if err != nil {
		return slot{}, err
	}
	return newSlot(slotPassphrase, "", armored), nil
}

// unwrap opens the first passphrase slot that pass fits.
func (c *container) unwrap(ctx context.Context, pass secret.Text) (*age.HybridIdentity, error) {
	scrypt, err := age.NewScryptIdentity(pass.Reveal())
	if err != nil {
		return nil, ErrPassphrase // age's only complaint is about an empty one
	}
	scrypt.SetMaxWorkFactor(MaxWorkFactor)
	for _, s := range c.slots {
		if s.kind != slotPassphrase {
			continue
		}
		if factor, err := s.workFactor(); err != nil {
			return nil, fmt.Errorf("%w: slot %s: %w", ErrFormat, s.id, err)
		} else if factor > MaxWorkFactor {
			return nil, fmt.Errorf("%w: slot %s asks for a work factor of %d, more than %d", ErrFormat, s.id, factor, MaxWorkFactor)
		}
		plain, err := inBackground(ctx, func() ([]byte, error) { return open(s.armored, scrypt) })
		if errors.Is(err, age.ErrIncorrectIdentity) {
			continue
		}
		if ctx.Err() != nil {
			return nil, err
		}
		if err != nil {
			return nil, fmt.Errorf("%w: slot %s: %w", ErrFormat, s.id, err)
		}
		id, err := age.ParseHybridIdentity(strings.TrimSuffix(string(plain), "\n"))
		if err != nil {
			// The parse error may quote what it read.
			return nil, fmt.Errorf("%w: slot %s holds no vault identity", ErrFormat, s.id)
		}
		return id, nil
	}
	return nil, ErrPassphrase
}

// workFactor reads the base-2 logarithm of the scrypt rounds from the header of
// the slot, which is not secret (age-encryption.org/v1, "The scrypt recipient
// type").
func (s slot) workFactor() (int, error) {
	header := make([]byte, 200)
	n, err := io.ReadFull(armor.NewReader(bytes.NewReader(s.armored)), header)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return 0, errors.New("no age header")
	}
	for line := range strings.Lines(string(header[:n])) {
		if args, ok := strings.CutPrefix(line, "-> scrypt "); ok {
			_, factor, _ := strings.Cut(strings.TrimSuffix(line[len(line)-len(args):], "\n"), " ")
			return strconv.Atoi(factor)
		}
	}
	return 0, errors.New("no scrypt stanza")
}

// inBackground returns early when ctx is done: scrypt takes a second or so and
// cannot be interrupted, and Ctrl-C should not wait for it.
func inBackground(ctx context.Context, do func() ([]byte, error)) ([]byte, error) {
	type result struct {
		data []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		data, err := do()
		done <- result{data, err}
	}()
	select {
	case r := <-done:
		return r.data, r.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// seal encrypts plain to r as an armored age file.
func seal(plain []byte, r age.Recipient) ([]byte, error) {
	var out bytes.Buffer
	armored := armor.NewWriter(&out)
	w, err := age.Encrypt(armored, r)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(plain); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	if err := armored.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// open decrypts an armored age file.
func open(armored []byte, id age.Identity) ([]byte, error) {
	r, err := age.Decrypt(armor.NewReader(bytes.NewReader(armored)), id)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}
