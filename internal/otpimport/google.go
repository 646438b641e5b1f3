package otpimport

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"npmotp/otpgen"
)

// A transfer is one of the QR codes that Google Authenticator shows to move
// keys to another phone.
type transfer struct {
	id          uint64
	index, size int
	payload     string
}

// A PartsError says that QR codes of a transfer are missing: an account that
// stays behind is noticed when the old phone is gone.
type PartsError struct {
	Missing []int // counted from 1
	Of      int
}

// Error implements error.
func (e *PartsError) Error() string {
	numbers := make([]string, len(e.Missing))
	for i, n := range e.Missing {
		numbers[i] = strconv.Itoa(n)
	}
	noun, verb := "number", "is"
	if len(numbers) > 1 {
		noun, verb = "numbers", "are"
	}
	return fmt.Sprintf("the transfer has %d QR codes, and %s %s %s missing", e.Of, noun, strings.Join(numbers, ", "), verb)
}

// Missing returns what is missing of the transfers that were read, or nil.
func (r *Reader) Missing() *PartsError {
	seen, sizes := map[uint64]map[int]bool{}, map[uint64]int{}
	var ids []uint64
	for _, t := range r.transfers {
		if seen[t.id] == nil {
			seen[t.id] = map[int]bool{}
			ids = append(ids, t.id)
		}
		seen[t.id][t.index] = true
		sizes[t.id] = max(sizes[t.id], t.size)
	}
	for _, id := range ids {
		e := &PartsError{Of: sizes[id]}
		for i := range e.Of {
			if !seen[id][i] {
				e.Missing = append(e.Missing, i+1)
			}
		}
		if len(e.Missing) > 0 {
			return e
		}
	}
	return nil
}

// maxParts bounds the size that a QR code says its transfer has.
const maxParts = 1000

// The fields of Google Authenticator's protobuf messages. There is no published
// definition; these are the ones that its QR codes have.
const (
	payloadKey       = 1
	payloadBatchSize = 3
	payloadBatch     = 4
	payloadBatchID   = 5

	keySecret  = 1
	keyName    = 2
	keyIssuer  = 3
	keyAlg     = 4
	keyDigits  = 5
	keyKind    = 6
	keyCounter = 7
)

func (in *input) readTransfer(uri string) error {
	_, query, _ := strings.Cut(uri, "?")
	values, err := url.ParseQuery(query)
	text := strings.ReplaceAll(values.Get("data"), " ", "+") // a plus that was not escaped
	text = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text, "="))
	payload, wrong := base64.RawStdEncoding.DecodeString(text)
	if err != nil || wrong != nil || len(payload) == 0 {
		return fmt.Errorf("%w: the transfer of Google Authenticator is cut or mistyped", ErrDamaged)
	}
	t := transfer{size: 1, payload: string(payload)}
	var keys [][]byte
	err = fields(payload, func(number, value uint64, data []byte) {
		switch number {
		case payloadKey:
			keys = append(keys, data)
		case payloadBatchSize:
			t.size = int(min(max(value, 1), maxParts+1))
		case payloadBatch:
			t.index = int(min(value, maxParts+1))
		case payloadBatchID:
			t.id = value
		}
	})
	if err != nil || t.size < 1 || t.size > maxParts || t.index >= t.size {
		return fmt.Errorf("%w: the transfer of Google Authenticator is cut", ErrDamaged)
	}
	// Two transfers may have one number: only what is the same is the same.
	if slices.Contains(in.r.transfers, t) {
		return nil
	}
	for _, key := range keys {
		if err := in.step(); err != nil {
			return err
		}
		if err := in.addTransferred(key); err != nil {
			return err
		}
	}
	in.r.transfers = append(in.r.transfers, t)
	return nil
}

func (in *input) addTransferred(message []byte) error {
	var label otpgen.Label
	k := record{counter: "0"}
	choose := func(value uint64, of ...string) string {
		if value >= uint64(len(of)) {
			k.err = errors.New("its type, algorithm or number of digits is not known")
			return ""
		}
		return of[value]
	}
	err := fields(message, func(number, value uint64, data []byte) {
		switch number {
		case keySecret:
			k.secret = base32Of(data)
		case keyName:
			label.Account = string(data)
		case keyIssuer:
			label.Issuer = string(data)
		case keyAlg:
			k.algorithm = choose(value, "SHA1", "SHA1", "SHA256", "SHA512")
		case keyDigits:
			k.digits = choose(value, "", "", "8") // six, also of services that have others
		case keyKind:
			k.kind = choose(value, "totp", "hotp", "totp")
		case keyCounter:
			k.counter = strconv.FormatUint(value, 10)
		}
	})
	if err != nil {
		return fmt.Errorf("%w: the transfer of Google Authenticator is cut", ErrDamaged)
	}
	in.addRecord(otpgen.SplitLabel(label.Issuer, label.Account), k)
	return nil
}

// fields calls fn for each field of a protobuf message
// (protobuf.dev/programming-guides/encoding).
func fields(message []byte, fn func(number, value uint64, data []byte)) error {
	cut := errors.New("cut")
	for len(message) > 0 {
		tag, n := binary.Uvarint(message)
		if n <= 0 {
			return cut
		}
		message = message[n:]
		var value uint64
		var data []byte
		switch tag & 7 {
		case 0: // VARINT
			if value, n = binary.Uvarint(message); n <= 0 {
				return cut
			}
			message = message[n:]
		case 1, 5: // I64, I32
			size := map[uint64]int{1: 8, 5: 4}[tag&7]
			if len(message) < size {
				return cut
			}
			message = message[size:]
		case 2: // LEN
			length, n := binary.Uvarint(message)
			if n <= 0 {
				return cut
			}
			message = message[n:]
			size := int(min(length, maxFile+1))
			if size > len(message) {
				return cut
			}
			data, message = message[:size], message[size:]
		default:
			return cut
		}
		fn(tag>>3, value, data)
	}
	return nil
}
