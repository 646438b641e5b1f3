// Package demo shows what npmotp does, on real input and in a throwaway vault: each
// step with the command that does the same, and a code that is checked twice.
package demo

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 4226 is defined with SHA-1
	_ "embed"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"npmotp/internal/intake"
	"npmotp/internal/npm/tools"
	"npmotp/internal/passphrase"
	"npmotp/internal/secret"
	"npmotp/internal/ui"
	"npmotp/vault"
)

// The material of the demo: a terminal that shows npm's QR code, and what npm
// prints at the end of an enrolment, both with made-up secrets.
var (
	//go:embed npm-qr.png
	picture []byte
	//go:embed recovery-codes.txt
	recoveryCodes string
)

// vaultName is the file of the vault in the throwaway folder.
const vaultName = "vault.npmotp"

// A Tour is what a demo needs of the world.
type Tour struct {
	Out     io.Writer
	Environ []string // of the stand-in for npm
	Now     func() time.Time
	// Output runs a command and returns what it prints.
	Output func(ctx context.Context, argv, environ []string) ([]byte, error)
}

// A demo is one tour. It writes steps, each with the command that does the same.
type demo struct {
	Tour
	dir   string
	file  *vault.File
	pass  secret.Text
	steps int
	err   error
}

// Run asks nothing, and leaves nothing behind.
func (t Tour) Run(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("", "npmotp-demo-")
	if err != nil {
		return err
	}
	defer func() {
		if removed := os.RemoveAll(dir); err == nil {
			err = removed
		}
	}()
	d := &demo{Tour: t, dir: dir}
	for _, step := range []func(context.Context) error{d.create, d.decode, d.storeCodes, d.printCode, d.runNPM, d.useCode} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	d.say("\nThe vault of this demo is removed. With a real key, save a picture of the QR\ncode that your authenticator app shows for npm, and store it with\n   $ npmotp add --qr FILE\n")
	return d.err
}

// say prints to standard output: the tour is this command's data.
func (d *demo) say(format string, args ...any) {
	if _, err := fmt.Fprintf(d.Out, format, args...); err != nil && d.err == nil {
		d.err = err
	}
}

func (d *demo) step(title, command string) {
	d.steps++
	d.say("\n%d. %s\n   $ %s\n", d.steps, title, command)
}

func (d *demo) create(ctx context.Context) error {
	d.say("npmotp demo: the whole tour, with a made-up secret in a throwaway vault.\n")
	d.step("Create a vault, one encrypted file", "npmotp init")
	var err error
	if d.pass, err = passphrase.Generate(); err != nil {
		return err
	}
	// The least scrypt work: nothing of worth goes into this vault.
	d.file = vault.At(filepath.Join(d.dir, vaultName), vault.Options{WorkFactor: vault.MinWorkFactor})
	if _, err := d.file.Create(ctx, d.pass); err != nil {
		return err
	}
	d.say("   %s, opened by a generated passphrase of six words\n", vaultName)
	return nil
}

func (d *demo) decode(ctx context.Context) error {
	d.step("Decode a screenshot of the QR code that npm drew, and store it", "npmotp add --qr npm-qr.png")
	e, err := intake.Picture(ctx, bytes.NewReader(picture))
	if err != nil {
		return err
	}
	err = d.update(ctx, func(c *vault.Contents) error {
		_, err := c.Add(vault.Account{
			Name: e.Label.Account, Issuer: e.Label.Issuer, Username: e.Label.Account, Key: &e.Key,
		}, d.Now())
		return err
	})
	if err != nil {
		return err
	}
	d.say("   account %s of %s: %s, %s, %d digits,\n   secret %s\n", e.Label.Account, e.Label.Issuer,
		strings.ToUpper(e.Key.Kind.String()), e.Key.Alg, e.Key.Digits, e.Key.Secret.Reveal())
	return nil
}

func (d *demo) storeCodes(ctx context.Context) error {
	d.step("Store the recovery codes that npm printed", "npmotp recovery add < npm-output.txt")
	codes, _, err := intake.RecoveryCodes(ctx, secret.New(recoveryCodes))
	if err != nil {
		return err
	}
	err = d.update(ctx, func(c *vault.Contents) error {
		_, err := c.Accounts[0].AddRecoveryCodes(codes, false, d.Now())
		return err
	})
	if err != nil {
		return err
	}
	d.say("   %s stored, the first is %s\n", ui.Plural(len(codes), "recovery code"), (&vault.RecoveryCode{Code: codes[0]}).Mask())
	return nil
}

func (d *demo) printCode(ctx context.Context) error {
	d.step("Print a one-time password", "npmotp code")
	a, err := d.account(ctx)
	if err != nil {
		return err
	}
	now := d.Now()
	code, err := a.Code(now)
	if err != nil {
		return err
	}
	d.say("   %s   (%s left)\n", code.Value.Reveal(), ui.Seconds(code.Remaining(now)))
	return d.checkCode(a, code.Value, now.Unix())
}

// runNPM runs a real process: a script called npm that prints its arguments.
func (d *demo) runNPM(ctx context.Context) error {
	d.step("Run npm with a fresh code appended (here a stand-in that says how)", "npmotp exec npm publish --tag next")
	npm, err := d.standIn()
	if err != nil {
		return err
	}
	plan, err := tools.New([]string{npm, "publish", "--tag", "next"}, tools.Options{Environ: d.Environ})
	if err != nil {
		return err
	}
	a, err := d.account(ctx)
	if err != nil {
		return err
	}
	code, err := a.Code(d.Now())
	if err != nil {
		return err
	}
	argv, environ := plan.Command(code.Value)
	out, err := d.Output(ctx, argv, environ)
	if err != nil {
		return fmt.Errorf("the stand-in for npm: %w", err)
	}
	d.say("   %s\n", strings.TrimSpace(string(out)))
	return nil
}

func (d *demo) standIn() (string, error) {
	name, script := "npm", "#!/bin/sh\necho \"npm was called as: npm $*\"\n"
	if runtime.GOOS == "windows" {
		name, script = "npm.cmd", "@echo npm was called as: npm %*\r\n"
	}
	path := filepath.Join(d.dir, name)
	return path, os.WriteFile(path, []byte(script), 0o700) //nolint:gosec // a script has to be executable
}

func (d *demo) useCode(ctx context.Context) error {
	d.step("Take a recovery code, for the day the laptop is gone; it is never given twice", "npmotp recovery use")
	v, err := d.file.Open(ctx, vault.Passphrase(d.pass))
	if err != nil {
		return err
	}
	code, _, left, err := v.Reserve(ctx, "", "demo", d.Now())
	if err != nil {
		return err
	}
	d.say("   %s\n   number %d is reserved, %d are left\n", code.Code.Reveal(), code.Number, left)
	return nil
}

// account reads the vault from the disk, as every command does.
func (d *demo) account(ctx context.Context) (*vault.Account, error) {
	v, err := d.file.Open(ctx, vault.Passphrase(d.pass))
	if err != nil {
		return nil, err
	}
	c, err := v.Contents()
	if err != nil {
		return nil, err
	}
	return c.Find("")
}

func (d *demo) update(ctx context.Context, fn func(*vault.Contents) error) error {
	v, err := d.file.Open(ctx, vault.Passphrase(d.pass))
	if err != nil {
		return err
	}
	return v.Update(ctx, fn)
}

// checkCode computes the code a second time, straight from the RFCs and
// without the library, and compares.
func (d *demo) checkCode(a *vault.Account, code secret.Text, unix int64) error {
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(a.Key.Secret.Reveal())
	if err != nil {
		return fmt.Errorf("%w: the secret in the demo's vault", vault.ErrFormat)
	}
	// RFC 6238 section 4.2: the counter is the number of the 30-second step.
	var counter [8]byte
	binary.BigEndian.PutUint64(counter[:], uint64(unix/30)) //nolint:gosec // the time is after 1970
	mac := hmac.New(sha1.New, key)
	_, _ = mac.Write(counter[:]) // never fails, see hash.Hash
	sum := mac.Sum(nil)
	// RFC 4226 section 5.3, dynamic truncation.
	offset := sum[len(sum)-1] & 0x0f
	value := binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff
	if want := fmt.Sprintf("%06d", value%1_000_000); !code.Equal(secret.New(want)) {
		return fmt.Errorf("the code differs from what RFC 6238 says (%s)", want)
	}
	d.say("   checked against a second computation by RFC 6238; check it yourself:\n   oathtool --totp --base32 --now '%s' \\\n      %s\n",
		time.Unix(unix, 0).UTC().Format("2006-01-02 15:04:05 UTC"), a.Key.Secret.Reveal())
	return nil
}
