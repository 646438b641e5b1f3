package vault

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"

	"npmotp/internal/secret"
)

// An Opener opens slots: a [Passphrase], or [Identities].
type Opener interface {
	// unwrap opens the first slot that it fits.
	unwrap(ctx context.Context, c *container) (id *age.HybridIdentity, slot string, err error)
}

// Passphrase returns what opens the slots of a passphrase.
func Passphrase(pass secret.Text) Opener { return passphrase{pass} }

type passphrase struct{ text secret.Text }

// unwrap implements [Opener]. Each slot that does not fit costs a run of scrypt.
func (p passphrase) unwrap(ctx context.Context, c *container) (*age.HybridIdentity, string, error) {
	for _, s := range c.slots {
		if s.kind != slotPassphrase {
			continue
		}
		id, err := p.open(ctx, s)
		if errors.Is(err, ErrPassphrase) {
			continue
		}
		return id, s.id, err
	}
	return nil, "", ErrPassphrase
}

// open opens one slot.
func (p passphrase) open(ctx context.Context, s slot) (*age.HybridIdentity, error) {
	scrypt, err := age.NewScryptIdentity(p.text.Reveal())
	if err != nil {
		return nil, ErrPassphrase // age's only complaint is about an empty one
	}
	scrypt.SetMaxWorkFactor(MaxWorkFactor)
	if factor, err := s.workFactor(); err != nil {
		return nil, fmt.Errorf("%w: slot %s: %w", ErrFormat, s.id, err)
	} else if factor > MaxWorkFactor {
		return nil, fmt.Errorf("%w: slot %s asks for a work factor of %d, more than %d", ErrFormat, s.id, factor, MaxWorkFactor)
	}
	plain, err := inBackground(ctx, func() ([]byte, error) { return open(s.armored, scrypt) })
	if errors.Is(err, age.ErrIncorrectIdentity) {
		return nil, ErrPassphrase
	}
	if ctx.Err() != nil {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("%w: slot %s: %w", ErrFormat, s.id, err)
	}
	return s.identity(plain)
}

// identity returns the vault identity that was in the slot.
func (s slot) identity(plain []byte) (*age.HybridIdentity, error) {
	id, err := age.ParseHybridIdentity(strings.TrimSuffix(string(plain), "\n"))
	if err != nil {
		// The parse error may quote what it read.
		return nil, fmt.Errorf("%w: slot %s holds no vault identity", ErrFormat, s.id)
	}
	return id, nil
}

// wrap writes the vault identity into a new passphrase slot.
func wrap(ctx context.Context, id *age.HybridIdentity, name string, pass secret.Text, workFactor int) (slot, error) {
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
	return newSlot(slotPassphrase, name, armored), nil
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
			_, factor, _ := strings.Cut(strings.TrimSuffix(args, "\n"), " ")
			return strconv.Atoi(factor)
		}
	}
	return 0, errors.New("no scrypt stanza")
}

// inBackground returns early when ctx is done: scrypt takes a second or so, a
// plugin waits for a finger, neither can be interrupted, and Ctrl-C should not
// wait for them.
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
	var binary bytes.Buffer
	w, err := age.Encrypt(&binary, r)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(plain); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return enarmor(binary.Bytes()), nil
}

// open decrypts an armored age file.
func open(armored []byte, ids ...age.Identity) ([]byte, error) {
	r := armor.NewReader(bytes.NewReader(armored))
	if binary, ok := dearmor(armored); ok {
		r = bytes.NewReader(binary)
	}
	r, err := age.Decrypt(r, ids...)
	if err != nil {
		return nil, err
	}
	plain := bytes.NewBuffer(make([]byte, 0, len(armored)/4*3+bytes.MinRead))
	_, err = plain.ReadFrom(r)
	return plain.Bytes(), err
}

// armorLine is how many characters a line of an armored file has, and
// armorLineBytes how many bytes they stand for (C2SP age, "ASCII armor").
const (
	armorLine      = 64
	armorLineBytes = 48
)

// enarmor writes what age's armor writer does, which takes a line at a time and
// several times as long for a large vault.
func enarmor(binary []byte) []byte {
	out := make([]byte, 0, len(binary)/armorLineBytes*(armorLine+1)+armorLine+len(armor.Header)+len(armor.Footer)+4)
	out = append(out, armor.Header+"\n"...)
	for line := range slices.Chunk(binary, armorLineBytes) {
		out = append(base64.StdEncoding.AppendEncode(out, line), '\n')
	}
	return append(out, armor.Footer+"\n"...)
}

// dearmor decodes what enarmor writes. Everything else is age's to judge: lines
// of another length, other ends of lines, blanks around, bits that are not zero.
func dearmor(armored []byte) ([]byte, bool) {
	body, ok := bytes.CutPrefix(armored, []byte(armor.Header+"\n"))
	if !ok {
		return nil, false
	}
	if body, ok = bytes.CutSuffix(body, []byte(armor.Footer+"\n")); !ok {
		return nil, false
	}
	binary := make([]byte, 0, len(body)/4*3)
	for line := range slices.Chunk(body, armorLine+1) {
		text, ended := bytes.CutSuffix(line, []byte("\n"))
		// The decoder passes over ends of lines, and padding ends a file.
		if !ended || len(text) == 0 || bytes.ContainsAny(text, "\r\n") || len(binary)%armorLineBytes != 0 {
			return nil, false
		}
		var err error
		if binary, err = base64.StdEncoding.Strict().AppendDecode(binary, text); err != nil {
			return nil, false
		}
	}
	return binary, true
}
