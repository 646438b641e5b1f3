package tools_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"npmotp/internal/npm/tools"
	"npmotp/internal/secret"
)

// npmsVariable names a folder with one installation of npm per major version,
// as "npm install --prefix FOLDER/11 npm@11" makes them. The tests that
// compare the table with npm's own sources are skipped without it.
const npmsVariable = "NPMOTP_TEST_NPMS"

// reading is what npm makes of a command line.
type reading struct {
	Command string
	Remain  []string
	HasOtp  bool
	Otp     string
	Prints  bool
}

// oracle is npm's own knowledge.
type oracle struct {
	Commands map[string]string // each name, alias and abbreviation to a command, "" when ambiguous
	Asks     map[string]bool   // commands whose source calls otplease
	Lines    []reading
}

// ask runs npm.js with one npm.
func ask(t *testing.T, npm string, lines [][]string) oracle {
	t.Helper()
	input, err := json.Marshal(lines)
	if err != nil {
		t.Fatal(err)
	}
	node := exec.CommandContext(t.Context(), "node", filepath.Join("testdata", "npm.js"), npm)
	node.Stdin = bytes.NewReader(input)
	output, err := node.Output()
	if err != nil {
		t.Fatal(err)
	}
	var o oracle
	if err := json.Unmarshal(output, &o); err != nil {
		t.Fatal(err)
	}
	return o
}

// npms returns the folder of every npm that is installed, by its major version.
func npms(t *testing.T) map[string]string {
	t.Helper()
	dir := os.Getenv(npmsVariable)
	if testing.Short() {
		t.Skip("asks every npm there is")
	}
	if dir == "" && os.Getenv("CI") == "true" {
		t.Fatalf("%s names no folder with npm's versions", npmsVariable)
	}
	if dir == "" {
		t.Skipf("%s names no folder with npm's versions", npmsVariable)
	}
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("node is not installed")
	}
	found, err := filepath.Glob(filepath.Join(dir, "*", "node_modules", "npm"))
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		t.Fatalf("there is no npm in %s", npmsVariable)
	}
	byMajor := map[string]string{}
	for _, npm := range found {
		byMajor[filepath.Base(filepath.Dir(filepath.Dir(npm)))] = npm
	}
	return byMajor
}

// writing returns what follows each npm command that takes a code where it
// writes.
func writing() map[string]string {
	return map[string]string{
		"access": "set mfa=publish p", "adduser": "", "deprecate": "p why", "dist-tag": "add p@1 next",
		"hook": "add p u s", "login": "", "org": "set o u", "owner": "add u p", "profile": "set name n",
		"publish": "", "stage": "approve id", "star": "p", "team": "add o:t u", "token": "create",
		"trust": "list p", "undeprecate": "p", "unpublish": "p", "unstar": "p",
	}
}

// TestNamesResolveAsInNPM takes every name that npm knows, and every beginning
// of one that it takes for it, and wants the decision of the full name.
func TestNamesResolveAsInNPM(t *testing.T) {
	for major, npm := range npms(t) {
		t.Run("npm"+major, func(t *testing.T) {
			o := ask(t, npm, [][]string{})
			number, err := strconv.Atoi(major)
			if err != nil {
				t.Fatal(err)
			}
			options := tools.Options{NPMMajor: number}
			if len(o.Commands) < 300 {
				t.Fatalf("npm names %d commands and abbreviations only", len(o.Commands))
			}
			for name, command := range o.Commands {
				if command == "" || command == "exec" {
					continue
				}
				for _, rest := range []string{"", writing()[command], "ls", "list"} {
					line := func(name string) string { return strings.TrimSpace("npm " + name + " " + rest) }
					_, _, want := run(t, line(command), options)
					_, _, got := run(t, line(name), options)
					if got.NeedsCode != want.NeedsCode {
						t.Errorf("%q: NeedsCode is %t, but %q is npm's %s and that has %t",
							line(name), got.NeedsCode, name, command, want.NeedsCode)
					}
				}
			}
		})
	}
}

// TestCommandsThatAsk wants a code for each command in whose source npm asks
// for one, and for none that is not known to take one.
func TestCommandsThatAsk(t *testing.T) {
	for major, npm := range npms(t) {
		t.Run("npm"+major, func(t *testing.T) {
			for command, asks := range ask(t, npm, [][]string{}).Asks {
				example, listed := writing()[command]
				if asks && !listed {
					t.Errorf("npm %s asks for a code, and the table does not know", command)
				}
				line := strings.TrimSpace("npm " + command + " " + example)
				if _, _, p := run(t, line, tools.Options{}); p.NeedsCode != listed {
					t.Errorf("%q: NeedsCode is %t", line, p.NeedsCode)
				}
			}
		})
	}
}

// TestLinesAreReadAsByNPM makes command lines out of pieces that every npm
// from 6 to 12 has, puts the code in, and has npm read the result: it must
// find the code, and the same words as before.
func TestLinesAreReadAsByNPM(t *testing.T) {
	pieces := strings.Fields("publish publish owner dist-tag install i unpub add ls p@1 latest -- - --- -x --x --tag --tag=next --tag=-- " +
		"--registry --registry=https://r.example/ --reg -reg -C dir --prefix --prefix=d --json --json=foo --json=true true false --no-json " +
		"--no-no-json --access public --access=restricted -g -gl -gf -s -d -dd --quiet -q --silent -m msg --scope @s --loglevel warn " +
		"--dry-run --no-dry-run --otp --otp=1 --no-otp -otp --ot 123 -h --help --usage --version -v -? --force -f --color always --color=false " +
		"--depth 3 --no-depth --no-scope --no-access --no-registry --noreg -N --unknown --unknown=1 --no-unknown -S -D --prod --porcelain -p " +
		"--@s:registry=https://r.example/ --//r.example/:_authToken=x --tag-version-prefix --fetch-retries 5 --ca --cafile --cidr --proxy -y -n -E")
	state := uint64(1)
	random := func(n int) int { // Knuth's MMIX generator: the same lines every time
		state = state*6364136223846793005 + 1442695040888963407
		return int(state >> 33 % uint64(n))
	}
	var lines [][]string
	for range 1500 {
		line := []string{"npm"}
		for range 1 + random(6) {
			line = append(line, pieces[random(len(pieces))])
		}
		lines = append(lines, line)
	}
	var plans []*tools.Plan
	results := make([][]string, len(lines))
	for i, line := range lines {
		p, err := tools.New(line, tools.Options{})
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		plans = append(plans, p)
		results[i], _ = p.Command(secret.New("123456"))
	}
	for major, npm := range npms(t) {
		t.Run("npm"+major, func(t *testing.T) {
			before, after := ask(t, npm, lines).Lines, ask(t, npm, results).Lines
			codes := 0
			for i, p := range plans {
				b, a := before[i], after[i]
				needs := !b.HasOtp && !b.Prints && (b.Command == "" && len(b.Remain) > 0 || writes(b))
				switch {
				case !p.NeedsCode && strings.Contains(p.Why, "--dry-run"):
				case b.Command == "" && !p.NeedsCode: // ambiguous for this npm, which then refuses it
				case p.NeedsCode != needs:
					t.Errorf("%q: NeedsCode is %t (%s), npm reads %+v", lines[i], p.NeedsCode, p.Why, b)
				case p.NeedsCode && (a.Otp != "123456" || !slices.Equal(a.Remain, b.Remain)):
					t.Errorf("%q became %q: npm reads %+v instead of %+v", lines[i], results[i], a, b)
				}
				if p.NeedsCode {
					codes++
				}
			}
			if codes < len(lines)/10 {
				t.Errorf("only %d of %d lines took a code", codes, len(lines))
			}
		})
	}
}

// writes reports whether npm would write, for the commands that
// TestLinesAreReadAsByNPM makes.
func writes(r reading) bool {
	verb := ""
	if len(r.Remain) > 1 {
		verb = r.Remain[1]
	}
	switch r.Command {
	case "publish", "unpublish":
		return true
	case "owner":
		return verb != "" && verb != "ls"
	case "dist-tag":
		return verb == "add"
	}
	return false
}
