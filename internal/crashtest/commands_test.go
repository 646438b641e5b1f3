//go:build crash && linux

package crashtest_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"npmotp/internal/bundle"
	"npmotp/internal/enroll"
	"npmotp/internal/secret"
	"npmotp/otpgen"
	"npmotp/vault"
)

// A command is one of those that write.
type command struct {
	name  string
	args  []string // "@" stands for the folder of the world
	env   []string
	stdin string
	// once says that what it prints is never printed again.
	once bool
	// writes is a file that it makes beside the vault, whole or not at all. Whole
	// says what it holds, or [absent].
	writes string
	whole  func(w world, path string) (string, error)
	// vaultFirst says that the vault is written before that file, and not after it.
	vaultFirst bool
}

// commands are the rows of the table; the faults are its columns.
func commands() []command {
	return []command{
		{name: "init", args: []string{"init"}, env: []string{"NPMOTP_VAULT=@/new/vault.npmotp"}, writes: "new/vault.npmotp", whole: aVault},
		{name: "add", args: []string{"add", "new"}, stdin: fourthSecret},
		{name: "edit", args: []string{"edit", "npm", "--username", "bob"}},
		{name: "rename", args: []string{"rename", "npm", "main"}},
		{name: "remove", args: []string{"remove", "spare", "--yes"}},
		{name: "default", args: []string{"default", "spare"}},
		{name: "code of a counter", args: []string{"code", "counter"}, once: true},
		{name: "recovery add", args: []string{"recovery", "add", "npm", "--file", "@/in/codes.txt"}},
		{name: "recovery use", args: []string{"recovery", "use", "npm"}, once: true},
		{name: "recovery mark", args: []string{"recovery", "mark", "npm", "2", "used"}},
		{name: "recovery sheet", args: []string{"recovery", "sheet", "spare", "-o", "@/out/sheet.pdf"}, writes: "out/sheet.pdf", whole: aPDF},
		{name: "passwd", args: []string{"passwd", "--new-passphrase-file", "@/in/passphrase", "--yes"}},
		{name: "slot add", args: []string{"slot", "add", "--passphrase", "--name", "more", "--new-passphrase-file", "@/in/passphrase"}},
		{name: "slot remove", args: []string{"slot", "remove", "key", "--yes"}},
		{name: "device add", args: []string{"device", "add", "C", recipient}},
		{name: "device remove", args: []string{"device", "remove", "B", "--yes"}},
		{name: "merge", args: []string{"merge", "@/in/copy.npmotp"}},
		{name: "sync", args: []string{"sync", "@/sync", "--yes"}, writes: "sync/vault.npmotp", whole: aVault, vaultFirst: true},
		{name: "sync, the first", args: []string{"sync", "@/empty", "--yes"}, writes: "empty/vault.npmotp", whole: aVault, vaultFirst: true},
		{name: "send", args: []string{"send", "spare", "--to", "B", "--all", "-o", "@/out/sent.age"}, writes: "out/sent.age", whole: someBundle},
		{name: "send --move", args: []string{"send", "spare", "--to", "B", "--all", "--move", "-o", "@/out/sent.age", "--yes"}, writes: "out/sent.age", whole: someBundle},
		{name: "receive", args: []string{"receive", "@/in/sent.age", "--yes"}},
		{name: "restore", args: []string{"restore", "5", "--yes"}},
		{name: "import", args: []string{"import", "@/in/keys.txt", "--yes"}},
		{name: "export", args: []string{"export", "--plaintext", "--yes", "-o", "@/out/keys.txt"}, writes: "out/keys.txt", whole: text},
		{name: "backup", args: []string{"backup", "@/out"}, writes: "out/vault.npmotp", whole: aVault},
		{name: enrolment, args: []string{enrolment}},
	}
}

// enrolment is what enroll stores while npm runs, without npm: the key before npm
// is answered, and then the recovery codes.
const enrolment = "enrolment"

func enrol() int {
	ctx, pass := context.Background(), secret.New(os.Getenv("NPMOTP_PASSPHRASE"))
	file := vault.At(os.Getenv("NPMOTP_VAULT"), vault.Options{WorkFactor: vault.MinWorkFactor, Memory: os.Getenv("XDG_STATE_HOME") + "/npmotp"})
	v, err := file.Open(ctx, vault.Passphrase(pass))
	var id string
	steps := []func(*vault.Contents) error{
		func(c *vault.Contents) error {
			key := otpgen.Key{Kind: otpgen.TOTP, Alg: otpgen.SHA1, Secret: secret.New(fourthSecret), Digits: 6, Period: 30 * time.Second}
			a, err := enroll.Begin(c, vault.Account{Name: "npm", Username: "ada", Registry: vault.DefaultRegistry, Level: vault.AuthOnly, Key: &key}, now)
			if err == nil {
				id = a.ID
			}
			return err
		},
		func(c *vault.Contents) error {
			for i := range c.Accounts {
				if a := &c.Accounts[i]; a.ID == id {
					_, err := c.AddRecoveryCodes(a, []secret.Text{secret.New(strings.Fields(codes('e'))[0])}, false, now)
					return err
				}
			}
			return vault.ErrNoAccount
		},
		func(c *vault.Contents) error {
			enroll.Finish(c, id, now)
			return nil
		},
	}
	for _, step := range steps {
		if err == nil {
			err = v.Update(ctx, step)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func aVault(_ world, path string) (string, error) { return said(path) }

func read(path string) (string, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return absent, nil
	}
	return string(data), err
}

func aPDF(_ world, path string) (string, error) {
	data, err := read(path)
	if err != nil || data == absent {
		return data, err
	}
	if !strings.HasPrefix(data, "%PDF-") || !strings.HasSuffix(strings.TrimSpace(data), "%%EOF") {
		return "", fmt.Errorf("it is a part of a PDF, %d bytes", len(data))
	}
	return "a PDF", nil
}

// someBundle opens a bundle as laptop B does.
func someBundle(w world, path string) (string, error) {
	data, err := read(path)
	if err != nil || data == absent {
		return data, err
	}
	b, err := openVault(w.vault("b"))
	if err != nil {
		return "", err
	}
	sealed, err := bundle.Read(strings.NewReader(data))
	if err != nil {
		return "", err
	}
	opened, err := bundle.Open(sealed, b.Identities)
	if err != nil {
		return "", err
	}
	var words []string
	for _, a := range opened.Accounts {
		words = append(words, a.Name, a.Key.Secret.Reveal())
		for _, r := range a.RecoveryCodes {
			words = append(words, r.Code.Reveal(), string(r.State))
		}
	}
	return strings.Join(words, " "), nil
}

func text(_ world, path string) (string, error) { return read(path) }

// filled returns the command for a world.
func (c command) filled(w world) command {
	fill := func(list []string) []string {
		out := make([]string, len(list))
		for i, s := range list {
			if !strings.Contains(s, "://") {
				s = strings.Replace(s, "@", w.dir, 1)
			}
			out[i] = s
		}
		return out
	}
	c.args, c.env = fill(c.args), fill(c.env)
	return c
}

// do runs the command.
func (c command) do(t *testing.T, w world, wrap ...string) run {
	t.Helper()
	c = c.filled(w)
	return w.do(t, "a", wrap, c.args, c.env, c.stdin)
}
