package enroll_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"npmotp/internal/enroll"
	"npmotp/internal/intake"
	"npmotp/internal/secret"
)

// A run is a recording that went through a dialogue.
type run struct {
	*enroll.Dialogue
	screen  strings.Builder
	stored  intake.Enrolment
	secrets int
	codes   []secret.Text
	failed  error
}

// begin returns a dialogue that answers npm's question when it comes.
func begin() *run {
	r := &run{}
	r.Dialogue = &enroll.Dialogue{
		Secret: func(e intake.Enrolment) (string, error) {
			r.stored = e
			r.secrets++
			return "stored", nil
		},
		Codes: func(codes []secret.Text) error {
			r.codes = append(r.codes, codes...)
			return nil
		},
	}
	return r
}

// hear has npm print a part of a recording.
func (r *run) hear(p []byte) {
	out, err := r.Output(p)
	r.screen.Write(out)
	r.failed = errors.Join(r.failed, err)
	if r.Asking() {
		r.Answered()
	}
}

func (r *run) end() string {
	r.screen.Write(r.End())
	return r.screen.String()
}

var (
	typed = regexp.MustCompile(`Or enter code: ([A-Z2-7]+)`)
	codes = regexp.MustCompile(`[0-9a-f]{64}`)
)

// recordings are what npm 6 to 12 printed while the second factor was turned on.
func recordings(t *testing.T) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("../intake/testdata/enable-2fa-npm-*.typescript")
	if err != nil || len(files) < 4 {
		t.Fatalf("%d recordings: %v", len(files), err)
	}
	all := map[string][]byte{}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(name)] = data
	}
	return all
}

// Wherever the output is cut into pieces, everything is stored and nothing of
// it is shown.
func TestDialogueInPieces(t *testing.T) {
	for name, data := range recordings(t) {
		want := typed.FindSubmatch(data)
		wantCodes := codes.FindAllString(string(data), -1)
		if want == nil || len(wantCodes) != 5 {
			t.Fatalf("%s has no secret or %d codes", name, len(wantCodes))
		}
		for _, size := range []int{1, 7, 64, 1000, len(data)} {
			r := begin()
			for piece := range slices.Chunk(data, size) {
				r.hear(piece)
			}
			screen := r.end()
			if r.failed != nil || r.secrets != 1 || !r.stored.Key.Secret.Equal(secret.New(string(want[1]))) {
				t.Errorf("%s in pieces of %d: %v, and %d secrets were stored", name, size, r.failed, r.secrets)
			}
			if len(r.codes) != 5 || !slices.ContainsFunc(r.codes, secret.New(wantCodes[4]).Equal) || r.Verdict() != enroll.Enabled {
				t.Errorf("%s in pieces of %d: %d codes were stored, and the verdict is %d", name, size, len(r.codes), r.Verdict())
			}
			for i := range len(want[1]) - 7 {
				if strings.Contains(screen, string(want[1][i:i+8])) {
					t.Fatalf("%s in pieces of %d: the screen shows a part of the secret", name, size)
				}
			}
			for _, code := range wantCodes {
				if strings.Contains(screen, code[:8]) || strings.Contains(screen, code[8:24]) {
					t.Fatalf("%s in pieces of %d: the screen shows a part of a code", name, size)
				}
			}
			if strings.ContainsAny(screen, "▀▄█") || strings.Count(screen, "\x1b[47m  ") > 0 {
				t.Errorf("%s in pieces of %d: the screen shows a part of the QR code", name, size)
			}
			if !strings.Contains(screen, enroll.Question) || !strings.Contains(screen, "npm password:") {
				t.Errorf("%s in pieces of %d: the screen lacks npm's questions:\n%q", name, size, screen)
			}
		}
	}
}

func recording(t *testing.T) []byte {
	t.Helper()
	return recordings(t)["enable-2fa-npm-12.2.0.typescript"]
}

func TestDialogueShowsEverything(t *testing.T) {
	data := recording(t)
	r := begin()
	r.Show = true
	r.hear(data)
	screen := r.end()
	for _, text := range append(codes.FindAllString(string(data), -1), string(typed.FindSubmatch(data)[0]), "\x1b[47m  ") {
		if !strings.Contains(screen, text) {
			t.Errorf("the screen lacks what npm printed:\n%q", screen)
		}
	}
}

// What npm shows once and cannot be stored is shown: nobody else has it.
func TestDialogueThatCannotStoreCodes(t *testing.T) {
	data := recording(t)
	r := begin()
	full := errors.New("the disk is full")
	r.Codes = func([]secret.Text) error { return full }
	for piece := range slices.Chunk(data, 100) {
		r.hear(piece)
	}
	screen := r.end()
	if !errors.Is(r.Failed(), full) {
		t.Errorf("the error is %v", r.Failed())
	}
	for _, code := range codes.FindAllString(string(data), -1) {
		if !strings.Contains(screen, code) {
			t.Fatal("a code is neither stored nor shown")
		}
	}
}

// A secret that cannot be stored is not answered for, nor shown.
func TestDialogueThatCannotStoreTheSecret(t *testing.T) {
	data := recording(t)
	r := begin()
	full := errors.New("the disk is full")
	r.Secret = func(intake.Enrolment) (string, error) { return "", full }
	r.hear(data[:strings.Index(string(data), enroll.Question)+len(enroll.Question)])
	if screen := r.end(); !errors.Is(r.failed, full) || r.Asking() || strings.Contains(screen, enroll.Question) {
		t.Errorf("%v\n%q", r.failed, screen)
	}
}

// The QR code and the line below it hold different secrets.
func TestDialogueThatDisagrees(t *testing.T) {
	data := recording(t)
	other := typed.ReplaceAll(data, []byte("Or enter code: GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"))
	r := begin()
	r.hear(other)
	if r.end(); r.failed == nil || r.secrets > 0 {
		t.Errorf("%v, and %d secrets were stored", r.failed, r.secrets)
	}
}

// Codes that npm announces and does not print are an error.
func TestDialogueWithoutCodes(t *testing.T) {
	data := codes.ReplaceAll(recording(t), nil)
	r := begin()
	r.hear(data)
	if r.end(); r.Failed() == nil || r.Verdict() != enroll.Enabled {
		t.Errorf("the error is %v, and the verdict %d", r.Failed(), r.Verdict())
	}
}

// From the password to the codes the user has to insist.
func TestDialogueInterrupted(t *testing.T) {
	data := recording(t)
	r := begin()
	if !r.Interrupt() {
		t.Error("it cannot be interrupted at its beginning")
	}
	r.hear(data[:strings.Index(string(data), enroll.Question)+len(enroll.Question)])
	said := ""
	r.Say = func(text string) { said += text }
	for i, want := range []bool{false, false, true} {
		if got := r.Interrupt(); got != want {
			t.Errorf("interrupted for the %d. time: %t", i+1, got)
		}
	}
	if strings.Count(said, "wait") != 1 {
		t.Errorf("it says %q", said)
	}
	r.hear([]byte("\r\nnpm error code E400\r\n"))
	if !r.Interrupt() {
		t.Error("it cannot be interrupted after an error")
	}
}

func TestVerdicts(t *testing.T) {
	for name, want := range map[string]enroll.Verdict{
		"Two factor authentication is already enabled and set to auth-only":                                          enroll.Already,
		"npm error Unknown error. Expected otpauth URL, got: { mode: 'auth-only', pending: false }":                  enroll.Changed,
		"npm ERR! Unknown error enabling two-factor authentication. Expected otpauth URL, got: undefined":            enroll.NotOffered,
		"npm ERR! invalid config key requested: auth":                                                                enroll.On,
		"npm error code E401\r\nnpm error Incorrect or missing password.":                                            enroll.BadPassword,
		"npm error code E400\r\nnpm error 400 Bad Request - POST http://r/-/npm/v1/user - Invalid one-time password": enroll.BadCode,
		"npm error code EOTP": enroll.BadCode,
		"npm error code ENEEDAUTH\r\nnpm error need auth This command requires you to be logged in": enroll.LoggedOut,
		"npm error code ECONNREFUSED\r\nnpm error errno ECONNREFUSED":                               enroll.Unreachable,
		"npm error code E403\r\nnpm error 403 Forbidden - POST http://r/-/npm/v1/user - closed":     enroll.Refused,
		"Logged in on http://127.0.0.1:46851/.":                                                     enroll.LoggedIn,
		"Two factor authentication not enabled.":                                                    enroll.Off,
		"hello":                                                                                     enroll.Unclear,
	} {
		r := begin()
		r.hear([]byte("\x1b[1G\x1b[0K" + name + "\r\n"))
		r.end()
		if got := r.Verdict(); got != want {
			t.Errorf("%q is %d, want %d", name, got, want)
		}
	}
}
