package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/rogpeppe/go-internal/testscript"

	"npmotp/internal/bundle"
	"npmotp/internal/secret"
	"npmotp/otpgen"
	"npmotp/scan"
	"npmotp/vault"
)

var testTime = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// scriptMangle damages a file as a bad way from one laptop to another does.
func scriptMangle(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: mangle cut|flip BYTE OLD NEW; a BYTE below 0 counts from the end")
	}
	data := []byte(ts.ReadFile(args[2]))
	at, err := strconv.Atoi(args[1])
	ts.Check(err)
	if at < 0 {
		at += len(data)
	}
	switch args[0] {
	case "cut":
		data = data[:at]
	case "flip":
		data[at] ^= 1
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[3]), data, 0o600))
}

// scriptSeal encrypts a text of a script to the recipient in a file, as a later
// npmotp or a forger does.
func scriptSeal(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: seal RECIPIENT-FILE PLAIN OUT")
	}
	r, err := age.ParseHybridRecipient(strings.TrimSpace(ts.ReadFile(args[0])))
	ts.Check(err)
	plain := strings.TrimSpace(ts.ReadFile(args[1]))
	plain += strings.Repeat(" ", (bundle.SealStep-len(plain)%bundle.SealStep)%bundle.SealStep)
	var out bytes.Buffer
	w, err := age.Encrypt(&out, r)
	ts.Check(err)
	_, err = w.Write([]byte(plain))
	ts.Check(err)
	ts.Check(w.Close())
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), out.Bytes(), 0o600))
}

// laptops returns the homes of two laptops, of which A knows B and holds n
// accounts with five recovery codes each.
func laptops(t *testing.T, n int) (a, b string) {
	t.Helper()
	a, b = t.TempDir(), t.TempDir()
	// Not account by account through the program, which takes a process each.
	v, err := vault.At(filepath.Join(a, "vault.npmotp"), vault.Options{WorkFactor: vault.MinWorkFactor}).Create(t.Context(), secret.New("hunter2"))
	if err != nil {
		t.Fatal(err)
	}
	err = v.Update(t.Context(), func(c *vault.Contents) error {
		for i := range n {
			key, err := otpgen.NewKey(secret.New(fmt.Sprintf("GEZDGNBVGY3TQOJQGEZDGNBVGY%s", base32Digits(i))))
			if err != nil {
				return err
			}
			account, err := c.Add(vault.Account{Name: fmt.Sprintf("account-%03d", i), Key: &key}, testTime)
			if err != nil {
				return err
			}
			var codes []secret.Text
			for j := range 5 {
				codes = append(codes, secret.New(fmt.Sprintf("%064x", 1<<40+i*5+j)))
			}
			if _, err := account.AddRecoveryCodes(codes, false, testTime); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	run(t, a, run(t, b, "", "device", "id"), "device", "add", "B", "-")
	return a, b
}

// base32Digits writes i in six characters of base32.
func base32Digits(i int) string {
	return strings.Map(func(r rune) rune { return 'A' + r - '0' }, fmt.Sprintf("%06d", i))
}

// One account and two hundred go by pictures of QR codes, each of which the
// scanner reads by itself.
func TestBundlesByPictures(t *testing.T) {
	many := 200
	if testing.Short() {
		many = 12
	}
	for _, n := range []int{1, many} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			a, b := laptops(t, n)
			dir := filepath.Join(t.TempDir(), "pictures")
			run(t, a, "", "send", "--all-accounts", "--to", "B", "--all", "--qr", "-o", dir)
			pictures, err := filepath.Glob(filepath.Join(dir, "*.png"))
			if err != nil || len(pictures) == 0 {
				t.Fatalf("no pictures, %v", err)
			}
			first, err := os.Open(pictures[0])
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = first.Close() }()
			codes, err := scan.Decode(t.Context(), first)
			if err != nil || len(codes) != 1 || !strings.HasPrefix(codes[0].Reveal(), "NPMOTP1/") {
				t.Errorf("the first picture has %d codes, %v", len(codes), err)
			}
			// Backwards, and one of them twice.
			args := []string{"receive", "--yes", "--json", "--qr", pictures[0]}
			for i := range pictures {
				args = append(args, pictures[len(pictures)-1-i])
			}
			var got struct {
				Changed  bool `json:"changed"`
				Accounts []struct {
					New           bool `json:"new"`
					RecoveryCodes int  `json:"recovery_codes"`
				} `json:"accounts"`
			}
			if err := json.Unmarshal([]byte(run(t, b, "", args...)), &got); err != nil {
				t.Fatal(err)
			}
			if !got.Changed || len(got.Accounts) != n || !got.Accounts[n-1].New || got.Accounts[n-1].RecoveryCodes != 5 {
				t.Errorf("%d accounts came, changed %v", len(got.Accounts), got.Changed)
			}
			t.Logf("%d pictures", len(pictures))
			last := fmt.Sprintf("account-%03d", n-1)
			at := "--at=2026-03-04T05:06:07Z"
			if one, two := run(t, a, "", "code", last, at), run(t, b, "", "code", last, at); one != two {
				t.Errorf("the codes differ: %q and %q", one, two)
			}
		})
	}
}

// What send --qr draws on a terminal can be read off it.
func TestBundleDrawn(t *testing.T) {
	a, _ := laptops(t, 1)
	screen, err := scan.Text(t.Context(), strings.NewReader(run(t, a, "", "send", "--to", "B", "--recovery", "--qr")))
	if err != nil {
		t.Fatal(err)
	}
	var series bundle.Series
	for _, code := range screen.Codes {
		if part, err := series.Add(code.Reveal()); err != nil || !part {
			t.Errorf("a code that is no part: %v", err)
		}
	}
	if _, err := series.Bundle(); err != nil {
		t.Errorf("%d codes: %v", len(screen.Codes), err)
	}
}

// The recipe of doc/design.md, word for word, with the real age tool.
func TestAgeOpensABundle(t *testing.T) {
	design, err := os.ReadFile("doc/design.md")
	if err != nil {
		t.Fatal(err)
	}
	recipe := regexp.MustCompile(`(?m)^\$ ((?:npmotp device id --reveal-identity|age -d -i identity).*)$`).FindAllStringSubmatch(string(design), -1)
	if len(recipe) != 2 {
		t.Fatalf("doc/design.md has %d lines of the recipe", len(recipe))
	}
	a, b := laptops(t, 1)
	work := t.TempDir()
	run(t, a, "", "send", "--to", "B", "--all", "-o", filepath.Join(work, "codes.age"))
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("the age tool is built with the go command, which is not in PATH")
	}
	if out, err := exec.CommandContext(t.Context(), goTool, "build", "-o", filepath.Join(work, "age"), "filippo.io/age/cmd/age").CombinedOutput(); err != nil {
		t.Fatalf("building age: %v\n%s", err, out)
	}
	identity, _, ok := strings.Cut(strings.TrimPrefix(recipe[0][1], "npmotp "), " > ")
	if !ok {
		t.Fatal("the first line writes no file")
	}
	secretKey := run(t, b, "", append(strings.Fields(identity), "--yes")...)
	if err := os.WriteFile(filepath.Join(work, "identity.txt"), []byte(secretKey), 0o600); err != nil {
		t.Fatal(err)
	}
	decrypt := exec.CommandContext(t.Context(), filepath.Join(work, "age"), strings.Fields(recipe[1][1])[1:]...)
	decrypt.Dir = work
	plain, err := decrypt.Output()
	if err != nil {
		t.Fatalf("age: %v", err)
	}
	var got struct {
		V        int    `json:"v"`
		Type     string `json:"type"`
		Accounts []struct {
			OTP struct {
				Secret string `json:"secret"`
			} `json:"otp"`
			Codes []struct {
				Code string `json:"code"`
			} `json:"recovery_codes"`
		} `json:"accounts"`
	}
	if err := json.Unmarshal(plain, &got); err != nil {
		t.Fatal(err)
	}
	if got.V != 1 || got.Type != "npmotp-bundle" || len(got.Accounts) != 1 || len(got.Accounts[0].Codes) != 5 || !strings.HasPrefix(got.Accounts[0].OTP.Secret, "GEZDGNBV") {
		t.Errorf("age shows a bundle of version %d, type %q, %d accounts", got.V, got.Type, len(got.Accounts))
	}
	if len(plain)%bundle.SealStep != 0 {
		t.Errorf("%d bytes are not padded", len(plain))
	}
}
