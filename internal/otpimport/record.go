package otpimport

import (
	"cmp"
	"encoding/base32"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"npmotp/internal/secret"
	"npmotp/otpgen"
)

// A record is a key as programs write it, field by field. An empty field has
// the value that it has in otpauth URIs. Only the fields that a key uses are
// read.
type record struct {
	kind, secret, algorithm, digits, period, counter string

	err error // why a field cannot be read
}

func errSteam() error {
	return errors.New("this is a Steam Guard key, whose codes have letters: only totp and hotp keys can be used")
}

// addRecord keeps an entry that is given by its parts.
func (in *input) addRecord(label otpgen.Label, k record) {
	key, err := k.key()
	if err == nil && label.IsSteam() && k.digits == "" {
		err = errSteam()
	}
	in.add(label, key, err)
}

func (k record) key() (otpgen.Key, error) {
	kind := strings.ToLower(strings.TrimSpace(k.kind))
	if kind == "steam" {
		return otpgen.Key{}, errSteam()
	}
	if k.err != nil {
		return otpgen.Key{}, k.err
	}
	parsed, err := otpgen.ParseKind(cmp.Or(kind, "totp"))
	if err != nil {
		return otpgen.Key{}, err // whatever its secret is like
	}
	key, err := otpgen.NewKey(secret.New(k.secret))
	if err != nil {
		return otpgen.Key{}, err
	}
	key.Kind = parsed
	if key.Alg, err = otpgen.ParseAlg(cmp.Or(k.algorithm, "SHA1")); err != nil {
		return otpgen.Key{}, err
	}
	digits, err := number("number of digits", k.digits, uint64(key.Digits)) //nolint:gosec // six
	if err != nil {
		return otpgen.Key{}, err
	}
	key.Digits = int(min(digits, 100))
	if key.Kind == otpgen.HOTP {
		key.Period = 0
		if strings.TrimSpace(k.counter) == "" {
			return otpgen.Key{}, errors.New("it has no counter, which a hotp key needs")
		}
		key.Counter, err = number("counter", k.counter, 0)
	} else {
		var period uint64
		if period, err = number("period", k.period, 30); err == nil && period >= 10_000 && period%1000 == 0 {
			err = errors.New("its period is in milliseconds, it seems")
		}
		key.Period = time.Duration(min(period, 1<<20)) * time.Second
	}
	return key, err
}

// number reads a decimal number, which is absent if text is empty.
func number(name, text string, absent uint64) (uint64, error) {
	if text = strings.TrimSpace(text); text == "" {
		return absent, nil
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("its %s is not a whole number", name) // err quotes the text
	}
	return n, nil
}

// base32Of returns a secret that a program writes as bytes.
func base32Of(raw []byte) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw)
}
