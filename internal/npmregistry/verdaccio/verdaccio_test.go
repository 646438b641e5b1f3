package verdaccio_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"npmotp/internal/npmregistry/verdaccio"
)

// TestStart wants a registry with a user, and the clock of the test.
func TestStart(t *testing.T) {
	clock := filepath.Join(t.TempDir(), "clock")
	if err := os.WriteFile(clock, []byte("2026-03-04T05:06:00Z\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := verdaccio.Start(t, clock)
	token := r.AddUser(t, "ada", "lovelace")
	if level := r.Level(t, token); token == "" || level != "" {
		t.Errorf("the token is %q, and the level %q", token, level)
	}
	if p, staged := r.Package(t, "@ada/thing"), r.Staged(t, token); len(p.Versions) != 0 || len(staged) != 0 {
		t.Errorf("the registry has %v, and staged %v", p, staged)
	}
	if log := r.Log(t); !strings.Contains(log, `"time":1772600760000`) {
		t.Errorf("the log has another time than the clock:\n%s", log)
	}
}
