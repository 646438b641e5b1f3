package ptyrun_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"npmotp/internal/ptyrun"
)

// npmPatterns are those of npm's questions.
func npmPatterns() []ptyrun.Pattern {
	return []ptyrun.Pattern{
		{Text: "Enter OTP:", Intro: []string{"This operation requires a one-time password."}},
		{Text: "Enter one-time password:"},
		{Text: "And an OTP code from your authenticator:"},
	}
}

// replay passes a transcript in pieces and answers each question. It returns
// the questions and what the user saw.
func replay(text []byte, size int) (asked []string, seen string) {
	m := ptyrun.NewMatcher(npmPatterns(), 80, 24)
	var out bytes.Buffer
	for piece := range slices.Chunk(text, size) {
		out.Write(m.Pass(piece))
		if p, open := m.Open(); open {
			asked = append(asked, p.Text)
			m.Answer()
		}
	}
	return asked, out.String()
}

// TestMatcherOnTranscripts replays npm's dialogues. Their answers were abc,
// which npm does not take, and 000000, or a code.
func TestMatcherOnTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/transcripts/*.typescript")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			asked, seen := replay(text, 1)
			otp := "Enter OTP:"
			want := []string{otp, otp}
			switch {
			case strings.Contains(file, "enable"):
				want = slices.Repeat([]string{"And an OTP code from your authenticator:"}, 2)
			case strings.Contains(file, "token"):
				want = []string{otp}
			}
			if !slices.Equal(asked, want) {
				t.Errorf("the questions are %q, want %q", asked, want)
			}
			if strings.Contains(seen, "abc") {
				t.Errorf("the answer shows:\n%q", seen)
			}
			if len(seen) != len(text) || strings.ReplaceAll(seen, "*", "") == seen {
				t.Errorf("the output is %q", seen)
			}
		})
	}
}

func TestMatcher(t *testing.T) {
	for _, test := range []struct {
		name, output string
		open         bool
	}{
		{"npm 11", "\\\x1b[1G\x1b[0K\x1b[1G\x1b[0JThis operation requires a one-time password.\r\nEnter OTP: \x1b[12G", true},
		{"colours", "\x1b[1mEnter OTP:\x1b[22m \x1b[39m", true},
		{"a title before", "\x1b]0;npm\x07Enter OTP: ", true},
		{"a sign before", "? Enter OTP: ", true},
		{"words before", "please Enter OTP: ", false},
		{"an answer npm did not take", "Enter OTP: (abc) \x1b[18G", true},
		{"typed already", "Enter OTP: 12", false},
		{"text below", "Enter OTP: \r\nwait\x1b[1A\x1b[12G", false},
		{"blank below", "Enter OTP: \r\n\x1b[1A\x1b[12G", true},
		{"left", "Enter OTP: \r\n", false},
		{"cursor inside", "Enter OTP: \x1b[3G", false},
		{"erased", "Enter OTP: \r\x1b[K", false},
		{"erased and drawn again", "Enter OTP: 12\r\x1b[KEnter OTP: ", true},
		{"erased by backspaces", "Enter OTP: 1\b \b", true},
		{"overwritten", "Enter PIN: \rEnter OTP: ", true},
		{"wrapped", strings.Repeat(" ", 75) + "Enter OTP: ", true},
		{"inserted into", "Enter P: \x1b[7G\x1b[2@OT\x1b[12G", true},
		{"scrolled", strings.Repeat("line\r\n", 100) + "Enter OTP: ", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := ptyrun.NewMatcher(npmPatterns(), 80, 24)
			if got := string(m.Pass([]byte(test.output))); got != test.output {
				t.Errorf("the output became %q", got)
			}
			if _, open := m.Open(); open != test.open {
				t.Errorf("open is %t", open)
			}
		})
	}
}

// TestMatcherAnswersOnce is a prompt that is drawn anew with each key, as
// prompts of several tools are, and then asked again.
func TestMatcherAnswersOnce(t *testing.T) {
	m := ptyrun.NewMatcher(npmPatterns(), 80, 24)
	m.Pass([]byte("Enter OTP: "))
	m.Answer()
	for _, typed := range []string{"", "1", "12", "123", "1234", "12345", "123456"} {
		out := m.Pass([]byte("\x1b[1G\x1b[0JThis operation requires a one-time password.\r\nEnter OTP: " + typed))
		if strings.ContainsAny(strings.ReplaceAll(string(out), "\x1b[1G\x1b[0J", ""), "123456") {
			t.Errorf("the answer shows: %q", out)
		}
		if _, open := m.Open(); open || m.Asked() != 1 {
			t.Errorf("with %q typed the question counts as asked %d times", typed, m.Asked())
		}
	}
	m.Pass([]byte("\r\nEnter OTP: "))
	if _, open := m.Open(); !open || m.Asked() != 2 {
		t.Errorf("the second question counts as the %dth", m.Asked())
	}
}

// TestMatcherKnowsAnOrnament is the prompt of yarn's newer versions, whose sign behind
// the words is no echo.
func TestMatcherKnowsAnOrnament(t *testing.T) {
	m := ptyrun.NewMatcher([]ptyrun.Pattern{{Text: "One-time password:"}, {Text: "One-time password: ‣"}}, 80, 24)
	for n := range 2 {
		out := m.Pass([]byte("\x1b[32m?\x1b[0m One-time password: \x1b[2m‣\x1b[0m "))
		if _, open := m.Open(); !open || m.Asked() != n+1 || !strings.Contains(string(out), "‣") {
			t.Errorf("question %d counts as the %dth: %q", n, m.Asked(), out)
		}
		m.Answer()
		if out := m.Pass([]byte("1\r? One-time password: ‣ 12")); strings.ContainsAny(string(out), "12") {
			t.Errorf("the answer shows: %q", out)
		}
		m.Pass([]byte("\r\nPackage archive published\r\n"))
	}
}

// TestMatcherHidesAWrappedAnswer is a recovery code in a narrow window, which
// readline draws again as a whole when a row is full.
func TestMatcherHidesAWrappedAnswer(t *testing.T) {
	m := ptyrun.NewMatcher(npmPatterns(), 40, 24)
	m.Pass([]byte("Enter OTP: "))
	m.Answer()
	code := strings.Repeat("0af1", 16)
	out := m.Pass([]byte(code[:29]))
	out = append(out, m.Pass([]byte("\x1b[1G\x1b[0JEnter OTP: "+code+"\x1b[36G\r\r\n"))...)
	if strings.Contains(string(out), "af") {
		t.Errorf("the answer shows: %q", out)
	}
}

func FuzzPromptMatcher(f *testing.F) {
	files, err := filepath.Glob("testdata/transcripts/*.typescript")
	if err != nil || len(files) == 0 {
		f.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, uint8(80), uint8(24))
	}
	f.Add([]byte("Enter OTP: \x1b[9;9H\x1b[3L\x1b[@\x1b[2Pé\xff"), uint8(3), uint8(2))
	f.Fuzz(func(t *testing.T, text []byte, width, height uint8) {
		whole := ptyrun.NewMatcher(npmPatterns(), int(width), int(height))
		pieces := ptyrun.NewMatcher(npmPatterns(), int(width), int(height))
		if got := whole.Pass(text); !bytes.Equal(got, text) {
			t.Errorf("without an answer the output became %q", got)
		}
		for _, b := range text {
			pieces.Pass([]byte{b})
		}
		_, open := whole.Open()
		if _, also := pieces.Open(); also != open || whole.Asked() != pieces.Asked() {
			t.Error("the pieces in which output comes make a difference")
		}
		whole.Answer()
		if _, open := whole.Open(); open {
			t.Error("an answered question is open")
		}
		if got := whole.Pass(text); len(got) > len(text) {
			t.Errorf("%d bytes became %d", len(text), len(got))
		}
	})
}
