package atomicfile_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"npmotp/internal/atomicfile"
)

// diskVariable names the folder on which the test binary mounts a disk of 64
// KiB for itself: it is started in a mount namespace of its own, so that the
// disk ends with it, however it ends.
const diskVariable = "ATOMICFILE_TEST_DISK"

func TestFullDisk(t *testing.T) {
	if dir := os.Getenv(diskVariable); dir != "" {
		fillDisk(t, dir)
		return
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, "-test.run=^TestFullDisk$", "-test.v")
	cmd.Env = append(os.Environ(), diskVariable+"="+t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if os.Geteuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	out, err := cmd.CombinedOutput()
	switch {
	case errors.Is(err, fs.ErrPermission):
		skipUnlessCI(t, fmt.Sprintf("no mount namespace may be made here: %v", err))
	case err != nil:
		t.Fatalf("%v\n%s", err, out)
	case strings.Contains(string(out), "--- SKIP"):
		t.Skipf("%s", out)
	}
}

func skipUnlessCI(t *testing.T, reason string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(reason)
	}
	t.Skip(reason)
}

func fillDisk(t *testing.T, dir string) {
	t.Helper()
	// Nothing mounted here reaches the namespace that this one came from.
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		skipUnlessCI(t, fmt.Sprintf("mounts cannot be made private: %v", err))
	}
	if err := syscall.Mount("none", dir, "tmpfs", 0, "size=64k"); err != nil {
		skipUnlessCI(t, fmt.Sprintf("no small disk can be mounted: %v", err))
	}
	path := filepath.Join(dir, "file")
	big := []byte(strings.Repeat("x", 48<<10))
	put(t, path, oldText, 0o600)

	// There is room for the new file beside the old one, and then there is not.
	if err := (atomicfile.Writer{Path: path, Keep: filepath.Join(dir, "old", "1")}).Replace(big); err != nil {
		t.Fatal(err)
	}
	w := atomicfile.Writer{Path: path, Keep: filepath.Join(dir, "old", "2")}
	if err := w.Replace(big); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("the error is %v, want ENOSPC", err)
	}
	wantText(t, path, string(big))
	wantNames(t, dir, "file", "old")
	wantNames(t, filepath.Join(dir, "old"), "1")

	if err := (atomicfile.Writer{Path: filepath.Join(dir, "second")}).Create(big); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("the error is %v, want ENOSPC", err)
	}
	wantNames(t, dir, "file", "old")

	if err := (atomicfile.Writer{Path: path}).Replace([]byte(newText)); err != nil {
		t.Errorf("a write that fits fails after one that did not: %v", err)
	}
	wantText(t, path, newText)
}
