package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"npmotp/packaging/project"
)

// packed packs npmotp itself for one system, as a release does, and returns the
// archive and its list of parts.
func packed(t *testing.T) (archive, sbom []byte) {
	t.Helper()
	t.Setenv("SOURCE_DATE_EPOCH", "1767225600")
	r, err := project.FromCommand([]string{"archive", "v1.2.3", t.TempDir(), t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	target := project.Target{OS: "linux", Arch: "amd64"}
	if err := os.MkdirAll(r.Common(), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(r.Common(), "man"), os.DirFS("doc/man")); err != nil {
		t.Fatal(err)
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-o", filepath.Join(r.Built(target), target.Program()), ".")
	build.Env = append(os.Environ(), "GOOS="+target.OS, "GOARCH="+target.Arch, "CGO_ENABLED=0")
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if err := run([]string{"archive", "v1.2.3", r.Stage, r.Out}); err != nil {
		t.Fatal(err)
	}
	archive, err = os.ReadFile(filepath.Join(r.Out, target.Archive("v1.2.3")))
	if err != nil {
		t.Fatal(err)
	}
	sbom, err = os.ReadFile(filepath.Join(r.Out, target.Folder("v1.2.3")+".cdx.json"))
	if err != nil {
		t.Fatal(err)
	}
	return archive, sbom
}

func TestArchive(t *testing.T) {
	t.Chdir("../..")
	archive, sbom := packed(t)
	again, sbomAgain := packed(t)
	if !bytes.Equal(archive, again) || !bytes.Equal(sbom, sbomAgain) {
		t.Error("the same program was packed into different bytes")
	}
	compressed, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	modes, texts := map[string]int64{}, map[string]string{}
	for r := tar.NewReader(compressed); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(header.Name, "npmotp-v1.2.3-linux-amd64/")
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		modes[name], texts[name] = header.Mode, string(text)
	}
	if modes["npmotp"] != 0o755 || modes["man/npmotp.1"] != 0o644 {
		t.Errorf("the modes are %v", modes)
	}
	for _, words := range []string{"the Go standard library 1.", "filippo.io/age v", "github.com/pquerna/otp v", "Apache License", "Neither the name of"} {
		if !strings.Contains(texts[noticesFile], words) {
			t.Errorf("%s does not have %q", noticesFile, words)
		}
	}
	// Every command has its page, which the page of npmotp names, or that of the
	// command above it.
	for page := range texts {
		if name, ok := strings.CutPrefix(page, "man/"); ok && name != "npmotp.1" {
			ref := ".BR " + strings.ReplaceAll(strings.TrimSuffix(name, ".1"), "-", `\-`) + " (1)"
			if strings.Count(name, "-") == 1 && !strings.Contains(texts["man/npmotp.1"], ref) {
				t.Errorf("the page of npmotp does not name %s", name)
			}
		}
	}
}

// TestSBOM holds the list of parts against what CycloneDX 1.6 demands of it, and
// against the program.
func TestSBOM(t *testing.T) {
	t.Chdir("../..")
	archive, sbom := packed(t)
	var d document
	decoder := json.NewDecoder(bytes.NewReader(sbom))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&d); err != nil {
		t.Fatal(err)
	}
	if d.Format != "CycloneDX" || d.SpecVersion != "1.6" || d.Version != 1 || d.Metadata.Timestamp != "2026-01-01T00:00:00Z" {
		t.Errorf("the head is %+v", d)
	}
	if !regexp.MustCompile(`^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`).MatchString(d.Serial) {
		t.Errorf("the serial number is %q", d.Serial)
	}
	name := filepath.Join(t.TempDir(), "archive")
	if err := os.WriteFile(name, archive, 0o600); err != nil {
		t.Fatal(err)
	}
	main := d.Metadata.Component
	if len(main.Hashes) != 1 || main.PURL != "pkg:github/npmotp/npmotp@v1.2.3" {
		t.Errorf("the archive is described as %+v", main)
	}
	if sum, err := exec.CommandContext(t.Context(), "sha256sum", name).Output(); err == nil && !strings.HasPrefix(string(sum), main.Hashes[0].Content) {
		t.Errorf("sha256sum says %s, and the list %s", sum, main.Hashes[0].Content)
	}
	refs := map[string]bool{main.Ref: true}
	for _, c := range d.Components {
		if c.Type != "library" || !strings.HasPrefix(c.PURL, "pkg:golang/"+c.Name+"@") || c.Version == "" || len(c.Licences) != 1 || refs[c.Ref] {
			t.Errorf("a part is described as %+v", c)
		}
		if c.Name != std && (len(c.Hashes) != 1 || len(c.Hashes[0].Content) != 64) {
			t.Errorf("%s has the hashes %v", c.Name, c.Hashes)
		}
		refs[c.Ref] = true
	}
	// Each part is there, and something needs it.
	needed := map[string]bool{main.Ref: true}
	for _, edge := range d.Dependencies {
		for _, ref := range append(slices.Clone(edge.On), edge.Ref) {
			if !refs[ref] {
				t.Errorf("%s is no part", ref)
			}
		}
		for _, ref := range edge.On {
			needed[ref] = true
		}
	}
	if len(d.Dependencies) != len(refs) || len(needed) != len(refs) || len(refs) < 10 {
		t.Errorf("%d parts, %d of them needed, %d in the list of dependencies", len(refs), len(needed), len(d.Dependencies))
	}
}

// What a licence is called is told by its words; another one stops the release.
func TestIdentify(t *testing.T) {
	for name, want := range map[string]string{"../../LICENSE": "MIT"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := identify(string(text)); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "LICENSE"), []byte("Ask me."), 0o600); err != nil {
		t.Fatal(err)
	}
	var p part
	if err := p.readLicence(dir); err == nil {
		t.Errorf("an unknown licence is %q", p.licence)
	}
}
