package intake

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"npmotp/internal/secret"
	"npmotp/otpgen"
	"npmotp/scan"
)

// Files replaces folders by the pictures in them.
func Files(names []string) ([]string, error) {
	var files []string
	for _, name := range names {
		info, err := os.Stat(name)
		if name == "-" || err != nil || !info.IsDir() {
			files = append(files, name) // opening it says what is wrong
			continue
		}
		found, err := picturesIn(name)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("%w: there are no pictures in the folder %s", ErrEmpty, name)
		}
		files = append(files, found...)
	}
	return files, nil
}

func picturesIn(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		name := filepath.Join(dir, e.Name())
		head, err := headOf(name)
		if err != nil {
			return nil, err
		}
		if scan.IsPicture(head) {
			found = append(found, name)
		}
	}
	return found, nil
}

func headOf(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(io.LimitReader(f, 512))
}

// Option returns the option of "npmotp add" that an argument belongs to which was
// given as a name: that of an otpauth URI, of a picture, or of a text with a URI in it.
func Option(arg string) string {
	if len(otpgen.FindURIs(secret.New(arg))) > 0 {
		return "--uri"
	}
	info, err := os.Stat(arg)
	if err != nil || !info.Mode().IsRegular() {
		return ""
	}
	head, err := headOf(arg)
	switch {
	case err != nil:
		return ""
	case scan.IsPicture(head):
		return "--qr"
	case bytes.Contains(head, []byte("otpauth://")):
		return "--text"
	}
	return ""
}
