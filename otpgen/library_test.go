package otpgen_test

import (
	"strings"
	"testing"

	"github.com/pquerna/otp"

	"npmotp/internal/secret"
	"npmotp/otpgen"
)

// What the library behind this package makes of URIs that ParseURI refuses.
// When this test fails, the library has become stricter; that ParseURI refuses
// them is what matters.
func TestLibraryIsLenient(t *testing.T) {
	const uri = "otpauth://totp/x?secret=" + canon
	for what, tt := range map[string]struct {
		query   string
		lenient func(*otp.Key) bool
	}{
		"SHA3 becomes SHA1":      {"&algorithm=SHA3", func(k *otp.Key) bool { return k.Algorithm() == otp.AlgorithmSHA1 }},
		"MD5 is an algorithm":    {"&algorithm=MD5", func(k *otp.Key) bool { return k.Algorithm() == otp.AlgorithmMD5 }},
		"digits=abc become 6":    {"&digits=abc", func(k *otp.Key) bool { return k.Digits() == otp.DigitsSix }},
		"digits=99 pass":         {"&digits=99", func(k *otp.Key) bool { return k.Digits() == 99 }},
		"period=0 passes":        {"&period=0", func(k *otp.Key) bool { return k.Period() == 0 }},
		"period=x becomes 30":    {"&period=x", func(k *otp.Key) bool { return k.Period() == 30 }},
		"the first of two wins":  {"&digits=6&digits=8", func(k *otp.Key) bool { return k.Digits() == otp.DigitsSix }},
		"a fragment cuts digits": {"#&digits=8", func(k *otp.Key) bool { return k.Digits() == otp.DigitsSix }},
	} {
		k, err := otp.NewKeyFromURL(uri + tt.query)
		if err != nil || !tt.lenient(k) {
			t.Errorf("%s: no longer true of the library (%t)", what, err == nil)
		}
		if _, _, err := otpgen.ParseURI(secret.New(uri + tt.query)); err == nil {
			t.Errorf("%s: and ParseURI accepts it", what)
		}
	}
}

// Why no error of the library may pass through.
func TestLibraryErrorQuotes(t *testing.T) {
	uri := "otpauth://totp/50%?secret=" + canon + "&digits=x"
	_, err := otp.NewKeyFromURL(uri)
	if err == nil || !strings.Contains(err.Error(), canon) {
		t.Error("the library no longer quotes the URI in its error")
	}
	if _, _, err := otpgen.ParseURI(secret.New(uri)); err == nil || strings.Contains(err.Error(), canary) {
		t.Error("ParseURI accepts the URI, or quotes it in its error")
	}
}

func TestLibraryPanicsWithoutValidate(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("the library no longer panics for an unknown algorithm")
		}
	}()
	otp.Algorithm(4).Hash()
}
