package bundle_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"npmotp/internal/bundle"
)

func TestSeries(t *testing.T) {
	data := bytes.Repeat([]byte("0123456789abcdef"), 500)
	parts, err := bundle.Split(data, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range parts {
		if len(p) > 1000 {
			t.Errorf("a part of %d characters", len(p))
		}
	}
	var s bundle.Series
	for i := range parts {
		last := parts[len(parts)-1-i]
		for range 2 {
			if part, err := s.Add(last); err != nil || !part {
				t.Fatalf("part %v, %v", part, err)
			}
		}
		got, err := s.Bundle()
		if i < len(parts)-1 {
			var missing *bundle.MissingError
			if !errors.As(err, &missing) || len(missing.Missing) != len(parts)-1-i || missing.Of != len(parts) {
				t.Errorf("after %d parts: %v", i+1, err)
			}
		} else if err != nil || !bytes.Equal(got, data) {
			t.Errorf("all parts: %v", err)
		}
	}
	for name, text := range map[string]string{
		"another QR code": "otpauth://totp/x?secret=AAAA",
		"a word":          "NPMOTP",
		"a sentence":      "NPMOTP is a program",
	} {
		if part, err := s.Add(text); part || err != nil {
			t.Errorf("%s: part %v, %v", name, part, err)
		}
	}
	head := parts[0][:strings.Index(parts[0], "/1/")]
	for name, text := range map[string]string{
		"beyond the end":   head + "/99/3/AAAA",
		"number zero":      head + "/0/3/AAAA",
		"no base32":        head + "/1/3/a!",
		"a huge series":    head + "/1/1000000000/AAAA",
		"another length":   head + "/1/3/AAAA",
		"another content":  fmt.Sprintf("%s/1/%d/AAAA", head, len(parts)),
		"a later version":  strings.Replace(parts[0], "NPMOTP1", "NPMOTP2", 1),
		"no number at all": head + "///",
	} {
		if part, err := s.Add(text); !part || err == nil {
			t.Errorf("%s: part %v, %v", name, part, err)
		}
	}
	// Parts that were exchanged for others of the same length are noticed.
	var forged bundle.Series
	for i, p := range parts {
		if i == 1 {
			p = p[:len(p)-8] + "AAAAAAAA"
		}
		if _, err := forged.Add(p); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := forged.Bundle(); !errors.Is(err, bundle.ErrInvalid) {
		t.Errorf("a forged part: %v", err)
	}
}
