package vault

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"npmotp/internal/agefile"
)

const (
	formatVersion = 1
	headerWord    = "npmotp-vault"
	slotWord      = "slot"
	bodyLine      = "body\n"

	slotPassphrase = "passphrase" // wrapped with age's scrypt recipient
	slotAge        = "age"        // wrapped to another age recipient

	// DefaultWorkFactor is age's own: 2^18 rounds of scrypt, 256 MiB.
	DefaultWorkFactor = 18
	// MaxWorkFactor is the largest that a vault is created with.
	MaxWorkFactor = agefile.MaxWorkFactor
	// MinWorkFactor is the smallest that a vault is created with.
	MinWorkFactor = 10

	// maxSlots bounds what a file can cost before a passphrase is known to be wrong:
	// each passphrase slot is a run of scrypt.
	maxSlots = 32

	maxFile = 64 << 20 // bytes; 10,000 accounts take about 10 MB
)

// A container is a vault file taken apart, nothing of it decrypted.
type container struct {
	slots []slot
	head  []byte // all bytes before the armor of the body
	body  []byte // armored
	data  []byte // the whole file
	sum   string // see hash
}

// hash returns the hexadecimal SHA-256 of the file.
func (c *container) hash() string {
	if c.sum == "" {
		c.sum = hashOf(c.data)
	}
	return c.sum
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
	c := &container{data: data}
	var rest []byte
	var err error
	if c.slots, rest, err = cutSlots(data); err != nil {
		return nil, err
	}
	c.head = data[:len(data)-len(rest)]
	if c.body, rest, err = agefile.Cut(rest); err != nil {
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

// cutSlots takes the slots off, with what stands before and after them.
func cutSlots(data []byte) (slots []slot, rest []byte, err error) {
	if rest, err = cutHeader(data); err != nil {
		return nil, nil, err
	}
	// The armor would open all the same. But the slots and their hash are bytes, and
	// two files with the same contents should not differ in what nobody sees.
	if bytes.IndexByte(data, '\r') >= 0 {
		return nil, nil, fmt.Errorf("%w: %w", ErrFormat, ErrLineEnds)
	}
	for !bytes.HasPrefix(rest, []byte(bodyLine)) {
		if len(slots) == maxSlots {
			return nil, nil, fmt.Errorf("%w: it has more than %d slots", ErrFormat, maxSlots)
		}
		var s slot
		if s, rest, err = cutSlot(rest); err != nil {
			return nil, nil, fmt.Errorf("%w: slot %d: %w", ErrFormat, len(slots)+1, err)
		}
		slots = append(slots, s)
	}
	if len(slots) == 0 {
		return nil, nil, fmt.Errorf("%w: it has no slots", ErrFormat)
	}
	return slots, rest[len(bodyLine):], nil
}

// A notVaultError is an [ErrFormat] that does not speak of damage: whoever named the
// file may have meant another.
type notVaultError struct{}

func (notVaultError) Error() string {
	return "the file is no vault of npmotp, or its beginning is lost"
}

func (notVaultError) Is(target error) bool { return target == ErrFormat }

func cutHeader(data []byte) (rest []byte, err error) {
	line, rest, ok := bytes.Cut(data, []byte("\n"))
	word, number, _ := strings.Cut(strings.TrimSuffix(string(line), "\r"), " ")
	if !ok || word != headerWord {
		return nil, notVaultError{}
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
	if s.armored, rest, err = agefile.Cut(rest); err != nil {
		return slot{}, nil, err
	}
	if s.id != s.sum() {
		return slot{}, nil, errors.New("its bytes do not match its id")
	}
	return s, rest, nil
}
