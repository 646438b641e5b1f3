package config_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"testing"
)

// tarball packs a package.json as npm pack does.
func tarball(t *testing.T, manifest string) string {
	t.Helper()
	return packed(t, map[string]string{"package/package.json": manifest})
}

func packed(t *testing.T, files map[string]string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for name, text := range files {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(text))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
