//go:build !windows

package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"npmotp/internal/ui"
)

// files returns the file with its lock and temporary ones, and what is in the
// folders that hold nothing else.
func (p Places) files() ([]string, error) {
	found := slices.Clone(p.Others)
	base := filepath.Base(p.Resolved)
	entries, err := os.ReadDir(filepath.Dir(p.Resolved))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries {
		if name := strings.TrimPrefix(e.Name(), "."); e.Type().IsRegular() && strings.HasPrefix(name, base) {
			found = append(found, filepath.Join(filepath.Dir(p.Resolved), e.Name()))
		}
	}
	for _, dir := range p.Own {
		err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err == nil && (d.IsDir() || d.Type().IsRegular()) {
				found = append(found, name)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// Modes looks for files that others can open.
func (p Places) Modes() []Finding {
	const check = "modes"
	files, err := p.files()
	if err != nil {
		return []Finding{unreadable(check, err)}
	}
	if p.Private {
		files = append(files, filepath.Dir(p.Resolved))
	}
	slices.Sort(files)
	var found []Finding
	for _, path := range slices.Compact(files) {
		info, err := os.Lstat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return []Finding{unreadable(check, err)}
		}
		mode, want := info.Mode().Perm(), fs.FileMode(0o600)
		if info.IsDir() {
			want = 0o700
		}
		if mode&0o077 == 0 {
			continue
		}
		found = append(found, Finding{
			Check: check, What: fmt.Sprintf("others can get at %s, which has the mode %04o", path, mode),
			Mend: fmt.Sprintf("chmod %04o %s", want, ui.Quote(path)),
			Fix:  func() error { return chmod(path, info, want) },
		})
	}
	return or(found, check, "only you can open the vault and what belongs to it")
}

// chmod closes the file that was looked at, and no other that took its place.
func chmod(path string, seen fs.FileInfo, mode fs.FileMode) error {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !os.SameFile(info, seen) {
		return fmt.Errorf("%s is another file now", path)
	}
	return f.Chmod(mode)
}

// owners looks for files of somebody else's, and for folders on the way to the
// file in which others can put another in its place.
func (p Places) owners() []Finding {
	const check = "owners"
	files, err := p.files()
	if err != nil {
		return []Finding{unreadable(check, err)}
	}
	var found []Finding
	for _, path := range files {
		info, err := os.Lstat(path)
		if err != nil {
			continue // it is gone
		}
		if uid := owner(info); uid != os.Geteuid() {
			found = append(found, Finding{
				Check: check, What: fmt.Sprintf("%s belongs to user %d", path, uid),
				Mend: fmt.Sprintf("sudo chown %d %s", os.Geteuid(), ui.Quote(path)),
			})
		}
	}
	for dir := filepath.Dir(p.Resolved); ; dir = filepath.Dir(dir) {
		if f := foreign(check, dir); f != nil {
			found = append(found, *f)
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	return or(found, check, "the vault is yours, and nobody else can put another in its place")
}

// foreign returns what is wrong with a folder on the way.
func foreign(check, dir string) *Finding {
	info, err := os.Stat(dir)
	if err != nil {
		return nil
	}
	uid := owner(info)
	switch {
	case uid != 0 && uid != os.Geteuid():
		return &Finding{
			Check: check, What: fmt.Sprintf("the folder %s belongs to user %d, who can put another vault in the place of yours", dir, uid),
			Mend: "move the vault into a folder of yours, and name it with --vault or NPMOTP_VAULT",
		}
	case info.Mode()&fs.ModeSticky != 0:
		return nil // others may add files there, and not take yours away
	case info.Mode().Perm()&0o002 != 0, info.Mode().Perm()&0o020 != 0 && group(info) != os.Getegid() && uid != 0:
		return &Finding{
			Check: check, What: fmt.Sprintf("others can write to the folder %s, and put another vault in the place of yours", dir),
			Mend: "chmod go-w " + ui.Quote(dir),
		}
	}
	return nil
}

func owner(info fs.FileInfo) int {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(stat.Uid)
	}
	return os.Geteuid()
}

func group(info fs.FileInfo) int {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(stat.Gid)
	}
	return os.Getegid()
}

// links looks at the symbolic links on the way to the file.
func (p Places) links() []Finding {
	const check = "symlinks"
	path, err := filepath.Abs(p.Path)
	if err != nil {
		return []Finding{unreadable(check, err)}
	}
	var found []Finding
	links := false
	for ; path != filepath.Dir(path); path = filepath.Dir(path) {
		info, err := os.Lstat(path)
		if err != nil || info.Mode()&fs.ModeSymlink == 0 {
			continue
		}
		links = true
		if uid := owner(info); uid != 0 && uid != os.Geteuid() {
			found = append(found, Finding{
				Check: check, What: fmt.Sprintf("the symbolic link %s belongs to user %d, who can point it elsewhere", path, uid),
				Mend: "remove it, or name the vault without it: --vault " + ui.Quote(p.Resolved),
			})
		} else if _, err := os.Stat(path); err != nil {
			found = append(found, Finding{
				Check: check, What: fmt.Sprintf("the symbolic link %s leads nowhere", path),
				Mend: "remove it, or put back what it leads to",
			})
		}
	}
	well := "no symbolic link leads to the vault"
	if links {
		well = "the symbolic links to the vault are yours; it is " + p.Resolved
	}
	return or(found, check, well)
}
