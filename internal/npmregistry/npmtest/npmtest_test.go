package npmtest_test

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"npmotp/internal/npmregistry/npmtest"
)

// fakeNPM puts a program that prints a version at path.
func fakeNPM(t *testing.T, path, version string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("#!/bin/sh\necho "+version+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
}

func TestNPMs(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the stand-ins for npm are shell scripts")
	}
	bin, dir := t.TempDir(), t.TempDir()
	fakeNPM(t, filepath.Join(bin, "npm"), "10.9.9")
	for major, version := range map[string]string{"6": "6.14.18", "10": "10.9.9", "12": "12.2.0"} {
		fakeNPM(t, filepath.Join(dir, major, "node_modules", ".bin", "npm"), version)
	}
	t.Setenv("PATH", bin)
	t.Setenv(npmtest.DirVariable, dir)
	var got []string
	for _, n := range npmtest.NPMs(t) {
		got = append(got, n.String())
	}
	if want := []string{"6.14.18", "10.9.9", "12.2.0"}; !slices.Equal(got, want) {
		t.Errorf("the versions are %v, want %v", got, want)
	}
}

func TestEnvIsItsOwn(t *testing.T) {
	t.Setenv("npm_config_otp", "123456")
	t.Setenv("GITHUB_ACTIONS", "true")
	home := t.TempDir()
	env := npmtest.NPM{Major: 12}.Env(t, home, "http://127.0.0.1:1", "some-token")
	for _, v := range env {
		if strings.HasPrefix(v, "npm_config_otp=") || strings.HasPrefix(v, "GITHUB_") {
			t.Errorf("the environment has %s", v)
		}
	}
	rc, err := os.ReadFile(filepath.Join(home, ".npmrc"))
	if want := "registry=http://127.0.0.1:1/\n//127.0.0.1:1/:_authToken=some-token\n"; err != nil || string(rc) != want {
		t.Errorf("the .npmrc is %q, %v", rc, err)
	}
}
