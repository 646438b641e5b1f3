package main_test

import (
	"path/filepath"
	"strings"
	"testing"
)

// A phone shows the QR codes of a transfer one after the other, and each screenshot
// is a picture of its own. So are the QR codes of one message.
func TestImportSeveralPictures(t *testing.T) {
	picture := func(name string) string {
		path, err := filepath.Abs(filepath.Join("internal", "otpimport", "testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	home := t.TempDir()
	if out := run(t, home, "", "import", picture("google-2.png"), picture("google-1.png"), "--dry-run"); strings.Count(out, " imported ") != 3 {
		t.Errorf("a transfer: %s", out)
	}
	// One that is given once more says nothing new.
	if out := run(t, home, "", "import", picture("parts-2.png"), picture("parts-1.png"), picture("parts-2.png"), "--dry-run"); strings.Count(out, "ada      npm     imported") != 1 {
		t.Errorf("a message: %s", out)
	}
	for name, want := range map[string]string{
		"google-2.png": "the transfer has 2 QR codes, and number 1 is missing",
		"parts-2.png":  "only 1 of 2 QR codes that belong together found",
	} {
		out, err := npmotp(t, home, "import", picture(name), picture(name), "--dry-run").CombinedOutput()
		if err == nil || !strings.Contains(string(out), want) {
			t.Errorf("%s alone: %v, %s", name, err, out)
		}
	}
}
