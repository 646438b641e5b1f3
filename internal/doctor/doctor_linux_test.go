package doctor_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"npmotp/internal/doctor"
)

// A device of sysfs: the uuid of the device mapper, and the devices below.
type device struct {
	uuid  string
	below []string
}

func TestEncryptedSwap(t *testing.T) {
	devices := map[string]device{
		"sda2":  {},
		"dm-0":  {uuid: "CRYPT-LUKS2-0123-cryptroot\n", below: []string{"sda2"}},
		"dm-1":  {uuid: "LVM-abc\n", below: []string{"dm-0"}},
		"dm-2":  {uuid: "LVM-abc\n", below: []string{"dm-0", "sda2"}},
		"dm-3":  {uuid: "CRYPT-PLAIN-swap\n", below: []string{"sda2"}},
		"zram0": {},
		"loop":  {below: []string{"loop"}},
	}
	root := t.TempDir()
	for name, d := range devices {
		if err := os.MkdirAll(filepath.Join(root, name, "slaves"), 0o700); err != nil {
			t.Fatal(err)
		}
		if d.uuid != "" {
			if err := os.Mkdir(filepath.Join(root, name, "dm"), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(root, name, "dm", "uuid"), []byte(d.uuid), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for _, below := range d.below {
			if err := os.Symlink(filepath.Join(root, below), filepath.Join(root, name, "slaves", below)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, want := range map[string]bool{
		"sda2": false, "dm-0": true, "dm-1": true, "dm-2": false, "dm-3": true, "zram0": true, "loop": false, "missing": false,
	} {
		if got := doctor.EncryptedDevice(filepath.Join(root, name)); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

// Only what lies ahead by more than a file server may be wrong by is told.
func TestClock(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	for ahead, ok := range map[time.Duration]bool{-time.Hour: true, time.Second: true, time.Hour: false} {
		found := doctor.Clock(now, []doctor.Witness{{}, {At: now.Add(ahead), What: "it was saved"}})
		if len(found) != 1 || found[0].OK != ok || !ok && !strings.Contains(found[0].What, "it was saved 1h0m0s after now") {
			t.Errorf("%v: %+v", ahead, found)
		}
	}
}

// A file that took the place of the one that was looked at is left alone.
func TestFixModesOfWhatWasSeen(t *testing.T) {
	dir := t.TempDir()
	vault, other := filepath.Join(dir, "vault"), filepath.Join(dir, "other")
	for _, name := range []string{vault, other} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(name, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	p := doctor.Places{Path: vault, Resolved: vault}
	found := p.Modes()
	if len(found) != 1 || found[0].OK || found[0].Fix == nil {
		t.Fatalf("%+v", found)
	}
	for _, swap := range []func() error{
		func() error { return os.Rename(other, vault) },
		func() error { return os.Remove(vault) },
		func() error { return os.Symlink(filepath.Join(dir, "third"), vault) },
	} {
		if err := swap(); err != nil {
			t.Fatal(err)
		}
		if err := found[0].Fix(); err == nil {
			t.Error("another file was mended")
		}
	}
	if err := os.Remove(vault); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(vault, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(vault, 0o640); err != nil {
		t.Fatal(err)
	}
	found = p.Modes()
	if err := found[0].Fix(); err != nil {
		t.Error(err)
	}
	if found = p.Modes(); len(found) != 1 || !found[0].OK {
		t.Errorf("%+v", found)
	}
}
