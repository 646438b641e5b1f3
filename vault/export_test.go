package vault

import (
	"strings"
	"time"
)

// FileWithSlot returns file with its slots replaced by one of the given armor,
// with the id that belongs to it.
func FileWithSlot(armored []byte, file string) string {
	body := file[strings.Index(file, "\n"+bodyLine)+1+len(bodyLine):]
	return string(headOf([]slot{newSlot(slotPassphrase, "", armored)})) + body
}

// Changed returns what [Vault.Update] would store when fn changes c at now,
// without a file and encryption.
func Changed(c *Contents, now time.Time, fn func(*Contents) error) (*Contents, error) {
	data, err := c.encode("")
	if err != nil {
		return nil, err
	}
	apart, _, err := decodeContents(data)
	if err != nil {
		return nil, err
	}
	if err := fn(apart); err != nil {
		return nil, err
	}
	apart.Generation++
	if data, err = apart.encodeChange("", now); err != nil {
		return nil, err
	}
	apart, _, err = decodeContents(data)
	return apart, err
}

// Canonical writes contents so that equal ones are equal texts.
func (c *Contents) Canonical() string {
	text, err := c.canonical()
	if err != nil {
		return err.Error()
	}
	return text
}

// Reassemble takes a file apart and puts it together again.
func Reassemble(data []byte) ([]byte, error) {
	c, err := parseContainer(data)
	if err != nil {
		return nil, err
	}
	return append(headOf(c.slots), c.body...), nil
}

// SlotText writes a slot.
func SlotText(kind, name string, armored []byte) []byte {
	s := newSlot(kind, name, armored)
	return append([]byte(s.line()), armored...)
}

// ReadSlot reads a slot.
func ReadSlot(data []byte) (kind, name string, armored, rest []byte, err error) {
	s, rest, err := cutSlot(data)
	return s.kind, s.name, s.armored, rest, err
}

// Encode and Decode are what the body of a file holds.
func Encode(c *Contents) ([]byte, error) { return c.encode("") }

// Decode is described at [Encode].
func Decode(data []byte) (*Contents, error) {
	c, _, err := decodeContents(data)
	return c, err
}
