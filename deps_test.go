package main_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "npmotp"

// policy returns what each package may import besides the standard library.
//
// It is a statement of policy. Do not change it to fix a build: an arrow that
// is not here was left out on purpose. Arrows point down only, from main by
// cmd and vault to otpgen and secret; the rest of internal holds leaves without
// domain words.
func policy() map[string][]string {
	return map[string][]string{
		".": {"./cmd"},
		// The only package that knows all the others.
		"./cmd": {
			"github.com/spf13/cobra", "github.com/spf13/pflag",
			"./vault", "./otpgen", "./scan", "./internal/agent", "./internal/atomicfile",
			"./internal/bundle", "./internal/cleantext", "./internal/clip", "./internal/doctor", "./internal/enroll",
			"./internal/codes", "./internal/filelock", "./internal/harden", "./internal/intake",
			"./internal/npmconfig", "./internal/npmrun", "./internal/otpimport", "./internal/passphrase", "./internal/plaintext",
			"./internal/ptyrun", "./internal/qrdraw", "./internal/recoverycode", "./internal/registry", "./internal/screen", "./internal/secret", "./internal/sheet",
			"./internal/ui", "./internal/wrap",
		},
		"./vault": {
			"filippo.io/age", "filippo.io/age/agessh", "filippo.io/age/armor", "filippo.io/age/plugin", "filippo.io/age/tag",
			"golang.org/x/crypto/ssh", // agessh tells an encrypted key by an error of it
			"./otpgen", "./vault/internal/merge", "./internal/recoverycode", "./internal/secret", "./internal/atomicfile", "./internal/filelock",
		},
		"./vault/internal/merge": {},
		"./otpgen": {"github.com/pquerna/otp", "./internal/secret"},
		"./scan":   {"github.com/makiuchi-d/gozxing", "golang.org/x/image", "./internal/secret", "./internal/vt"},

		// Gathers an enrolment from pictures, text and URIs.
		"./internal/intake": {"./vault", "./scan", "./otpgen", "./internal/recoverycode", "./internal/secret", "./internal/cleantext", "./internal/plaintext"},
		"./internal/enroll": {
			"./vault", "./scan", "./internal/bundle", "./internal/codes", "./internal/intake", "./internal/npmconfig", "./internal/npmrun",
			"./internal/passphrase", "./internal/ptyrun", "./internal/registry", "./internal/secret", "./internal/ui", "./internal/wrap",
		},
		// Packs accounts for another laptop; of age it knows what vault gives it.
		"./internal/bundle": {
			"./vault", "./internal/atomicfile", "./internal/cleantext", "./internal/passphrase", "./internal/plaintext", "./internal/registry", "./internal/secret",
		},
		"./internal/otpimport": {"golang.org/x/crypto", "./vault", "./scan", "./otpgen", "./internal/secret", "./internal/cleantext", "./internal/plaintext"},
		// Is handed functions that yield codes and names, so it can give no more.
		"./internal/agent":      {"golang.org/x/sys", "./internal/secret"},
		"./internal/atomicfile": {},
		"./internal/cleantext":  {},
		"./internal/vt":         {},
		"./internal/registry":   {},
		// Knows the text of a recovery code, not where it is kept.
		"./internal/recoverycode": {"./internal/secret"},
		"./internal/clip":         {"github.com/atotto/clipboard", "golang.org/x/sys", "./internal/secret"},
		"./internal/doctor":       {"golang.org/x/sys"}, // looks at names, modes and texts
		"./internal/filelock":     {"golang.org/x/sys"},
		"./internal/harden":       {"golang.org/x/sys"},
		"./internal/codes": {
			"./vault", "./internal/agent", "./internal/atomicfile", "./internal/filelock", "./internal/harden", "./internal/secret", "./internal/ui",
		},
		"./internal/wrap": {
			"./vault", "./internal/agent", "./internal/codes", "./internal/npmconfig", "./internal/npmrun", "./internal/ptyrun", "./internal/registry", "./internal/secret", "./internal/ui",
		},
		// Keeps no token of an .npmrc, so it needs no secrets.
		"./internal/npmconfig":  {"./internal/nopt", "./internal/registry"},
		"./internal/nopt":       {},
		"./internal/npmrun":     {"golang.org/x/sys", "./internal/nopt", "./internal/ptyrun", "./internal/secret"},
		"./internal/plaintext":  {},
		"./internal/passphrase": {"github.com/sethvargo/go-diceware", "./internal/secret"},
		"./internal/ptyrun":     {"github.com/creack/pty", "golang.org/x/sys", "./internal/secret"},
		"./internal/qrdraw":     {"github.com/makiuchi-d/gozxing"},
		"./internal/screen":     {},
		"./internal/secret":     {},
		// Takes accounts and gives pages; opens no file.
		"./internal/sheet": {
			"golang.org/x/image/font", "golang.org/x/image/math/fixed",
			"./vault", "./internal/cleantext", "./internal/qrdraw", "./internal/recoverycode", "./internal/secret",
		},
		"./internal/ui": {"golang.org/x/term", "golang.org/x/sys", "./internal/cleantext", "./internal/secret"},

		// No part of the program: pages and completions, and a registry for tests.
		"./internal/gendoc":              {"github.com/spf13/cobra", "github.com/spf13/pflag", "./cmd"},
		"./internal/npmregistry":         {"github.com/pquerna/otp"},
		"./internal/npmregistry/npmtest": {},
		"./internal/npmregistry/serve":   {"./internal/npmregistry"},
	}
}

// outside are the packages that are no part of the program.
func outside(pkg string) bool {
	return pkg == "./internal/gendoc" || within(pkg, "./internal/npmregistry")
}

// only returns the packages that may import a part of the standard library; no
// one listed means no one.
func only() map[string][]string {
	return map[string][]string{
		"C":          nil, // the program is built without cgo
		"crypto/tls": nil, // npm does the network
		// These call methods by their names, so that the linker keeps all of them.
		"html/template": nil,
		"text/template": nil,
		"math/rand":     nil, // crypto/rand
		"math/rand/v2":  nil,
		"net":           {"./internal/agent"}, // a socket of this machine
		"net/http":      nil,
		"net/rpc":       nil,
		"net/smtp":      nil,
		"os/exec": {
			"./cmd", // the command that prints the passphrase
			"./internal/agent", "./internal/clip", "./internal/npmrun", "./internal/ptyrun", "./internal/screen",
		},
		"plugin": nil,
	}
}

// never returns what a package computes without: keys and times are values to
// otpgen, and pictures are readers to scan.
func never() map[string][]string {
	return map[string][]string{
		"./otpgen": {"os"}, "./scan": {"os"},
	}
}

// A file is the policy's view of a Go file: of every system, whatever its
// build constraints say.
type file struct {
	name, pkg string
	test      bool
	imports   []string // those of this module begin with ./
}

func sources(t *testing.T) []file {
	t.Helper()
	var files []file
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if base := d.Name(); d.IsDir() && name != "." &&
			(base == "testdata" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_")) {
			return filepath.SkipDir
		}
		if d.IsDir() || filepath.Ext(name) != ".go" {
			return nil
		}
		f := file{name: filepath.ToSlash(name), test: strings.HasSuffix(name, "_test.go")}
		f.pkg = "."
		if dir := path.Dir(f.name); dir != "." {
			f.pkg = "./" + dir
		}
		syntax, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range syntax.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if imported == module {
				imported = "."
			} else if rest, ok := strings.CutPrefix(imported, module+"/"); ok {
				imported = "./" + rest
			}
			f.imports = append(f.imports, imported)
		}
		files = append(files, f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("there is no Go file here")
	}
	return files
}

// within reports whether pkg is root or lies below it.
func within(pkg, root string) bool { return pkg == root || strings.HasPrefix(pkg, root+"/") }

// standard reports whether an import path is that of the standard library: no
// other has a first element without a dot.
func standard(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return !strings.Contains(first, ".")
}

func TestImports(t *testing.T) {
	for _, f := range sources(t) {
		may, known := policy()[f.pkg]
		if !known {
			t.Errorf("%s: the policy does not know the package %s", f.name, f.pkg)
			continue
		}
		for _, imported := range f.imports {
			if reason := forbidden(f, imported, may); reason != "" {
				t.Errorf("%s imports %s: %s", f.name, imported, reason)
			}
		}
	}
}

// Every command waits for what is computed when the program is loaded, and
// regular expressions took most of that time.
func TestNoExpressionIsCompiledAtTheStart(t *testing.T) {
	for _, f := range sources(t) {
		if f.test || outside(f.pkg) || !slices.Contains(f.imports, "regexp") {
			continue
		}
		fset := token.NewFileSet()
		syntax, err := parser.ParseFile(fset, filepath.FromSlash(f.name), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range syntax.Decls {
			variables, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			ast.Inspect(variables, func(n ast.Node) bool {
				if _, later := n.(*ast.FuncLit); later {
					return false
				}
				if s, ok := n.(*ast.SelectorExpr); ok && strings.HasPrefix(s.Sel.Name, "MustCompile") {
					t.Errorf("%s: compile it when it is first used", fset.Position(n.Pos()))
				}
				return true
			})
		}
	}
}

// forbidden returns why f may not import a package, or nothing. may is the
// policy's row of the package that f is in.
func forbidden(f file, imported string, may []string) string {
	switch {
	case f.test:
		// Tests may look at what they please; the binary is none the worse.
		return ""
	case slices.Contains(never()[f.pkg], imported):
		return "the package computes without it"
	case standard(imported):
		users, limited := only()[imported]
		if limited && !outside(f.pkg) && !slices.Contains(users, f.pkg) {
			return fmt.Sprintf("%d packages of the program may, %q", len(users), users)
		}
		return ""
	case strings.HasPrefix(imported, "."):
		if !slices.Contains(may, imported) {
			return "the policy has no arrow from " + f.pkg
		}
		return ""
	default:
		below := func(root string) bool { return within(imported, root) }
		if root := "filippo.io/age"; within(imported, root) && !slices.Contains(may, imported) {
			return "of age only the named packages are wanted"
		}
		if !slices.ContainsFunc(may, below) {
			return "the policy does not give " + f.pkg + " this module"
		}
		return ""
	}
}

// halves returns the packages that draw with a module which another package reads
// with: they are as far apart as its reader and its writer are.
func halves() map[string]string {
	return map[string]string{
		"./internal/qrdraw": "github.com/makiuchi-d/gozxing",
		"./internal/sheet":  "golang.org/x/image", // fonts; scan has the formats of pictures
	}
}

// A library can be swapped in one place when one package imports it.
func TestEachModuleHasOneImporter(t *testing.T) {
	importers := map[string]map[string]bool{}
	for _, f := range sources(t) {
		if f.test || outside(f.pkg) {
			continue
		}
		for _, imported := range f.imports {
			if standard(imported) || strings.HasPrefix(imported, ".") || within(imported, "golang.org/x/sys") || within(imported, "golang.org/x/crypto") {
				continue // the system itself, and the rest of the standard library's crypto
			}
			m := moduleOf(t, imported)
			if halves()[f.pkg] == m {
				continue
			}
			if importers[m] == nil {
				importers[m] = map[string]bool{}
			}
			importers[m][f.pkg] = true
		}
	}
	if len(importers) == 0 {
		t.Error("the program imports no module")
	}
	for m, by := range importers {
		if len(by) > 1 {
			t.Errorf("%s is imported by %q, want one of them to hide it from the others", m, slices.Sorted(maps.Keys(by)))
		}
	}
}

// moduleOf returns the module of go.mod that an import path belongs to.
func moduleOf(t *testing.T, imported string) string {
	t.Helper()
	text, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	longest := ""
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(strings.TrimPrefix(line, "require "))
		if len(fields) >= 2 && within(imported, fields[0]) && len(fields[0]) > len(longest) {
			longest = fields[0]
		}
	}
	if longest == "" {
		t.Errorf("%s belongs to no module of go.mod", imported)
	}
	return longest
}

// What is linked in, at whatever distance, on each system that is released.
func TestProgramIsOffline(t *testing.T) {
	for _, system := range []string{"linux", "darwin", "windows"} {
		t.Run(system, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", ".")
			cmd.Env = append(os.Environ(), "GOOS="+system, "CGO_ENABLED=0")
			var problems strings.Builder
			cmd.Stderr = &problems
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("%v\n%s", err, problems.String())
			}
			linked := strings.Fields(string(out))
			if !slices.Contains(linked, module+"/vault") {
				t.Error("the program does not contain the vault: the list is not that of the program")
			}
			for _, library := range []string{"filippo.io/age", "github.com/atotto/clipboard", "github.com/makiuchi-d/gozxing", "github.com/pquerna/otp", "github.com/spf13/cobra"} {
				if !slices.Contains(linked, library) {
					t.Errorf("%s is not part of the program", library)
				}
			}
			for _, pkg := range linked {
				if reason := notLinked(pkg); reason != "" {
					t.Errorf("%s is part of the program: %s", pkg, reason)
				}
			}
		})
	}
}

// notLinked returns why the program may not contain a package, or nothing.
func notLinked(pkg string) string {
	switch pkg {
	case "net/http", "crypto/tls", "net/rpc", "net/smtp":
		return "npm does the network, the program does not"
	case "testing":
		return "it is for tests"
	}
	if rest, ok := strings.CutPrefix(pkg, module+"/"); ok && outside("./"+rest) {
		return "it is no part of it"
	}
	for _, root := range []string{"github.com/rogpeppe/go-internal", "pgregory.net/rapid"} {
		if within(pkg, root) {
			return "the module is for tests"
		}
	}
	if within(pkg, "github.com/spf13/cobra/doc") {
		return "it is for internal/gendoc"
	}
	return ""
}
