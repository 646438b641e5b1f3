package otpgen_test

import (
	"encoding/base32"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"npmotp/internal/secret"
	"npmotp/otpgen"
)

// The keys of RFC 6238 appendix B (as amended by erratum 2866: one length for
// each algorithm), of which RFC 4226 appendix D uses the first.
const (
	ascii20 = "12345678901234567890"
	ascii32 = "12345678901234567890123456789012"
	ascii64 = "1234567890123456789012345678901234567890123456789012345678901234"
)

func base32Of(raw string) secret.Text {
	return secret.New(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString([]byte(raw)))
}

func newKey(t testing.TB, raw string) otpgen.Key {
	t.Helper()
	k, err := otpgen.NewKey(base32Of(raw))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func codeAt(t testing.TB, k otpgen.Key, at time.Time) string {
	t.Helper()
	c, err := k.At(at)
	if err != nil {
		t.Fatal(err)
	}
	return c.Value.Reveal()
}

// sameKey compares what [otpgen.Key] cannot compare with ==.
func sameKey(a, b otpgen.Key) bool {
	return a.Kind == b.Kind && a.Alg == b.Alg && a.Digits == b.Digits && a.Period == b.Period &&
		a.Counter == b.Counter && a.Secret.Equal(b.Secret)
}

func TestRFC4226AppendixD(t *testing.T) {
	k := newKey(t, ascii20)
	k.Kind = otpgen.HOTP
	for i, want := range []string{
		"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489",
	} {
		code, next, err := k.HOTP()
		if err != nil {
			t.Fatal(err)
		}
		if got := code.Value.Reveal(); got != want {
			t.Errorf("counter %d gives %s, want %s", i, got, want)
		}
		if !code.From.IsZero() || !code.Until.IsZero() || code.Remaining(time.Unix(0, 0)) != 0 {
			t.Errorf("the HOTP code at counter %d has a time", i)
		}
		if next.Counter != uint64(i)+1 || k.Counter != uint64(i) {
			t.Errorf("the counter goes from %d to %d, want %d to %d", k.Counter, next.Counter, i, i+1)
		}
		k = next
	}
}

func TestRFC6238AppendixB(t *testing.T) {
	keys := map[otpgen.Alg]string{otpgen.SHA1: ascii20, otpgen.SHA256: ascii32, otpgen.SHA512: ascii64}
	for _, tt := range []struct {
		unix int64
		want map[otpgen.Alg]string
	}{
		{59, map[otpgen.Alg]string{otpgen.SHA1: "94287082", otpgen.SHA256: "46119246", otpgen.SHA512: "90693936"}},
		{1111111109, map[otpgen.Alg]string{otpgen.SHA1: "07081804", otpgen.SHA256: "68084774", otpgen.SHA512: "25091201"}},
		{1111111111, map[otpgen.Alg]string{otpgen.SHA1: "14050471", otpgen.SHA256: "67062674", otpgen.SHA512: "99943326"}},
		{1234567890, map[otpgen.Alg]string{otpgen.SHA1: "89005924", otpgen.SHA256: "91819424", otpgen.SHA512: "93441116"}},
		{2000000000, map[otpgen.Alg]string{otpgen.SHA1: "69279037", otpgen.SHA256: "90698825", otpgen.SHA512: "38618901"}},
		{20000000000, map[otpgen.Alg]string{otpgen.SHA1: "65353130", otpgen.SHA256: "77737706", otpgen.SHA512: "47863826"}},
	} {
		for alg, want := range tt.want {
			k := newKey(t, keys[alg])
			k.Alg, k.Digits = alg, 8
			if got := codeAt(t, k, time.Unix(tt.unix, 0)); got != want {
				t.Errorf("%v at %d gives %s, want %s", alg, tt.unix, got, want)
			}
			// Fewer digits are the last ones of more.
			k.Digits = 6
			if got := codeAt(t, k, time.Unix(tt.unix, 0)); got != want[2:] {
				t.Errorf("%v at %d gives %s, want %s", alg, tt.unix, got, want[2:])
			}
		}
	}
}

func TestCodeInterval(t *testing.T) {
	k := newKey(t, ascii20)
	at := time.Date(2026, 1, 2, 3, 4, 29, 999_999_999, time.FixedZone("", 5400))
	c, err := k.At(at)
	if err != nil {
		t.Fatal(err)
	}
	if c.From.Location() != time.UTC || !c.From.Equal(at.Truncate(30*time.Second)) || c.Until.Sub(c.From) != k.Period {
		t.Errorf("the code at %v is good from %v until %v", at, c.From, c.Until)
	}
	for _, tt := range []struct{ at, want time.Duration }{
		{0, 30 * time.Second}, {29 * time.Second, time.Second}, {30*time.Second - 1, 1},
		{30 * time.Second, 0}, {time.Hour, 0}, {-time.Second, 31 * time.Second},
	} {
		if got := c.Remaining(c.From.Add(tt.at)); got != tt.want {
			t.Errorf("%v after its start, a code has %v left, want %v", tt.at, got, tt.want)
		}
	}
	if a, b := codeAt(t, k, c.From), codeAt(t, k, c.Until.Add(-1)); a != b {
		t.Error("the first and the last moment of an interval have different codes")
	}
	if a, b := codeAt(t, k, c.From), codeAt(t, k, c.Until); a == b {
		t.Error("the next interval has the same code")
	}
}

func TestTimesWithoutPassword(t *testing.T) {
	last := time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	for _, at := range []time.Time{
		{}, time.Unix(-1, 0), time.Unix(0, -1), time.Unix(math.MinInt64, 0), time.Date(-5000, 1, 1, 0, 0, 0, 0, time.UTC),
		last, last.Add(time.Second), time.Unix(math.MaxInt64, 0), time.Unix(1<<60, 0),
	} {
		if _, err := newKey(t, ascii20).At(at); !errors.Is(err, otpgen.ErrInvalid) {
			t.Errorf("at %d seconds: %v", at.Unix(), err)
		}
	}
	for _, at := range []time.Time{time.Unix(0, 0), last.Add(-30 * time.Second)} {
		for _, period := range []time.Duration{time.Second, 30 * time.Second} {
			k := newKey(t, ascii20)
			k.Period = period
			if c, err := k.At(at); err != nil {
				t.Errorf("at %v: %v", at, err)
			} else if _, err := c.Until.MarshalJSON(); err != nil {
				t.Errorf("at %v: %v", at, err)
			}
		}
	}
}

func TestHOTPEndOfCounter(t *testing.T) {
	k := newKey(t, ascii20)
	k.Kind, k.Counter = otpgen.HOTP, math.MaxUint64-1
	_, next, err := k.HOTP()
	if err != nil || next.Counter != math.MaxUint64 {
		t.Fatalf("the last code but one: counter %d, %v", next.Counter, err)
	}
	code, _, err := next.HOTP()
	if !errors.Is(err, otpgen.ErrCounter) || code.Value.Len() != 0 {
		t.Errorf("at the end of the counter: %v", err)
	}
}

func TestKindsAreNotMixed(t *testing.T) {
	k := newKey(t, ascii20)
	if _, _, err := k.HOTP(); err == nil {
		t.Error("a TOTP key gives a code by counter")
	}
	k.Kind = otpgen.HOTP
	if _, err := k.At(time.Unix(0, 0)); err == nil {
		t.Error("an HOTP key gives a code by time")
	}
}

func TestValidate(t *testing.T) {
	good := newKey(t, ascii20)
	if good.Kind != otpgen.TOTP || good.Alg != otpgen.SHA1 || good.Digits != 6 || good.Period != 30*time.Second {
		t.Errorf("NewKey does not have npm's parameters: %+v", good)
	}
	for what, change := range map[string]func(*otpgen.Key){
		"unknown kind":       func(k *otpgen.Key) { k.Kind = 2 },
		"negative kind":      func(k *otpgen.Key) { k.Kind = -1 },
		"unknown algorithm":  func(k *otpgen.Key) { k.Alg = 3 }, // MD5 in the library
		"negative algorithm": func(k *otpgen.Key) { k.Alg = -1 },
		"five digits":        func(k *otpgen.Key) { k.Digits = 5 },
		"nine digits":        func(k *otpgen.Key) { k.Digits = 9 },
		"no digits":          func(k *otpgen.Key) { k.Digits = 0 },
		"no period":          func(k *otpgen.Key) { k.Period = 0 },
		"negative period":    func(k *otpgen.Key) { k.Period = -30 * time.Second },
		"half a second":      func(k *otpgen.Key) { k.Period = 1500 * time.Millisecond },
		"more than a day":    func(k *otpgen.Key) { k.Period = 24*time.Hour + time.Second },
		"no secret":          func(k *otpgen.Key) { k.Secret = secret.Text{} },
		"lower case":         func(k *otpgen.Key) { k.Secret = secret.New(strings.ToLower(k.Secret.Reveal())) },
		"padding":            func(k *otpgen.Key) { k.Secret = secret.New(k.Secret.Reveal()[:26] + "======") },
		"trailing bits":      func(k *otpgen.Key) { k.Secret = secret.New(k.Secret.Reveal()[:25] + "7") },
		"short secret":       func(k *otpgen.Key) { k.Secret = secret.New(k.Secret.Reveal()[:15]) },
		"hexadecimal":        func(k *otpgen.Key) { k.Secret = secret.New(strings.Repeat("09af", 10)) },
	} {
		k := good
		change(&k)
		if err := k.Validate(); !errors.Is(err, otpgen.ErrInvalid) {
			t.Errorf("%s: %v", what, err)
		}
		if _, err := k.At(time.Unix(59, 0)); err == nil {
			t.Errorf("%s: gives a code by time", what)
		}
		if _, _, err := k.HOTP(); err == nil {
			t.Errorf("%s: gives a code by counter", what)
		}
	}
	for what, change := range map[string]func(*otpgen.Key){
		"nothing":                 func(*otpgen.Key) {},
		"a day":                   func(k *otpgen.Key) { k.Period = 24 * time.Hour },
		"a second":                func(k *otpgen.Key) { k.Period = time.Second },
		"eight digits":            func(k *otpgen.Key) { k.Digits = 8 },
		"the period of HOTP":      func(k *otpgen.Key) { k.Kind, k.Period = otpgen.HOTP, -1 },
		"the counter of TOTP":     func(k *otpgen.Key) { k.Counter = 7 },
		"the last counter":        func(k *otpgen.Key) { k.Kind, k.Counter = otpgen.HOTP, math.MaxUint64 },
		"the shortest of secrets": func(k *otpgen.Key) { k.Secret = secret.New(k.Secret.Reveal()[:16]) },
	} {
		k := good
		change(&k)
		if err := k.Validate(); err != nil {
			t.Errorf("%s is refused: %v", what, err)
		}
	}
}

func TestNames(t *testing.T) {
	for _, kind := range []otpgen.Kind{otpgen.TOTP, otpgen.HOTP} {
		for _, s := range []string{kind.String(), strings.ToUpper(kind.String()), " " + kind.String() + "\n"} {
			if got, err := otpgen.ParseKind(s); err != nil || got != kind {
				t.Errorf("ParseKind(%q) = %v, %v", s, got, err)
			}
		}
	}
	for alg, dialects := range map[otpgen.Alg][]string{
		otpgen.SHA1:   {"SHA1", "sha1", "sha-1", "SHA_1", "HmacSHA1", "HMAC-SHA1", "hmac-sha-1", " HMAC SHA1 "},
		otpgen.SHA256: {"SHA256", "sha256", "SHA-256", "HmacSHA256", "HMAC-SHA256", "hmacsha256", "HMAC_SHA_256"},
		otpgen.SHA512: {"SHA512", "sha512", "SHA-512", "HmacSHA512", "HMAC-SHA512", "hmac sha 512"},
	} {
		for _, s := range append(dialects, alg.String()) {
			if got, err := otpgen.ParseAlg(s); err != nil || got != alg {
				t.Errorf("ParseAlg(%q) = %v, %v", s, got, err)
			}
		}
	}
	for _, s := range []string{"", "sha", "SHA3", "SHA3-256", "SHA224", "SHA384", "MD5", "HMAC", "hmachmacsha1", "1", "ſha1"} {
		if got, err := otpgen.ParseAlg(s); !errors.Is(err, otpgen.ErrInvalid) {
			t.Errorf("ParseAlg(%q) = %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "otp", "steam", "motp", "totp2", "Kind(3)"} {
		if got, err := otpgen.ParseKind(s); !errors.Is(err, otpgen.ErrInvalid) {
			t.Errorf("ParseKind(%q) = %v, %v", s, got, err)
		}
	}
	if got := otpgen.Kind(3).String() + otpgen.Alg(-1).String(); got != "Kind(3)Alg(-1)" {
		t.Errorf("names out of range: %s", got)
	}
}

func BenchmarkAt(b *testing.B) {
	k := newKey(b, ascii20)
	at := time.Unix(1111111109, 0)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := k.At(at); err != nil {
			b.Fatal(err)
		}
	}
}
