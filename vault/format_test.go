package vault_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"filippo.io/age/armor"

	"npmotp/internal/atomicfile"
	"npmotp/internal/secret"
	"npmotp/vault"
)

// parts takes a vault file apart as doc/design.md describes it, with age alone.
func parts(t *testing.T, data string, pass secret.Text) (head string, id *age.HybridIdentity, body map[string]any) {
	t.Helper()
	head, armored, ok := strings.Cut(data, "\nbody\n")
	if !ok {
		t.Fatal("no body line")
	}
	slot := head[strings.Index(head, armor.Header):] + "\n"
	scrypt, err := age.NewScryptIdentity(pass.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	id, err = age.ParseHybridIdentity(strings.TrimSpace(decrypt(t, slot, scrypt)))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(decrypt(t, armored, id)), &body); err != nil {
		t.Fatal(err)
	}
	return head + "\nbody\n", id, body
}

func decrypt(t *testing.T, armored string, id age.Identity) string {
	t.Helper()
	r, err := age.Decrypt(armor.NewReader(strings.NewReader(armored)), id)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(plain)
}

// rewrite stores another body in the vault file, as a later npmotp might.
func rewrite(t *testing.T, path string, change func(body map[string]any)) {
	t.Helper()
	head, id, body := parts(t, read(t, path), pass)
	change(body)
	plain, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	out.WriteString(head)
	armored := armor.NewWriter(&out)
	w, err := age.Encrypt(armored, id.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Write(plain)
	if err := errors.Join(err, w.Close(), armored.Close()); err != nil {
		t.Fatal(err)
	}
	write(t, path, out.String())
}

func TestUnknownFieldsSurvive(t *testing.T) {
	v, path := create(t)
	add(t, v, "ada", "c1")
	rewrite(t, path, func(body map[string]any) {
		body["future"] = map[string]any{"a": 1.5}
		account := first(body)
		account["colour"], account["state"] = "blue", "suspended"
		account["otp"].(map[string]any)["origin"] = "card"
		account["recovery_codes"].([]any)[0].(map[string]any)["shape"] = "round"
		body["tombstones"] = []any{map[string]any{"id": "x", "removed_at": "2026-01-02T03:04:05Z", "why": "old"}}
	})
	later := open(t, path)
	change(t, later, func(c *vault.Contents) error { c.Accounts[0].Username = "ada"; return nil })
	add(t, later, "bob")
	_, _, body := parts(t, read(t, path), pass)
	account := first(body)
	key := account["otp"].(map[string]any)
	code := account["recovery_codes"].([]any)[0].(map[string]any)
	tombstone := body["tombstones"].([]any)[0].(map[string]any)
	if fmt.Sprint(body["future"]) != "map[a:1.5]" || account["colour"] != "blue" || code["shape"] != "round" || tombstone["why"] != "old" || key["origin"] != "card" || account["state"] != "suspended" {
		t.Errorf("lost a field: %v", body)
	}
	if len(body["accounts"].([]any)) != 2 {
		t.Error("the update is missing")
	}
}

func TestBadBodiesAreRefused(t *testing.T) {
	tests := map[string]func(body map[string]any){
		"no version":    func(b map[string]any) { delete(b, "v") },
		"no id":         func(b map[string]any) { delete(b, "vault_id") },
		"slots hash":    func(b map[string]any) { b["slots_hash"] = "00" },
		"a wrong type":  func(b map[string]any) { b["accounts"] = "canary-secret" },
		"a bad level":   func(b map[string]any) { first(b)["level"] = "high" },
		"a bad kind":    func(b map[string]any) { first(b)["otp"].(map[string]any)["type"] = "totally" },
		"a bad secret":  func(b map[string]any) { first(b)["otp"].(map[string]any)["secret"] = "canary-secret!" },
		"a bad period":  func(b map[string]any) { first(b)["otp"].(map[string]any)["period"] = -1 },
		"a name twice":  func(b map[string]any) { b["accounts"] = append(b["accounts"].([]any), b["accounts"].([]any)[0]) },
		"a state":       func(b map[string]any) { first(b)["recovery_codes"].([]any)[0].(map[string]any)["state"] = "eaten" },
		"no more saves": func(b map[string]any) { b["generation"] = uint64(math.MaxUint64) },
		// Names that readers which do not tell cases apart take for others.
		"a top name":   func(b map[string]any) { b["Generation"] = 7 },
		"an account's": func(b map[string]any) { first(b)["RECOVERY_CODES"] = []any{} },
		"a key's":      func(b map[string]any) { first(b)["otp"].(map[string]any)["Digits"] = 8 },
		"a code's":     func(b map[string]any) { first(b)["recovery_codes"].([]any)[0].(map[string]any)["State"] = "used" },
		"a tombstone's": func(b map[string]any) {
			b["tombstones"] = []any{map[string]any{"ID": "x", "removed_at": "2026-01-02T03:04:05Z"}}
		},
		"an empty code": func(b map[string]any) { first(b)["recovery_codes"].([]any)[0].(map[string]any)["code"] = "" },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			v, path := create(t)
			add(t, v, "ada", "c1")
			rewrite(t, path, change)
			_, err := vault.At(path, vault.Options{}).Open(t.Context(), vault.Passphrase(pass))
			if !errors.Is(err, vault.ErrFormat) {
				t.Fatalf("got %v", err)
			}
			if strings.Contains(err.Error(), "canary") {
				t.Errorf("the error quotes the contents: %v", err)
			}
		})
	}
	t.Run("later contents", func(t *testing.T) {
		_, path := create(t)
		rewrite(t, path, func(b map[string]any) { b["v"] = 2 })
		_, err := vault.At(path, vault.Options{}).Open(t.Context(), vault.Passphrase(pass))
		var version *vault.VersionError
		if !errors.As(err, &version) || version.Got != 2 {
			t.Errorf("got %v", err)
		}
	})
}

func first(body map[string]any) map[string]any {
	return body["accounts"].([]any)[0].(map[string]any)
}

func TestPaddingAndParent(t *testing.T) {
	v, path := create(t)
	for i := range 30 {
		add(t, v, fmt.Sprintf("account-%d", i))
		head, id, _ := parts(t, read(t, path), pass)
		plain := decrypt(t, read(t, path)[len(head):], id)
		if len(plain)%4096 != 0 {
			t.Fatalf("the contents have %d bytes", len(plain))
		}
	}
	_, _, body := parts(t, read(t, path), pass)
	if len(body["parent"].(string)) != 64 || body["generation"].(float64) != 31 {
		t.Errorf("parent %v, generation %v", body["parent"], body["generation"])
	}
}

// A file that asks for more scrypt rounds than 2^20 is refused before it takes
// the memory.
func TestHighWorkFactorIsRefused(t *testing.T) {
	_, path := create(t)
	write(t, path, demanding(t, path, 24))
	_, err := vault.At(path, vault.Options{}).Open(t.Context(), vault.Passphrase(pass))
	if !errors.Is(err, vault.ErrFormat) || !strings.Contains(err.Error(), "24") {
		t.Errorf("got %v", err)
	}
}

// Every step of a save can fail, and after each the file holds the old contents
// or, past the rename, the new ones.
func TestSaveFailures(t *testing.T) {
	steps := []atomicfile.Step{
		atomicfile.StepCreate, atomicfile.StepWrite, atomicfile.StepSync, atomicfile.StepClose,
		atomicfile.StepReadBack, atomicfile.StepVerify, atomicfile.StepKeep, atomicfile.StepRename,
		atomicfile.StepSyncDir,
	}
	for _, failing := range steps {
		t.Run(string(failing), func(t *testing.T) {
			full := errors.New("no space left")
			_, path := create(t)
			asked := false
			v := open(t, path, vault.Options{Fail: func(s atomicfile.Step) error {
				if s == failing {
					asked = true
					return full
				}
				return nil
			}})
			err := v.Update(t.Context(), func(c *vault.Contents) error {
				_, err := c.Add(account("ada"), then)
				return err
			})
			if !errors.Is(err, full) || !asked {
				t.Fatalf("got %v", err)
			}
			want := 0
			if failing == atomicfile.StepSyncDir {
				want = 1 // renamed; whether it survives a power cut is open, so it is an error
			}
			if n := len(contents(t, open(t, path)).Accounts); n != want {
				t.Errorf("%d accounts, want %d", n, want)
			}
			left, err := atomicfile.Leftovers(path)
			if err != nil || len(left) > 0 {
				t.Errorf("leftovers %v, %v", left, err)
			}
		})
	}
}

func TestLeftoversAreRemoved(t *testing.T) {
	v, path := create(t)
	leftover := filepath.Join(filepath.Dir(path), ".vault.npmotp.tmp-0123456789abcdef")
	other := filepath.Join(filepath.Dir(path), ".vault.npmotp.tmp-mine")
	for _, p := range []string{leftover, other} {
		write(t, p, "x")
	}
	add(t, v, "ada")
	if _, err := os.Stat(leftover); !errors.Is(err, os.ErrNotExist) {
		t.Error("the leftover of a killed save stayed")
	}
	if _, err := os.Stat(other); err != nil {
		t.Error("somebody else's file is gone")
	}
}

// Each file in testdata/vectors opens, or fails, for ever as its header says.
// Vectors are added and never edited.
func TestVectors(t *testing.T) {
	files, err := filepath.Glob("testdata/vectors/*.txt")
	if err != nil || len(files) < 6 {
		t.Fatalf("%d vectors, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			comment, data, ok := strings.Cut(read(t, file), "\n\n")
			if !ok {
				t.Fatal("no empty line after the header")
			}
			header := map[string]string{}
			for line := range strings.Lines(comment) {
				key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
				header[key] = value
			}
			path := filepath.Join(t.TempDir(), "vault.npmotp")
			write(t, path, data)
			v, err := vault.At(path, vault.Options{}).Open(t.Context(), vault.Passphrase(secret.New(header["passphrase"])))
			switch header["expect"] {
			case "ok":
				if err != nil {
					t.Fatal(err)
				}
				if got := summary(t, contents(t, v)); got != header["contents"] {
					t.Errorf("contents %s\nwant     %s", got, header["contents"])
				}
				if identity := header["identity"]; identity != "" {
					if _, err := vault.At(path, vault.Options{}).Open(t.Context(), identities(t, secret.New(identity))); err != nil {
						t.Errorf("with the identity: %v", err)
					}
				}
			case "passphrase":
				if !errors.Is(err, vault.ErrPassphrase) {
					t.Errorf("got %v", err)
				}
			case "format":
				if !errors.Is(err, vault.ErrFormat) {
					t.Errorf("got %v", err)
				}
			case "line ends":
				if !errors.Is(err, vault.ErrLineEnds) || !errors.Is(err, vault.ErrFormat) {
					t.Errorf("got %v", err)
				}
			case "version":
				if _, ok := errors.AsType[*vault.VersionError](err); !ok {
					t.Errorf("got %v", err)
				}
			default:
				t.Errorf("unknown expectation %q", header["expect"])
			}
		})
	}
}

// summary writes what a vector must come back as on one line: each account with
// the code it has at Unix time 59, and the numbers of its recovery codes.
func summary(t *testing.T, c *vault.Contents) string {
	t.Helper()
	var out []string
	for _, a := range c.Accounts {
		s := a.Name + "@" + a.Registry + " " + string(a.Level)
		switch {
		case a.IsHOTP():
			code, _, err := a.Key.HOTP()
			if err != nil {
				t.Fatal(err)
			}
			s += " hotp " + code.Value.Reveal()
		case a.Key != nil:
			code, err := a.Code(time.Unix(59, 0))
			if err != nil {
				t.Fatal(err)
			}
			s += " totp " + code.Value.Reveal()
		}
		for _, r := range a.RecoveryCodes {
			s += fmt.Sprintf(" %d:%s:%s", r.Number, r.State, r.Code.Reveal())
		}
		out = append(out, s)
	}
	return strings.Join(append([]string{fmt.Sprintf("generation %d", c.Generation)}, out...), "; ")
}
