package scan_test

import (
	"errors"
	"strings"
	"testing"

	"npmotp/internal/secret"
	"npmotp/scan"
)

func texts(list ...string) []secret.Text {
	out := make([]secret.Text, len(list))
	for i, s := range list {
		out[i] = secret.New(s)
	}
	return out
}

func TestPick(t *testing.T) {
	const key = "otpauth://totp/npm:kate?secret=GEZDGNBVGY3TQOJQ&issuer=npm"
	const migration = "otpauth-migration://offline?data=AAAA"
	for name, codes := range map[string][]string{
		"alone":     {key},
		"after URL": {"https://example.com/", key},
		"twice":     {key, key},
		"both":      {migration, key},
	} {
		if got, err := scan.Pick(texts(codes...)); err != nil || got.Reveal() != key {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got, err := scan.Pick(texts("OTPAUTH://TOTP/X?SECRET=A")); err != nil || got.Len() == 0 {
		t.Errorf("upper case: %v", err)
	}
	if got, err := scan.Pick(texts("text", migration)); err != nil || got.Reveal() != migration {
		t.Errorf("migration: %v", err)
	}
	if _, err := scan.Pick(nil); !errors.Is(err, scan.ErrNoCode) {
		t.Errorf("none: %v", err)
	}
}

func TestPickSeveral(t *testing.T) {
	_, err := scan.Pick(texts(
		"otpauth://totp/npm%3Akate?secret=GEZDGNBVGY3TQOJQ",
		"otpauth://totp/\x1b[31m\u202ebob\u200b?secret=JBSWY3DPEHPK3PXP",
		"otpauth://totp/?secret=MFRGGZDFMZTWQ2LK",
	))
	var several *scan.SeveralError
	if !errors.As(err, &several) {
		t.Fatal(err)
	}
	if got := strings.Join(several.Labels, "|"); got != "npm:kate|[31mbob|no name" {
		t.Errorf("labels %q", got)
	}
	for _, part := range []string{"GEZD", "JBSW", "MFRG", "\x1b", "\u202e"} {
		if strings.Contains(err.Error(), part) {
			t.Errorf("the error holds %q", part)
		}
	}
}

func TestPickOther(t *testing.T) {
	for content, want := range map[string]string{
		"https://Example.com:8443/reset?token=hunter2#hunter2": "https://example.com",
		"http://user:hunter2@example.com/":                     "http://example.com",
		"WIFI:T:WPA;S:home;P:hunter2;;":                        "wireless",
		"hunter2 hunter2":                                      "text (15 bytes)",
		"javascript:hunter2":                                   "text (18 bytes)",
	} {
		_, err := scan.Pick(texts(content))
		var other *scan.ContentError
		if !errors.As(err, &other) || !errors.Is(err, scan.ErrNoCode) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error holds what may be secret", want)
		}
	}
}
