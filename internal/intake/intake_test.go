package intake_test

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"npmotp/internal/intake"
	"npmotp/internal/qrdraw"
	"npmotp/internal/recoverycode"
	"npmotp/internal/secret"
	"npmotp/otpgen"
	"npmotp/scan"
)

func file(t *testing.T, name string) *os.File {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// What npm 6 to 12 wrote to a terminal during a whole enrolment, as script(1)
// recorded it, yields the key and the five recovery codes in one go.
func TestTerminalOfEveryNPM(t *testing.T) {
	files, err := filepath.Glob("testdata/*.typescript")
	if err != nil || len(files) != 4 {
		t.Fatalf("%d recordings, %v", len(files), err)
	}
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			for kind, read := range map[string]func() (intake.Enrolment, error){
				"as text":      func() (intake.Enrolment, error) { return intake.Terminal(t.Context(), file(t, name)) },
				"as any input": func() (intake.Enrolment, error) { return intake.Any(t.Context(), file(t, name)) },
			} {
				e, err := read()
				if err != nil {
					t.Fatalf("%s: %v", kind, err)
				}
				recording, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				_, after, _ := strings.Cut(string(recording), "Or enter code: ")
				typed, _, _ := strings.Cut(after, "\r")
				if !e.Key.Secret.Equal(secret.New(typed)) {
					t.Errorf("%s: the key is not the one below the QR code", kind)
				}
				if e.Label.Issuer != "npm" || e.Label.Account == "" {
					t.Errorf("%s: label %+v", kind, e.Label)
				}
				if len(e.RecoveryCodes) != 5 || e.RecoveryCodes[0].Len() != 64 {
					t.Errorf("%s: %d recovery codes", kind, len(e.RecoveryCodes))
				}
			}
		})
	}
}

func TestTerminalThatDisagrees(t *testing.T) {
	recording, err := os.ReadFile("testdata/enable-2fa-npm-10.9.4.typescript")
	if err != nil {
		t.Fatal(err)
	}
	forged := strings.Replace(string(recording), "Or enter code: D", "Or enter code: E", 1)
	if _, err := intake.Terminal(t.Context(), strings.NewReader(forged)); !errors.Is(err, scan.ErrDisagree) {
		t.Errorf("a secret that differs from the QR code: %v", err)
	}
	cut := strings.Replace(string(recording), "a036304a7e14ea5", "", 1)
	var cutError *recoverycode.CutError
	if _, err := intake.Terminal(t.Context(), strings.NewReader(cut)); !errors.As(err, &cutError) {
		t.Errorf("a recovery code that is cut: %v", err)
	}
}

func TestAny(t *testing.T) {
	const typed = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	tests := []struct {
		name, input string
		want        error
	}{
		{"a secret", "gezd gnbv gy3t qojq gezd gnbv gy3t qojq\r\n", nil},
		{"a secret after a byte order mark", "\ufeff" + typed, nil},
		{"a secret in quotes", "\"" + typed + "\"", nil},
		{"a secret in a field", "Secret: gezd gnbv gy3t qojq gezd gnbv gy3t qojq", nil},
		{"a field of JSON", `{"issuer":"npm","secret":"` + typed + `","digits":6}`, nil},
		{"a URI in JSON", `{"uri":"otpauth:\/\/totp\/npm:ada?secret=` + typed + `"}`, nil},
		{"a URI", "otpauth://totp/npm:ada?secret=" + typed + "&issuer=npm\n", nil},
		{"only the line below the QR code", "Scan into your authenticator app:\n Or enter code: " + typed + "\n", nil},
		{"nothing", "", intake.ErrEmpty},
		{"blanks", " \n\n", intake.ErrEmpty},
		{"prose", "hello\nworld\n", scan.ErrNoCode},
		{"prose with the letters of one", "Here is the key for npm\nplease use it soon\n", scan.ErrNoCode},
		{"recovery codes", strings.Repeat("0123456789abcdef", 4) + "\n" + strings.Repeat("fedcba9876543210", 4) + "\n", scan.ErrNoCode},
		{"a secret on two lines", typed[:16] + "\n" + typed[16:] + "\n", scan.ErrLines},
		{"a secret below words", "Your secret key:\n" + typed + "\n", intake.ErrBeside},
		{"a web address", "https://example.com/?t=1", otpgen.ErrInvalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, err := intake.Any(t.Context(), strings.NewReader(tt.input))
			if tt.want != nil {
				if !errors.Is(err, tt.want) {
					t.Errorf("got %v, want %v", err, tt.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			code, err := e.Key.At(time.Unix(59, 0))
			if err != nil || code.Value.Reveal() != "287082" {
				t.Errorf("code %q, %v", code.Value.Reveal(), err)
			}
		})
	}
	t.Run("a picture", func(t *testing.T) {
		e, err := intake.Any(t.Context(), file(t, "../demo/npm-qr.png"))
		if err != nil || e.Label.Account != "jane.doe" {
			t.Errorf("%+v, %v", e.Label, err)
		}
	})
	t.Run("too much", func(t *testing.T) {
		_, err := intake.Any(t.Context(), strings.NewReader(strings.Repeat("words \n", 4<<20)))
		if !errors.Is(err, scan.ErrTooLarge) {
			t.Errorf("got %v", err)
		}
	})
}

func TestLabelsAreCleaned(t *testing.T) {
	e, err := intake.URI(secret.New("otpauth://totp/ev%1B%5B2Jil%0A?secret=GEZDGNBVGY3TQOJQ&issuer=n%E2%80%AEpm"))
	if err != nil || e.Label.Account != "ev[2Jil" || e.Label.Issuer != "npm" {
		t.Errorf("%q, %v", e.Label, err)
	}
}

func TestRecoveryCodesOfTerminal(t *testing.T) {
	recording, err := os.ReadFile("testdata/enable-2fa-npm-11.19.1.typescript")
	if err != nil {
		t.Fatal(err)
	}
	codes, _, err := intake.RecoveryCodes(t.Context(), secret.New(string(recording)))
	if err != nil || len(codes) != 5 {
		t.Errorf("%d codes, %v", len(codes), err)
	}
}

// What "npm profile enable-2fa > file" makes in Windows PowerShell 5 is UTF-16.
func TestTextEncodings(t *testing.T) {
	const want = "Grüße\r\n\t0123456789abcdef\r\n"
	little := []byte("\xff\xfe")
	for _, u := range utf16.Encode([]rune(want)) {
		little = binary.LittleEndian.AppendUint16(little, u)
	}
	for name, data := range map[string]string{"UTF-8": want, "with a mark": "\ufeff" + want, "UTF-16": string(little)} {
		text, err := intake.Text(strings.NewReader(data))
		if err != nil || text.Reveal() != want {
			t.Errorf("%s: %d bytes, %v", name, text.Len(), err)
		}
	}
}

// TestConsoleText reads a QR code that cmd.exe wrote into a file in its code page 437.
func TestConsoleText(t *testing.T) {
	const uri = "otpauth://totp/npm:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=npm"
	m, err := qrdraw.Encode(uri, qrdraw.Low)
	if err != nil {
		t.Fatal(err)
	}
	var oem strings.Builder
	for y := -1; y <= m.Size(); y++ {
		for x := -1; x <= m.Size(); x++ {
			module := "\xdb\xdb"
			if m.Dark(x, y) {
				module = "  "
			}
			oem.WriteString(module)
		}
		oem.WriteString("\r\n")
	}
	if e, err := intake.Terminal(t.Context(), strings.NewReader(oem.String())); err != nil || e.Label.Account != "ada" {
		t.Errorf("%q, %v", e.Label.Account, err)
	}
}

func TestURIInText(t *testing.T) {
	const (
		uri   = "otpauth://totp/B%FCcher:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
		other = "otpauth://totp/npm:bob?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJR"
	)
	for _, text := range []string{uri, "'" + uri + "'", "hunter2\nlogin: ada\notpauth: " + uri + "\n", uri + "\n" + uri} {
		for name, read := range map[string]func() (intake.Enrolment, error){
			"as a URI":     func() (intake.Enrolment, error) { return intake.URI(secret.New(text)) },
			"as text":      func() (intake.Enrolment, error) { return intake.Terminal(t.Context(), strings.NewReader(text)) },
			"as any input": func() (intake.Enrolment, error) { return intake.Any(t.Context(), strings.NewReader(text)) },
		} {
			e, err := read()
			if err != nil || e.Label != (otpgen.Label{Issuer: "Bücher", Account: "ada"}) {
				t.Errorf("%q %s: %+v, %v", text, name, e.Label, err)
			}
		}
	}
	// A note of a password manager, and the name beside a URI that has none.
	for text, want := range map[string]otpgen.Label{
		"Name: GitLab\nUsername: ada\nTOTP: GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n": {Issuer: "GitLab", Account: "ada"},
		"GitHub: otpauth://totp/ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n":  {Issuer: "GitHub", Account: "ada"},
		"2FA: otpauth://totp/ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n":     {Account: "ada"},
	} {
		if e, err := intake.Terminal(t.Context(), strings.NewReader(text)); err != nil || e.Label != want {
			t.Errorf("%q: %+v, %v", text, e.Label, err)
		}
	}
	var several *scan.SeveralError
	if _, err := intake.Terminal(t.Context(), strings.NewReader("totp: GEZDGNBVGY3TQOJQ\n\ntotp: JBSWY3DPEHPK3PXP\n")); !errors.As(err, &several) {
		t.Errorf("two logins: %v", err)
	}
	if _, err := intake.URI(secret.New(uri + "\n" + other)); !errors.As(err, &several) || len(several.Keys) != 2 {
		t.Errorf("two URIs: %v", err)
	}
	if _, err := intake.URI(secret.New(uri[:52] + "\n" + uri[52:])); !errors.Is(err, otpgen.ErrInvalid) {
		t.Errorf("a URI that is wrapped in its secret: %v", err)
	}
}
