package otpgen_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"npmotp/internal/secret"
	"npmotp/otpgen"
)

// canon is the canonical secret of the tables, canary what of it must not
// stand in an error.
const (
	canon  = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
	canary = "JBSWY3DP"
)

func parse(t *testing.T, uri string) (otpgen.Key, otpgen.Label) {
	t.Helper()
	k, l, err := otpgen.ParseURI(secret.New(uri))
	if err != nil {
		t.Fatalf("refused: %v", err)
	}
	return k, l
}

func TestParseURI(t *testing.T) {
	const s = "?secret=" + canon
	base := otpgen.Key{Secret: secret.New(canon), Digits: 6, Period: 30 * time.Second}
	with := func(change func(*otpgen.Key)) otpgen.Key {
		k := base
		change(&k)
		return k
	}
	user := otpgen.Label{Issuer: "npm", Account: "user"}
	for what, tt := range map[string]struct {
		uri   string
		key   otpgen.Key
		label otpgen.Label
	}{
		// npm's own: lib/commands/profile.js prints what the registry sends.
		"npm":                  {"otpauth://totp/npm:user" + s + "&issuer=npm", base, user},
		"all parameters":       {"otpauth://totp/npm:user" + s + "&issuer=npm&algorithm=SHA1&digits=6&period=30", base, user},
		"any case":             {"OTPAuth://TOTP/npm:user?SECRET=" + strings.ToLower(canon) + "&Digits=6", base, user},
		"white space around":   {"\ufeff \totpauth://totp/npm:user" + s + "\r\n", base, user},
		"grouped":              {"otpauth://totp/npm:user?secret=jbsw+y3dp-ehpk%203pxp+JBSW+Y3DP+EHPK+3PXP", base, user},
		"padding":              {"otpauth://totp/npm:user" + s + "======", base, user},
		"escaped padding":      {"otpauth://totp/npm:user" + s + "%3D%3d%3D", base, user},
		"escaped colon":        {"otpauth://totp/npm%3Auser" + s, base, user},
		"space after colon":    {"otpauth://totp/npm:%20user" + s, base, user},
		"spaces":               {"otpauth://totp/ npm : user " + s, base, user},
		"escaped with space":   {"otpauth://totp/npm%3A%20user" + s, base, user},
		"issuer in parameter":  {"otpauth://totp/user" + s + "&issuer=npm", base, user},
		"parameter wins":       {"otpauth://totp/other:user" + s + "&issuer=npm", base, user},
		"issuer empty":         {"otpauth://totp/npm:user" + s + "&issuer=", base, user},
		"issuer blank":         {"otpauth://totp/npm:user" + s + "&issuer=+%20", base, user},
		"plus in the issuer":   {"otpauth://totp/x" + s + "&issuer=npm+Inc", base, otpgen.Label{Issuer: "npm Inc", Account: "x"}},
		"plus in the label":    {"otpauth://totp/npm:me+npm@example.com" + s, base, otpgen.Label{Issuer: "npm", Account: "me+npm@example.com"}},
		"no label":             {"otpauth://totp/" + s, base, otpgen.Label{}},
		"no slash":             {"otpauth://totp" + s, base, otpgen.Label{}},
		"no account":           {"otpauth://totp/npm:" + s, base, otpgen.Label{Issuer: "npm"}},
		"slash in the label":   {"otpauth://totp/npm:a/b" + s, base, otpgen.Label{Issuer: "npm", Account: "a/b"}},
		"two colons":           {"otpauth://totp/npm:a:b" + s, base, otpgen.Label{Issuer: "npm", Account: "a:b"}},
		"colon in the issuer":  {"otpauth://totp/a%3Ab:c" + s, base, otpgen.Label{Issuer: "a:b", Account: "c"}},
		"UTF-8":                {"otpauth://totp/n%C3%BCm:ü" + s, base, otpgen.Label{Issuer: "nüm", Account: "ü"}},
		"not UTF-8":            {"otpauth://totp/%ff:user" + s, base, otpgen.Label{Issuer: "\xff", Account: "user"}},
		"control characters":   {"otpauth://totp/a%1b[2J:%00" + s, base, otpgen.Label{Issuer: "a\x1b[2J", Account: "\x00"}},
		"broken escapes":       {"otpauth://totp/50%:%zz%4" + s, base, otpgen.Label{Issuer: "50%", Account: "%zz%4"}},
		"escape at the end":    {"otpauth://totp/x" + s + "&issuer=100%2", base, otpgen.Label{Issuer: "100%2", Account: "x"}},
		"number sign in label": {"otpauth://totp/C#:bob" + s, base, otpgen.Label{Issuer: "C#", Account: "bob"}},
		"number sign in value": {"otpauth://totp/x" + s + "&issuer=C#&digits=8", with(func(k *otpgen.Key) { k.Digits = 8 }), otpgen.Label{Issuer: "C#", Account: "x"}},
		"ampersand in issuer":  {"otpauth://totp/AT&T:user" + s + "&issuer=AT&T&digits=6", base, otpgen.Label{Issuer: "AT&T", Account: "user"}},
		"flag behind issuer":   {"otpauth://totp/npm:user" + s + "&issuer=npm&lock=false&pinned", base, user},
		"escaped ampersand":    {"otpauth://totp/x" + s + "&issuer=a%26digits%3D8", base, otpgen.Label{Issuer: "a&digits=8", Account: "x"}},
		"Apple's scheme":       {"apple-otpauth://totp/npm:user" + s, base, user},
		"Steam with digits":    {"otpauth://totp/Steam:user" + s + "&digits=6", base, otpgen.Label{Issuer: "Steam", Account: "user"}},
		"unknown parameters":   {"otpauth://totp/npm:user" + s + "&image=https%3A%2F%2Fexample.com&image=x&lock=false&&=", base, user},
		"empty parameters":     {"otpauth://totp/npm:user" + s + "&algorithm=&digits=&period&encoder=", base, user},
		"the same twice":       {"otpauth://totp/npm:user" + s + "&secret=" + strings.ToLower(canon) + "&digits=6&digits=06&algorithm=SHA1&algo=sha-1", base, user},
		"counter of totp":      {"otpauth://totp/npm:user" + s + "&counter=x", base, user},
		"html":                 {"otpauth://totp/npm:user" + s + "&amp;issuer=npm&amp;digits=8", with(func(k *otpgen.Key) { k.Digits = 8 }), user},
		"escaped name":         {"otpauth://totp/npm:user" + s + "&d%69gits=7", with(func(k *otpgen.Key) { k.Digits = 7 }), user},
		"space in a number":    {"otpauth://totp/npm:user" + s + "&digits=+8", with(func(k *otpgen.Key) { k.Digits = 8 }), user},
		"algo":                 {"otpauth://totp/npm:user" + s + "&algo=sha512", with(func(k *otpgen.Key) { k.Alg = otpgen.SHA512 }), user},
		"HMAC dialect":         {"otpauth://totp/npm:user" + s + "&algorithm=HMAC-SHA256", with(func(k *otpgen.Key) { k.Alg = otpgen.SHA256 }), user},
		"another name of it":   {"otpauth://totp/user" + s + "&iss=npm", base, user},
		"a service":            {"otpauth://totp/user" + s + "&service=npm", base, user},
		"short period":         {"otpauth://totp/npm:user" + s + "&period=1", with(func(k *otpgen.Key) { k.Period = time.Second }), user},
		"long period":          {"otpauth://totp/npm:user" + s + "&period=86400", with(func(k *otpgen.Key) { k.Period = 24 * time.Hour }), user},
		"hotp": {"otpauth://hotp/npm:user" + s + "&counter=0&period=x", with(func(k *otpgen.Key) {
			k.Kind, k.Period = otpgen.HOTP, 0
		}), user},
		"last counter": {"otpauth://HOTP/npm:user" + s + "&counter=18446744073709551615", with(func(k *otpgen.Key) {
			k.Kind, k.Period, k.Counter = otpgen.HOTP, 0, math.MaxUint64
		}), user},
		"80 bits": {"otpauth://totp/npm:user?secret=JBSWY3DPEHPK3PXP", with(func(k *otpgen.Key) {
			k.Secret = secret.New("JBSWY3DPEHPK3PXP")
		}), user},
		"26 characters": {"otpauth://totp/npm:user?secret=JBSWY3DPEHPK3PXPJBSWY3DPEH", with(func(k *otpgen.Key) {
			k.Secret = secret.New("JBSWY3DPEHPK3PXPJBSWY3DPEE")
		}), user},
		"trailing bits": {"otpauth://totp/npm:user?secret=JBSWY3DPEHPK3PXP77", with(func(k *otpgen.Key) {
			k.Secret = secret.New("JBSWY3DPEHPK3PXP74")
		}), user},
		"33 characters": {"otpauth://totp/npm:user" + s + "A", base, user},
		"19 characters": {"otpauth://totp/npm:user?secret=JBSWY3DPEHPK3PXP777", with(func(k *otpgen.Key) {
			k.Secret = secret.New("JBSWY3DPEHPK3PXP74")
		}), user},
		"20 bytes": {"otpauth://totp/npm:user?secret=" + base32Of(ascii20).Reveal(), with(func(k *otpgen.Key) { k.Secret = base32Of(ascii20) }), user},
		"32 bytes": {"otpauth://totp/npm:user?secret=" + base32Of(ascii32).Reveal(), with(func(k *otpgen.Key) { k.Secret = base32Of(ascii32) }), user},
		"64 bytes": {"otpauth://totp/npm:user?secret=" + base32Of(ascii64).Reveal(), with(func(k *otpgen.Key) { k.Secret = base32Of(ascii64) }), user},
	} {
		t.Run(what, func(t *testing.T) {
			k, l := parse(t, tt.uri)
			if !sameKey(k, tt.key) {
				t.Errorf("key %+v, want %+v (the same secret: %t)", k, tt.key, k.Secret.Equal(tt.key.Secret))
			}
			if l != tt.label {
				t.Errorf("label %q, want %q", l, tt.label)
			}
			again, l2 := parse(t, k.URI(l).Reveal())
			if !sameKey(again, k) || l2 != l {
				t.Errorf("its canonical URI gives %+v and %q", again, l2)
			}
		})
	}
}

func TestParseURIRefuses(t *testing.T) {
	const s = "?secret=" + canon
	for what, tt := range map[string]struct {
		uri  string
		want string // in the error
		kind error
	}{
		"empty":             {"", "not an otpauth URI", otpgen.ErrNotURI},
		"bare secret":       {canon, "not an otpauth URI", otpgen.ErrNotURI},
		"web address":       {"https://www.npmjs.com/login?secret=" + canon, "not an otpauth URI", otpgen.ErrNotURI},
		"no slashes":        {"otpauth:totp/x" + s, "not an otpauth URI", otpgen.ErrNotURI},
		"text before":       {canon + " otpauth://totp/x" + s, "not an otpauth URI", otpgen.ErrNotURI},
		"migration":         {"otpauth-migration://offline?data=" + canon, "an export of Google Authenticator", otpgen.ErrMigration},
		"steam scheme":      {"steam://" + canon, "a Steam Guard key", nil},
		"steam type":        {"otpauth://steam/x" + s, "a Steam Guard key", nil},
		"steam encoder":     {"otpauth://totp/Steam:x" + s + "&encoder=steam", "a Steam Guard key", nil},
		"motp":              {"motp://x:y" + s, "a Mobile-OTP key", nil},
		"no type":           {"otpauth:///x" + s, "the type must be totp or hotp", nil},
		"unknown type":      {"otpauth://yaotp/x" + s, "the type must be totp or hotp", nil},
		"secret as type":    {"otpauth://" + canon, "the type must be totp or hotp", nil},
		"type with port":    {"otpauth://totp:80/x" + s, "the type must be totp or hotp", nil},
		"too long":          {"otpauth://totp/x" + s + "&issuer=" + strings.Repeat(canon, 256), "longer than a QR code", nil},
		"no query":          {"otpauth://totp/" + canon, "the URI has no secret", nil},
		"no secret":         {"otpauth://totp/x?issuer=" + canon, "the URI has no secret", nil},
		"empty secret":      {"otpauth://totp/" + canon + "?secret=", "the URI has no secret", nil},
		"blank secret":      {"otpauth://totp/" + canon + "?secret=+-+", "the secret is empty", nil},
		"only padding":      {"otpauth://totp/" + canon + "?secret=%3D%3D", "the secret is empty", nil},
		"odd short secret":  {"otpauth://totp/x?secret=JBSWY3DPEHP", "the secret has 11 characters, and 16", nil},
		"steam issuer":      {"otpauth://totp/Steam:x" + s, "a Steam Guard key", nil},
		"steam in a label":  {"otpauth://totp/x" + s + "&issuer=Steam%20Guard&period=30", "a Steam Guard key", nil},
		"steam alone":       {"otpauth://totp/Steam" + s, "a Steam Guard key", nil},
		"steam and a name":  {"otpauth://totp/Steam%20(ada)" + s, "a Steam Guard key", nil},
		"digits mistyped":   {"otpauth://totp/x" + s + "&digit=8", "nearly one that changes", nil},
		"period cut":        {"otpauth://totp/x" + s + "&perio=60", "nearly one that changes", nil},
		"algorithm joined":  {"otpauth://totp/x" + s + "&algorithmSHA256", "nearly one that changes", nil},
		"secret mistyped":   {"otpauth://totp/x" + s + "&sekret=" + canon, "nearly one that changes", nil},
		"no ampersand":      {"otpauth://totp/x" + s + "&issuer=npm;digits=8", "not separated by &", nil},
		"short secret":      {"otpauth://totp/x?secret=JBSWY3DPEHPK3PX", "the secret has 15 characters, and 16 (80 bits; RFC 4226", nil},
		"eight characters":  {"otpauth://totp/x?secret=" + canary, "the secret has 8 characters", nil},
		"one character":     {"otpauth://totp/x?secret=J", "the secret has 1 characters", nil},
		"long secret":       {"otpauth://totp/x?secret=" + strings.Repeat(canon, 26), "longer than 512 bytes", nil},
		"two secrets":       {"otpauth://totp/x" + s + "&secret=" + canon[:24], "two different values of secret", nil},
		"padding inside":    {"otpauth://totp/x?secret=JBSWY3DP=" + canon, "character 9 of the secret is not base32", nil},
		"typo":              {"otpauth://totp/x?secret=JBSWY3DP0" + canon, "character 9 of the secret is not base32, which has no 0, 1, 8 and 9", nil},
		"broken escape":     {"otpauth://totp/x?secret=JBSWY3DP%" + canon, "character 9 of the secret is not base32", nil},
		"not UTF-8":         {"otpauth://totp/x?secret=JBSWY3DP%FF" + canon, "character 9 of the secret is not base32", nil},
		"number sign":       {"otpauth://totp/x" + s + "#", "character 33 of the secret is not base32", nil},
		"hexadecimal":       {"otpauth://totp/x?secret=3132333435363738393031323334353637383930", "the secret looks hexadecimal (40 digits)", nil},
		"algorithm":         {"otpauth://totp/x" + s + "&algorithm=SHA3", "the algorithm must be SHA1, SHA256 or SHA512", nil},
		"MD5":               {"otpauth://totp/x" + s + "&algorithm=MD5", "the algorithm must be", nil},
		"secret as alg":     {"otpauth://totp/x" + s + "&algo=" + canon, "the algorithm must be", nil},
		"two algorithms":    {"otpauth://totp/x" + s + "&algo=SHA1&algorithm=SHA256", "two different values of algorithm", nil},
		"digits no number":  {"otpauth://totp/x" + s + "&digits=abc", "must be decimal numbers", nil},
		"secret as digits":  {"otpauth://totp/x" + s + "&digits=" + canon, "must be decimal numbers", nil},
		"digits 5":          {"otpauth://totp/x" + s + "&digits=5", "the number of digits must be 6, 7 or 8", nil},
		"digits 9":          {"otpauth://totp/x" + s + "&digits=9", "the number of digits must be 6, 7 or 8", nil},
		"digits 0":          {"otpauth://totp/x" + s + "&digits=0", "the number of digits must be 6, 7 or 8", nil},
		"digits 99":         {"otpauth://totp/x" + s + "&digits=99", "the number of digits must be 6, 7 or 8", nil},
		"digits 2^32+6":     {"otpauth://totp/x" + s + "&digits=4294967302", "the number of digits must be 6, 7 or 8", nil},
		"digits 2^64+6":     {"otpauth://totp/x" + s + "&digits=18446744073709551622", "must be decimal numbers", nil},
		"digits negative":   {"otpauth://totp/x" + s + "&digits=-6", "must be decimal numbers", nil},
		"digits signed":     {"otpauth://totp/x" + s + "&digits=%2B6", "must be decimal numbers", nil},
		"digits hex":        {"otpauth://totp/x" + s + "&digits=0x6", "must be decimal numbers", nil},
		"digits not ASCII":  {"otpauth://totp/x" + s + "&digits=%EF%BC%96", "must be decimal numbers", nil},
		"two digits":        {"otpauth://totp/x" + s + "&digits=6&digits=8", "two different values of digits", nil},
		"two cases":         {"otpauth://totp/x" + s + "&digits=6&DIGITS=8", "two different values of digits", nil},
		"an entity":         {"otpauth://totp/x?secret=" + canon[:16] + "&shy;" + canon[16:], "a sign inside the secret", nil},
		"a mask":            {"otpauth://totp/x?secret=" + canon[:16] + "xxxxxxxx", "hidden in part", nil},
		"a word behind it":  {"otpauth://totp/x?secret=" + canon + "%20THANKS", "a word behind the secret", nil},
		"milliseconds":      {"otpauth://totp/x" + s + "&period=30000", "the period is in milliseconds", nil},
		"a service":         {"otpauth://totp/x" + s + "&service=GitHub&service=GitLab", "two different values of issuer", nil},
		"period 0":          {"otpauth://totp/x" + s + "&period=0", "the period must be", nil},
		"period fraction":   {"otpauth://totp/x" + s + "&period=30.5", "must be decimal numbers", nil},
		"period over a day": {"otpauth://totp/x" + s + "&period=86401", "the period must be", nil},
		// 2^55+30 seconds are 30 seconds in 64 bits of nanoseconds.
		"period overflow": {"otpauth://totp/x" + s + "&period=36028797018963998", "the period must be", nil},
		"two periods":     {"otpauth://totp/x" + s + "&period=30&period=60", "two different values of period", nil},
		"two issuers":     {"otpauth://totp/x" + s + "&issuer=a&issuer=b", "two different values of issuer", nil},
		"no counter":      {"otpauth://hotp/x" + s, "the URI has no counter", nil},
		"empty counter":   {"otpauth://hotp/x" + s + "&counter=", "the URI has no counter", nil},
		"counter":         {"otpauth://hotp/x" + s + "&counter=" + canon, "must be decimal numbers", nil},
		"counter 2^64":    {"otpauth://hotp/x" + s + "&counter=18446744073709551616", "must be decimal numbers", nil},
		"two counters":    {"otpauth://hotp/x" + s + "&counter=1&counter=2", "two different values of counter", nil},
	} {
		t.Run(what, func(t *testing.T) {
			k, l, err := otpgen.ParseURI(secret.New(tt.uri))
			if err == nil {
				t.Fatalf("accepted as %+v", k)
			}
			if !errors.Is(err, otpgen.ErrInvalid) || tt.kind != nil && !errors.Is(err, tt.kind) {
				t.Errorf("the error is of the wrong kind: %v", err)
			}
			for _, kind := range []error{otpgen.ErrNotURI, otpgen.ErrMigration} {
				if !errors.Is(kind, tt.kind) && errors.Is(err, kind) {
					t.Errorf("the error is also %q", kind)
				}
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("the error is %q, want %q", err, tt.want)
			}
			if strings.Contains(strings.ToUpper(err.Error()), canary) || strings.Contains(err.Error(), "31323334") {
				t.Error("the error holds the secret")
			}
			if !sameKey(k, otpgen.Key{}) || l != (otpgen.Label{}) {
				t.Error("there is a key beside the error")
			}
		})
	}
}

// URI is compared in full: it goes into QR codes that other programs read.
func TestURI(t *testing.T) {
	k := newKey(t, ascii20)
	const s = "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	for _, tt := range []struct {
		label otpgen.Label
		want  string
	}{
		{otpgen.Label{Issuer: "npm", Account: "user"}, "otpauth://totp/npm:user" + s + "&issuer=npm&algorithm=SHA1&digits=6&period=30"},
		{otpgen.Label{Account: "me+x@example.com"}, "otpauth://totp/me%2Bx@example.com" + s + "&algorithm=SHA1&digits=6&period=30"},
		{otpgen.Label{Issuer: "a b:c&d", Account: "ü/?#"}, "otpauth://totp/a%20b%3Ac%26d:%C3%BC%2F%3F%23" + s +
			"&issuer=a%20b%3Ac%26d&algorithm=SHA1&digits=6&period=30"},
		{otpgen.Label{Account: "x:y"}, "otpauth://totp/:x%3Ay" + s + "&algorithm=SHA1&digits=6&period=30"},
		{otpgen.Label{}, "otpauth://totp/" + s + "&algorithm=SHA1&digits=6&period=30"},
	} {
		if got := k.URI(tt.label).Reveal(); got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
		again, l := parse(t, k.URI(tt.label).Reveal())
		if !sameKey(again, k) || l != tt.label {
			t.Errorf("%q comes back as %q", tt.label, l)
		}
	}
	k.Kind, k.Alg, k.Digits, k.Counter = otpgen.HOTP, otpgen.SHA512, 8, math.MaxUint64
	const want = "otpauth://hotp/user" + s + "&algorithm=SHA512&digits=8&counter=18446744073709551615"
	if got := k.URI(otpgen.Label{Account: "user"}).Reveal(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
