package bundle

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// A part of a series is a text in the alphabet that QR codes pack best (ISO/IEC
// 18004 section 7.3.4):
//
//	NPMOTP1/SERIES/NUMBER/OF/BASE32
//
// SERIES is the beginning of the SHA-256 of the bundle. The parts in their order
// are the base32 (RFC 4648 section 6, without padding) of slices of the bundle.
const (
	partWord    = "NPMOTP"
	partVersion = "1"
	maxParts    = 9999
	seriesLen   = 8
	// partHead is the length of what stands before the base32.
	partHead = len(partWord+partVersion) + 1 + seriesLen + 1 + 4 + 1 + 4 + 1
)

func encoding() *base32.Encoding { return base32.StdEncoding.WithPadding(base32.NoPadding) }

func seriesOf(data []byte) string {
	sum := sha256.Sum256(data)
	return strings.ToUpper(hex.EncodeToString(sum[:seriesLen/2]))
}

// Split cuts a bundle into texts of at most length characters, for QR codes.
func Split(data []byte, length int) ([]string, error) {
	size := (length - partHead) * 5 / 8
	if size < 1 {
		return nil, fmt.Errorf("a part cannot have %d characters", length)
	}
	chunks := slices.Collect(slices.Chunk(data, size))
	if len(chunks) > maxParts {
		return nil, fmt.Errorf("%w for a series of QR codes; send fewer accounts at a time, or a file", ErrTooLarge)
	}
	parts := make([]string, len(chunks))
	for i, chunk := range chunks {
		parts[i] = fmt.Sprintf("%s%s/%s/%d/%d/%s", partWord, partVersion, seriesOf(data), i+1, len(chunks), encoding().EncodeToString(chunk))
	}
	return parts, nil
}

// A MissingError says which parts of a series are not there.
type MissingError struct {
	Of      int
	Missing []int
}

// Error implements error.
func (e *MissingError) Error() string {
	const most = 20
	var b strings.Builder
	for i, n := range e.Missing {
		if i == most {
			fmt.Fprintf(&b, " and %d more", len(e.Missing)-most)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.Itoa(n))
	}
	noun := "part"
	if len(e.Missing) > 1 {
		noun = "parts"
	}
	return fmt.Sprintf("%s %s of %d missing", noun, b.String(), e.Of)
}

// A Series gathers parts in any order. The zero Series is empty.
type Series struct {
	found map[string]*series
}

type series struct {
	of     int
	chunks map[int][]byte
}

// Add takes in the text of a QR code. It reports whether that is a part of a
// bundle; the error wraps a [VersionError] or says what is wrong with a part.
func (s *Series) Add(text string) (bool, error) {
	rest, ok := strings.CutPrefix(text, partWord)
	if !ok {
		return false, nil
	}
	fields := strings.SplitN(rest, "/", 5)
	if v, err := strconv.Atoi(fields[0]); err == nil && v > 1 {
		return true, &VersionError{Got: v}
	}
	if len(fields) != 5 || fields[0] != partVersion || len(fields[1]) != seriesLen {
		return false, nil
	}
	number, err := strconv.Atoi(fields[2])
	of, err2 := strconv.Atoi(fields[3])
	chunk, err3 := encoding().DecodeString(fields[4])
	if cmp.Or(err, err2, err3) != nil || number < 1 || number > of || of > maxParts {
		return true, fmt.Errorf("%w: a part of it cannot be read", ErrInvalid)
	}
	if s.found == nil {
		s.found = map[string]*series{}
	}
	one := s.found[fields[1]]
	if one == nil {
		one = &series{of: of, chunks: map[int][]byte{}}
		s.found[fields[1]] = one
	}
	if old, again := one.chunks[number]; one.of != of || again && !bytes.Equal(old, chunk) {
		return true, fmt.Errorf("%w: its parts contradict each other", ErrInvalid)
	}
	one.chunks[number] = chunk
	return true, nil
}

// Count returns how many different parts were added, of how many in all.
func (s *Series) Count() (have, of int) {
	for _, one := range s.found {
		have += len(one.chunks)
		of += one.of
	}
	return have, of
}

// Bundle returns the bundle when all its parts were added, and else a
// [*MissingError], or an error that wraps [ErrNoBundle].
func (s *Series) Bundle() ([]byte, error) {
	switch len(s.found) {
	case 0:
		return nil, ErrNoBundle
	case 1:
	default:
		return nil, fmt.Errorf("%w: the pictures are of %d bundles; give those of one", ErrNoBundle, len(s.found))
	}
	id := slices.Collect(maps.Keys(s.found))[0]
	one := s.found[id]
	missing := &MissingError{Of: one.of}
	var data []byte
	for n := 1; n <= one.of; n++ {
		chunk, ok := one.chunks[n]
		if !ok {
			missing.Missing = append(missing.Missing, n)
		}
		data = append(data, chunk...)
	}
	if len(missing.Missing) > 0 {
		return nil, missing
	}
	if seriesOf(data) != id {
		return nil, fmt.Errorf("%w: the parts do not make up what was sent", ErrInvalid)
	}
	return data, nil
}
