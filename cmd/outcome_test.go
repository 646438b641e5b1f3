package cmd

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"npmotp/internal/npm/tools"
	"npmotp/internal/ui"
	"npmotp/scan"
	"npmotp/vault"
)

// Each exported sentinel of the domain packages has a row in the table of
// outcomes, or is meant to end with status 1.
func TestEverySentinelHasAnOutcome(t *testing.T) {
	failures := map[string]bool{ // status 1: unexpected, or I/O
		"ErrTooLarge": true, "ErrDamaged": true, "ErrDeadline": true, "ErrCounter": true, "ErrMarshal": true,
		"ErrOtherPassphrase": true, "ErrManyPages": true, "ErrUnavailable": true, "ErrNoPicture": true, "ErrNotURI": true, "ErrDeclined": true, "ErrIsURI": true, "ErrOther": true, "ErrRegistryNotSeen": true,
	}
	source, err := os.ReadFile("exit.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, dir := range []string{"../vault", "../scan", "../otpgen", "../internal/ui", "../internal/codes", "../internal/wrap", "../internal/intake", "../internal/bundle", "../internal/npm/tools", "../internal/agefile", "../internal/recoverycode", "../internal/enroll", "../internal/otpimport", "../internal/clip", "../internal/secret", "../internal/sheet"} {
		for _, name := range sentinels(t, dir) {
			found++
			qualified := filepath.Base(dir) + "." + name
			if !strings.Contains(string(source), "{"+qualified+",") && !failures[name] {
				t.Errorf("%s has no row in the table of outcomes", qualified)
			}
		}
	}
	if found < 20 {
		t.Errorf("only %d sentinels found", found)
	}
}

// sentinels returns the exported variables of a package that begin with Err.
func sentinels(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no source in %s: %v", dir, err)
	}
	var names []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			group, ok := d.(*ast.GenDecl)
			if !ok || group.Tok != token.VAR {
				continue
			}
			for _, s := range group.Specs {
				spec := s.(*ast.ValueSpec)
				for i, name := range spec.Names {
					_, alias := spec.Values[i].(*ast.SelectorExpr)
					if strings.HasPrefix(name.Name, "Err") && !alias {
						names = append(names, name.Name)
					}
				}
			}
		}
	}
	return names
}

func TestOutcome(t *testing.T) {
	tests := []struct {
		err    error
		status int
		hint   string // part of it
	}{
		{nil, 0, ""},
		{errors.New("surprise"), 1, ""},
		{ui.Usagef("no"), 2, ""},
		{fmt.Errorf("x: %w", vault.ErrNoAccount), 3, "npmotp list"},
		{&vault.AmbiguousError{Query: "a"}, 3, "npmotp default"},
		{&scan.SeveralError{}, 3, ""},
		{scan.ErrDeadline, 3, "crop"},
		{&scan.PartsError{}, 3, ""},
		{&scan.ContentError{}, 3, "npm shows"},
		{scan.ErrAnimation, 3, "screenshot"},
		{scan.ErrNotShown, 3, "npm printed"},
		{fmt.Errorf("x: %w", vault.ErrPassphrase), 4, ""},
		{&vault.VersionError{Got: 2, Max: 1}, 5, "update"},
		{vault.ErrNoCodes, 6, "recovery add"},
		{ui.WithHint(vault.ErrNoVault, "mine"), 5, "mine"},
		{&tools.ExitError{Status: 125, Err: vault.ErrNoVault}, 125, "npmotp init"},
		{&tools.ExitError{Status: 42}, 42, ""},
		{&signalError{name: "terminated", status: 143}, 143, ""},
	}
	for _, tt := range tests {
		status, hint := outcome(tt.err)
		if status != tt.status || !strings.Contains(hint, tt.hint) {
			t.Errorf("%v: status %d with hint %q, want %d with %q", tt.err, status, hint, tt.status, tt.hint)
		}
		// It is no way out of what was read, and none for a text.
		if strings.Contains(hint, "crop the picture") && tt.hint != "crop" {
			t.Errorf("%v: hint %q", tt.err, hint)
		}
	}
}
