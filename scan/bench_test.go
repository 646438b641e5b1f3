package scan_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"npmotp/scan"
)

// benchmarkSet reads a set again and again, and reports the share that was read
// right and the median and 95th percentile of the times.
func benchmarkSet(b *testing.B, list string) {
	b.Helper()
	set := loadSet(b, list)
	data := make([][]byte, len(set))
	for i, s := range set {
		var err error
		if data[i], err = os.ReadFile(s.File); err != nil {
			b.Fatal(err)
		}
	}
	all := &tally{}
	for b.Loop() {
		for i, s := range set {
			want := ""
			if s.Expect != nil {
				want = *s.Expect
			}
			start := time.Now()
			got, _ := readSample(b.Context(), data[i])
			all.add(s.File, got, want, time.Since(start))
		}
	}
	b.ReportMetric(100*float64(all.right)/float64(len(all.times)), "%right")
	b.ReportMetric(float64(all.quantile(0.5).Microseconds())/1000, "ms-median")
	b.ReportMetric(float64(all.quantile(0.95).Microseconds())/1000, "ms-p95")
	b.ReportMetric(0, "ns/op") // the time of a whole set says nothing
}

func BenchmarkPictures(b *testing.B) { benchmarkSet(b, filepath.Join("testdata", "pictures.json")) }

func BenchmarkTexts(b *testing.B) { benchmarkSet(b, filepath.Join("testdata", "text.json")) }

// BenchmarkSets does the same for the large sets, where they are.
func BenchmarkSets(b *testing.B) {
	lists, err := filepath.Glob(filepath.Join(setsDir(b), "*.json"))
	if err != nil {
		b.Fatal(err)
	}
	for _, list := range lists {
		b.Run(filepath.Base(list), func(b *testing.B) { benchmarkSet(b, list) })
	}
}

// BenchmarkDecode reads one photo.
func BenchmarkDecode(b *testing.B) {
	data := readFile(b, "pictures/glare.jpg")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := scan.Decode(b.Context(), bytes.NewReader(data)); err != nil {
			b.Fatal(err)
		}
	}
}
