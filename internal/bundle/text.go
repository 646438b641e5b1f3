package bundle

import (
	"bytes"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"npmotp/internal/atomicfile"
	"npmotp/internal/plaintext"
)

const (
	// The first line of a binary age file and the armor's label
	// (age-encryption.org/v1, "Header" and "ASCII armor").
	magic      = "age-encryption.org/v1\n"
	armorLabel = "AGE ENCRYPTED FILE"
	armorBegin = "-----BEGIN " + armorLabel + "-----"
	armorEnd   = "-----END " + armorLabel + "-----"
)

// Armor writes a bundle as text: what age calls armor is PEM.
func Armor(data []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: armorLabel, Bytes: data})
}

// Read returns the bundle, a binary age file, in an input: the file itself, or
// armor in any text, indented, quoted as in mail, or with other line ends.
func Read(r io.Reader) ([]byte, error) {
	// Armor takes a third more than what it holds.
	const limit = maxBytes*3/2 + 1
	input, err := io.ReadAll(io.LimitReader(r, limit))
	if err != nil {
		return nil, err
	}
	if len(input) >= limit {
		return nil, ErrTooLarge
	}
	if len(input) == 0 {
		return nil, fmt.Errorf("%w: it is empty", ErrNoBundle)
	}
	if bytes.HasPrefix(input, []byte(magic)) {
		return input, nil
	}
	if len(input) < len(magic) && strings.HasPrefix(magic, string(input)) {
		return nil, ErrCut
	}
	return findArmor(plaintext.Decode(input))
}

func findArmor(text string) ([]byte, error) {
	var armored strings.Builder
	inside, found := false, 0
	for line := range strings.Lines(text) {
		line = strings.TrimLeft(strings.TrimSpace(line), "> ")
		switch line {
		case armorBegin:
			inside = true
			found++
		case armorEnd:
			if inside {
				armored.WriteString(line + "\n")
			}
			inside = false
		}
		if inside && line != "" {
			armored.WriteString(line + "\n")
		}
	}
	switch {
	case found == 0:
		return nil, ErrNoBundle
	case found > 1:
		return nil, fmt.Errorf("%w: there are several; give one at a time", ErrNoBundle)
	case inside:
		return nil, ErrCut
	}
	block, _ := pem.Decode([]byte(armored.String()))
	if block == nil || len(block.Headers) > 0 || !bytes.HasPrefix(block.Bytes, []byte(magic)) {
		return nil, ErrAltered
	}
	return block.Bytes, nil
}

// Write writes a bundle to a file that must not exist yet. It is on the disk,
// synced, read back and decrypted, when Write returns nil.
func Write(path string, sealed *Sealed) error {
	err := writer(path, sealed).Create(sealed.Data)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists already: %w", path, fs.ErrExist)
	}
	return err
}

// Rewrite puts a bundle in the place of one that [Write] wrote: the file holds the
// old or the new one at any time.
func Rewrite(path string, sealed *Sealed) error {
	return writer(path, sealed).Replace(sealed.Data)
}

func writer(path string, sealed *Sealed) atomicfile.Writer {
	return atomicfile.Writer{Path: path, Verify: func(onDisk []byte) error {
		_, err := sealed.Check(onDisk)
		return err
	}}
}
