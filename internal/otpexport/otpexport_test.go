package otpexport_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/scrypt"

	"npmotp/internal/otpexport"
	"npmotp/internal/otpimport"
	"npmotp/internal/secret"
	"npmotp/internal/ui"
	"npmotp/otpgen"
	"npmotp/scan"
	"npmotp/vault"
)

// names of people, issuers and addresses, which the formats escape differently.
func names() []otpgen.Label {
	return []otpgen.Label{
		{Issuer: "npm", Account: "ada"},
		{Issuer: "", Account: "jane.doe@example.org"},
		{Issuer: "Fish & Chips #1", Account: "50% + more"},
		{Issuer: "Größe", Account: "Адa 二"},
		{Issuer: "npm.example.org:8443", Account: "a/b?c=d&secret"},
		{Issuer: "AWS", Account: "root:admin"},
		{Issuer: `"quoted" \ <b>`, Account: "x'y"},
	}
}

// every returns accounts of every kind, algorithm and number of digits, with
// secrets of different lengths and, for plain, any period and counter.
func every(t *testing.T, fits func(otpgen.Key) bool) *vault.Contents {
	t.Helper()
	periods := []time.Duration{30 * time.Second, time.Second, 45 * time.Second, 60 * time.Second, 24 * time.Hour}
	counters := []uint64{0, 1, 127, 1 << 32, math.MaxInt64}
	c := &vault.Contents{}
	for n := 0; len(c.Accounts) < 25; n++ {
		k := otpgen.Key{Kind: otpgen.Kind(n % 2), Alg: otpgen.Alg(n / 2 % 3), Digits: 6 + n/6%3}
		if k.Kind == otpgen.HOTP {
			k.Counter = counters[n/2%len(counters)]
		} else {
			k.Period = periods[n/2%len(periods)]
		}
		raw := make([]byte, []int{20, 10, 11, 32, 64, 33}[n%6])
		for i := range raw {
			raw[i] = byte(n*31 + i*7)
		}
		k.Secret = secret.New(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw))
		if n > 1000 {
			t.Fatal("there are no 25 keys that fit")
		}
		if err := k.Validate(); err != nil {
			t.Fatal(err)
		}
		if !fits(k) {
			continue
		}
		label := names()[n%len(names())]
		a := vault.Account{Name: fmt.Sprintf("account-%d", n), Issuer: label.Issuer, Username: label.Account, Key: &k}
		if _, err := c.Add(a, time.Unix(0, 0)); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func all(otpgen.Key) bool { return true }

// transferable reports whether Google's transfer holds a key.
func transferable(k otpgen.Key) bool {
	return k.Digits != 7 && (k.Kind == otpgen.HOTP || k.Period == 30*time.Second)
}

func export(t *testing.T, c *vault.Contents, o otpexport.Options) ([]otpexport.Entry, []otpexport.Document) {
	t.Helper()
	entries, left, err := otpexport.Choose(c, nil)
	if err != nil || len(left) != 0 {
		t.Fatal(err, left)
	}
	if err := o.Check(); err != nil {
		t.Fatal(err)
	}
	documents, err := otpexport.Make(t.Context(), entries, o)
	if err != nil {
		t.Fatal(err)
	}
	return entries, documents
}

// plainly are the options of an export that is not encrypted, to files.
func plainly(format string) otpexport.Options {
	return otpexport.Options{Target: otpexport.Target{Format: format, Plaintext: true}, Side: otpexport.Window{}.Side()}
}

func newKey(t *testing.T) otpgen.Key {
	t.Helper()
	k, err := otpgen.NewKey(secret.New(keyText))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

const keyText = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

// write saves an export, and returns its files.
func write(t *testing.T, documents []otpexport.Document, format, name string) []string {
	t.Helper()
	saved, err := otpexport.Target{File: filepath.Join(t.TempDir(), name), Format: format}.Save(t.Context(), documents)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range saved.Files {
		if info, err := os.Stat(file); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", file, info.Mode(), err)
		}
	}
	return saved.Files
}

// wantRead has the importer read files, without being told what they are, and
// compares them with what was exported.
func wantRead(t *testing.T, entries []otpexport.Entry, password string, files ...string) {
	t.Helper()
	r := &otpimport.Reader{}
	if password != "" {
		r.Password = func() (secret.Text, error) { return secret.New(password), nil }
	}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		err = r.Add(t.Context(), f)
		_ = f.Close()
		if err != nil {
			t.Fatal(err)
		}
	}
	if r.Missing() != nil || len(r.Entries()) != len(entries) {
		t.Fatalf("%d of %d keys were read, %v", len(r.Entries()), len(entries), r.Missing())
	}
	for i, got := range r.Entries() {
		want := entries[i]
		if got.Err != nil || got.Label != want.Label || describe(got.Key) != describe(want.Key) {
			t.Errorf("%q is %v %s, want %v %s (%v)", want.Account, got.Label, describe(got.Key), want.Label, describe(want.Key), got.Err)
		}
	}
}

func describe(k otpgen.Key) string {
	return fmt.Sprintln(k.Kind, k.Alg, k.Digits, k.Period, k.Counter, k.Secret.Reveal())
}

func TestTextsAreReadBack(t *testing.T) {
	for _, format := range []string{otpexport.OTPAuth, otpexport.Aegis} {
		entries, documents := export(t, every(t, all), plainly(format))
		wantRead(t, entries, "", write(t, documents, format, "export")...)
	}
}

// Each picture of a transfer is read, and one that is left out is missed.
func TestGoogleIsReadBack(t *testing.T) {
	entries, documents := export(t, every(t, transferable), plainly(otpexport.Google))
	files := write(t, documents, otpexport.Google, "transfer.png")
	wantRead(t, entries, "", files...)
	var base []string
	for _, f := range files {
		base = append(base, filepath.Base(f))
	}
	if want := []string{"transfer-1-of-3.png", "transfer-2-of-3.png", "transfer-3-of-3.png"}; !slices.Equal(base, want) {
		t.Errorf("the pictures are %q", base)
	}

	r := &otpimport.Reader{}
	for _, i := range []int{2, 0} {
		if err := r.Add(t.Context(), strings.NewReader(documents[i].Text.Reveal())); err != nil {
			t.Fatal(err)
		}
	}
	if missing := r.Missing(); missing == nil || missing.Of != 3 || !slices.Equal(missing.Missing, []int{2}) {
		t.Errorf("without the second QR code, %v is missing", missing)
	}
}

// The pictures are read by another reader too.
func TestGoogleByZbar(t *testing.T) {
	zbarimg, err := exec.LookPath("zbarimg")
	if err != nil && os.Getenv("CI") == "true" {
		t.Fatal(err)
	}
	if err != nil {
		t.Skip("zbarimg is not installed")
	}
	_, documents := export(t, every(t, transferable), plainly(otpexport.Google))
	for i, file := range write(t, documents, otpexport.Google, "transfer.png") {
		out, err := exec.CommandContext(t.Context(), zbarimg, "--quiet", "--raw", file).Output()
		if err != nil || strings.TrimSpace(string(out)) != documents[i].Text.Reveal() {
			t.Errorf("%s is read as something else, %v", file, err)
		}
	}
}

// In a window, a QR code holds what fits, and the transfer has more of them.
func TestGoogleInAWindow(t *testing.T) {
	window := otpexport.Window{Columns: 100, Lines: 40}
	entries, documents := export(t, every(t, transferable), otpexport.Options{Target: otpexport.Target{Format: otpexport.Google, Plaintext: true}, Side: window.Side()})
	if len(documents) < 5 {
		t.Errorf("%d QR codes", len(documents))
	}
	pages, err := otpexport.Draw(window, documents)
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for i, page := range pages {
		for line := range strings.Lines(page) {
			if n := len([]rune(strings.NewReplacer("\x1b[38;5;16;48;5;231m", "", "\x1b[0m", "", "\n", "").Replace(line))); n > window.Columns {
				t.Errorf("a line of %d columns", n)
			}
		}
		if lines := strings.Count(page, "\n"); lines > window.Lines-1 {
			t.Errorf("page %d has %d lines", i, lines)
		}
		screen, err := scan.Text(t.Context(), strings.NewReader(page))
		if err != nil || len(screen.Codes) != 1 {
			t.Fatal(err, len(screen.Codes))
		}
		name := filepath.Join(t.TempDir(), "code.txt")
		if err := os.WriteFile(name, []byte(screen.Codes[0].Reveal()), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, name)
	}
	wantRead(t, entries, "", files...)

	_, err = otpexport.Make(t.Context(), entries, otpexport.Options{Target: otpexport.Target{Format: otpexport.Google, Plaintext: true}, Side: 33})
	if !errors.Is(err, otpexport.ErrTooLarge) || !strings.Contains(err.Error(), `"account-`) {
		t.Errorf("in a small window: %v", err)
	}
}

// The encrypted file is opened as Aegis describes it in docs/vault.md, by code
// that shares nothing with what wrote it or with the importer.
func TestAegisByItsDescription(t *testing.T) {
	const password = "pässword of the export"
	entries, documents := export(t, every(t, all), otpexport.Options{Target: otpexport.Target{Format: otpexport.Aegis}, Password: secret.New(password)})
	file := write(t, documents, otpexport.Aegis, "aegis.json")
	wantRead(t, entries, password, file...)
	data, err := os.ReadFile(file[0])
	if err != nil {
		t.Fatal(err)
	}
	var outer struct {
		Version int
		Header  struct {
			Slots []struct {
				Type      int
				Key, Salt string
				KeyParams map[string]string `json:"key_params"`
				N, R, P   int
				Repaired  bool
			}
			Params map[string]string
		}
		DB string
	}
	if err := json.Unmarshal(data, &outer); err != nil {
		t.Fatal(err)
	}
	slot := outer.Header.Slots[0]
	if outer.Version != 1 || len(outer.Header.Slots) != 1 || slot.Type != 1 || slot.N != 32768 || slot.R != 8 || slot.P != 1 || !slot.Repaired {
		t.Errorf("version %d, %d slots, of type %d with %d, %d, %d", outer.Version, len(outer.Header.Slots), slot.Type, slot.N, slot.R, slot.P)
	}
	open := func(key []byte, params map[string]string, sealed []byte) []byte {
		t.Helper()
		block, err := aes.NewCipher(key)
		if err != nil {
			t.Fatal(err)
		}
		gcm, err := cipher.NewGCM(block)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := gcm.Open(nil, unhex(t, params["nonce"]), append(sealed, unhex(t, params["tag"])...), nil)
		if err != nil {
			t.Fatal(err)
		}
		return plain
	}
	derived, err := scrypt.Key([]byte(password), unhex(t, slot.Salt), slot.N, slot.R, slot.P, 32)
	if err != nil {
		t.Fatal(err)
	}
	body, err := base64.StdEncoding.DecodeString(outer.DB)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(data), entries[0].Key.Secret.Reveal()) || strings.Contains(string(body), entries[0].Key.Secret.Reveal()) {
		t.Error("the file holds a secret in the clear")
	}
	var db struct {
		Version int
		Entries []struct {
			Type, Name, Issuer, UUID string
			Info                     struct {
				Secret, Algo   string
				Digits, Period int
				Counter        *uint64
			}
		}
	}
	if err := json.Unmarshal(open(open(derived, slot.KeyParams, unhex(t, slot.Key)), outer.Header.Params, body), &db); err != nil {
		t.Fatal(err)
	}
	if len(db.Entries) != len(entries) {
		t.Fatalf("%d entries", len(db.Entries))
	}
	ids := map[string]bool{}
	for i, e := range db.Entries {
		ids[e.UUID] = true
		k := entries[i].Key
		want := fmt.Sprintln(k.Kind, k.Secret.Reveal(), k.Alg, k.Digits, int(k.Period/time.Second))
		if got := fmt.Sprintln(e.Type, e.Info.Secret, e.Info.Algo, e.Info.Digits, e.Info.Period); got != want {
			t.Errorf("entry %d is %s, want %s", i, got, want)
		}
		if hotp := k.Kind == otpgen.HOTP; hotp != (e.Info.Counter != nil) || hotp && *e.Info.Counter != k.Counter {
			t.Errorf("entry %d has the counter %v", i, e.Info.Counter)
		}
		if e.Name != entries[i].Label.Account || e.Issuer != entries[i].Label.Issuer {
			t.Errorf("entry %d is called %q %q", i, e.Issuer, e.Name)
		}
	}
	if len(ids) != len(entries) {
		t.Errorf("%d ids", len(ids))
	}
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	data, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// What a format cannot hold is refused by name, all of it at once.
func TestUnfit(t *testing.T) {
	entry := func(name string, change func(*otpexport.Entry)) otpexport.Entry {
		e := otpexport.Entry{Account: name, Label: otpgen.Label{Issuer: "npm", Account: name}, Key: newKey(t)}
		change(&e)
		return e
	}
	entries := []otpexport.Entry{
		entry("plain", func(*otpexport.Entry) {}),
		entry("seven", func(e *otpexport.Entry) { e.Key.Digits = 7 }),
		entry("minute", func(e *otpexport.Entry) { e.Key.Period = time.Minute }),
		entry("steam", func(e *otpexport.Entry) { e.Label.Issuer = "Steam" }),
		entry("far", func(e *otpexport.Entry) {
			e.Key.Kind, e.Key.Period, e.Key.Counter = otpgen.HOTP, 0, math.MaxInt64+1
		}),
		entry("colon", func(e *otpexport.Entry) { e.Label = otpgen.Label{Account: "work:ci"} }),
	}
	for format, unfit := range map[string][]string{
		otpexport.OTPAuth: {"colon"},
		otpexport.Google:  {"seven", "minute", "steam", "far", "colon"},
		otpexport.Aegis:   {"far", "colon"},
	} {
		o := plainly(format)
		_, err := otpexport.Make(t.Context(), entries, o)
		if !errors.Is(err, otpexport.ErrUnfit) || strings.Contains(err.Error(), keyText) {
			t.Errorf("%s: %v", format, err)
			continue
		}
		var fit []otpexport.Entry
		for _, e := range entries {
			named := strings.Contains(err.Error(), fmt.Sprintf("%q (", e.Account))
			if named != slices.Contains(unfit, e.Account) {
				t.Errorf("%s: whether %q is named is %t: %v", format, e.Account, named, err)
			}
			if !named {
				fit = append(fit, e)
			}
		}
		if _, err := otpexport.Make(t.Context(), fit, o); err != nil {
			t.Errorf("%s without those: %v", format, err)
		}
	}
}

// What no rule foresees is noticed when the export is read back.
func TestNotTheSame(t *testing.T) {
	k := newKey(t)
	for _, format := range otpexport.Formats() {
		o := plainly(format)
		for _, e := range []otpexport.Entry{
			{Account: "hidden", Label: otpgen.Label{Issuer: "npm", Account: "a\u200bda"}, Key: k},
			{Account: "long", Label: otpgen.Label{Issuer: "npm", Account: strings.Repeat("a", 200)}, Key: k},
		} {
			_, err := otpexport.Make(t.Context(), []otpexport.Entry{e}, o)
			if !errors.Is(err, otpexport.ErrUnfit) || !strings.Contains(err.Error(), fmt.Sprintf("%q", e.Account)) {
				t.Errorf("%s of %q: %v", format, e.Account, err)
			}
		}
	}
}

// Recovery codes go along only where they are asked for, and only unused ones.
func TestRecoveryCodes(t *testing.T) {
	c := &vault.Contents{}
	k := newKey(t)
	a, err := c.Add(vault.Account{Name: "ada", Issuer: "npm", Key: &k}, time.Unix(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.AddRecoveryCodes([]secret.Text{secret.New("0123456789abcdef"), secret.New("fedcba9876543210")}, false, time.Unix(0, 0)); err != nil {
		t.Fatal(err)
	}
	if err := a.Mark(1, vault.Used, time.Unix(0, 0)); err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{otpexport.OTPAuth, otpexport.Aegis} {
		for _, codes := range []bool{false, true} {
			entries, documents := export(t, c, otpexport.Options{Target: otpexport.Target{Format: format, Plaintext: true}, Codes: codes})
			text := otpexport.Plain(documents).Reveal()
			if strings.Contains(text, "fedcba9876543210") != codes || strings.Contains(text, "0123456789abcdef") {
				t.Errorf("%s, %t: the recovery codes are not those that were asked for", format, codes)
			}
			wantRead(t, entries, "", write(t, documents, format, "export")...)
		}
	}
}

func TestChoose(t *testing.T) {
	k := newKey(t)
	c := &vault.Contents{}
	for _, a := range []vault.Account{
		{Name: "ada", Issuer: "npm", Key: &k},
		{Name: "ada-work", Issuer: "Acme", Username: "ada@acme.example", Key: &k},
		{Name: "codes", Issuer: "npm"},
		{Name: "old", Issuer: "npm", Key: &k},
	} {
		added, err := c.Add(a, time.Unix(0, 0))
		if err != nil {
			t.Fatal(err)
		}
		if a.Name == "old" {
			added.ArchivedAt = time.Unix(0, 0)
		}
	}
	for _, test := range []struct {
		only       []string
		want, left string
		err        error
	}{
		{nil, "ada ada-work", `no one-time password key in "codes", which holds recovery codes only; no one-time password key to export: "old" is archived, and --only with its name takes it`, nil},
		{[]string{"ada"}, "ada", "", nil},
		{[]string{"AD"}, "ada ada-work", "", nil},
		{[]string{"acme.EXAMPLE"}, "ada-work", "", nil},
		{[]string{"npm"}, "ada", `no one-time password key in "codes", which holds recovery codes only`, nil},
		{[]string{"old", "acme"}, "ada-work old", "", nil},
		{[]string{"ada", "nobody"}, "", "", vault.ErrNoAccount},
		{[]string{"codes"}, "", "", vault.ErrNoKey},
	} {
		entries, left, err := otpexport.Choose(c, test.only)
		var got, lacks []string
		for _, e := range entries {
			got = append(got, e.Account)
		}
		for _, l := range left {
			lacks = append(lacks, l.Error())
		}
		if strings.Join(got, " ") != test.want || strings.Join(lacks, "; ") != test.left || !errors.Is(err, test.err) {
			t.Errorf("%q: %q, left %q, %v", test.only, got, lacks, err)
		}
	}
	if _, _, err := otpexport.Choose(&vault.Contents{}, nil); !errors.Is(err, vault.ErrNoAccount) {
		t.Errorf("of an empty vault: %v", err)
	}
}

func TestCheck(t *testing.T) {
	for _, o := range []otpexport.Options{
		{Target: otpexport.Target{Format: "csv", Plaintext: true}},
		{Target: otpexport.Target{Format: otpexport.OTPAuth}},
		{Target: otpexport.Target{Format: otpexport.Google}},
		{Target: otpexport.Target{Format: otpexport.Google, Plaintext: true}, Codes: true},
		{Target: otpexport.Target{Format: otpexport.Aegis, Plaintext: true}, PasswordFile: "password"},
		{Target: otpexport.Target{Format: otpexport.Google, Plaintext: true, File: "transfer.jpg"}},
	} {
		err := o.Check()
		if _, usage := errors.AsType[*ui.UsageError](err); !usage {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

// No file is replaced unasked, nor written through a link; of several, none is
// written when one cannot be.
func TestSave(t *testing.T) {
	dir := t.TempDir()
	documents := []otpexport.Document{{Accounts: []string{"a"}, Text: secret.New("one")}, {Accounts: []string{"b"}, Text: secret.New("two")}}
	name := filepath.Join(dir, "keys.txt")
	save := func(target otpexport.Target) error {
		_, err := target.Save(t.Context(), documents)
		return err
	}
	if err := save(otpexport.Target{File: name}); err != nil {
		t.Fatal(err)
	}
	documents[0].Text = secret.New("other")
	if err := save(otpexport.Target{File: name}); err == nil || !strings.Contains(err.Error(), "exists already") {
		t.Errorf("over a file: %v", err)
	}
	if data, err := os.ReadFile(name); err != nil || string(data) != "one\ntwo\n" {
		t.Errorf("the file holds %q, %v", data, err)
	}
	if err := os.Chmod(name, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := save(otpexport.Target{File: name, Force: true}); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(name); err != nil || string(data) != "other\ntwo\n" {
		t.Errorf("the file holds %q, %v", data, err)
	}
	if info, err := os.Stat(name); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(filepath.Join(dir, "elsewhere"), link); err == nil {
		if err := save(otpexport.Target{File: link, Force: true}); err == nil || !strings.Contains(err.Error(), "not a regular file") {
			t.Errorf("through a link: %v", err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "t-2-of-2.png"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := save(otpexport.Target{File: filepath.Join(dir, "t.png"), Format: otpexport.Google}); err == nil {
		t.Error("a picture was replaced")
	}
	if _, err := os.Stat(filepath.Join(dir, "t-1-of-2.png")); err == nil {
		t.Error("half a transfer was written")
	}
}

// A QR code is drawn whole or not at all, in half blocks and in blanks.
func TestDraw(t *testing.T) {
	text := secret.New("otpauth://totp/npm:jane.doe?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=npm&algorithm=SHA1&digits=6&period=30")
	for _, w := range []otpexport.Window{{}, {Columns: 45, Lines: 24}, {ANSI: true}, {Columns: 90, Lines: 46, ANSI: true}} {
		pages, err := otpexport.Draw(w, []otpexport.Document{{Text: text}})
		if err != nil || len(pages) != 1 {
			t.Errorf("%+v: %v", w, err)
			continue
		}
		if lines := strings.Count(pages[0], "\n"); w.Lines > 0 && lines >= w.Lines {
			t.Errorf("%+v: %d lines, and a question below", w, lines)
		}
		screen, err := scan.Text(t.Context(), strings.NewReader(pages[0]))
		if err != nil || len(screen.Codes) != 1 || !screen.Codes[0].Equal(text) {
			t.Errorf("%+v: %d codes, %v", w, len(screen.Codes), err)
		}
	}
	for _, w := range []otpexport.Window{{Columns: 44, Lines: 24}, {Columns: 45, Lines: 23}, {Columns: 89, Lines: 46, ANSI: true}, {Columns: 90, Lines: 45, ANSI: true}} {
		_, err := otpexport.Draw(w, []otpexport.Document{{Text: text}})
		if !errors.Is(err, otpexport.ErrTooLarge) || !strings.Contains(err.Error(), fmt.Sprintf("there are %d and %d", w.Columns, w.Lines)) {
			t.Errorf("%+v: %v", w, err)
		}
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("interrupted here")
	cancel(cause)
	entries, _, err := otpexport.Choose(every(t, all), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := otpexport.Make(ctx, entries, otpexport.Options{Target: otpexport.Target{Format: otpexport.Aegis}, Password: secret.New("x")}); !errors.Is(err, cause) {
		t.Errorf("%v", err)
	}
	_, documents := export(t, every(t, transferable), plainly(otpexport.Google))
	target := otpexport.Target{Format: otpexport.Google, File: filepath.Join(t.TempDir(), "t.png")}
	if _, err := target.Save(ctx, documents); !errors.Is(err, cause) {
		t.Errorf("of pictures: %v", err)
	}
}
