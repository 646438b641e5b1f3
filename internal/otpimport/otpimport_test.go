package otpimport_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"npmotp/internal/otpimport"
	"npmotp/internal/secret"
	"npmotp/otpgen"
)

func password(text string) func() (secret.Text, error) {
	return func() (secret.Text, error) { return secret.New(text), nil }
}

func read(t *testing.T, r *otpimport.Reader, names ...string) ([]otpimport.Entry, error) {
	t.Helper()
	for _, name := range names {
		f, err := os.Open(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		err = r.Add(t.Context(), f)
		_ = f.Close()
		if err != nil {
			return nil, err
		}
	}
	return r.Entries(), nil
}

// What the files in testdata hold. Their secrets are made up, and the files are
// of the shape that each program writes, by another implementation. Behind the
// last bar is the password, which oathtool computed: of 2026-01-02T03:04:05Z, and
// of a counter-based key the first.
const (
	ada     = "npm|ada|totp GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ SHA1 6 30s 0|652348"
	example = "Example|ada@example.org|totp JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP SHA256 8 1m0s 0|99150346"
	half    = "Example|ada@example.org|totp JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP SHA256 8 30s 0|71270395"
	eight   = "Example|ada@example.org|totp JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP SHA1 8 30s 0|64763146"
	six     = "Example|ada@example.org|totp JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP SHA1 6 30s 0|763146"
	bob     = "Token|bob|hotp KRUGKIDROVUWG2ZAMJZG653OEBTG66BA SHA1 6 0s 7|857030"
	sealed  = "it is encrypted: export without a password from the extension, and import that"
	steam   = "this is a Steam Guard key, whose codes have letters: only totp and hotp keys can be used"
)

func summary(t *testing.T, e otpimport.Entry) string {
	t.Helper()
	if e.Err != nil {
		return e.Label.Issuer + "|" + e.Label.Account + "|" + e.Err.Error()
	}
	var code otpgen.Code
	var err error
	if e.Key.Kind == otpgen.HOTP {
		code, _, err = e.Key.HOTP()
	} else {
		code, err = e.Key.At(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	}
	if err != nil {
		t.Error(err)
	}
	return fmt.Sprintf("%s|%s|%s %s %s %d %s %d|%s", e.Label.Issuer, e.Label.Account,
		e.Key.Kind, e.Key.Secret.Reveal(), e.Key.Alg, e.Key.Digits, e.Key.Period, e.Key.Counter, code.Value.Reveal())
}

// samples returns the files of each format, and what is in them.
func samples() []sample {
	all := []string{ada, example, bob}
	return []sample{
		{"otpauth", []string{"otpauth.txt"}, all},
		{"otpauth", []string{"ente.txt"}, []string{ada, example, bob, "||" + steam}},
		{"otpauth", []string{"list.md"}, all},
		{"otpauth", []string{"utf16.txt"}, []string{ada, example}},
		{"otpauth", []string{"cotp-uris.json"}, all},
		{"otpauth", []string{"proton-authenticator.json"}, []string{ada, example}},
		{"otpauth", []string{"pass.txt"}, []string{ada}},
		{"otpauth", []string{"gopass.txt"}, []string{ada}},
		{"otpauth", []string{"gopass-uri.txt"}, []string{ada}},
		{"otpauth", []string{"parts-2.png", "parts-1.png"}, []string{ada}},
		{"google", []string{"google.txt"}, []string{ada, half, bob}},
		{"google", []string{"google-2.txt"}, []string{ada, half}},
		{"google", []string{"google-2.png", "google-1.png"}, []string{bob, ada, half}},
		{"google", []string{"google-1.png", "google-2.png", "google-1.png"}, []string{ada, half, bob}},
		{"aegis", []string{"aegis.json"}, []string{ada, example, bob, "Steam|eve|" + steam}},
		{"aegis", []string{"aegis-1.json"}, []string{ada, example, bob, "Steam|eve|" + steam}},
		{"aegis", []string{"aegis-2.json"}, []string{ada, example, bob, "Steam|eve|" + steam}},
		{"aegis", []string{"aegis-encrypted.json"}, []string{ada, example, bob, "Steam|eve|" + steam}},
		{"2fas", []string{"2fas.2fas"}, all},
		{"2fas", []string{"2fas-1.2fas"}, all},
		{"2fas", []string{"2fas-2.2fas"}, all},
		{"2fas", []string{"2fas-3.2fas"}, all},
		{"2fas", []string{"2fas-encrypted.2fas"}, all},
		{"andotp", []string{"andotp.json"}, all},
		{"andotp", []string{"andotp-old.json"}, []string{ada, example}},
		{"andotp", []string{"raivo.json"}, all},
		{"andotp", []string{"raivo.zip"}, all},
		{"andotp", []string{"otpclient.json"}, all},
		{"freeotp", []string{"freeotp.json"}, all},
		{"cotp", []string{"cotp.json"}, all},
		{"cotp", []string{"cotp-old.json"}, []string{ada, example}},
		{"ente", []string{"ente-encrypted.txt"}, all},
		{"lastpass", []string{"lastpass-authenticator.json"}, []string{ada, example}},
		{"stratum", []string{"stratum.json"}, []string{ada, example, bob, "Steam|eve|" + steam}},
		{"authenticator", []string{"authenticator-cc.json"}, []string{ada, example, bob, "Game|eve|the type must be totp or hotp"}},
		{"authenticator", []string{"authenticator-cc-encrypted.json"}, []string{"||" + sealed, "||" + sealed}},
		{"authenticator", []string{"authenticator-cc-encrypted-old.json"}, []string{"npm|ada|" + sealed}},
		{"bitwarden", []string{"bitwarden.json"}, []string{ada, example, "Game|eve|" + steam}},
		{"bitwarden", []string{"bitwarden-password.json"}, []string{ada, example}},
		{"bitwarden", []string{"bitwarden-argon2.json"}, []string{ada, example}},
		{"bitwarden", []string{"bw-list-items.json"}, []string{ada, example}},
		{"1password", []string{"1password-item.json"}, []string{ada}},
		{"1password", []string{"1password-items.json"}, []string{ada, example}},
		{"1password", []string{"1password.1pux"}, []string{ada, example}},
		{"keepass", []string{"keepass.xml"}, all},
		{"keepass", []string{"keepassxc.xml"}, []string{ada, example, "Steam|eve|" + steam}},
		{"table", []string{"1password.csv"}, []string{ada, example}},
		{"table", []string{"1password-7.csv"}, []string{ada, example}},
		{"table", []string{"apple.csv"}, []string{ada, example}},
		{"table", []string{"bitwarden.csv"}, []string{ada, example}},
		{"table", []string{"dashlane.csv"}, []string{ada, example}},
		{"table", []string{"dashlane-url.csv"}, []string{ada, example}},
		{"table", []string{"easepass.csv"}, []string{ada, example}},
		{"table", []string{"enpass.csv"}, []string{ada, example}},
		{"table", []string{"keepassxc.csv"}, []string{ada, example}},
		{"table", []string{"keepassxc-semicolon.csv"}, []string{ada, example}},
		{"table", []string{"keeper.csv"}, []string{ada, example}},
		{"table", []string{"lastpass.csv"}, []string{ada, example}},
		{"table", []string{"other.csv"}, []string{ada, example}},
		{"table", []string{"nordpass.csv"}, []string{ada, example}},
		{"table", []string{"proton.csv"}, []string{ada, example}},
		{"table", []string{"secrets.csv"}, []string{ada, example}},
		{"totp-cli", []string{"totp-cli.yaml"}, []string{ada, eight, "Example|prefixed|its passwords have a prefix"}},
		{"totp-cli", []string{"totp-cli.json"}, []string{ada, six}},
		{"2fa", []string{"2fa.txt"}, []string{ada, "plain|" + eight[len("Example|ada@example.org"):], bob}},
		{"gauth", []string{"gauth.csv"}, []string{"npm|" + ada[len("npm|ada"):], "Example|" + six[len("Example|ada@example.org"):], bob}},
	}
}

type sample struct {
	format string
	files  []string
	want   []string
}

func TestFormats(t *testing.T) {
	seen := map[string]bool{}
	for _, tt := range samples() {
		t.Run(strings.Join(tt.files, " "), func(t *testing.T) {
			for _, format := range []string{"", tt.format} {
				entries, err := read(t, &otpimport.Reader{Format: format, Password: password("correct horse")}, tt.files...)
				if err != nil {
					t.Fatal(err)
				}
				var got []string
				for _, e := range entries {
					got = append(got, summary(t, e))
				}
				slices.Sort(got)
				want := slices.Sorted(slices.Values(tt.want))
				if !slices.Equal(got, want) {
					t.Errorf("format %q:\n%s\nwant:\n%s", format, strings.Join(got, "\n"), strings.Join(want, "\n"))
				}
			}
		})
		seen[tt.format] = true
	}
	for _, format := range otpimport.Formats() {
		if !seen[format] {
			t.Errorf("there is no sample of the format %q", format)
		}
	}
}

// The passwords of each sample are those that oathtool computes.
func TestSamplesAgreeWithOathtool(t *testing.T) {
	path, err := exec.LookPath("oathtool")
	if err != nil && os.Getenv("CI") == "true" && runtime.GOOS != "windows" {
		t.Fatal("oathtool must be installed where CI=true")
	} else if err != nil {
		t.Skip("oathtool is not installed")
	}
	known := map[string]string{} // oathtool's, by the key
	for _, tt := range samples() {
		entries, err := read(t, &otpimport.Reader{Password: password("correct horse")}, tt.files...)
		if err != nil {
			t.Errorf("%s: %v", tt.files, err)
		}
		for _, e := range entries {
			if e.Err != nil {
				continue
			}
			k := e.Key
			args := []string{"--hotp", fmt.Sprintf("--counter=%d", k.Counter)}
			if k.Kind == otpgen.TOTP {
				args = []string{"--totp=" + k.Alg.String(), fmt.Sprintf("--time-step-size=%ds", int(k.Period.Seconds())), "--now=2026-01-02 03:04:05 UTC"}
			}
			args = append(args, fmt.Sprintf("--digits=%d", k.Digits), "--base32", "-")
			key := strings.Join(args, " ") + k.Secret.Reveal()
			if known[key] == "" {
				cmd := exec.CommandContext(t.Context(), path, args...)
				cmd.Stdin = strings.NewReader(k.Secret.Reveal() + "\n")
				out, err := cmd.Output()
				if err != nil {
					t.Fatalf("oathtool %v: %v", args, err)
				}
				known[key] = strings.TrimSpace(string(out))
			}
			if got := summary(t, e); !strings.HasSuffix(got, "|"+known[key]) {
				t.Errorf("%s: %s, oathtool says %s", tt.files, got, known[key])
			}
		}
	}
}

func TestRefused(t *testing.T) {
	t.Run("password", func(t *testing.T) {
		for _, name := range []string{"aegis-encrypted.json", "2fas-encrypted.2fas"} {
			if _, err := read(t, &otpimport.Reader{Password: password("wrong")}, name); !errors.Is(err, otpimport.ErrPassword) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
	t.Run("no password", func(t *testing.T) {
		if _, err := read(t, &otpimport.Reader{}, "aegis-encrypted.json"); !errors.Is(err, otpimport.ErrNoPassword) {
			t.Error(err)
		}
	})
	t.Run("encrypted for an account", func(t *testing.T) {
		if _, err := read(t, &otpimport.Reader{}, "bitwarden-encrypted.json"); !errors.Is(err, otpimport.ErrUnread) {
			t.Error(err)
		}
	})
	for name, want := range map[string]error{
		"": otpimport.ErrUnknown, "hello": otpimport.ErrUnknown, "{}": otpimport.ErrUnknown, "[]": otpimport.ErrUnknown,
		`{"db": {`: otpimport.ErrDamaged, `{"header": 1, "db": {}}`: otpimport.ErrDamaged,
		"otpauth-migration://offline?data=AAAA": otpimport.ErrDamaged, "otpauth-migration://offline": otpimport.ErrDamaged,
		`{"header":{"slots":[{"type":1,"n":1073741824,"r":8,"p":1,"salt":""}],"params":{}},"db":"AAAA"}`: otpimport.ErrCost,
	} {
		r := &otpimport.Reader{Password: password("x")}
		if err := r.Add(t.Context(), strings.NewReader(name)); !errors.Is(err, want) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// The slots of a file are counted together, and before any is opened.
func TestWorkIsBounded(t *testing.T) {
	slots := func(n int, parameters string) string {
		slot := `{"type":1,` + parameters + `,"salt":"00","key":"00","key_params":{"nonce":"00","tag":"00"}}`
		return `{"header":{"slots":[` + strings.Join(slices.Repeat([]string{slot}, n), ",") + `],"params":{}},"db":"AAAA"}`
	}
	began := time.Now()
	for file, want := range map[string]error{
		slots(3, `"n":1024,"r":8,"p":1`):                     otpimport.ErrPassword,
		slots(3, `"n":131072,"r":8,"p":8`):                   otpimport.ErrCost,
		slots(1, `"n":1048576,"r":8,"p":1`):                  otpimport.ErrCost,
		slots(1, `"n":1024,"r":1,"p":1073741823`):            otpimport.ErrCost,
		slots(1, `"n":1024,"r":2147483647,"p":2147483647`):   otpimport.ErrCost,
		slots(1, `"n":-1024,"r":2147483647,"p":-2147483647`): otpimport.ErrCost,
		slots(1, `"n":0,"r":0,"p":0`):                        otpimport.ErrDamaged,
		slots(1, `"n":1000,"r":8,"p":1`):                     otpimport.ErrDamaged,
	} {
		r := &otpimport.Reader{Password: password("x")}
		if err := r.Add(t.Context(), strings.NewReader(file)); !errors.Is(err, want) {
			t.Errorf("%s: %v", file, err)
		}
	}
	if took := time.Since(began); took > hang {
		t.Errorf("it took %s", took)
	}
	// Nobody is asked about the first slot of a file that is refused for its last.
	r := &otpimport.Reader{Password: password("x"), Allow: func(int64) error { t.Error("asked"); return nil }}
	if err := r.Add(t.Context(), strings.NewReader(slots(3, `"n":524288,"r":8,"p":16`))); !errors.Is(err, otpimport.ErrCost) {
		t.Error(err)
	}
}

// The reader of a table holds one row, and of that no more cells than a table
// has.
func TestWideTable(t *testing.T) {
	text := "name,login_totp\n" + strings.Repeat(",", 19<<20)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r := &otpimport.Reader{}
	if err := r.Add(t.Context(), strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > 200 {
		t.Errorf("%d MiB allocated", used)
	}
	if entries := r.Entries(); len(entries) != 1 || entries[0].Err == nil {
		t.Errorf("%d entries", len(entries))
	}
}

// No file takes much time or memory for its size.
func TestHostileFiles(t *testing.T) {
	size := 3 << 20
	if testing.Short() {
		size = 1 << 20
	}
	fill := func(begin, with, end string) string { return begin + strings.Repeat(with, size/len(with)) + end }
	for name, text := range map[string]string{
		"numbers":            fill("[", "1,", "1]"),
		"numbers after keys": fill(`[{"secret":"x","type":"totp","digits":6},`, "1,", "1]"),
		"empty objects":      fill("[", "{},", "{}]"),
		"fields":             fill(`{"version":1,"elements":[{`, `"a":1,`, `"a":1}]}`),
		"nested lists":       fill("", "[", ""),
		"nested objects":     fill("", `{"a":`, ""),
		"schemes":            fill("", "otpauth://", ""),
		"schemes on lines":   fill("", "otpauth://a\n", ""),
		"schemes in quotes":  fill("", "\"otpauth://totp/x?secret=\n", ""),
		"blanks":             fill("otpauth://totp/x?secret=", "A ", ""),
		"blanks in a label":  fill("otpauth://totp/", "A ", ""),
		"lines behind a URI": fill("otpauth://totp/x?secret=A\n", "A\n", ""),
		"escaped":            fill("", "otpauth%3A%2F%2Fa ", ""),
		"colons":             fill("a", "://", ""),
		"commas":             fill("title,totp\n", ",", ""),
		"quotes":             fill("title,totp\n", "\"\n", ""),
		"columns":            fill("", "totp,", "\n"),
		"pairs":              fill("", "x,totp\n", ""),
		"elements":           fill("<KeePassFile>", "<a>", ""),
		"entries":            fill("<KeePassFile>", "<Entry></Entry>", "</KeePassFile>"),
		"lines of 2fa":       fill("a 6 GEZDGNBVGY3TQOJQ\n", "a 6 A\n", ""),
		"lines of gauth":     fill("", "a:GEZDGNBVGY3TQOJQ\n", ""),
		"lines of YAML":      fill("- name: a\n  accounts:\n", "  - token: x\n", ""),
		"transfer":           "otpauth-migration://offline?data=" + base64.URLEncoding.EncodeToString([]byte(fill("", "\x0a\x00", ""))),
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			began := time.Now()
			r := &otpimport.Reader{Password: password("x")}
			err := r.Add(t.Context(), strings.NewReader(text))
			took := time.Since(began)
			runtime.GC()
			runtime.ReadMemStats(&after)
			held := (int64(after.HeapInuse) - int64(before.HeapInuse)) >> 20
			if took > hang || held > 200 {
				t.Errorf("%s and %d MiB: %d entries, %v", took.Round(time.Millisecond), held, len(r.Entries()), err)
			}
		})
	}
}

// hang is what no machine takes, however busy: it is a failsafe and no measure.
const hang = time.Minute

// An import ends with its context wherever it is: waiting for its input,
// deriving a key, or among many entries.
func TestEndsWithContext(t *testing.T) {
	pending, _ := io.Pipe()
	for name, file := range map[string]io.Reader{
		"input": pending,
		"key":   strings.NewReader(`{"header":{"slots":[{"type":1,"n":131072,"r":8,"p":7,"salt":"00"}],"params":{}},"db":"AAAA"}`),
		"list":  strings.NewReader(list(100_000, true)),
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			var cancelled time.Time
			time.AfterFunc(50*time.Millisecond, func() { cancelled = time.Now(); cancel() })
			r := &otpimport.Reader{Password: password("x")}
			if err := r.Add(ctx, file); !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			if took := time.Since(cancelled); took > hang {
				t.Errorf("ended after %s", took)
			}
		})
	}
}

// A patience is a context that ends when it was asked so many times.
type patience struct {
	context.Context
	left int
}

func (p *patience) Err() error {
	if p.left--; p.left < 0 {
		return context.Canceled
	}
	return nil
}

// To find out what the columns of a table are takes as long as to read it: each row
// of both asks whether to go on.
func TestEndsWithContextAtEachRow(t *testing.T) {
	const rows = 100
	ctx := &patience{context.Background(), rows + rows/2}
	err := (&otpimport.Reader{}).Add(ctx, strings.NewReader("name,totp\n"+strings.Repeat("a,\n", rows)))
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestHostileNames(t *testing.T) {
	entries, err := read(t, &otpimport.Reader{}, "hostile.txt")
	if err != nil || len(entries) != 2 || entries[0].Err != nil || entries[1].Err == nil {
		t.Fatalf("%v, %v", entries, err)
	}
	if i := strings.IndexFunc(entries[0].Label.Account, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 {
		t.Errorf("%q has what cannot be seen", entries[0].Label.Account)
	}
}

// FuzzAdd looks for files that end the program, or keys that are not valid.
func FuzzAdd(f *testing.F) {
	files, err := filepath.Glob("testdata/*.*")
	if err != nil || len(files) < 10 {
		f.Fatalf("%d seeds, %v", len(files), err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		if !strings.HasSuffix(name, ".png") { // scan has its own target
			f.Add(string(data))
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := &otpimport.Reader{Password: password("correct horse")}
		if r.Add(t.Context(), strings.NewReader(text)) != nil {
			return
		}
		for _, e := range r.Entries() {
			if e.Err == nil && e.Key.Validate() != nil {
				t.Errorf("a key that is not valid: %+v", e.Label)
			}
		}
	})
}

// entriesOf reads a text, whose format is recognised.
func entriesOf(t *testing.T, text string) []string {
	t.Helper()
	r := &otpimport.Reader{Password: password("correct horse")}
	if err := r.Add(t.Context(), strings.NewReader(text)); err != nil {
		return []string{err.Error()}
	}
	var got []string
	for _, e := range r.Entries() {
		got = append(got, summary(t, e))
	}
	return got
}

// An odd entry costs itself and nothing else, and is named.
func TestOddEntries(t *testing.T) {
	const (
		key   = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
		other = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
	)
	aegis := func(entry string) string {
		return `{"version":1,"header":{"slots":null,"params":null},"db":{"version":3,"entries":[` +
			`{"type":"totp","name":"ada","issuer":"npm","info":{"secret":"` + key + `","algo":"SHA1","digits":6,"period":30}},` + entry + `]}}`
	}
	keys := func(fields string) string {
		return `[{"label":"ada","issuer":"npm","secret":"` + key + `","type":"TOTP","algorithm":"SHA1","digits":6,"period":30},` +
			`{"user":"eve","service":"X","secret":"` + other + `","type":"TOTP","algorithm":"SHA256",` + fields + `}]`
	}
	for what, tt := range map[string]struct {
		text string
		want string // of the entry besides ada's
	}{
		"a number as text":           {aegis(`{"type":"totp","name":"ada@example.org","issuer":"Example","info":{"secret":"` + other + `","algo":"SHA256","digits":"8","period":"60"}}`), example},
		"a list for a number":        {aegis(`{"type":"totp","name":"eve","issuer":"X","info":{"secret":"` + other + `","algo":"SHA1","digits":[6],"period":30}}`), "X|eve|its number of digits is not a whole number"},
		"a fraction":                 {aegis(`{"type":"totp","name":"eve","issuer":"X","info":{"secret":"` + other + `","algo":"SHA1","digits":6.0,"period":30}}`), "X|eve|its number of digits is not a whole number"},
		"an unused field":            {aegis(`{"type":"totp","name":"ada@example.org","issuer":"Example","info":{"secret":"` + other + `","algo":"SHA256","digits":8,"period":60,"counter":[]}}`), example},
		"nine digits":                {aegis(`{"type":"totp","name":"eve","issuer":"X","info":{"secret":"` + other + `","algo":"SHA1","digits":9,"period":30}}`), "X|eve|the number of digits must be 6, 7 or 8"},
		"an algorithm":               {aegis(`{"type":"totp","name":"eve","issuer":"X","info":{"secret":"` + other + `","algo":"SHA3","digits":6,"period":30}}`), "X|eve|the algorithm must be SHA1, SHA256 or SHA512"},
		"a type":                     {aegis(`{"type":"yandex","name":"eve","issuer":"X","info":{"secret":"` + other + `","algo":"SHA1","digits":6,"period":30}}`), "X|eve|the type must be totp or hotp"},
		"a field is missing":         {aegis(`{"type":"totp","name":"eve","issuer":"X","info":{"secret":"` + other + `","digits":6,"period":30}}`), "X|eve|its algorithm, number of digits or period is missing"},
		"a field mistyped":           {aegis(`{"type":"totp","name":"eve","issuer":"X","info":{"secret":"` + other + `","algo":"SHA1","digits":6,"perod":60,"period":30}}`), "X|eve|it has a field that is nearly one that changes passwords, or an algorithm where none is known"},
		"a field twice":              {aegis(`{"type":"totp","name":"eve","issuer":"X","info":{"secret":"` + other + `","algo":"SHA1","digits":6,"digits":8,"period":30}}`), "X|eve|it has a field twice"},
		"no object":                  {aegis(`"eve"`), "|entry 2|it is not a JSON object"},
		"names that are none":        {aegis(`{"type":"totp","name":{},"issuer":5,"info":{"secret":"","algo":"SHA1","digits":6,"period":30}}`), "5||the secret is empty"},
		"Steam by its issuer":        {"otpauth://totp/npm:ada?secret=" + key + "\notpauth://totp/Steam:eve?secret=" + other, "Steam|eve|" + steam},
		"an algorithm in a URI":      {"otpauth://totp/npm:ada?secret=" + key + "\notpauth://totp/X:eve?secret=" + other + "&hash=SHA256", "X|eve|the URI has a parameter that is not known and may change its codes"},
		"a period in a URI":          {"otpauth://totp/npm:ada?secret=" + key + "\notpauth://totp/X:eve?secret=" + other + "&step=60", "X|eve|the URI has a parameter that is not known and may change its codes"},
		"a number of no name":        {keys(`"length":8,"period":30`), "X|eve|it has a number that is not known, where its number of digits or period is missing"},
		"milliseconds":               {keys(`"digits":6,"period":30000`), "X|eve|its period is in milliseconds, it seems"},
		"an offset":                  {keys(`"digits":6,"period":30,"offset":30`), `X|eve|it has the field "offset", which changes its passwords`},
		"another case":               {keys(`"Digits":"8","PERIOD":60`), strings.Replace(example, "Example|ada@example.org", "X|eve", 1)},
		"a counter's type":           {"title,username,totp,type\nnpm,ada," + key + ",login\nX,eve," + other + ",hotp\n", "X|eve|it has no counter, which a hotp key needs"},
		"a row in two":               {"title,username,totp\nnpm,ada," + key + "\nX,eve,JBSWY3DPEHPK3PXP\nJBSWY3DPEHPK3PXP\n", "|line 3|the next line may be the rest of its key"},
		"Steam's address":            {"title,url,username,totp\nnpm,,ada," + key + "\nGames,https://store.steampowered.com/,eve," + other, "Steam|eve|" + steam},
		"Steam in a table":           {"title,username,totp\nnpm,ada," + key + "\nSteam,eve," + other, "Steam|eve|" + steam},
		"a short row":                {"title,username,totp,note\nnpm,ada," + key + ",\nnote\nX,eve," + other + "\n", "X|eve|its row is shorter than the others"},
		"a bare quote":               {"title,username,totp,note\nnpm,ada," + key + ",6\" long\nX,eve,\"" + other + "\"x,\n", "|line 3|its quotation marks do not match"},
		"too many cells":             {"title,username,totp\nnpm,ada," + key + "\nX,eve," + other + ",x\n", "|line 3|it has more cells than the table has columns"},
		"an unknown parameter":       {"otpauth://totp/npm:ada?secret=" + key + "\notpauth://totp/X:eve?secret=" + other + "&digit=8", "X|eve|the URI has a parameter that is nearly one that changes codes: it was cut, joined or mistyped"},
		"digits in a list":           {`[{"secret":"` + key + `","type":"totp","digits":6,"label":"npm:ada"},{"secret":"` + other + `","type":"totp","digits":[6],"label":"X:eve"}]`, "X|eve|its number of digits is not a whole number"},
		"a type with its own secret": {`[{"secret":"` + key + `","type":"totp","digits":6,"label":"npm:ada"},{"secret":"e3152afee62599c8","type":"motp","digits":6,"label":"X:eve"}]`, "X|eve|the type must be totp or hotp"},
		"two secrets in a login":     {"name: npm\nuser: ada\ntotp: " + key + "\n\ntotp: " + other + "\notp: " + key, "|line 5|several secrets stand in one login: part the logins with blank lines"},
		"a line of 2fa":              {"npm:ada 6 " + key + "\neve 6\n", "|line 2|it is not a line of 2fa"},
		"a part in brackets":         {"otpauth://totp/npm:ada?secret=" + key + "\n\n(see otpauth://totp/X:eve?secret=" + other + "...).", "|line 3|the URI is not written in full"},
		"a part of a secret":         {"otpauth://totp/npm:ada?secret=" + key + "\n\notpauth://totp/X:eve?secret=" + other + "…", "|line 3|the URI is not written in full"},
	} {
		t.Run(what, func(t *testing.T) {
			if got := entriesOf(t, tt.text); !slices.Equal(got, []string{ada, tt.want}) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), tt.want)
			}
		})
	}
}

// Password managers keep what the user puts into notes and fields of the user's own: a key
// there is not passed over.
func TestKeysOutsideOfTheirField(t *testing.T) {
	const (
		key = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
		uri = "otpauth://totp/npm:ada?secret=" + key
	)
	bitwarden := func(fields string) string {
		return `{"encrypted":false,"folders":[],"items":[{"type":1,"name":"npm","login":{"username":"ada","totp":null,"uris":null},` + fields + `}]}`
	}
	pux := func(details string) string {
		return `{"accounts":[{"attrs":{},"vaults":[{"items":[{"overview":{"title":"npm"},"details":{"loginFields":[{"designation":"username","value":"ada"}],` + details + `}}]}]}]}`
	}
	keepass := func(name, value string) string {
		return "<KeePassFile><Root><Group><Entry><String><Key>Title</Key><Value>npm</Value></String><String><Key>UserName</Key><Value>ada</Value></String>" +
			"<String><Key>" + name + "</Key><Value>" + value + "</Value></String></Entry></Group></Root></KeePassFile>"
	}
	for what, tt := range map[string]struct{ text, want string }{
		"a note of Bitwarden":       {bitwarden(`"notes":"key: ` + uri + `"`), ada},
		"a field of Bitwarden":      {bitwarden(`"fields":[{"name":"2FA link","value":"` + uri + `"}]`), ada},
		"a secret in such a field":  {bitwarden(`"fields":[{"name":"TOTP","value":"` + key + `"}]`), ada},
		"a recovery code in one":    {bitwarden(`"notes":"` + uri + `","fields":[{"name":"2FA recovery","value":"abcd2345efgh6723"}]`), ada},
		"words in one":              {bitwarden(`"notes":"` + uri + `","fields":[{"name":"2FA","value":"authenticator app"}]`), ada},
		"a note of 1Password":       {pux(`"notesPlain":"` + uri + `"`), ada},
		"a field of 1Password":      {pux(`"sections":[{"fields":[{"title":"key","value":{"concealed":"` + uri + `"}}]}]`), ada},
		"a field that op prints":    {`{"id":"x","title":"npm","category":"LOGIN","fields":[{"id":"username","value":"ada"},{"type":"CONCEALED","label":"otp","value":"` + key + `"}]}`, ada},
		"a note of KeePass":         {keepass("Notes", uri), ada},
		"a field of KeePass":        {keepass("2FA", key), ada},
		"a bare secret in otp":      {keepass("otp", "gezd gnbv gy3t qojq gezd gnbv gy3t qojq"), ada},
		"a reference in otp":        {keepass("otp", "{REF:O@I:46C9}"), "npm|ada|characters 1, 5, 7, 9, 13 and more of the secret are not base32, which is the letters A to Z and the digits 2 to 7 (spaces and dashes are not counted)"},
		"another column of a table": {"title,username,notes,totp\nnpm,ada,my key " + uri + ",\n", ada},
	} {
		if got := entriesOf(t, tt.text); !slices.Equal(got, []string{tt.want}) {
			t.Errorf("%s: got\n%s\nwant\n%s", what, strings.Join(got, "\n"), tt.want)
		}
	}
	const next = "</Value></String><String><Key>HmacOtp-Secret-Base32</Key><Value>"
	if got := entriesOf(t, keepass("TimeOtp-Secret-Base32", key+next+"KRUGKIDROVUWG2ZAMJZG653OEBTG66BA")); len(got) != 2 || got[0] != ada {
		t.Errorf("an entry of KeePass with two keys has %q", got)
	}
}

// A key that goes on in the next line is refused, and not cut.
func TestKeysOverLines(t *testing.T) {
	for _, text := range []string{
		"npm:ada 6 GEZDGNBVGY3TQOJQ\nGEZDGNBVGY3TQOJQ\n",
		"- name: npm\n  accounts:\n    - name: ada\n      token: GEZDGNBVGY3TQOJQ\n        GEZDGNBVGY3TQOJQ\n      length: 6\n      prefix: \"\"\n",
		"See otpauth://totp/npm:ada?secret=GEZDGNBVGY3TQOJQ\nGEZDGNBVGY3TQOJQ.\n",
		"(See otpauth://totp/npm:ada?secret=GEZDGNBVGY3TQOJQ\nGEZDGNBVGY3TQOJQ), and keep it.\n",
		"site: npm\nsecret: GEZDGNBVGY3TQOJQ\n\n  GEZDGNBVGY3TQOJQ\n",
	} {
		if got := entriesOf(t, text); strings.Contains(strings.Join(got, "\n"), "|totp ") {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// What is known and not read is named, with what to export instead.
func TestUnreadFormats(t *testing.T) {
	noise := strings.Repeat("\xfe\x00\xc1", 30)
	for text, want := range map[string]string{
		"\x03\xd9\xa2\x9a\x67\xfb\x4b\xb5" + noise:         "a KeePass database",
		"AUTHENTICATORPRO" + noise:                         "Stratum",
		"\x00\x02\x30\x00" + noise:                         "andOTP",
		"-----BEGIN PGP MESSAGE-----\n":                    "PGP",
		"Salted__" + noise:                                 "openssl",
		"age-encryption.org/v1\n":                          "age",
		"7z\xbc\xaf" + noise:                               "compressed archive",
		"bplist00" + noise:                                 "OTP Auth",
		"\x85\x02\x0c\x03\x00" + noise:                     "PGP",
		"<?xml version=\"1.0\"?><WinAuth version=\"3.4\">": "WinAuth",
		`{"authenticator_tokens":[]}`:                      "Authy",
		`<?xml version="1.0"?><map><string>{"issuerExt"`:   "FreeOTP",
		`{"typeName":"webforms.WebForm"}`:                  "1PIF",
		`{"version":1,"nonce":"","salt":"","cipher":""}`:   "cotp",
		`{"version":1,"salt":"YQ==","content":"YQ=="}`:     "Proton Authenticator",
		"npmotp-vault 1\nslot":                             "a vault of npmotp",
		"SQLite format 3\x00" + noise:                      "database",
		"\xac\xed\x00\x05" + noise:                         "FreeOTP",
		`{"encrypted":true,"data":"2.a|b|c","salt":"x"}`:   "Bitwarden",
		`{"header":{"slots":[],"params":{}},"db":"AAAA"}`:  "Aegis",
	} {
		r := &otpimport.Reader{Password: password("x")}
		if err := r.Add(t.Context(), strings.NewReader(text)); !errors.Is(err, otpimport.ErrUnread) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text[:16], err)
		}
	}
}

func TestUnreadSamples(t *testing.T) {
	for name, want := range map[string]string{
		"authy.json":               "the tokens of Authy",
		"authy-decrypted.json":     "the tokens of Authy",
		"otpauth-ios.otpauthdb":    "OTP Auth for iOS",
		"bitwarden-encrypted.json": "only the Bitwarden account",
	} {
		_, err := read(t, &otpimport.Reader{Password: password("x")}, name)
		if !errors.Is(err, otpimport.ErrUnread) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNoKeys(t *testing.T) {
	for _, text := range []string{
		`{"encrypted":false,"items":[{"name":"x","login":{"totp":null}}]}`,
		"title,username,totp\nx,y,\n",
		`{"version":2,"elements":[]}`,
	} {
		if err := (&otpimport.Reader{}).Add(t.Context(), strings.NewReader(text)); !errors.Is(err, otpimport.ErrNoKeys) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// What is no export is called what it is.
func TestNoExport(t *testing.T) {
	for text, want := range map[string]string{
		"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n":                    "it is a bare secret, which 'npmotp add' stores",
		"Your codes:\n" + strings.Repeat("0123456789abcdef", 4): "it has recovery codes, which 'npmotp recovery add' stores",
		"name,url,username,password\nnpm,x,ada,y\n":             "the table has no column of keys",
		`[{"secret":"GEZDGNBV`:                                  "its JSON is cut or not well formed",
	} {
		if got := entriesOf(t, text); len(got) != 1 || !strings.HasSuffix(got[0], ": "+want) {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// The service of a key is what the file says of it: a key without any is taken for npm's.
func TestServiceOfAKey(t *testing.T) {
	const key = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	for text, want := range map[string]string{
		"github 6 " + key + "\n": "github|",
		"username,url,totp\neve,https://github.com/login," + key + "\n":                                         "github.com|eve",
		"hunter2\nuser: eve\nurl: https://github.com\notpauth://totp/eve?secret=" + key:                         "github.com|eve",
		"name: GitHub\nuri: otpauth://totp/eve?secret=" + key:                                                   "GitHub|eve",
		`[{"name":"GitHub","uri":"otpauth://totp/eve?secret=` + key + `"}]`:                                     "GitHub|eve",
		`{"uris":["otpauth://totp/eve?secret=` + key + `"],"issuer":"GitHub"}`:                                  "GitHub|eve",
		`{"name":"all","list":[{"name":"eve","uri":"otpauth://totp/eve?secret=` + key + `"}]}`:                  "|eve",
		`{"name":"mine","uri":"otpauth://totp/npm:eve?secret=` + key + `"}`:                                     "npm|eve",
		"\"X\",\"Username\",\"eve\",\"*Password\",\"p\",\"*One-time code\",\"" + key + "\"\n":                   "X|eve",
		"Titel;Login-Name;Kennwort;TOTP\nX;eve;p;" + key + "\n":                                                 "X|",
		"Dienst;Kennwort;TOTP\nX;p;" + key + "\nY;p;otpauth://totp/eve?secret=JBSWY3DPEHPK3PXP\n":               "X|",
		"Name,Secret,Digits\nX: eve," + key + ",6\n":                                                            "X|eve",
		"sep=;\r\nTitle;Username;TOTP\r\nX;eve;" + key + "\r\n":                                                 "X|eve",
		"Title,Username,TOTP\rX,eve," + key + "\r":                                                              "X|eve",
		"name,url,username,totp\nnpm,https://npm.example.org/,eve," + key + "\n":                                "npm.example.org|eve",
		"name,url,username,totp\nDev,\"https://example.org, https://www.npmjs.com/login\",eve," + key + "\n":    "npm|eve",
		"name,url,totp\nnpm: eve,https://npm.example.org/," + key + "\n":                                        "npm: eve|",
		"name,email,username,totp\nX,eve,," + key + "\n":                                                        "X|eve",
		`{"h":{"account":"eve","issuer":"GitHub::github.com","hash":"h","type":"totp","secret":"` + key + `"}}`: "GitHub|eve",
	} {
		if got := entriesOf(t, text); len(got) != 1+strings.Count(text, "\nY;") || !strings.HasPrefix(got[0], want) || !strings.Contains(got[0], "|totp ") {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// JSON of any shape has the keys of its items, with the names that the objects around
// them have.
func TestItemsOfJSON(t *testing.T) {
	const (
		key   = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
		uri   = "otpauth://totp/ada?secret=" + key
		other = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
	)
	github := strings.Replace(ada, "npm", "GitHub", 1)
	for text, want := range map[string][]string{
		`{"vaults":{"x":{"name":"Personal","items":[{"data":{"metadata":{"name":"GitHub"},"content":{"itemUsername":"ada","urls":["https://github.com"],"totpUri":"` + uri + `"}}},` +
			`{"data":{"metadata":{"name":"work"},"content":{"itemUsername":"ada","urls":["https://npmjs.com/"],"totpUri":"` + key + `"}}}]}}}`: {github, ada},
		`{"items":[{"title":"GitHub","fields":[{"label":"Username","type":"username","value":"x"},{"label":"One-time code","type":"totp","value":"` + uri + `"}]}]}`:       {github},
		`{"records":[{"title":"GitHub","login":"ada","custom_fields":{"$oneTimeCode::1":"` + key + `"}}]}`:                                                                 {github},
		`{"success":true,"data":{"data":[{"object":"item","name":"mine","type":1,"login":{"uris":[{"uri":"https://npmjs.com"}],"username":"ada","totp":"` + key + `"}}]}}`: {ada},
		`{"GitHub":{"user":"ada","uri":"` + uri + `"},"npm":{"user":"ada","uri":"` + uri + `"}}`:                                                                           {github, ada},
		`{"version":1,"accounts":[{"name":"ada","issuer":"npm","secret":"` + key + `","algorithm":"SHA1","digits":6,"period":30,"type":"totp"}]}`:                          {ada},
		`{"title":"npm","fields":[{"label":"One-time code","type":"totp","value":"` + key + `"}]}`:                                                                         {"npm|" + ada[len("npm|ada"):]},
		`[{"name":"GitHub","otpGenerator":{"otpSecret":"` + key + `"}}]`:                                                                                                   {"GitHub|" + ada[len("npm|ada"):]},
		`{"keys":[{"issuer":"Example","label":"ada@example.org","secret":"` + other + `","digits":8,"algorithm":"SHA256","period":60}]}`:                                   {example},
		`{"title":"npm","username":"ada","type":"login","totp":"` + key + `"}`:                                                                                             {ada},
		`{"title":"npm","username":"ada","totp":"GEZDGNBVG1"}`:                                                                                                             {"npm|ada|character 10 of the secret is not base32, which has no 0, 1, 8 and 9: look again for the letters O, I or L, B and G (spaces and dashes are not counted)"},
		`{"keys":[{"issuer":"X","label":"eve","secret":"` + key + `","digits":[8]}]}`:                                                                                      {"X|eve|its number of digits is not a whole number"},
		`{"title":"Y","totp":"` + key + `","otp":"` + other + `"}`:                                                                                                         {"Y||it has two keys"},
		`{"issuer":"Y","otp":"` + uri + `","digits":8}`:                                                                                                                    {"|line 1|fields beside the URI say something else of its digits, period or algorithm"},
		`{"issuer":"npm","otp":"` + uri + `","digits":6,"period":30}`:                                                                                                      {ada},
		`[{"name":"npm","url":"androidapp://com.example","user":"ada","totp":"` + key + `"}]`:                                                                              {ada},
		`{"secret":"abcdefghijklmnop","url":"https://example.org"}`:                                                                                                        {otpimport.ErrUnknown.Error()},
	} {
		got := entriesOf(t, text)
		if slices.Sort(got); !slices.Equal(got, slices.Sorted(slices.Values(want))) {
			t.Errorf("%s:\n%s\nwant\n%s", text, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// A URI that goes on in the next string of a JSON array is joined, or refused.
func TestCutStrings(t *testing.T) {
	const uri = "otpauth://totp/npm:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=npm"
	joined := 0
	for at := 1; at < len(uri); at++ {
		got := entriesOf(t, `{"keys":["`+uri[:at]+`","`+uri[at:]+`"],"n":1}`)
		if slices.Equal(got, []string{ada}) {
			joined++
		} else if slices.ContainsFunc(got, func(e string) bool { return strings.Contains(e, "|totp ") }) {
			t.Errorf("cut at %d: %q", at, got)
		}
	}
	if joined < len(uri)/2 {
		t.Errorf("%d joined", joined)
	}
}

// Parts of a transfer are told by their numbers, and the same only when their
// content is.
func TestTransferParts(t *testing.T) {
	part := func(name, key string, size, index, id byte) string {
		inner := "\x0a" + string(rune(len(key))) + key + "\x12" + string(rune(len(name))) + name + "\x20\x01\x28\x01\x30\x02"
		payload := "\x0a" + string(rune(len(inner))) + inner + "\x18" + string([]byte{size, 0x20, index, 0x28, id})
		return "otpauth-migration://offline?data=" + base64.StdEncoding.EncodeToString([]byte(payload))
	}
	a, b, c := part("npm:ada", "12345678901234567890", 3, 0, 7), part("bob", "asdfghjklqwertyuiopa", 3, 1, 7), part("eve", "qwertyuiopasdfghjklz", 3, 2, 7)
	for _, tt := range []struct {
		uris    []string
		keys    int
		missing string
	}{
		{[]string{c, a, b}, 3, "<nil>"},
		{[]string{a, c, a}, 2, "the transfer has 3 QR codes, and number 2 is missing"},
		{[]string{b}, 1, "the transfer has 3 QR codes, and numbers 1, 3 are missing"},
		{[]string{part("ada", "12345678901234567890", 1, 0, 1), part("bob", "asdfghjklqwertyuiopa", 1, 0, 1)}, 2, "<nil>"},
	} {
		r := &otpimport.Reader{}
		if err := r.Add(t.Context(), strings.NewReader(strings.Join(tt.uris, "\n"))); err != nil {
			t.Fatal(err)
		}
		missing := "<nil>"
		if m := r.Missing(); m != nil {
			missing = m.Error()
		}
		if len(r.Entries()) != tt.keys || missing != tt.missing {
			t.Errorf("%d keys, %s; want %d, %s", len(r.Entries()), missing, tt.keys, tt.missing)
		}
	}
}

// What takes more than usual is asked about, and much more refused.
func TestAllow(t *testing.T) {
	file := `{"version":1,"kdfParams":{"memLimit":%d,"opsLimit":1,"salt":"AAAAAAAAAAAAAAAAAAAAAA=="},"encryptedData":"AAAA","encryptionNonce":"AAAA"}`
	asked := 0
	errNo := errors.New("no")
	for memory, want := range map[int]error{1 << 20: otpimport.ErrPassword, 300 << 20: errNo, 2 << 30: otpimport.ErrCost} {
		r := &otpimport.Reader{Password: password("x"), Allow: func(int64) error { asked++; return errNo }}
		if err := r.Add(t.Context(), strings.NewReader(fmt.Sprintf(file, memory))); !errors.Is(err, want) {
			t.Errorf("%d: %v", memory, err)
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
}
