package config

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"strings"
)

// tarballLimit is the most that is unpacked of a tarball; npm's registry takes
// less.
const tarballLimit = 1 << 30

var (
	errNoManifest   = errors.New("there is no package.json in it")
	errTwoManifests = errors.New("there is more than one package.json in it")
	errNoTarball    = errors.New("this is not a tarball")
)

// readTarball returns the manifest in a tarball: the package.json in its one
// folder, whatever that is called, because npm unpacks tarballs without it
// (pacote, lib/fetcher.js). With two of them it would depend on the order of
// unpacking which one counts.
func readTarball(file string) (*manifest, error) {
	if !isFile(file) {
		return nil, errNotRegular
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	archive, err := unzipped(f)
	if err != nil {
		return nil, err
	}
	limited := &io.LimitedReader{R: archive, N: tarballLimit}
	r := tar.NewReader(limited)
	text, found := "", false
	for {
		h, err := r.Next()
		switch {
		case limited.N <= 0:
			return nil, errTooLarge
		case errors.Is(err, io.EOF) && found:
			return parseManifest(text, file)
		case errors.Is(err, io.EOF):
			return nil, errNoManifest
		case err != nil:
			return nil, errors.Join(errNoTarball, err)
		case !isManifest(h.Name):
			continue
		case found:
			return nil, errTwoManifests
		case h.Size > manifestLimit:
			return nil, errTooLarge
		}
		data, err := io.ReadAll(r)
		if err != nil {
			return nil, err
		}
		text, found = string(data), true
	}
}

// unzipped returns what is in r, which may be compressed.
func unzipped(r io.Reader) (io.Reader, error) {
	b := bufio.NewReader(r)
	if magic, err := b.Peek(2); err != nil || magic[0] != 0x1f || magic[1] != 0x8b {
		return b, nil //nolint:nilerr // tar says what is wrong with a short file
	}
	return gzip.NewReader(b)
}

// isManifest reports whether an entry of a tarball is unpacked as package.json,
// on file systems that tell upper from lower case and on those that do not.
func isManifest(name string) bool {
	parts := split(strings.ReplaceAll(name, `\`, "/"))
	return len(parts) == 2 && strings.EqualFold(parts[1], "package.json")
}
