package otpimport_test

import (
	"encoding/base64"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"npmotp/internal/otpimport"
)

// FuzzFormat has each format read what it is told to be of it, as --format does:
// the fields that tell a format do not stand in front of its reader.
func FuzzFormat(f *testing.F) {
	formats := otpimport.Formats()
	for _, tt := range samples() {
		data, err := os.ReadFile(filepath.Join("testdata", tt.files[0]))
		if err != nil {
			f.Fatal(err)
		}
		for i, name := range formats {
			if name == tt.format && !strings.HasSuffix(tt.files[0], ".png") {
				f.Add(byte(i), data)
			}
		}
	}
	f.Fuzz(func(t *testing.T, format byte, data []byte) {
		r := &otpimport.Reader{Format: formats[int(format)%len(formats)], Password: password("correct horse")}
		if r.Add(t.Context(), strings.NewReader(string(data))) == nil {
			valid(t, r)
		}
	})
}

// FuzzMigration looks at transfers of Google Authenticator, whose messages have a
// form of their own inside of the URI.
func FuzzMigration(f *testing.F) {
	text, err := os.ReadFile("testdata/google.txt")
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		u, err := url.Parse(strings.TrimSpace(line))
		if err != nil {
			f.Fatal(err)
		}
		payload, err := base64.StdEncoding.DecodeString(u.Query().Get("data"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(payload)
	}
	f.Add([]byte("\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x20\x00"))
	f.Fuzz(func(t *testing.T, payload []byte) {
		uri := "otpauth-migration://offline?data=" + url.QueryEscape(base64.StdEncoding.EncodeToString(payload))
		var read []string
		r := &otpimport.Reader{}
		for range 2 { // the second of two that are the same adds nothing
			if r.Add(t.Context(), strings.NewReader(uri)) != nil {
				return
			}
			valid(t, r)
			now := []string{}
			for _, e := range r.Entries() {
				now = append(now, summary(t, e))
			}
			if read != nil && len(now) != len(read) {
				t.Errorf("%q and then %q", read, now)
			}
			read = now
		}
	})
}

func valid(t *testing.T, r *otpimport.Reader) {
	t.Helper()
	for _, e := range r.Entries() {
		if e.Err == nil && e.Key.Validate() != nil {
			t.Errorf("a key that is not valid: %+v", e.Label)
		}
	}
	if m := r.Missing(); m != nil && len(m.Missing) > m.Of {
		t.Errorf("%d of %d parts are missing", len(m.Missing), m.Of)
	}
}
