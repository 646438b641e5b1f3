package main_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The screens of doc/second-laptop.md are what npmotp shows: each command there is
// run, on the laptop that its prompt names, and each line compared.
func TestSecondLaptopDocument(t *testing.T) {
	text, err := os.ReadFile("doc/second-laptop.md")
	if err != nil {
		t.Fatal(err)
	}
	work := t.TempDir()
	homes := map[string]string{"A": filepath.Join(work, "a"), "B": filepath.Join(work, "b")}
	for _, home := range homes {
		if err := os.Mkdir(home, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	run(t, homes["A"], typedSecret, "add", "ada.lovelace")
	run(t, homes["A"], "7a036304a7e14ea5\n8a1c013e4b8734d5\n9b2d124f5c9845e6\nac3e235f6da956f7\nbd4f346a7eba67a8\n", "recovery", "add")
	recipient := ""
	screens := regexp.MustCompile(`(?m)^    ([AB])\$ npmotp (.*)\n((?:    [^AB].*\n|    [AB][^$].*\n)*)`).FindAllStringSubmatch(string(text), -1)
	if len(screens) < 9 {
		t.Fatalf("the document has %d screens", len(screens))
	}
	for _, s := range screens {
		args := strings.Fields(s[2])
		if last := len(args) - 1; strings.HasPrefix(args[last], "age1pq1") {
			args[last] = recipient
		}
		if args[0] == "receive" {
			args = append(args, "--yes")
		}
		cmd := npmotp(t, homes[s[1]], args...)
		cmd.Dir = work
		out, _ := cmd.CombinedOutput() // some of them fail, and say so
		for line := range strings.Lines(string(out)) {
			if strings.HasPrefix(line, "age1pq1") {
				recipient = strings.TrimSpace(line)
			}
		}
		if got, want := masked(string(out)), masked(strings.ReplaceAll(s[3], "\n    ", "\n")); got != want {
			t.Errorf("%s$ npmotp %s shows\n%sand the document says\n%s", s[1], s[2], got, want)
		}
	}
}

// masked returns what a screen shows but for questions and for what differs from
// run to run.
func masked(screen string) string {
	for _, m := range [][2]string{
		{`(?m)^ +`, ""},
		{`(?m)^(Passphrase:|New passphrase|The same again:|.*\[y/N\]|.*compare these words).*\n`, ""},
		{`(?m)^age1pq1.*$`, "RECIPIENT"},
		{`(?m)(: +)[a-z]+(-[a-z]+)?( [a-z]+(-[a-z]+)?){5}$`, "${1}SIX WORDS"},
		{`\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d)?`, "DATE"},
		{`the bundle [0-9a-f]{16}`, "the bundle ID"},
		{`(?m)^\d{6}$`, "PASSWORD"},
		{`(?m)^npmotp: \d+ s left\n`, ""},
		{`(?m)^npmotp: \d+ of \d+ pictures read\n`, ""}, // after a second
		{`(?m)^[0-9a-f]{4}[0-9a-f.]+$`, "CODE"},
		{`(vault|in) \S*[/\\](vault.npmotp|backups)`, "$1 $2"},
	} {
		screen = regexp.MustCompile(m[0]).ReplaceAllString(screen, m[1])
	}
	return screen
}
