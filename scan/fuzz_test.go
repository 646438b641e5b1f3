package scan_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"npmotp/scan"
)

// addSeeds gives the fuzzer the files in testdata that are not large, and fails
// when there are none.
func addSeeds(f *testing.F, pattern string, most int64) {
	f.Helper()
	names, err := filepath.Glob(filepath.Join("testdata", pattern))
	if err != nil {
		f.Fatal(err)
	}
	n := 0
	for _, name := range names {
		if info, err := os.Stat(name); err != nil || info.Size() > most {
			continue
		}
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		n++
	}
	if n < 10 {
		f.Fatalf("only %d seeds", n)
	}
}

// sane fails for results that no input may lead to.
func sane(t *testing.T, err error, input []byte) {
	t.Helper()
	if err == nil {
		return
	}
	if errors.Is(err, context.DeadlineExceeded) {
		t.Error("the deadline shows as such")
	}
	if s := err.Error(); s == "" || strings.ContainsAny(s, "\x1b\n") {
		t.Errorf("error %q", s)
	}
	if errors.Is(err, scan.ErrDisagree) && len(input) == 0 {
		t.Error("nothing disagrees with nothing")
	}
}

func FuzzDecode(f *testing.F) {
	addSeeds(f, "bad/*", 10_000)
	f.Fuzz(func(t *testing.T, data []byte) {
		codes, err := scan.Decode(t.Context(), bytes.NewReader(data))
		sane(t, err, data)
		if err == nil {
			if len(codes) == 0 {
				t.Error("neither codes nor an error")
			}
			_, err = scan.Pick(codes)
			sane(t, err, data)
		}
		scan.IsPicture(data)
	})
}

func FuzzText(f *testing.F) {
	addSeeds(f, "text/*", 30_000)
	f.Fuzz(func(t *testing.T, data []byte) {
		screen, err := scan.Text(t.Context(), bytes.NewReader(data))
		sane(t, err, data)
		if strings.ContainsRune(screen.Plain.Reveal(), '\x1b') {
			t.Error("the plain text holds an escape character")
		}
		_, err = screen.Pick()
		sane(t, err, data)
	})
}
