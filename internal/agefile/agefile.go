// Package agefile seals and opens armored age files: by passphrases, and by
// identities and recipients of every kind, those of SSH and of age's plugins
// included, whose questions it puts to the person. What is in the files is not
// its business.
package agefile

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

// MaxWorkFactor is the largest scrypt work factor that is accepted, the base-2
// logarithm of the rounds: 2^20 rounds need 1 GiB, and a file that asks for more
// could only exhaust the machine.
const MaxWorkFactor = 20

// ErrPassphrase says that a file does not open with a passphrase.
var ErrPassphrase = errors.New("wrong passphrase")

// Seal encrypts plain to r, as an armored file.
func Seal(plain []byte, r age.Recipient) ([]byte, error) {
	binary, err := SealBinary(plain, r)
	if err != nil {
		return nil, err
	}
	return enarmor(binary), nil
}

// SealBinary encrypts plain to recipients.
func SealBinary(plain []byte, to ...age.Recipient) ([]byte, error) {
	const header, chunk = 4096, 64 << 10 // what age adds: a tag of 16 bytes for each chunk
	binary := bytes.NewBuffer(make([]byte, 0, len(plain)+len(plain)/chunk*16+header))
	w, err := age.Encrypt(binary, to...)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(plain); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return binary.Bytes(), nil
}

// Open decrypts an armored file. The error wraps [age.ErrIncorrectIdentity] when
// it is for others.
func Open(armored []byte, ids ...age.Identity) ([]byte, error) {
	r := armor.NewReader(bytes.NewReader(armored))
	if binary, ok := dearmor(armored); ok {
		r = bytes.NewReader(binary)
	}
	r, err := age.Decrypt(r, ids...)
	if err != nil {
		return nil, err
	}
	plain := bytes.NewBuffer(make([]byte, 0, len(armored)/4*3+bytes.MinRead))
	if _, err := plain.ReadFrom(r); err != nil {
		return nil, err // what came before the fault is genuine, and not the whole
	}
	return plain.Bytes(), nil
}

// SealPassphrase encrypts plain with a passphrase and the given work factor.
func SealPassphrase(ctx context.Context, plain []byte, pass secret.Text, workFactor int) ([]byte, error) {
	r, err := age.NewScryptRecipient(pass.Reveal())
	if err != nil {
		return nil, err
	}
	r.SetWorkFactor(workFactor)
	return inBackground(ctx, func() ([]byte, error) { return Seal(plain, r) })
}

// OpenPassphrase decrypts what a passphrase has encrypted. The error wraps
// [ErrPassphrase] when it is another one.
func OpenPassphrase(ctx context.Context, armored []byte, pass secret.Text) ([]byte, error) {
	id, err := age.NewScryptIdentity(pass.Reveal())
	if err != nil {
		return nil, ErrPassphrase // age's only complaint is about an empty one
	}
	id.SetMaxWorkFactor(MaxWorkFactor)
	if factor, err := WorkFactor(armored); err != nil {
		return nil, err
	} else if factor > MaxWorkFactor {
		return nil, fmt.Errorf("it asks for a work factor of %d, more than %d", factor, MaxWorkFactor)
	}
	plain, err := inBackground(ctx, func() ([]byte, error) { return Open(armored, id) })
	if errors.Is(err, age.ErrIncorrectIdentity) {
		return nil, ErrPassphrase
	}
	return plain, err
}

// WorkFactor reads the base-2 logarithm of the scrypt rounds from the header of
// an armored file, which is not secret (age-encryption.org/v1, "The scrypt
// recipient type").
func WorkFactor(armored []byte) (int, error) {
	header := make([]byte, 200)
	n, err := io.ReadFull(armor.NewReader(bytes.NewReader(armored)), header)
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

// Cut cuts one armored file, with its last newline, off data.
func Cut(data []byte) (armored, rest []byte, err error) {
	if !bytes.HasPrefix(data, []byte(armor.Header+"\n")) {
		return nil, nil, errors.New("not an armored age file")
	}
	end := []byte("\n" + armor.Footer + "\n")
	i := bytes.Index(data, end)
	if i < 0 {
		return nil, nil, errors.New("the file ends early")
	}
	i += len(end)
	return data[:i:i], data[i:], nil
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
	binary, read := make([]byte, 0, len(body)/4*3), 0
	for line := range slices.Chunk(body, armorLine+1) {
		text, ended := bytes.CutSuffix(line, []byte("\n"))
		if !ended || len(text) == 0 || len(text)%4 != 0 || len(binary)%armorLineBytes != 0 { // padding ends a file
			return nil, false
		}
		bytesIn := len(text)/4*3 - len(text) + len(bytes.TrimRight(text, "="))
		var err error
		if binary, err = base64.StdEncoding.Strict().AppendDecode(binary, text); err != nil {
			return nil, false
		}
		// The decoder passes over ends of lines.
		if read += bytesIn; len(binary) != read {
			return nil, false
		}
	}
	return binary, true
}
