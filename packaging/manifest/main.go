// Manifest writes what package managers install npmotp by, from templates, the
// archives of a release and their checksums: a Homebrew formula, manifests for
// Scoop and winget, a PKGBUILD for the AUR, a flake for Nix; and SHA256SUMS. It is
// no part of npmotp.
//
//	manifest VERSION STAGE OUT
package main

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"text/template"

	"npmotp/packaging/project"
)

// Each template is written under its path, below the folder manifests.
//
//go:embed all:templates
var templates embed.FS

func main() {
	if err := run(os.Args); err != nil {
		fmt.Fprintln(os.Stderr, "manifest:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	r, err := project.FromCommand(args)
	if err != nil {
		return err
	}
	values, err := describe(r)
	if err != nil {
		return err
	}
	root, err := fs.Sub(templates, "templates")
	if err != nil {
		return err
	}
	err = fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		t, err := template.New(path.Base(name)).Option("missingkey=error").ParseFS(root, name)
		if err != nil {
			return err
		}
		out := filepath.Join(r.Out, "manifests", filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
			return err
		}
		return project.WriteFile(out, func(w io.Writer) error { return t.Execute(w, values) })
	})
	if err != nil {
		return err
	}
	return sums(r.Out)
}

// A release is what templates are filled in with.
type release struct {
	Name, Summary, Licence, URL string
	Version                     string // v1.2.3
	Number                      string // 1.2.3, or 1.2.3-rc1
	PackageNumber               string // the same without a hyphen, which Arch does not take
	Date                        string // 2026-01-02
	Archives                    map[string]archive
}

// An archive is known to templates by its target, such as linux-amd64.
type archive struct {
	URL, Folder string
	SHA256      string // hexadecimal
	SRI         string // the same as Nix writes it
}

func describe(r project.Release) (release, error) {
	values := release{
		Name: project.Name, Summary: project.Summary, Licence: project.Licence, URL: project.URL,
		Version: r.Version, Number: r.Number(), PackageNumber: strings.ReplaceAll(r.Number(), "-", ""),
		Date:     r.Time.Format("2006-01-02"),
		Archives: map[string]archive{},
	}
	for _, t := range project.Targets() {
		digest, err := digestOf(filepath.Join(r.Out, t.Archive(r.Version)))
		if err != nil {
			return release{}, err
		}
		values.Archives[t.String()] = archive{
			URL: t.Download(r.Version), Folder: t.Folder(r.Version),
			SHA256: hex.EncodeToString(digest), SRI: "sha256-" + base64.StdEncoding.EncodeToString(digest),
		}
	}
	return values, nil
}

func digestOf(file string) ([]byte, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(data)
	return digest[:], nil
}

// sums writes SHA256SUMS, as sha256sum does, over the files that users download.
func sums(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var list strings.Builder
	for _, e := range entries {
		if e.IsDir() {
			continue
		}
		digest, err := digestOf(filepath.Join(dir, e.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(&list, "%x  %s\n", digest, e.Name())
	}
	return os.WriteFile(filepath.Join(dir, "SHA256SUMS"), []byte(list.String()), 0o644)
}
