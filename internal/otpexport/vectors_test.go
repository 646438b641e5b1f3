package otpexport_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"npmotp/internal/otpexport"
	"npmotp/internal/otpimport"
	"npmotp/internal/secret"
	"npmotp/otpgen"
)

// What was exported once is read for ever. Vectors are added, never edited; their
// names say the format and what was exported, and the text of a plain one is what is
// written today, too.
func TestVectors(t *testing.T) {
	const password = "correct horse"
	for _, tt := range []struct {
		file, format string
		fits         func(otpgen.Key) bool
		same         bool // the export has nothing random in it
	}{
		{"v1-otpauth.txt", otpexport.OTPAuth, all, true},
		{"v1-google.txt", otpexport.Google, transferable, false},
		{"v1-aegis.json", otpexport.Aegis, all, false},
		{"v1-aegis-encrypted.json", otpexport.Aegis, all, false},
	} {
		t.Run(tt.file, func(t *testing.T) {
			o := plainly(tt.format)
			entries, documents := export(t, every(t, tt.fits), o)
			path := filepath.Join("testdata", "vectors", tt.file)
			wantRead(t, entries, password, path)
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var today []string
			for _, d := range documents {
				today = append(today, d.Text.Reveal())
			}
			if tt.same && strings.Join(today, "\n")+"\n" != string(data) {
				t.Errorf("today another text is written:\n%s", strings.Join(today, "\n"))
			}
			if !strings.Contains(tt.file, "encrypted") {
				return
			}
			r := &otpimport.Reader{Password: func() (secret.Text, error) { return secret.New("wrong"), nil }}
			if err := r.Add(t.Context(), strings.NewReader(string(data))); err == nil {
				t.Error("it opens with another password")
			}
		})
	}
}
