package vault_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"npmotp/internal/secret"
	"npmotp/otpgen"
	"npmotp/vault"
)

// hexCode has the form of npm's recovery codes.
const hexCode = "7a036304a7e14ea57a33424afd8374114abc2a40705d790f45a8092885178851"

var (
	pass = secret.New("hunter2")
	then = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
)

// cheap keeps the tests fast: 2^10 rounds instead of 2^18.
func cheap(opts ...vault.Options) vault.Options {
	var o vault.Options
	if len(opts) > 0 {
		o = opts[0]
	}
	o.WorkFactor = vault.MinWorkFactor
	return o
}

func create(t *testing.T, opts ...vault.Options) (*vault.Vault, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "vault.npmotp")
	v, err := vault.At(path, cheap(opts...)).Create(t.Context(), pass)
	if err != nil {
		t.Fatal(err)
	}
	return v, path
}

func open(t *testing.T, path string, opts ...vault.Options) *vault.Vault {
	t.Helper()
	v, err := vault.At(path, cheap(opts...)).Open(t.Context(), vault.Passphrase(pass))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func contents(t *testing.T, v *vault.Vault) *vault.Contents {
	t.Helper()
	c, err := v.Contents()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func account(name string) vault.Account {
	key, err := otpgen.NewKey(secret.New("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"))
	if err != nil {
		panic(err)
	}
	return vault.Account{Name: name, Issuer: "npm", Username: name, Key: &key}
}

func add(t *testing.T, v *vault.Vault, name string, codes ...string) {
	t.Helper()
	change(t, v, func(c *vault.Contents) error {
		a, err := c.Add(account(name), then)
		if err != nil || len(codes) == 0 {
			return err
		}
		_, err = a.AddRecoveryCodes(texts(codes...), false, then)
		return err
	})
}

func texts(s ...string) []secret.Text {
	var out []secret.Text
	for _, x := range s {
		out = append(out, secret.New(x))
	}
	return out
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func write[T string | []byte](t *testing.T, path string, data T) {
	t.Helper()
	if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestCreateUpdateUnlock(t *testing.T) {
	v, path := create(t)
	add(t, v, "ada-lovelace", "code-1", "code-2")
	c := contents(t, open(t, path))
	if c.Generation != 2 || len(c.Accounts) != 1 {
		t.Fatalf("generation %d with %d accounts", c.Generation, len(c.Accounts))
	}
	a := c.Accounts[0]
	if a.Name != "ada-lovelace" || a.Registry != vault.DefaultRegistry || a.Level != vault.AuthAndWrites || !a.AddedAt.Equal(then) {
		t.Errorf("account came back as %+v", a)
	}
	code, err := a.Code(time.Unix(59, 0))
	if err != nil || code.Value.Reveal() != "287082" { // RFC 6238 appendix B, last six digits
		t.Errorf("code %q, %v", code.Value.Reveal(), err)
	}
	if len(a.RecoveryCodes) != 2 || a.RecoveryCodes[1].Code.Reveal() != "code-2" || a.RecoveryCodes[1].Number != 2 {
		t.Errorf("recovery codes came back as %+v", a.RecoveryCodes)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 && os.PathSeparator == '/' {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	// A hyphen is in no base64: a shorter name would be found there by chance.
	for _, hidden := range []string{"ada-lovelace", "code-1", "GEZDGNBV", "npmjs"} {
		if strings.Contains(read(t, path), hidden) {
			t.Errorf("the file shows %q", hidden)
		}
	}
}

func TestSizeHidesInSteps(t *testing.T) {
	v, path := create(t)
	add(t, v, "a")
	before := len(read(t, path))
	add(t, v, "another-account-with-a-longer-name")
	if after := len(read(t, path)); after != before {
		t.Errorf("the file grew from %d to %d bytes with a small account", before, after)
	}
}

func TestCreateRefusesWhatIsThere(t *testing.T) {
	_, path := create(t)
	before := read(t, path)
	_, err := vault.At(path, cheap()).Create(t.Context(), secret.New("other"))
	if !errors.Is(err, vault.ErrExists) {
		t.Errorf("got %v", err)
	}
	if read(t, path) != before {
		t.Error("the vault changed")
	}
}

func TestUnlockErrors(t *testing.T) {
	_, path := create(t)
	good := read(t, path)
	dir := t.TempDir()
	file := func(name, data string) string {
		p := filepath.Join(dir, name)
		write(t, p, data)
		return p
	}
	tests := []struct {
		name, path string
		pass       secret.Text
		want       error
	}{
		{"wrong passphrase", path, secret.New("hunter3"), vault.ErrPassphrase},
		{"empty passphrase", path, secret.Text{}, vault.ErrPassphrase},
		{"missing", filepath.Join(dir, "none"), pass, vault.ErrNoVault},
		{"a folder", dir, pass, vault.ErrFormat},
		{"empty", file("empty", ""), pass, vault.ErrFormat},
		{"text", file("text", "hello\n"), pass, vault.ErrFormat},
		{"cut in the body", file("cut", good[:len(good)-200]), pass, vault.ErrFormat},
		{"cut in the slot", file("cut2", good[:120]), pass, vault.ErrFormat},
		{"no final newline", file("cut3", good[:len(good)-1]), pass, vault.ErrFormat},
		{"something appended", file("long", good+"\n"), pass, vault.ErrFormat},
		{"CRLF", file("crlf", strings.ReplaceAll(good, "\n", "\r\n")), pass, vault.ErrLineEnds},
		{"CRLF in the body", file("crlf2", good[:len(good)/2]+strings.ReplaceAll(good[len(good)/2:], "\n", "\r\n")), pass, vault.ErrLineEnds},
		{"no version", file("nov", strings.Replace(good, "vault 1", "vault x", 1)), pass, vault.ErrFormat},
		{"no slots", file("noslots", "npmotp-vault 1\n"+good[strings.Index(good, "body\n"):]), pass, vault.ErrFormat},
		{"a bare age file", file("age", good[strings.Index(good, "body\n")+5:]), pass, vault.ErrFormat},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := vault.At(tt.path, cheap()).Open(t.Context(), vault.Passphrase(tt.pass))
			if !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
	t.Run("later version", func(t *testing.T) {
		_, err := vault.At(file("v9", strings.Replace(good, "vault 1", "vault 9", 1)), vault.Options{}).Open(t.Context(), vault.Passphrase(pass))
		var version *vault.VersionError
		if !errors.As(err, &version) || version.Got != 9 || version.Max != 1 {
			t.Errorf("got %v", err)
		}
	})
}

// A body and a slot of two vaults, or of two passphrases of one, must not open.
func TestMixedParts(t *testing.T) {
	_, one := create(t)
	_, two := create(t)
	a, b := read(t, one), read(t, two)
	mixed := filepath.Join(t.TempDir(), "mixed")
	data := a[:strings.Index(a, "body\n")] + b[strings.Index(b, "body\n"):]
	write(t, mixed, data)
	if _, err := vault.At(mixed, vault.Options{}).Open(t.Context(), vault.Passphrase(pass)); !errors.Is(err, vault.ErrFormat) {
		t.Errorf("got %v", err)
	}
}

// Every byte of the file is covered: no flip may open, and none may be taken
// for a wrong passphrase.
func TestByteFlips(t *testing.T) {
	v, path := create(t)
	add(t, v, "ada", "code-1")
	good := []byte(read(t, path))
	step := len(good)/400 + 1
	if testing.Short() {
		step *= 10
	}
	tried := 0
	for i := 0; i < len(good); i += step {
		for _, flip := range []byte{0x01, 0x20, 0x80} {
			bad := append([]byte(nil), good...)
			bad[i] ^= flip
			write(t, path, bad)
			_, err := vault.At(path, vault.Options{}).Open(t.Context(), vault.Passphrase(pass))
			var version *vault.VersionError
			if !errors.Is(err, vault.ErrFormat) && !errors.As(err, &version) {
				t.Fatalf("byte %d of %d with %#x flipped: %v", i, len(good), flip, err)
			}
			if read(t, path) != string(bad) {
				t.Fatalf("the file changed at flip %d", i)
			}
			tried++
		}
	}
	t.Logf("%d flips refused", tried)
}

func TestFailedUpdateChangesNothing(t *testing.T) {
	v, path := create(t)
	add(t, v, "ada")
	before := read(t, path)
	mine := errors.New("mine")
	if err := v.Update(t.Context(), func(c *vault.Contents) error { c.Accounts = nil; return mine }); !errors.Is(err, mine) {
		t.Errorf("got %v", err)
	}
	err := v.Update(t.Context(), func(c *vault.Contents) error { c.Accounts[0].Name = ""; return nil })
	if err == nil {
		t.Error("contents that could not be read again were stored")
	}
	if _, err := open(t, path).Contents(); err != nil || read(t, path) != before {
		t.Errorf("the file changed: %v", err)
	}
}

// What was looked at is no basis for a change when the file has changed since.
func TestUpdateAfterLook(t *testing.T) {
	v, path := create(t)
	other := open(t, path)
	names := func() (names []string) {
		for _, a := range contents(t, open(t, path)).Accounts {
			names = append(names, a.Name)
		}
		return names
	}
	look := func() {
		if err := v.Look(func(*vault.Contents) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	look()
	add(t, v, "ada")
	look()
	add(t, other, "bob")
	add(t, v, "cyd")
	if got := names(); !slices.Equal(got, []string{"ada", "bob", "cyd"}) {
		t.Errorf("the vault has %q", got)
	}
	mine := errors.New("mine")
	look()
	if err := v.Update(t.Context(), func(c *vault.Contents) error { c.Accounts = nil; return mine }); !errors.Is(err, mine) {
		t.Errorf("got %v", err)
	}
	if err := v.Look(func(c *vault.Contents) error { return c.Validate() }); err != nil || len(contents(t, v).Accounts) != 3 {
		t.Errorf("a change that failed is looked at: %v", err)
	}
}

func TestConcurrentReserve(t *testing.T) {
	v, path := create(t)
	var codes []string
	for i := range 12 {
		codes = append(codes, fmt.Sprintf("code-%02d", i))
	}
	add(t, v, "ada", codes...)
	type result struct {
		code string
		err  error
	}
	got := make(chan result)
	for range 12 {
		go func() {
			// Its own File and Vault, as another process has.
			v, err := vault.At(path, cheap()).Open(context.Background(), vault.Passphrase(pass))
			if err != nil {
				got <- result{err: err}
				return
			}
			code, _, _, err := v.Reserve(context.Background(), "ada", "", then)
			got <- result{code.Code.Reveal(), err}
		}()
	}
	seen := map[string]bool{}
	for range 12 {
		r := <-got
		if r.err != nil || seen[r.code] {
			t.Errorf("code %q again or %v", r.code, r.err)
		}
		seen[r.code] = true
	}
	if _, _, _, err := v.Reserve(t.Context(), "ada", "", then); !errors.Is(err, vault.ErrNoCodes) {
		t.Errorf("the thirteenth: %v", err)
	}
}

func TestNextHOTP(t *testing.T) {
	v, path := create(t)
	change(t, v, func(c *vault.Contents) error {
		a := account("counter")
		a.Key.Kind, a.Key.Period = otpgen.HOTP, 0
		_, err := c.Add(a, then)
		return err
	})
	for _, want := range []string{"755224", "287082", "359152"} { // RFC 4226 appendix D
		code, err := open(t, path).NextHOTP(t.Context(), "counter", then)
		if err != nil || code.Value.Reveal() != want {
			t.Errorf("got %q, %v, want %q", code.Value.Reveal(), err, want)
		}
	}
}

func TestRekey(t *testing.T) {
	v, path := create(t)
	add(t, v, "ada")
	fresh := secret.New("correct horse")
	if err := v.ChangePassphrase(t.Context(), "", fresh, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := vault.At(path, vault.Options{}).Open(t.Context(), vault.Passphrase(pass)); !errors.Is(err, vault.ErrPassphrase) {
		t.Errorf("the old passphrase: %v", err)
	}
	again, err := vault.At(path, vault.Options{}).Open(t.Context(), vault.Passphrase(fresh))
	if err != nil || len(contents(t, again).Accounts) != 1 {
		t.Fatalf("the new passphrase: %v", err)
	}
	add(t, v, "bob") // the open vault goes on with its new identity
	report, err := v.Check(then)
	if err != nil || len(report.Backups) != 3 {
		t.Fatalf("%v, %+v", err, report)
	}
	if !errors.Is(report.Backups[1].Err, vault.ErrOtherPassphrase) || report.Backups[0].Err != nil {
		t.Errorf("backups: %+v", report.Backups)
	}
	// What those under the old passphrase hold cannot be seen.
	if old, err := v.BackupsOfForgotten(t.Context()); len(old) != 2 || err != nil {
		t.Errorf("%v, %+v", err, old)
	}
	file := vault.At(path, vault.Options{})
	backups, err := file.Backups()
	if err != nil {
		t.Fatal(err)
	}
	if n, err := file.RemoveBackups(t.Context(), backups); n != 3 || err != nil {
		t.Errorf("removed %d backups, %v", n, err)
	}
}

func TestBackups(t *testing.T) {
	v, path := create(t)
	for i := range 14 {
		add(t, v, fmt.Sprintf("a%02d", i))
	}
	backups, err := vault.At(path, vault.Options{}).Backups()
	if err != nil || len(backups) != 10 || backups[0].Generation != 14 || backups[9].Generation != 5 {
		t.Fatalf("%v, %+v", err, backups)
	}
	old := open(t, backups[0].Path)
	if c := contents(t, old); len(c.Accounts) != 13 || c.Generation != 14 {
		t.Errorf("the newest backup has %d accounts in generation %d", len(c.Accounts), c.Generation)
	}
}

func TestRollbackIsNoticed(t *testing.T) {
	memory := vault.Options{Memory: t.TempDir()}
	v, path := create(t, memory)
	old := read(t, path)
	add(t, v, "ada")
	write(t, path, old)
	var warned error
	memory.Warn = func(err error) { warned = err }
	v = open(t, path, memory)
	if !errors.Is(warned, vault.ErrRolledBack) {
		t.Errorf("reading warned of %v", warned)
	}
	err := v.Update(t.Context(), func(*vault.Contents) error { return nil })
	if !errors.Is(err, vault.ErrRolledBack) || read(t, path) != old {
		t.Errorf("writing: %v", err)
	}
	_, other := create(t)
	write(t, path, read(t, other))
	if err := open(t, path, memory).Update(t.Context(), func(*vault.Contents) error { return nil }); !errors.Is(err, vault.ErrRolledBack) {
		t.Errorf("another vault: %v", err)
	}
}

// What another laptop saved counts from when it is read here, however it is read.
func TestReadingIsRemembered(t *testing.T) {
	for name, look := range map[string]func(f *vault.File, v *vault.Vault) error{
		"by passphrase": func(f *vault.File, _ *vault.Vault) error {
			_, err := f.Open(t.Context(), vault.Passphrase(pass))
			return err
		},
		"by identity": func(f *vault.File, v *vault.Vault) error {
			_, err := f.Open(t.Context(), vault.ByIdentity(v.Identity()))
			return err
		},
		"once more": func(_ *vault.File, v *vault.Vault) error {
			_, err := v.Contents()
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			memory := vault.Options{Memory: t.TempDir()}
			v, path := create(t, memory)
			old := read(t, path)
			add(t, open(t, path), "ada") // without the memory: as another laptop
			if err := look(vault.At(path, memory), v); err != nil {
				t.Fatal(err)
			}
			write(t, path, old)
			err := v.Update(t.Context(), func(*vault.Contents) error { return nil })
			if !errors.Is(err, vault.ErrRolledBack) || read(t, path) != old {
				t.Errorf("writing: %v", err)
			}
		})
	}
}

// A file of the memory that cannot be understood is named once, and keeps nobody
// from reading or saving.
func TestDamagedMemory(t *testing.T) {
	var warned []error
	memory := vault.Options{Memory: t.TempDir(), Warn: func(err error) { warned = append(warned, err) }}
	v, path := create(t, memory)
	damage := func() string {
		t.Helper()
		found, err := filepath.Glob(filepath.Join(memory.Memory, "seen-*.json"))
		if err != nil || len(found) != 1 {
			t.Fatalf("the memory has %q, %v", found, err)
		}
		write(t, found[0], "")
		warned = nil
		return found[0]
	}
	name := damage()
	add(t, v, "ada")
	if len(warned) != 1 || !strings.Contains(warned[0].Error(), name+" is damaged") {
		t.Errorf("a save warned of %v", warned)
	}
	damage()
	for range 2 {
		open(t, path, memory)
	}
	if len(warned) != 1 || !strings.Contains(warned[0].Error(), name+" is damaged") {
		t.Errorf("two reads warned of %v", warned)
	}
}

func TestSymlinkStays(t *testing.T) {
	v, path := create(t)
	add(t, v, "ada")
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(path, link); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	add(t, open(t, link), "bob")
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link became %v, %v", info.Mode(), err)
	}
	if n := len(contents(t, open(t, path)).Accounts); n != 2 {
		t.Errorf("%d accounts behind the link", n)
	}
}

func TestBusyNamesItsHolder(t *testing.T) {
	v, _ := create(t)
	var inner error
	err := v.Update(t.Context(), func(*vault.Contents) error {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(vault.ErrBusy) // as the wait ends
		inner = v.Update(ctx, func(*vault.Contents) error { return nil })
		return nil
	})
	if err != nil || !errors.Is(inner, vault.ErrBusy) || !strings.Contains(inner.Error(), fmt.Sprint(os.Getpid())) {
		t.Errorf("%v; %v", err, inner)
	}
}

func TestFind(t *testing.T) {
	c := &vault.Contents{}
	if _, err := c.Find(""); !errors.Is(err, vault.ErrEmpty) || !errors.Is(err, vault.ErrNoAccount) {
		t.Errorf("in an empty vault: %v", err)
	}
	for _, name := range []string{"npm", "npm-work", "bot"} {
		if _, err := c.Add(vault.Account{Name: name}, then); err != nil {
			t.Fatal(err)
		}
	}
	for query, want := range map[string]string{"npm": "npm", "npm-": "npm-work", "b": "bot"} {
		if a, err := c.Find(query); err != nil || a.Name != want {
			t.Errorf("%q: %v, %v", query, a, err)
		}
	}
	var ambiguous *vault.AmbiguousError
	if _, err := c.Find("n"); !errors.As(err, &ambiguous) || len(ambiguous.Matches) != 2 {
		t.Errorf("n: %v", err)
	}
	if _, err := c.Find(""); !errors.As(err, &ambiguous) || len(ambiguous.Matches) != 3 {
		t.Errorf("no query: %v", err)
	}
	c.Default = c.Accounts[2].ID
	if a, err := c.Find(""); err != nil || a.Name != "bot" {
		t.Errorf("default: %v, %v", a, err)
	}
	if _, err := c.Find("x"); !errors.Is(err, vault.ErrNoAccount) {
		t.Errorf("x: %v", err)
	}
	if _, err := c.Add(vault.Account{Name: "npm"}, then); !errors.Is(err, vault.ErrNameTaken) {
		t.Errorf("twice: %v", err)
	}
	if removed, err := c.Remove("bot", then); err != nil || removed.Name != "bot" || c.Default != "" || len(c.Tombstones) != 1 {
		t.Errorf("%v, %v", removed, err)
	}
}

// The key of another service is npm's only where the user says so, and is not
// meant where no account is named.
func TestForeignKeys(t *testing.T) {
	for issuer, want := range map[string]string{
		"": vault.DefaultRegistry, "npm": vault.DefaultRegistry, "NPM": vault.DefaultRegistry, "npmjs": vault.DefaultRegistry,
		"npmjs.com": vault.DefaultRegistry, " Registry.npmjs.org": vault.DefaultRegistry,
		"GitHub": "", "npm Inc": "", "xnpm": "", "npmjs.com.example.org": "",
	} {
		if got := vault.RegistryOf(issuer); got != want {
			t.Errorf("%q belongs to %q", issuer, got)
		}
	}
	c := emptyVault()
	for _, a := range []vault.Account{
		{Name: "hub", Issuer: "GitHub"}, {Name: "ada", Issuer: "npm"}, {Name: "meant", Issuer: "Other", Registry: "https://other.example/"},
	} {
		if _, err := c.Add(a, then); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range []string{"", vault.DefaultRegistry, "https://other.example/"} {
		if got := c.Accounts[i].Registry; got != want {
			t.Errorf("%q belongs to %q", c.Accounts[i].Name, got)
		}
	}
	var ambiguous *vault.AmbiguousError
	if _, err := c.Find(""); !errors.As(err, &ambiguous) {
		t.Errorf("of two registries: %v", err)
	}
	if _, err := c.Remove("meant", then); err != nil {
		t.Fatal(err)
	}
	if a, err := c.Find(""); err != nil || a.Name != "ada" {
		t.Errorf("%v, %v", a, err)
	}
}
