package scan_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"npmotp/scan"
)

func readText(t *testing.T, s string) scan.Screen {
	t.Helper()
	screen, err := scan.Text(t.Context(), strings.NewReader(s))
	if err != nil {
		t.Fatal(err)
	}
	return screen
}

// sample returns a text in testdata and the URI that its code holds.
func textSample(t *testing.T, group string) (text, uri string) {
	t.Helper()
	for _, s := range loadSet(t, "testdata/text.json") {
		if s.Group == group {
			return string(readFile(t, "text/"+group+".txt")), *s.Expect
		}
	}
	t.Fatalf("no sample %s", group)
	return "", ""
}

func secretOf(uri string) string {
	_, s, _ := strings.Cut(uri, "secret=")
	s, _, _ = strings.Cut(s, "&")
	return s
}

// TestTranscript reads a whole session of npm's as script(1) keeps it: carriage
// returns, prompts that are overwritten, a spinner, recovery codes.
func TestTranscript(t *testing.T) {
	code, uri := textSample(t, "npm-big-ansi")
	recovery := strings.Repeat("0123456789abcdef", 4)
	session := "\x1b]0;npm profile enable-2fa\x07\x1b[1mnpm\x1b[22m \x1b[96mnotice\x1b[39m Enabling two factor authentication\r\n" +
		"\x1b[1G\x1b[0Jnpm password: \x1b[15G\r\n⠙\x1b[1G\x1b[0KScan into your authenticator app:\r\n" +
		strings.ReplaceAll(code, "\n", "\r\n") + "\r\n Or enter code: " + secretOf(uri) + "\r\n" +
		"⠹\x1b[1G\x1b[0K\x1b[1G\x1b[0JAnd an OTP code from your authenticator: \x1b[42G123456\r\r\n" +
		"2FA successfully enabled. Below are your recovery codes, please print these out.\r\n" +
		"⠙\x1b[1G\x1b[0K\t" + recovery + "\r\n"
	screen := readText(t, session)
	if got, err := screen.Pick(); err != nil || got.Reveal() != uri {
		t.Errorf("Pick: %v", err)
	}
	if len(screen.Typed) != 1 || screen.Typed[0].Reveal() != secretOf(uri) {
		t.Errorf("%d typed secrets", len(screen.Typed))
	}
	plain := screen.Plain.Reveal()
	for _, line := range []string{"\n        " + recovery + "\n", "\n2FA successfully enabled.", "\nScan into your authenticator app:\n", "authenticator: 123456\n"} {
		if !strings.Contains(plain, line) {
			t.Errorf("the plain text lacks %q", strings.TrimSpace(line))
		}
	}
	if strings.ContainsAny(plain, "\x1b\r\x07⠙⠹") {
		t.Error("the plain text holds what was overwritten")
	}
}

// TestTypedOnly takes the line below a code that was copied as blanks.
func TestTypedOnly(t *testing.T) {
	screen := readText(t, string(readFile(t, "text/ctl-big-ansi-stripped.txt")))
	got, err := screen.Pick()
	if len(screen.Codes) != 0 || err != nil || got.Len() != 32 {
		t.Errorf("%d codes, %v", len(screen.Codes), err)
	}
	for text, want := range map[string]string{
		"or enter code: gezd gnbv gy3t qojq\n":             "GEZDGNBVGY3TQOJQ",
		" Or enter code: GEZDGNBVGY3TQOJQGEZDGNBV=\r\nAnd": "GEZDGNBVGY3TQOJQGEZDGNBV",
		"│ Or enter code: GEZDGNBVGY3TQOJQ   │\n":          "GEZDGNBVGY3TQOJQ",
	} {
		if got, err := readText(t, text).Pick(); err != nil || got.Reveal() != want {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, text := range []string{"", "Or enter code: 123456", "Or enter code:\nGEZDGNBVGY3TQOJQ1", "Secret key management systems provide\n", "Secret key: management systems provide\n"} {
		if _, err := readText(t, text).Pick(); !errors.Is(err, scan.ErrNoCode) {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, text := range []string{"Or enter code: GEZDGNBVGY3TQOJQ\n", "│ Or enter code: GEZDGNBVGY3TQOJQ │\n│ ", "Secret key: gezd gnbv gy3t qojq\n\n"} {
		rest := "JBSWY3DPEHPK3PXP"
		if strings.Contains(text, "gezd") {
			rest = "jbsw y3dp ehpk 3pxp"
		}
		if _, err := readText(t, text+rest+"\nEnter OTP").Pick(); !errors.Is(err, scan.ErrLines) {
			t.Errorf("%q and more: %v", text, err)
		}
	}
	if _, err := readText(t, "Or enter code: GEZDGNBVGY3TQOJQ…").Pick(); !errors.Is(err, scan.ErrNotShown) {
		t.Error(err)
	}
	two := "Or enter code: GEZDGNBVGY3TQOJQ\nOr enter code: JBSWY3DPEHPK3PXP\n"
	var several *scan.SeveralError
	if _, err := readText(t, two).Pick(); !errors.As(err, &several) {
		t.Errorf("two secrets: %v", err)
	}
}

// TestDisagree refuses a code and a line that are not of one enrolment.
func TestDisagree(t *testing.T) {
	code, uri := textSample(t, "small-raw")
	if _, err := readText(t, code+"\n Or enter code: JBSWY3DPEHPK3PXP\n").Pick(); !errors.Is(err, scan.ErrDisagree) {
		t.Error(err)
	}
	spaced := strings.ToLower(secretOf(uri))
	var groups []string
	for group := range slices.Chunk([]byte(spaced), 4) {
		groups = append(groups, string(group))
	}
	spaced = strings.Join(groups, " ")
	if got, err := readText(t, code+"\n Or enter code: "+spaced+"\n").Pick(); err != nil || got.Reveal() != uri {
		t.Errorf("the same, spaced: %v", err)
	}
}

// TestConsole reads what the Windows console writes into a file in code page 437, as
// it is once it has been read as Latin-1.
func TestConsole(t *testing.T) {
	code, uri := textSample(t, "small-raw")
	oem := strings.NewReplacer("█", "\u00db", "▄", "\u00dc", "▀", "\u00df", " ", "\u00ff").Replace(code)
	if got, err := readText(t, oem).Pick(); err != nil || got.Reveal() != uri {
		t.Error(err)
	}
}

// TestScreenMoves draws a code line by line in another order, over something
// else, and after the screen was cleared.
func TestScreenMoves(t *testing.T) {
	code, uri := textSample(t, "small-raw")
	lines := strings.Split(strings.TrimRight(code, "\n"), "\n")
	var b strings.Builder
	b.WriteString("before\n\x1b[H\x1b[2J" + strings.Repeat(strings.Repeat("#", 100)+"\n", len(lines)))
	for y, line := range slices.Backward(lines) {
		fmt.Fprintf(&b, "\x1b[%0*d;1H\x1b[K%s", 1+y%3, y+1, line)
	}
	b.WriteString("\x1b[100;1Hafter\n")
	screen := readText(t, b.String())
	if got, err := screen.Pick(); err != nil || got.Reveal() != uri {
		t.Error(err)
	}
	if plain := screen.Plain.Reveal(); !strings.HasPrefix(plain, "before\n") || !strings.HasSuffix(plain, "after\n") || strings.Contains(plain, "#") {
		t.Error("the plain text is not what the screen showed")
	}
}
