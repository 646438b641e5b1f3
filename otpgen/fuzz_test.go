package otpgen_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"npmotp/internal/secret"
	"npmotp/otpgen"
)

// refusals is every error text of ParseURI and ParseSecret. Being in it proves
// that an error holds nothing of the input but counts of characters.
var refusals = regexp.MustCompile(`^(?:` + strings.Join([]string{
	`this is not an otpauth URI`,
	`this is an export of Google Authenticator, which can hold many keys: import it`,
	`this is a Steam Guard key, whose codes have letters: only totp and hotp keys can be used`,
	`this is a Mobile-OTP key: only totp and hotp keys can be used`,
	`this is a URI, not a secret: the secret is what stands in it after secret=`,
	`this looks like a one-time password, not like the secret that they are made from`,
	`this looks like a recovery code \((?:16|48|64) hexadecimal digits\), not like a secret in base32`,
	`the type must be totp or hotp`,
	`the algorithm must be SHA1, SHA256 or SHA512`,
	`the number of digits must be 6, 7 or 8`,
	`the period must be a whole number of seconds, from 1 to 86400`,
	`digits, period and counter must be decimal numbers`,
	`the URI is longer than a QR code can be`,
	`the URI has no secret`,
	`the URI has a parameter that is nearly one that changes codes: it was cut, joined or mistyped`,
	`the URI has a parameter that is not known and may change its codes`,
	`the URI has two parameters that are not separated by &`,
	`the URI is not written in full`,
	`the URI ends inside a parameter`,
	`there is a quotation mark inside the URI`,
	`there is a sign inside the URI that no URI has`,
	`there is a blank inside the URI`,
	`fields beside the URI say something else of its digits, period or algorithm`,
	`several secrets stand in one login: part the logins with blank lines`,
	`the quotation mark behind the URI is missing`,
	`what follows may be the rest of the (?:URI|secret), which is needed on one line`,
	`the URI has no counter, which a hotp key needs`,
	`the URI has two different values of (?:secret|issuer|algorithm|digits|period|counter)`,
	`the secret is empty`,
	`there is a word behind the secret, or its last group is cut`,
	`the secret is longer than 512 bytes`,
	`the secret looks hexadecimal \(\d+ digits\): it is needed in base32`,
	`the secret has \d+ characters, and 16 \(80 bits; RFC 4226 asks for 128\) are the least: its end may be missing`,
	`the secret has \d+ characters, which base32 never has: one is missing or one too many` +
		` \(if the issuer shows it like this, leave out the last\)`,
	`characters? [\d, and]+(?:more )?of the secret (?:is|are) not base32, which (?:has no 0, 1, 8 and 9:` +
		` look again for the letters O, I or L, B and G|is the letters A to Z and the digits 2 to 7)` +
		` \(spaces and dashes are not counted\)`,
}, "|") + `)$`)

func checkRefusal(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, otpgen.ErrInvalid) {
		t.Errorf("the error does not match ErrInvalid: %v", err)
	}
	if !refusals.MatchString(err.Error()) {
		t.Errorf("an error text that is not in the list: %v", err)
	}
}

func FuzzParseURI(f *testing.F) {
	for _, s := range []string{
		"otpauth://totp/npm:user?secret=" + canon + "&issuer=npm&algorithm=SHA1&digits=6&period=30",
		"OTPAUTH://HOTP/npm%3A%20user?secret=jbsw+y3dp-ehpk%203pxp%3D&counter=18446744073709551615",
		"otpauth://totp/50%:%zz:%4?secret=JBSWY3DPEHPK3PXP777&issuer=%ff#&algo=HMAC-SHA256&digits=08",
		"otpauth://totp/::a%3Ab?secret=" + canon + "&amp;digits=7&period=60&period=060",
		"otpauth://totp/x?secret=JBSWY3DP0" + canon + "&digits=9&period=0&encoder=steam",
		"otpauth://totp/npm:user?secret=" + canon + "&step=60",
		"otpauth-migration://offline?data=" + canon,
		"steam://" + canon,
		canon,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		k, l, err := otpgen.ParseURI(secret.New(uri))
		if err != nil {
			checkRefusal(t, err)
			return
		}
		if err := k.Validate(); err != nil {
			t.Fatalf("the key is not valid: %v", err)
		}
		canonical := k.URI(l)
		again, l2, err := otpgen.ParseURI(canonical)
		switch {
		case err != nil && canonical.Len() > 8192:
			// Escaping has made it longer than ParseURI reads.
		case err != nil:
			t.Errorf("the canonical URI is refused: %v", err)
		case !sameKey(again, k) || l2 != l:
			t.Errorf("the canonical URI gives %+v %q, want %+v %q", again, l2, k, l)
		case !again.URI(l2).Equal(canonical):
			t.Error("the canonical URI has another canonical URI")
		}
		if k.Kind == otpgen.TOTP {
			if code, err := k.At(time.Unix(59, 0)); err != nil || code.Value.Len() != k.Digits {
				t.Errorf("a code of %d digits: %v", code.Value.Len(), err)
			}
		} else if code, _, err := k.HOTP(); err == nil && code.Value.Len() != k.Digits || err != nil && !errors.Is(err, otpgen.ErrCounter) {
			t.Errorf("a code of %d digits: %v", code.Value.Len(), err)
		}
	})
}

// FuzzFindURIs looks for texts that end the program, and errors that quote.
func FuzzFindURIs(f *testing.F) {
	const uri = "otpauth://totp/npm:ada?secret=" + canon + "&issuer=npm"
	for _, s := range []string{
		uri, "- '" + uri + "'\n" + uri[:40] + "\n" + uri[40:], "\"" + uri + "\n&digits=8\"", "steam://" + canon + "\r" + uri + "...",
		"secret=3D" + canon + "=\n&issuer=3Dnpm", `["` + strings.ReplaceAll(uri, "/", `\/`) + `"]`, `["` + uri[:40] + `", "` + uri[40:] + `"]`, "otpauth-migration://offline?data=AAAA\nAAAA", "?secret=://",
		"GitHub:\n user: ada\n otp: otpauth://totp?secret=" + canon, "service: npm\nsecret: " + canon + "\n\ntotp: " + canon[:16], "otp: " + canon[:16] + "\n2",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, found := range append(otpgen.FindURIs(secret.New(text)), otpgen.FindLogins(secret.New(text))...) {
			err := found.Err
			if err == nil {
				_, _, err = otpgen.ParseURI(found.URI)
			} else if found.URI.Len() > 0 {
				t.Error("a URI beside an error")
			}
			if err != nil {
				checkRefusal(t, err)
			}
		}
	})
}

func FuzzParseSecret(f *testing.F) {
	for _, s := range []string{
		canon, "jbsw y3dp ehpk 3pxp", "JBSW-Y3DP-EHPK-3PXP-77==", canon[:30], "123456", "108901" + canon, "JBSW=" + canon,
		strings.Repeat("0123abcd", 8), "\ufeff\u00a0\u200b\xff", "otpauth://totp/x?secret=" + canon, strings.Repeat(canon, 26),
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		s, err := otpgen.ParseSecret(secret.New(typed))
		if err != nil {
			checkRefusal(t, err)
			return
		}
		if again, err := otpgen.ParseSecret(s); err != nil || !again.Equal(s) {
			t.Errorf("the canonical form is read differently: %v", err)
		}
		k, err := otpgen.NewKey(secret.New(typed))
		if err != nil || k.Validate() != nil || !k.Secret.Equal(s) {
			t.Errorf("no key of a good secret: %v", err)
		}
		// What is typed and what stands in a URI are read the same way.
		uri := "otpauth://totp/x?secret=" + s.Reveal()
		if k2, _, err := otpgen.ParseURI(secret.New(uri)); err != nil || !sameKey(k, k2) {
			t.Errorf("another key as a URI: %v", err)
		}
	})
}
