package otpgen_test

import (
	"errors"
	"strings"
	"testing"

	"npmotp/internal/secret"
	"npmotp/otpgen"
)

func TestParseSecret(t *testing.T) {
	for what, tt := range map[string]struct{ typed, want string }{
		"canonical":         {canon, canon},
		"lower case":        {strings.ToLower(canon), canon},
		"grouped":           {"jbsw y3dp ehpk 3pxp jbsw y3dp ehpk 3pxp", canon},
		"hyphens":           {"JBSW-Y3DP-EHPK-3PXP-JBSW-Y3DP-EHPK-3PXP", canon},
		"other dashes":      {"JBSWY3DP\u2013EHPK3PXP\u2011JBSWY3DP\u2014EHPK3PXP", canon},
		"two lines":         {" JBSWY3DPEHPK3PXP\r\n\tJBSWY3DPEHPK3PXP\n", canon},
		"from a web page":   {"\ufeffJBSWY3DP\u00a0EHPK3PXP\u200bJBSWY3DP\u00adEHPK3PXP", canon},
		"padding":           {canon + "======", canon},
		"spaced padding":    {canon + " = = =\n", canon},
		"80 bits":           {"JBSWY3DPEHPK3PXP", "JBSWY3DPEHPK3PXP"},
		"trailing bits":     {"JBSWY3DPEHPK3PXP77", "JBSWY3DPEHPK3PXP74"},
		"26 characters":     {canon[:26], "JBSWY3DPEHPK3PXPJBSWY3DPEE"},
		"29 characters":     {canon[:29], "JBSWY3DPEHPK3PXPJBSWY3DPEHPK2"},
		"31 characters":     {canon[:31], "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PQ"},
		"hex and base32":    {"AAAABBBBCCCCDDDD", "AAAABBBBCCCCDDDD"},
		"as long as can be": {strings.Repeat(canon, 25) + canon[:20], strings.Repeat(canon, 25) + "JBSWY3DPEHPK3PXPJBSQ"},
	} {
		got, err := otpgen.ParseSecret(secret.New(tt.typed))
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		if got.Reveal() != tt.want {
			t.Errorf("%s: %s, want %s", what, got.Reveal(), tt.want)
		}
		if again, err := otpgen.ParseSecret(got); err != nil || !again.Equal(got) {
			t.Errorf("%s: the canonical form is read differently: %v", what, err)
		}
	}
}

func TestParseSecretRefuses(t *testing.T) {
	for what, tt := range map[string]struct {
		typed string
		want  string // in the error
		kind  error
	}{
		"empty":            {"", "the secret is empty", nil},
		"blank":            {" - \n", "the secret is empty", nil},
		"only padding":     {"====", "the secret is empty", nil},
		"short":            {canon[:15], "the secret has 15 characters, and 16 (80 bits; RFC 4226", nil},
		"long":             {strings.Repeat(canon, 25) + canon[:21], "the secret is longer than 512 bytes", nil},
		"one lost":         {canon[:30], "the secret has 30 characters, which base32 never has", nil},
		"one too many":     {canon + "A", "the secret has 33 characters, which base32 never has", nil},
		"three too many":   {canon + "ABC", "the secret has 35 characters, which base32 never has", nil},
		"zero":             {"JBSW Y3DP 0" + canon, "character 9 of the secret is not base32, which has no 0, 1, 8 and 9", nil},
		"two typos":        {"1" + canon + "8", "characters 1 and 34 of the secret are not base32, which has no", nil},
		"three typos":      {"10" + canon + "9", "characters 1, 2 and 35 of the secret are not", nil},
		"five typos":       {"10890" + canon, "characters 1, 2, 3, 4 and 5 of the secret are not", nil},
		"six typos":        {"108901" + canon, "characters 1, 2, 3, 4, 5 and more of the secret are not", nil},
		"other characters": {"JBSW!" + canon + "0", "characters 5 and 38 of the secret are not base32, which is the letters A to Z", nil},
		"padding inside":   {canon + "=A", "character 33 of the secret is not base32, which is the letters", nil},
		"umlaut":           {"ü" + canon, "character 1 of the secret is not base32", nil},
		"dotless i":        {canon + "ı", "character 33 of the secret is not base32", nil},
		"long s":           {"ſ" + canon, "character 1 of the secret is not base32", nil},
		"full width":       {"\uff21" + canon, "character 1 of the secret is not base32", nil},
		"not UTF-8":        {"JBSWY3DP\xff" + canon, "character 9 of the secret is not base32", nil},
		"password":         {"123 456", "this looks like a one-time password", nil},
		"long password":    {"08123456", "this looks like a one-time password", nil},
		"recovery code 64": {strings.Repeat("0123abcd", 8), "this looks like a recovery code (64 hexadecimal digits)", nil},
		"recovery code 48": {strings.Repeat("0123abcd", 6), "this looks like a recovery code (48 hexadecimal digits)", nil},
		"recovery code 16": {strings.Repeat("0123ABCD", 2), "this looks like a recovery code (16 hexadecimal digits)", nil},
		"hexadecimal":      {strings.Repeat("0123abcd", 5), "the secret looks hexadecimal (40 digits)", nil},
		"URI":              {" otpauth://totp/x?secret=" + canon, "this is a URI", otpgen.ErrIsURI},
		"URI upper case":   {"OTPAUTH://TOTP/x?secret=" + canon, "this is a URI", otpgen.ErrIsURI},
		"URI cut short":    {"otpauth:" + canon, "this is a URI", otpgen.ErrIsURI},
		"migration":        {"otpauth-migration:" + canon, "this is a URI", otpgen.ErrIsURI},
		"web address":      {"https://example.com/" + canon, "this is a URI", otpgen.ErrIsURI},
	} {
		got, err := otpgen.ParseSecret(secret.New(tt.typed))
		switch {
		case err == nil:
			t.Errorf("%s: accepted", what)
			continue
		case !errors.Is(err, otpgen.ErrInvalid) || errors.Is(err, otpgen.ErrIsURI) != (tt.kind != nil):
			t.Errorf("%s: the error is of the wrong kind: %v", what, err)
		case !strings.Contains(err.Error(), tt.want):
			t.Errorf("%s: the error is %q, want %q", what, err, tt.want)
		}
		for _, quoted := range []string{canary, "0123ABCD", "123456", "JBSW"} {
			if strings.Contains(strings.ToUpper(err.Error()), quoted) {
				t.Errorf("%s: the error holds the secret", what)
			}
		}
		if got.Len() != 0 {
			t.Errorf("%s: there is a secret beside the error", what)
		}
		if _, err := otpgen.NewKey(secret.New(tt.typed)); err == nil {
			t.Errorf("%s: NewKey accepts it", what)
		}
	}
}

// A secret that begins like the scheme is one: base32 has all its letters.
func TestParseSecretLikeScheme(t *testing.T) {
	if _, err := otpgen.ParseSecret(secret.New("OTPAUTH" + canon + "AA")); errors.Is(err, otpgen.ErrIsURI) {
		t.Error("letters alone are taken for a URI")
	}
}
