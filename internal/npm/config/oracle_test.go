package config_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"npmotp/internal/npm/config"
	"npmotp/internal/npmregistry/npmtest"
)

// oracle has the code of an npm answer questions; see testdata/oracle.js.
func oracle(t *testing.T, n npmtest.NPM, what string, questions, answers any) {
	t.Helper()
	program, err := filepath.EvalSymlinks(n.Path)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(filepath.Dir(program))
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); err != nil {
		t.Skip("npm's own modules do not lie beside it: ", err)
	}
	input, err := json.Marshal(questions)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", filepath.Join("testdata", "oracle.js"), dir, what)
	cmd.Stdin = bytes.NewReader(input)
	output, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(output, answers); err != nil {
		t.Fatal(err)
	}
}

// random returns a generator of the same numbers every time: Knuth's MMIX.
func random() func(n int) int {
	state := uint64(1)
	return func(n int) int {
		state = state*6364136223846793005 + 1442695040888963407
		return int(state>>33) % n
	}
}

// texts makes texts out of pieces.
func texts(count int, pieces []string) []string {
	next := random()
	list := slices.Clone(pieces)
	for range count {
		var b strings.Builder
		for range 1 + next(9) {
			b.WriteString(pieces[next(len(pieces))])
		}
		list = append(list, b.String())
	}
	return list
}

func iniTexts() []string {
	return texts(6000, []string{
		"registry", "@a:registry", "a.b", "x", "key", "=", "=", "=", "\n", "\n", "\n", "\r\n", "\r", " ", "\t", "\uFEFF", "\u00a0", "\u0085", "\u2028",
		"[", "]", "[]", "[s]", "[registry]", "[registry.x]", "[a\\.b]", "[.x]", "[s] ", "[__proto__]", "__proto__",
		"\"", "'", "\"a b\"", "'a b'", "\"\\n\"", "'[1,\"2\"]'", "'{\"a\":1}'", "'5'", "'true'", "'null'", "null", "true", "false",
		"\\", ";", "#", "\\;", "\\#", "; c", "# c", "http://h/", "${X}", "é", "😀", ".", "-",
	})
}

// TestINIReadsAsNPM compares the parser with that of each npm.
func TestINIReadsAsNPM(t *testing.T) {
	for _, n := range npmtest.Every(t) {
		t.Run(n.String(), func(t *testing.T) {
			questions := iniTexts()
			var answers []map[string]any
			oracle(t, n, "ini", questions, &answers)
			refused, compared := 0, 0
			for i, text := range questions {
				got, err := config.INI(n.Major, text)
				switch {
				case err != nil:
					refused++
				case answers[i] == nil:
					t.Errorf("%q is %v, and npm fails", text, got)
				default:
					compared++
					// Older npms have an empty key for a blank line, and a
					// list does not begin with what is empty in npm 6.
					delete(got, "")
					delete(answers[i], "")
					if n.Major < 7 {
						dropLists(got, answers[i])
					}
					if !reflect.DeepEqual(got, answers[i]) {
						t.Errorf("%q is %#v, npm reads %#v", text, got, answers[i])
					}
				}
			}
			if compared < 5000 {
				t.Errorf("%d texts were compared and %d refused", compared, refused)
			}
		})
	}
}

func dropLists(maps ...map[string]any) {
	for _, m := range maps {
		for key, value := range m {
			if _, ok := value.([]any); ok {
				for _, o := range maps {
					delete(o, key)
				}
			}
		}
	}
}

// TestVariablesExpandAsInNPM compares the replacement of variables.
func TestVariablesExpandAsInNPM(t *testing.T) {
	questions := texts(3000, []string{"${", "}", "${A}", "${B_C}", "${NO}", "${A?}", "${NO?}", "${?}", "${NO??}", "${A-x}", "\\", "\\\\", "$", "{", "?", "a", "A", " "})
	for _, n := range npmtest.Every(t) {
		if n.Major < 7 || !known(n) {
			continue // npm 6 has no module for it; the layouts cover it
		}
		t.Run(n.String(), func(t *testing.T) {
			var answers []string
			oracle(t, n, "expand", questions, &answers)
			for i, text := range questions {
				if got, err := config.Expand(n.Major, text, []string{"A=one", "B_C=two"}); err != nil || got != answers[i] {
					t.Errorf("%q is %q and %v, npm makes %q", text, got, err, answers[i])
				}
			}
		})
	}
}

// TestWorkspacesAsInNPM compares the folders that patterns name.
func TestWorkspacesAsInNPM(t *testing.T) {
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{
		"a", "b", "packages/one", "packages/two", "packages/two/deep", "packages/two/node_modules/x", "packages/.hidden", ".dot/in", "apps/web/src", "other",
	} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o700); err != nil {
			t.Fatal(err)
		}
		manifest := pkg(strings.NewReplacer("/", "-", ".", "d").Replace(dir), "")
		if err := os.WriteFile(filepath.Join(root, dir, "package.json"), []byte(manifest), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	type question struct {
		Root     string   `json:"root"`
		Patterns []string `json:"patterns"`
	}
	var questions []question
	for _, line := range []string{
		"packages/*", "./packages/*", "packages/**", "**", "*", "a b", "packages/{one,two}", "packages/t*", "packages/[ot]*", "packages/[!o]*", "p?ckages/one",
		"packages/* !packages/one", "!packages/one packages/*", "packages/* !packages/* packages/two", "packages/** !packages/two/**", "packages/.hidden", ".dot/*",
		"packages/one/", "nothing/*", "apps/**/src", "packages\\one", "packages/two packages/*", "!!packages/one",
	} {
		questions = append(questions, question{root, strings.Fields(line)})
	}
	for _, n := range npmtest.Every(t) {
		if n.Major < 10 {
			continue // npm 8 has an older map-workspaces, whose exclusions differ
		}
		t.Run(n.String(), func(t *testing.T) {
			var answers [][]string
			oracle(t, n, "workspaces", questions, &answers)
			for i, q := range questions {
				found, err := config.Workspaces(root, q.Patterns)
				if err != nil {
					t.Errorf("%q: %v", q.Patterns, err)
					continue
				}
				var got []string
				for _, f := range found {
					if _, err := os.Stat(filepath.Join(f, "package.json")); err == nil {
						rel, err := filepath.Rel(root, f)
						if err != nil {
							t.Fatal(err)
						}
						got = append(got, rel)
					}
				}
				slices.Sort(got)
				slices.Sort(answers[i])
				if !slices.Equal(got, answers[i]) {
					t.Errorf("%q names %q, npm finds %q", q.Patterns, got, answers[i])
				}
			}
		})
	}
}
