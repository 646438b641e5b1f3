package scan_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"npmotp/internal/secret"
	"npmotp/scan"
)

// ambiguous stands in the lists for "different keys, a choice is asked".
const ambiguous = "AMBIGUOUS"

// A sample is one file of a set and what must be read from it.
type sample struct {
	File   string  `json:"file"`
	Group  string  `json:"group"`
	Expect *string `json:"expect"`
}

// loadSet reads a list of samples; the files lie in the folder named after it.
func loadSet(t testing.TB, list string) []sample {
	t.Helper()
	b, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	var set []sample
	if err := json.Unmarshal(b, &set); err != nil {
		t.Fatalf("%s: %v", list, err)
	}
	if len(set) == 0 {
		t.Fatalf("%s lists no samples", list)
	}
	for i := range set {
		set[i].File = filepath.Join(strings.TrimSuffix(list, ".json"), set[i].File)
	}
	return set
}

// setsDir is where large sets for measuring lie, outside of the repository.
func setsDir(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("NPMOTP_SCAN_SETS")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "qr")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no large sets here: set NPMOTP_SCAN_SETS to measure")
	}
	return dir
}

// readSample returns what one file of a set yields, as its list writes it.
func readSample(ctx context.Context, data []byte) (string, error) {
	var got secret.Text
	var err error
	if scan.IsPicture(data[:min(len(data), 512)]) {
		var codes []secret.Text
		if codes, err = scan.Decode(ctx, bytes.NewReader(data)); err == nil {
			got, err = scan.Pick(codes)
		}
	} else {
		var screen scan.Screen
		if screen, err = scan.Text(ctx, bytes.NewReader(data)); err == nil {
			screen.Typed = nil // only the QR code is measured
			got, err = screen.Pick()
		}
	}
	if _, ok := errors.AsType[*scan.SeveralError](err); ok {
		return ambiguous, nil
	}
	return got.Reveal(), err
}

// tally collects how a set was read.
type tally struct {
	right, wrong, none int
	times              []time.Duration
	misses             []string
}

func (c *tally) add(file, got, want string, d time.Duration) {
	c.times = append(c.times, d)
	switch got {
	case want:
		c.right++
		return
	case "":
		c.none++
	default:
		c.wrong++
		file += " (wrong)"
	}
	c.misses = append(c.misses, file)
}

func (c *tally) quantile(q float64) time.Duration {
	slices.Sort(c.times)
	return c.times[min(len(c.times)-1, int(q*float64(len(c.times))))].Round(10 * time.Microsecond)
}

func (c *tally) log(t testing.TB, name string) {
	t.Helper()
	n := len(c.times)
	if n == 0 {
		t.Fatalf("%s: no samples", name)
	}
	t.Logf("%-14s %d of %d right (%.1f %%), %d wrong; median %v, p95 %v, max %v",
		name, c.right, n, 100*float64(c.right)/float64(n), c.wrong, c.quantile(0.5), c.quantile(0.95), c.quantile(1))
	if len(c.misses) > 0 {
		t.Logf("%s misses: %s", name, strings.Join(c.misses, " "))
	}
}

// lines returns s with the line ends that text files have.
func lines(s string) string {
	return strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n"))
}

// TestMeasureSets prints rate and time over the large sets. Wrong contents
// fail it, as they must not happen at all; what cannot be read is only listed.
func TestMeasureSets(t *testing.T) {
	dir := setsDir(t)
	lists, _ := filepath.Glob(filepath.Join(dir, "*.json"))
	for _, list := range lists {
		name := strings.TrimSuffix(filepath.Base(list), ".json")
		t.Run(name, func(t *testing.T) {
			all, groups := &tally{}, map[string]*tally{}
			for _, s := range loadSet(t, list) {
				data, err := os.ReadFile(s.File)
				if err != nil {
					t.Fatal(err)
				}
				want := ""
				if s.Expect != nil {
					want = *s.Expect
				}
				start := time.Now()
				got, _ := readSample(t.Context(), data)
				d := time.Since(start)
				if groups[s.Group] == nil {
					groups[s.Group] = &tally{}
				}
				all.add(s.File, got, want, d)
				groups[s.Group].add(filepath.Base(s.File), got, want, d)
			}
			if testing.Verbose() && len(groups) > 1 && len(groups) < 20 {
				for g, c := range groups {
					c.log(t, g)
				}
			}
			all.log(t, name)
			if all.wrong > 0 {
				t.Errorf("%d wrong contents", all.wrong)
			}
		})
	}
}

// TestMeasureTexts does the same for pictures that lie beside a text file of
// their content, as the test pictures of the ZXing project do.
func TestMeasureTexts(t *testing.T) {
	dir := filepath.Join(setsDir(t), "zxing")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no such set")
	}
	all := &tally{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || filepath.Ext(path) != ".txt" {
			return err
		}
		want, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		data, err := os.ReadFile(strings.TrimSuffix(path, ".txt") + ".png")
		if err != nil {
			return err
		}
		start := time.Now()
		codes, err := scan.Decode(t.Context(), bytes.NewReader(data))
		d := time.Since(start)
		got := ""
		if err == nil && len(codes) > 0 {
			got = codes[0].Reveal()
		}
		all.add(path, lines(got), lines(string(want)), d)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	all.log(t, "zxing")
}
