package main_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
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

// floors returns the packages of each floor, the highest first. A package imports
// those of the floors below its own, and beside it only what [beside] has.
//
// It is a statement of policy, like the rest of this file: do not change it to fix
// a build. doc/design.md says what each floor is for.
func floors() [][]string {
	return [][]string{
		// The command line: flags, one call, print.
		{"."},
		{"./cmd"},
		// Use cases decide.
		{
			"./internal/approve", "./internal/bundle", "./internal/codes", "./internal/demo", "./internal/doctor", "./internal/enroll", "./internal/intake",
			"./internal/otpexport", "./internal/otpimport", "./internal/sheet", "./internal/shellinit", "./internal/watch", "./internal/wrap",
		},
		// The domain knows accounts, keys, codes and npm.
		{
			"./otpgen", "./scan", "./vault", "./vault/internal/merge", "./internal/recoverycode",
			"./internal/npm/argv", "./internal/npm/config", "./internal/npm/tools",
		},
		// Mechanism knows none of these words.
		{
			"./internal/agefile", "./internal/agent", "./internal/atomicfile", "./internal/clip", "./internal/confirm", "./internal/filelock",
			"./internal/harden", "./internal/jsonobject", "./internal/passphrase", "./internal/plaintext", "./internal/ptyrun", "./internal/qrdraw",
			"./internal/registry", "./internal/screen", "./internal/statefile", "./internal/ui", "./internal/vt",
		},
		// What every floor speaks in.
		{"./internal/cleantext", "./internal/secret"},
	}
}

// beside returns what a package imports of its own floor.
func beside() map[string][]string {
	return map[string][]string{
		"./internal/approve":    {"./internal/wrap"},
		"./internal/demo":       {"./internal/intake"},
		"./internal/enroll":     {"./internal/bundle", "./internal/codes", "./internal/intake", "./internal/wrap"},
		"./internal/otpexport":  {"./internal/otpimport"}, // which reads each export back
		"./internal/watch":      {"./internal/codes"},
		"./internal/wrap":       {"./internal/codes"},
		"./vault":               {"./otpgen", "./vault/internal/merge", "./internal/recoverycode"},
		"./internal/npm/config": {"./internal/npm/argv"},
		"./internal/npm/tools":  {"./internal/npm/argv"},
		"./internal/agent":      {"./internal/confirm"},
		"./internal/passphrase": {"./internal/plaintext"},
		"./internal/statefile":  {"./internal/atomicfile", "./internal/filelock"},
	}
}

// kept returns what a package does without although it lies below: what a merge,
// a key, a picture or npm's command line means does not depend on how a vault is
// kept or a terminal driven.
func kept() map[string][]string {
	none := []string{}
	return map[string][]string{
		"./vault/internal/merge":  none,
		"./otpgen":                {"./internal/secret"},
		"./scan":                  {"./internal/secret", "./internal/vt"},
		"./internal/recoverycode": {"./internal/secret"},
		"./internal/npm/argv":     none,
		"./internal/npm/config":   {"./internal/npm/argv", "./internal/registry"}, // keeps no token of an .npmrc, so it needs no secrets
		"./internal/intake":       {"./otpgen", "./scan", "./internal/recoverycode", "./internal/cleantext", "./internal/plaintext", "./internal/secret"},
		"./internal/sheet":        {"./vault", "./internal/recoverycode", "./internal/qrdraw", "./internal/cleantext", "./internal/secret"}, // opens no file
		".":                       {"./cmd"},
	}
}

// modules returns the packages that import each module. One of them alone means
// that the library can be swapped in one place; where there are more, the reason
// is beside them.
func modules() map[string][]string {
	return map[string][]string{
		"github.com/spf13/cobra": {"./cmd", "./internal/gendoc"},
		"github.com/spf13/pflag": {"./cmd", "./internal/gendoc"},
		// The vault has an identity of age, and a bundle recipients; what else age can
		// is in agefile.
		"filippo.io/age":                   {"./internal/agefile", "./vault", "./internal/bundle"},
		"filippo.io/age/agessh":            {"./internal/agefile"},
		"filippo.io/age/armor":             {"./internal/agefile"},
		"filippo.io/age/plugin":            {"./internal/agefile"},
		"filippo.io/age/tag":               {"./internal/agefile"},
		"github.com/pquerna/otp":           {"./otpgen", "./internal/npmregistry"},
		"github.com/makiuchi-d/gozxing":    {"./scan", "./internal/qrdraw"}, // one reads, the other draws
		"golang.org/x/image":               {"./scan", "./internal/sheet"},  // formats of pictures, and fonts
		"github.com/atotto/clipboard":      {"./internal/clip"},
		"github.com/creack/pty":            {"./internal/ptyrun"},
		"github.com/sethvargo/go-diceware": {"./internal/passphrase"},
		"golang.org/x/term":                {"./internal/ui"},
		// The system itself, and the rest of the standard library's crypto.
		"golang.org/x/sys":    {"./internal/agent", "./internal/clip", "./internal/confirm", "./internal/doctor", "./internal/filelock", "./internal/harden", "./internal/npm/tools", "./internal/ptyrun", "./internal/ui"},
		"golang.org/x/crypto": {"./internal/agefile", "./internal/otpexport", "./internal/otpimport"},
	}
}

// outside are the packages that are no part of the program.
func outside(pkg string) bool {
	return pkg == "./bench" || pkg == "./internal/gendoc" || pkg == "./internal/crashtest" || within(pkg, "./internal/npmregistry") || within(pkg, "./packaging")
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
			"./cmd",                 // the tour runs the program itself
			"./internal/passphrase", // the command that prints it
			"./internal/confirm",    // the programs that ask
			"./internal/agent", "./internal/clip", "./internal/npm/tools", "./internal/ptyrun", "./internal/screen",
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

// floorOf returns the height of the floor of pkg, counted from the top.
func floorOf(pkg string) (floor int, known bool) {
	for i, packages := range floors() {
		if slices.Contains(packages, pkg) {
			return i, true
		}
	}
	return 0, false
}

func TestImports(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range sources(t) {
		seen[f.pkg] = true
		if _, known := floorOf(f.pkg); !known && !outside(f.pkg) {
			t.Errorf("%s: the package %s has no floor", f.name, f.pkg)
			continue
		}
		for _, imported := range f.imports {
			if reason := forbidden(f, imported); reason != "" {
				t.Errorf("%s imports %s: %s", f.name, imported, reason)
			}
		}
	}
	for _, packages := range floors() {
		for _, pkg := range packages {
			if !seen[pkg] {
				t.Errorf("there is no package %s", pkg)
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

// forbidden returns why f may not import a package, or nothing.
func forbidden(f file, imported string) string {
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
	case outside(f.pkg):
		return ""
	case strings.HasPrefix(imported, "."):
		return upward(f.pkg, imported)
	}
	// The longest row decides: of age, some packages have rows of their own.
	row := ""
	for root := range modules() {
		if within(imported, root) && len(root) > len(row) {
			row = root
		}
	}
	if row == "filippo.io/age" && imported != row {
		return "of age only the named packages are wanted"
	}
	if !slices.Contains(modules()[row], f.pkg) {
		return "the module is for others"
	}
	return ""
}

// upward returns why pkg may not import a package of the program, or nothing.
func upward(pkg, imported string) string {
	if allowed, limited := kept()[pkg]; limited && !slices.Contains(allowed, imported) {
		return "the package does without it"
	}
	from, _ := floorOf(pkg)
	to, known := floorOf(imported)
	switch {
	case !known:
		return "it is no part of the program"
	case from > to:
		return "it is on a floor above"
	case from == to && !slices.Contains(beside()[pkg], imported):
		return "it is on the same floor"
	}
	return ""
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
