package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"npmotp/packaging/project"
)

// releaseVariable names a folder that packaging/release has filled, for the tests
// to hold the manifests against. Without it they make a release out of small files.
const releaseVariable = "NPMOTP_TEST_RELEASE"

// release returns the folder of a release and its version.
func released(t *testing.T) (dir, version string) {
	t.Helper()
	if dir := os.Getenv(releaseVariable); dir != "" {
		return dir, versionIn(t, dir)
	}
	t.Setenv("SOURCE_DATE_EPOCH", "1767225600")
	dir, version = t.TempDir(), "v1.2.3-rc1"
	r, err := project.FromCommand([]string{"manifest", version, t.TempDir(), dir})
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range project.Targets() {
		tree := project.NewTree()
		for _, name := range []string{
			"LICENSE", "README.md", "CHANGELOG.md", "THIRD-PARTY.txt", "man/npmotp.1",
			"completions/npmotp.bash", "completions/_npmotp", "completions/npmotp.fish", target.Program(),
		} {
			tree.Files[target.Folder(version)+"/"+name] = []byte(target.String())
		}
		tree.Programs[target.Folder(version)+"/"+target.Program()] = true
		pack := tree.Tar
		if target.OS == "windows" {
			pack = tree.Zip
		}
		err := project.WriteFile(filepath.Join(dir, target.Archive(version)), func(w io.Writer) error { return pack(w, r.Time) })
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := run([]string{"manifest", version, t.TempDir(), dir}); err != nil {
		t.Fatal(err)
	}
	return dir, version
}

func versionIn(t *testing.T, dir string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "npmotp-v*-linux-amd64.tar.gz"))
	if err != nil || len(found) != 1 {
		t.Fatalf("%s=%s: the archives for linux-amd64 there are %q", releaseVariable, dir, found)
	}
	return strings.TrimSuffix(strings.TrimPrefix(filepath.Base(found[0]), "npmotp-"), "-linux-amd64.tar.gz")
}

// manifests returns the texts of all manifests, by their path.
func manifests(t *testing.T, dir string) map[string]string {
	t.Helper()
	texts := map[string]string{}
	root := os.DirFS(filepath.Join(dir, "manifests"))
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			var text []byte
			text, err = fs.ReadFile(root, name)
			texts[name] = string(text)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

// Every address leads to an archive of the release, and what stands next after it as
// a checksum is that of the archive. Scoop has the addresses of later versions too.
func TestManifestsFitTheArchives(t *testing.T) {
	dir, version := released(t)
	const addresses = `https://\S+/releases/download/([^/"]+)/([^"'\s]+)`
	sums := regexp.MustCompile(addresses + `|\b[0-9a-f]{64}\b|sha256-[A-Za-z0-9+/=]{44}`)
	used := map[string]bool{}
	for name, text := range manifests(t, dir) {
		// A PKGBUILD has its two addresses before its two checksums.
		var waiting []string
		for _, found := range sums.FindAllStringSubmatch(strings.ReplaceAll(text, "v$version", version), -1) {
			if found[2] != "" {
				if found[1] != version {
					t.Errorf("%s: %s is not of this release", name, found[0])
				}
				waiting = append(waiting, found[2])
				continue
			}
			if len(waiting) == 0 {
				t.Fatalf("%s: the checksum %s belongs to no address", name, found[0])
			}
			data, err := os.ReadFile(filepath.Join(dir, waiting[0]))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			digest := sha256.Sum256(data)
			if found[0] != hex.EncodeToString(digest[:]) && found[0] != "sha256-"+base64.StdEncoding.EncodeToString(digest[:]) {
				t.Errorf("%s: %s is not the checksum of %s", name, found[0], waiting[0])
			}
			used[filepath.Dir(name)+" "+waiting[0]] = true
			waiting = waiting[1:]
		}
		if len(waiting) > 0 && filepath.Dir(name) != "scoop" {
			t.Errorf("%s: %s have no checksum", name, waiting)
		}
		for _, file := range waiting {
			if _, err := os.Stat(filepath.Join(dir, file)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	for _, target := range project.Targets() {
		want := []string{"homebrew", "nix"}
		switch target.OS {
		case "windows":
			want = []string{"scoop", "winget"}
		case "linux":
			want = append(want, "aur")
		}
		for _, manager := range want {
			if !used[manager+" "+target.Archive(version)] {
				t.Errorf("%s does not have %s", manager, target.Archive(version))
			}
		}
	}
}

// What the manifests of Windows name is in the archives.
func TestPathsInZips(t *testing.T) {
	dir, version := released(t)
	texts := manifests(t, dir)
	var scoop struct {
		Bin          string
		Architecture map[string]struct {
			Dir string `json:"extract_dir"`
		}
	}
	if err := json.Unmarshal([]byte(texts["scoop/npmotp.json"]), &scoop); err != nil {
		t.Fatal(err)
	}
	var named []string
	for _, a := range scoop.Architecture {
		named = append(named, a.Dir+"/"+scoop.Bin)
	}
	for _, found := range regexp.MustCompile(`RelativeFilePath: (\S+)`).FindAllStringSubmatch(texts["winget/npmotp.npmotp.installer.yaml"], -1) {
		named = append(named, strings.ReplaceAll(found[1], `\`, "/"))
	}
	slices.Sort(named)
	var want []string
	for _, target := range project.Targets() {
		if target.OS != "windows" {
			continue
		}
		archive, err := zip.OpenReader(filepath.Join(dir, target.Archive(version)))
		if err != nil {
			t.Fatal(err)
		}
		name := target.Folder(version) + "/" + target.Program()
		if _, err := archive.Open(name); err != nil {
			t.Error(err)
		}
		if err := archive.Close(); err != nil {
			t.Error(err)
		}
		want = append(want, name, name)
	}
	if !slices.Equal(named, want) {
		t.Errorf("the manifests name %q, and the archives have %q", named, want)
	}
}

// The package() of the PKGBUILD finds what it installs.
func TestPKGBUILD(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil || runtime.GOOS == "windows" {
		t.Skip("a PKGBUILD is for bash")
	}
	dir, version := released(t)
	target := project.Target{OS: "linux", Arch: "arm64"}
	source, pkg := t.TempDir(), t.TempDir()
	unpack(t, filepath.Join(dir, target.Archive(version)), source)
	cmd := exec.CommandContext(t.Context(), "bash", "-euc", `. "$1"; CARCH=aarch64 pkgdir=$2; package; echo "$pkgver"`, "bash",
		filepath.Join(dir, "manifests", "aur", "PKGBUILD"), pkg)
	cmd.Dir = source
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Contains(string(out), "-") {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, name := range []string{"usr/bin/npmotp", "usr/share/man/man1/npmotp.1", "usr/share/zsh/site-functions/_npmotp", "usr/share/licenses/npmotp-bin/LICENSE"} {
		if _, err := os.Stat(filepath.Join(pkg, name)); err != nil {
			t.Error(err)
		}
	}
}

func unpack(t *testing.T, archive, dir string) {
	t.Helper()
	data, err := os.ReadFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	compressed, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(compressed); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(dir, header.Name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := project.WriteFile(name, func(w io.Writer) error { _, err := io.Copy(w, r); return err }); err != nil {
			t.Fatal(err)
		}
	}
}

// SHA256SUMS has each file that users download, and no other.
func TestSums(t *testing.T) {
	dir, _ := released(t)
	text, err := os.ReadFile(filepath.Join(dir, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for line := range strings.Lines(string(text)) {
		sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		digest, err := digestOf(filepath.Join(dir, name))
		if err != nil || hex.EncodeToString(digest) != sum {
			t.Errorf("%s: %v", line, err)
		}
		listed = append(listed, name)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var there []string
	for _, e := range entries {
		if !e.IsDir() && e.Name() != "SHA256SUMS" {
			there = append(there, e.Name())
		}
	}
	if !slices.Equal(listed, there) {
		t.Errorf("SHA256SUMS lists %q, and there are %q", listed, there)
	}
}
