package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// peers are the programs that a user would pick instead, each set up with the same key.
type peers struct{ b *bench }

// find returns the path of a program, or makes the way absent.
func (w *way) find(program string) (path string, ok bool) {
	path, err := exec.LookPath(program)
	if err != nil {
		w.absent = "absent: no `" + program + "` in PATH"
		return "", false
	}
	return path, true
}

// plain is a program that needs nothing.
func (p *peers) plain(name, program string, args ...string) *way {
	w := &way{name: name}
	if path, ok := w.find(program); ok {
		u, err := p.b.user(program)
		if err != nil {
			w.absent = err.Error()
			return w
		}
		w.once = u.call("", append([]string{path}, args...)...)
	}
	return w
}

// setUp is a program with a home that has to be made first.
func (p *peers) setUp(name, program string, set func(u *user, path string) (once func() error, err error)) *way {
	w := &way{name: name}
	path, ok := w.find(program)
	if !ok {
		return w
	}
	w.once = func() error { return errors.New("not set up") }
	w.before = func() error {
		u, err := p.b.user(strings.Map(func(r rune) rune {
			if strings.ContainsRune("` ,", r) {
				return '-'
			}
			return r
		}, name))
		if err != nil {
			return err
		}
		once, err := set(u, path)
		w.once = once
		return err
	}
	return w
}

func (p *peers) oathtool() *way {
	return p.setUp("`oathtool --totp -b -`", "oathtool", func(u *user, path string) (func() error, error) {
		return u.call(secret+"\n", path, "--totp", "-b", "-"), nil
	})
}

func (p *peers) twofa() *way {
	return p.setUp("`2fa npm`", "2fa", func(u *user, path string) (func() error, error) {
		return u.call("", path, "npm"), u.do(secret+"\n", path, "-add", "npm")
	})
}

func (p *peers) pass() *way {
	return p.setUp("`pass otp npm`", "pass", func(u *user, path string) (func() error, error) {
		gnupg, err := os.MkdirTemp(p.b.runtime, "g") // a short path, for its sockets
		if err != nil {
			return nil, err
		}
		u = u.with("GNUPGHOME=" + gnupg)
		p.b.closers = append(p.b.closers, u.call("", "gpgconf", "--kill", "all"))
		if err := u.do("", "gpg", "--batch", "--passphrase", "", "--quick-generate-key", "ada@example.org", "default", "default", "never"); err != nil {
			return nil, err
		}
		if err := u.do("", path, "init", "ada@example.org"); err != nil {
			return nil, err
		}
		return u.call("", path, "otp", "npm"), u.do(uri+"\n", path, "otp", "insert", "-f", "npm")
	})
}

func (p *peers) gopass() *way {
	return p.setUp("`gopass otp npm`, with its age backend", "gopass", func(u *user, path string) (func() error, error) {
		u, err := p.gopassStore(u, path)
		return u.call("", path, "otp", "-o", "npm"), err
	})
}

func (p *peers) gopassAgent() *way {
	return p.setUp("`gopass otp npm`, with its agent", "gopass", func(u *user, path string) (func() error, error) {
		locked := u
		u, err := p.gopassStore(u, path)
		if err != nil {
			return nil, err
		}
		if err := u.do("", path, "config", "age.agent-enabled", "true"); err != nil {
			return nil, err
		}
		p.b.closers = append(p.b.closers, u.call("", path, "age", "agent", "stop"))
		// The first starts the agent.
		return locked.call("", path, "otp", "-o", "npm"), u.do("", path, "otp", "-o", "npm")
	})
}

// gopassStore makes a store, and returns the user with its passphrase.
func (p *peers) gopassStore(u *user, path string) (*user, error) {
	u = u.with("GOPASS_AGE_PASSWORD=" + passphrase)
	if err := u.do("", path, "--yes", "setup", "--crypto", "age", "--storage", "fs", "--name", "ada", "--email", "ada@example.org"); err != nil {
		return u, err
	}
	return u, u.do(uri+"\n", path, "insert", "-f", "npm")
}

func (p *peers) age() *way {
	w := p.setUp("`age -d` of a small file", "age", func(u *user, path string) (func() error, error) {
		plain := filepath.Join(u.home, "plain")
		if err := os.WriteFile(plain, []byte(secret+"\n"), 0o600); err != nil {
			return nil, err
		}
		sealed := filepath.Join(u.home, "sealed.age")
		return func() error { return u.atTerminal(passphrase, path, "-d", "-o", filepath.Join(u.home, "out"), sealed) },
			u.atTerminal(passphrase, path, "-p", "-o", sealed, plain)
	})
	if !hasTerminals && w.absent == "" {
		w.absent = "not timed on this system"
	}
	return w
}

func (p *peers) keepassxc() *way {
	return p.setUp("`keepassxc-cli show -t`", "keepassxc-cli", func(u *user, path string) (func() error, error) {
		const xml = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<KeePassFile><Meta/><Root><Group><UUID>AAAAAAAAAAAAAAAAAAAAAA==</UUID><Name>Root</Name><Entry><UUID>AAAAAAAAAAAAAAAAAAAAAQ==</UUID>
<String><Key>Title</Key><Value>npm</Value></String><String><Key>otp</Key><Value>otpauth://totp/npm:ada?secret=` + secret + `&amp;issuer=npm</Value></String></Entry></Group></Root></KeePassFile>`
		file := filepath.Join(u.home, "keys.xml")
		if err := os.WriteFile(file, []byte(xml), 0o600); err != nil {
			return nil, err
		}
		store := filepath.Join(u.home, "keys.kdbx")
		return u.call(passphrase+"\n", path, "show", "-q", "-t", store, "npm"), u.do(passphrase+"\n"+passphrase+"\n", path, "import", "-p", file, store)
	})
}

// pictures is reading the pictures of scan's tests, all of them.
func (p *peers) pictures(ada *user) (*job, error) {
	folder, err := filepath.Abs(filepath.Join("scan", "testdata", "pictures"))
	if err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.*"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("there are no pictures in %s: run it from the root of the repository", folder)
	}
	read := func(w *way, has string, argv ...string) func() error {
		return func() error {
			n := 0
			for _, file := range files {
				// What cannot be read ends with a status of its own.
				if out, err := ada.output("", append(argv, file)...); err == nil && strings.Contains(out, has) {
					n++
				}
			}
			w.said = fmt.Sprintf(" (reads %d)", n)
			return nil
		}
	}
	own := &way{name: "`npmotp add --dry-run --qr`"}
	own.once = read(own, "code:", p.b.npmotp, "add", "--dry-run", "--qr")
	zbar := &way{name: "`zbarimg -q --raw`"}
	if path, ok := zbar.find("zbarimg"); ok {
		zbar.once = read(zbar, "otpauth", path, "-q", "--raw")
	}
	zxing := &way{name: "`ZXingReader`"}
	if path, ok := zxing.find("ZXingReader"); ok {
		zxing.once = read(zxing, "otpauth", path)
	}
	return &job{title: fmt.Sprintf("%d pictures of QR codes, a process for each", len(files)), rounds: 5, ways: []*way{own, zbar, zxing},
		note: "The pictures are those of `scan/testdata`: screens, photos, terminals, and some that are hard. npmotp is held to them by its tests."}, nil
}
