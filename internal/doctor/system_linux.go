package doctor

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"npmotp/internal/ui"
)

// synchronized reports whether the kernel has been told that its clock is
// synchronized (adjtimex(2)): it forgets that after a while of not being told.
func synchronized() (yes, known bool) {
	var t unix.Timex
	state, err := unix.Adjtimex(&t)
	return err == nil && state != unix.TIME_ERROR, err == nil
}

// swap looks for memory that is written to a disk in the clear (proc(5),
// /proc/swaps).
func swap() []Finding {
	const check = "swap"
	f, err := os.Open("/proc/swaps")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return []Finding{unreadable(check, err)}
	}
	defer func() { _ = f.Close() }()
	var found []Finding
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 2 || fields[0] == "Filename" {
			continue
		}
		path := strings.NewReplacer(`\040`, " ", `\011`, "\t").Replace(fields[0])
		if encrypted(path) {
			continue
		}
		found = append(found, Finding{
			Check: check, What: fmt.Sprintf("memory may be written to %s, which is not encrypted", path),
			Mend: "encrypt it (crypttab(5), swap with a random key), use zram, or 'sudo swapoff " + ui.Quote(path) + "'; the agent keeps its own memory out of it as far as it may",
		})
	}
	if err := lines.Err(); err != nil {
		return []Finding{unreadable(check, err)}
	}
	return or(found, check, "no memory is written to a disk in the clear")
}

// encrypted reports whether what is written to a swap device or file reaches no
// disk in the clear.
func encrypted(path string) bool {
	var stat unix.Stat_t
	if unix.Stat(path, &stat) != nil {
		return false
	}
	device := stat.Dev
	if stat.Mode&unix.S_IFMT == unix.S_IFBLK {
		device = stat.Rdev
	}
	return encryptedDevice(fmt.Sprintf("/sys/dev/block/%d:%d", unix.Major(device), unix.Minor(device)), 0)
}

// encryptedDevice looks at a device and those below it: a volume of LVM may lie
// on an encrypted one, and a compressed one lies in memory.
func encryptedDevice(dir string, depth int) bool {
	device, err := filepath.EvalSymlinks(dir)
	if err != nil || depth > 8 {
		return false
	}
	if strings.HasPrefix(filepath.Base(device), "zram") {
		return true
	}
	if uuid, err := os.ReadFile(filepath.Join(device, "dm", "uuid")); err == nil && strings.HasPrefix(string(uuid), "CRYPT-") {
		return true
	}
	below, err := os.ReadDir(filepath.Join(device, "slaves"))
	if err != nil || len(below) == 0 {
		return false
	}
	for _, e := range below {
		if !encryptedDevice(filepath.Join(device, "slaves", e.Name()), depth+1) {
			return false
		}
	}
	return true
}
