// Package otpgen reads keys for one-time passwords and computes the passwords:
// HOTP (RFC 4226) and TOTP (RFC 6238).
//
// A key comes from an otpauth URI, the text behind the QR code of an issuer
// ([ParseURI]), or from a typed secret ([NewKey]). What changes a code is
// read strictly: an algorithm, a length or a period that is not understood is
// refused and never replaced by a default, because a wrong code says
// nothing about its cause. What does not change a code, its spelling, is
// read leniently.
//
// The package is pure. It has no clock (times are arguments), touches no file,
// and does not remember which codes it has given: that a counter is stored
// before its password is shown, and that a password is not used twice, is up
// to the caller. Its errors never quote what they refuse, because that text
// holds the secret. Labels are returned as they were written; they come from
// strangers and are to be cleaned before they are stored or shown.
package otpgen

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"npmotp/internal/secret"
)

// The limits of a key.
const (
	minDigits = 6 // RFC 4226 section 4, R4: at least six digits
	maxDigits = 8 // the nine digits of 31 bits would not be uniform: the first is 0, 1 or 2

	// RFC 6238 section 5.2 recommends 30 seconds; 10, 15, 60 and 300 are in
	// use. A code that is valid for more than a day is not a one-time password.
	minPeriod = time.Second
	maxPeriod = 24 * time.Hour

	// maxUnix is the last second that RFC 3339 and encoding/json can write.
	maxUnix = 253402300799 // 9999-12-31T23:59:59Z
)

// A Kind says what moves a key from one code to the next.
type Kind int

// The kinds of keys. The zero Kind is TOTP, the default of npm.
const (
	TOTP Kind = iota // the time, RFC 6238
	HOTP             // a counter, RFC 4226
)

// String returns the name of k as it stands in an otpauth URI.
func (k Kind) String() string {
	switch k {
	case TOTP:
		return "totp"
	case HOTP:
		return "hotp"
	}
	return "Kind(" + strconv.Itoa(int(k)) + ")"
}

// ParseKind reads "totp" or "hotp", in any case.
func ParseKind(s string) (Kind, error) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "totp":
		return TOTP, nil
	case "hotp":
		return HOTP, nil
	case "steam":
		return 0, errSteam()
	}
	return 0, refuse("the type must be totp or hotp")
}

// An Alg is the hash function inside the HMAC.
type Alg int

// The algorithms of RFC 6238 section 1.2. The zero Alg is SHA1, the default of
// npm and of otpauth URIs.
const (
	SHA1 Alg = iota
	SHA256
	SHA512
)

// String returns the name of a as it stands in an otpauth URI.
func (a Alg) String() string {
	switch a {
	case SHA1:
		return "SHA1"
	case SHA256:
		return "SHA256"
	case SHA512:
		return "SHA512"
	}
	return "Alg(" + strconv.Itoa(int(a)) + ")"
}

// ParseAlg reads the name of an algorithm in the dialects that issuers and
// other programs write: SHA1, sha-1, HmacSHA1, HMAC-SHA1, hmac_sha1.
func ParseAlg(s string) (Alg, error) {
	switch s { // as npmotp itself writes them
	case "SHA1":
		return SHA1, nil
	case "SHA256":
		return SHA256, nil
	case "SHA512":
		return SHA512, nil
	}
	name := strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(s))
	switch strings.TrimPrefix(name, "hmac") {
	case "sha1":
		return SHA1, nil
	case "sha256":
		return SHA256, nil
	case "sha512":
		return SHA512, nil
	}
	return 0, refuse("the algorithm must be SHA1, SHA256 or SHA512")
}

// A Key is what an issuer and its user share.
type Key struct {
	Kind   Kind
	Alg    Alg
	Secret secret.Text   // canonical, as [ParseSecret] returns it
	Digits int           // 6 to 8
	Period time.Duration // whole seconds, a day at most; TOTP only
	// Counter is that of the next code; HOTP only.
	Counter uint64
}

// A Label says whose key it is, in the words of the issuer.
type Label struct{ Issuer, Account string }

// A Code is a one-time password. That of a TOTP key is good from From until
// before Until; for HOTP both are zero.
type Code struct {
	Value       secret.Text
	From, Until time.Time
}

// Remaining returns how long c is still good at t: zero when it has ended, and
// for HOTP.
func (c Code) Remaining(t time.Time) time.Duration { return max(0, c.Until.Sub(t)) }

// NewKey returns the key of a typed secret with the parameters of npm, which
// are the defaults of otpauth URIs too: TOTP, SHA1, 6 digits, 30 seconds.
func NewKey(s secret.Text) (Key, error) {
	s, err := ParseSecret(s)
	if err != nil {
		return Key{}, err
	}
	return Key{Secret: s, Digits: minDigits, Period: defaultPeriod}, nil
}

// Validate reports what makes k unusable. The Period of an HOTP key and the
// Counter of a TOTP key change no code and are not looked at.
func (k Key) Validate() error {
	switch {
	case k.Kind != TOTP && k.Kind != HOTP:
		return refuse("the type must be totp or hotp")
	case k.Alg != SHA1 && k.Alg != SHA256 && k.Alg != SHA512:
		return refuse("the algorithm must be SHA1, SHA256 or SHA512")
	case k.Digits < minDigits || k.Digits > maxDigits:
		return refuse("the number of digits must be 6, 7 or 8")
	case k.Kind == TOTP && (k.Period < minPeriod || k.Period > maxPeriod || k.Period%time.Second != 0):
		return refuse("the period must be a whole number of seconds, from 1 to 86400")
	}
	if isCanonical(k.Secret.Reveal()) {
		return nil // as almost all are; the rest costs more
	}
	canonical, err := ParseSecret(k.Secret)
	if err != nil {
		return err
	}
	if !canonical.Equal(k.Secret) {
		return refuse("the secret is not in its canonical form: base32 in upper case without padding")
	}
	return nil
}

// At returns the code of the TOTP key k at t. Times before 1970, where the
// time step of RFC 6238 would be negative, are refused, and so are codes
// that end after the year 9999, because no file format can hold that time.
func (k Key) At(t time.Time) (Code, error) {
	if k.Kind != TOTP {
		return Code{}, errors.New("this key is counter-based: it has no code for a given time")
	}
	if err := k.Validate(); err != nil {
		return Code{}, err
	}
	now, period := t.Unix(), int64(k.Period/time.Second)
	if now < 0 {
		return Code{}, refuse("there are no codes for times before 1970")
	}
	step := now / period
	if now > maxUnix || (step+1)*period > maxUnix {
		return Code{}, refuse("there are no codes for times after the year 9999")
	}
	value, err := k.password(uint64(step)) //nolint:gosec // step is not negative, as now is not
	if err != nil {
		return Code{}, err
	}
	from := time.Unix(step*period, 0).UTC()
	return Code{Value: value, From: from, Until: from.Add(k.Period)}, nil
}

// HOTP returns the code at the counter of k, and k with its counter
// advanced. The advanced key is to be stored before the code is shown:
// otherwise a crash in between makes the next code one that was used. The
// last counter gives no code, because none could follow it; the error is
// [ErrCounter].
func (k Key) HOTP() (Code, Key, error) {
	if k.Kind != HOTP {
		return Code{}, Key{}, errors.New("this key is time-based and has no counter")
	}
	if err := k.Validate(); err != nil {
		return Code{}, Key{}, err
	}
	if k.Counter == math.MaxUint64 {
		return Code{}, Key{}, ErrCounter
	}
	value, err := k.password(k.Counter)
	if err != nil {
		return Code{}, Key{}, err
	}
	k.Counter++
	return Code{Value: value}, k, nil
}

// password computes the HOTP value of RFC 4226 section 5.3. The library behind
// it takes what it does not know for a default and panics for an unknown
// algorithm, so k must have passed [Key.Validate].
func (k Key) password(counter uint64) (secret.Text, error) {
	alg := otp.AlgorithmSHA1
	switch k.Alg {
	case SHA1:
	case SHA256:
		alg = otp.AlgorithmSHA256
	case SHA512:
		alg = otp.AlgorithmSHA512
	}
	value, err := hotp.GenerateCodeCustom(k.Secret.Reveal(), counter, hotp.ValidateOpts{
		Digits:    otp.Digits(k.Digits),
		Algorithm: alg,
	})
	if err != nil {
		// The text of a foreign error is not known to be free of the secret.
		return secret.Text{}, refuse("the secret is not base32")
	}
	return secret.New(value), nil
}
