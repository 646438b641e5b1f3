package codes_test

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"npmotp/internal/agent"
	"npmotp/internal/codes"
	"npmotp/internal/secret"
	"npmotp/internal/ui"
	"npmotp/otpgen"
	"npmotp/vault"
)

// The secrets of [newVault]. That of the counter is RFC 4226's.
const (
	vaultPassphrase = "correct horse battery staple"
	adaSecret       = "MZXW6YTBOJRGC6RAMZXW6YTBOJRGC6RA"
	hotSecret       = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
)

// start is when every test begins, seven seconds into a step.
func start() time.Time { return time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC) }

// newVault returns a vault with a time-based account, ada, and a counted one, hot.
func newVault(t testing.TB) *vault.Vault {
	t.Helper()
	file := vault.At(filepath.Join(t.TempDir(), "vault.npmotp"), vault.Options{WorkFactor: vault.MinWorkFactor})
	v, err := file.Create(t.Context(), secret.New(vaultPassphrase))
	if err != nil {
		t.Fatal(err)
	}
	err = v.Update(t.Context(), func(c *vault.Contents) error {
		ada, err := otpgen.NewKey(secret.New(adaSecret))
		hot, failed := otpgen.NewKey(secret.New(hotSecret))
		if err := errors.Join(err, failed); err != nil {
			return err
		}
		hot.Kind = otpgen.HOTP
		_, err = c.Add(vault.Account{Name: "ada", Key: &ada}, start())
		_, failed = c.Add(vault.Account{Name: "hot", Key: &hot}, start())
		return errors.Join(err, failed)
	})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// A bench is a source of codes from an open vault, with a clock that those who wait
// move, and with what was said to the user.
type bench struct {
	*codes.Source
	now  time.Time
	said strings.Builder
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{now: start()}
	v := newVault(t)
	c, err := v.Contents()
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return b.now }
	b.Source = &codes.Source{
		UI: &ui.UI{Err: &b.said, Verbose: true}, Now: now,
		Ledger: codes.Ledger{Dir: filepath.Join(t.TempDir(), "state")},
		Wait:   func(_ context.Context, d time.Duration) error { b.now = b.now.Add(d); return nil },
	}
	b.Use(&codes.Unlocked{Vault: v, Contents: c, Now: now})
	return b
}

func (b *bench) account(t *testing.T, name string) agent.Account {
	t.Helper()
	a, err := b.Find(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// send returns a code of an account to send to a registry.
func (b *bench) send(t *testing.T, name, registry string) codes.Sent {
	t.Helper()
	sent, err := b.ToSend(t.Context(), b.account(t, name), registry, 0)
	if err != nil {
		t.Fatal(err)
	}
	return sent
}

// unwritable puts a file where the folder of the ledger is.
func (b *bench) unwritable(t *testing.T) {
	t.Helper()
	if err := errors.Join(os.RemoveAll(b.Ledger.Dir), os.WriteFile(b.Ledger.Dir, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
}

const (
	npm   = "https://registry.npmjs.org/"
	other = "https://registry.example.com/"
)

// What keeps a counter's codes apart is the vault, where each is used up before it is
// sent (RFC 4226, appendix D): the ledger need not even be there.
func TestCountersAreNotNoted(t *testing.T) {
	b := newBench(t)
	b.unwritable(t)
	for _, want := range []string{"755224", "287082", "359152"} {
		sent := b.send(t, "hot", npm)
		if got := sent.Value.Reveal(); got != want || sent.Again {
			t.Errorf("%s is sent, again %t, want %s", got, sent.Again, want)
		}
		b.Refused(t.Context(), sent)
		b.Took(t.Context(), sent)
	}
	if b.said.Len() > 0 || !b.now.Equal(start()) {
		t.Errorf("the user waits until %s and is told %q", b.now, b.said.String())
	}
}

// A code whose use cannot be noted is not sent.
func TestNoCodeWithoutANote(t *testing.T) {
	b := newBench(t)
	b.unwritable(t)
	sent, err := b.ToSend(t.Context(), b.account(t, "ada"), npm, 0)
	if err == nil || !strings.HasPrefix(err.Error(), "noting that a code is used: ") || sent.Value.Len() > 0 {
		t.Errorf("a code of %d digits is sent, %v", sent.Value.Len(), err)
	}
}

// What cannot be noted of an answer is said, and what was refused is not sent again by
// the same run.
func TestAnswersThatCannotBeNoted(t *testing.T) {
	b := newBench(t)
	first, second := b.send(t, "ada", npm), b.send(t, "ada", npm)
	if !second.Again || !second.Value.Equal(first.Value) {
		t.Fatal("npm's own registry is not sent a code twice")
	}
	b.unwritable(t)
	b.Took(t.Context(), second)
	b.Refused(t.Context(), second)
	for _, want := range []string{"that the code was taken twice is not noted: ", "warning: that the code was refused is not noted: "} {
		if !strings.Contains(b.said.String(), want) {
			t.Errorf("the user is told %q", b.said.String())
		}
	}
	b.Ledger = codes.Ledger{}
	if third := b.send(t, "ada", npm); !third.From.Equal(second.Until) || third.Again {
		t.Errorf("after a refusal the code of %s is sent, again %t", third.From, third.Again)
	}
}

// A word for reuse that a later version may know counts as the strictest, also where
// codes are taken twice.
func TestUnknownReuse(t *testing.T) {
	b := newBench(t)
	a := b.account(t, "ada")
	a.Reuse = "weekly"
	for i := range 3 {
		sent, err := b.ToSend(t.Context(), a, npm, 0)
		if want := start().Truncate(30 * time.Second).Add(time.Duration(i) * 30 * time.Second); err != nil || sent.Again || !sent.From.Equal(want) {
			t.Errorf("the code of %s is sent, again %t, %v; want that of %s", sent.From, sent.Again, err, want)
		}
	}
}

// Of a request that comes to nothing no step is taken.
func TestNothingIsTaken(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	interrupted := errors.New("interrupted")
	cancel(interrupted)
	for name, tt := range map[string]struct {
		name  string
		least time.Duration
		fresh bool
		want  func(error) bool
	}{
		"no such account":           {"eve", 0, false, func(err error) bool { return errors.Is(err, vault.ErrNoAccount) }},
		"more than a code lasts":    {"ada", 31 * time.Second, false, isUsage},
		"more than a fresh one has": {"ada", 31 * time.Second, true, isUsage},
		"interrupted":               {"ada", 25 * time.Second, true, func(err error) bool { return errors.Is(err, interrupted) }},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.Wait = func(ctx context.Context, _ time.Duration) error { return context.Cause(ctx) }
			var code agent.Code
			var err error
			if tt.fresh {
				code, err = b.Fresh(ctx, tt.name, true, tt.least)
			} else {
				var sent codes.Sent
				sent, err = b.ToSend(ctx, agent.Account{ID: "1", Name: tt.name}, npm, tt.least)
				code = sent.Code
			}
			if !tt.want(err) || code.Value.Len() > 0 {
				t.Errorf("a code of %d digits, %v", code.Value.Len(), err)
			}
			if _, err := os.Stat(b.Ledger.Dir); err == nil {
				t.Error("the ledger is written")
			}
		})
	}
}

func isUsage(err error) bool {
	_, ok := errors.AsType[*ui.UsageError](err)
	return ok
}

// Who interrupts the wait for the next code gets none.
func TestInterruptedWait(t *testing.T) {
	b := newBench(t)
	b.send(t, "ada", other)
	interrupted := errors.New("interrupted")
	b.Wait = func(context.Context, time.Duration) error { return interrupted }
	if sent, err := b.ToSend(t.Context(), b.account(t, "ada"), other, 0); !errors.Is(err, interrupted) || sent.Value.Len() > 0 {
		t.Errorf("a code of %d digits, %v", sent.Value.Len(), err)
	}
}

// All names of a vault lead to one agent, whatever folder one is in.
func TestAgentOf(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	file, loop := filepath.Join(dir, "real", "vault.npmotp"), filepath.Join(dir, "loop")
	if err := errors.Join(os.Mkdir(filepath.Dir(file), 0o700), os.WriteFile(file, nil, 0o600),
		os.Symlink("real", filepath.Join(dir, "link")), os.Symlink(file, filepath.Join(dir, "mine")), os.Symlink("loop", loop)); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	_, want, err := codes.AgentOf(file, dir, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(filepath.Join(dir, "link"))
	for _, name := range []string{"vault.npmotp", "../link/vault.npmotp", "../real/vault.npmotp", "../mine", filepath.Join(dir, "mine")} {
		if path, e, err := codes.AgentOf(name, dir, ""); err != nil || path != file || e != want {
			t.Errorf("%s is %s at %v, %v", name, path, e, err)
		}
	}
	if path, _, err := codes.AgentOf(filepath.Join(loop, "vault.npmotp"), dir, ""); err == nil {
		t.Errorf("a loop leads to %s", path)
	}
}

// A counter at its end has no code to show, and the key is not stored.
func TestReplaceByNothing(t *testing.T) {
	fresh, err := otpgen.NewKey(secret.New("MFRGGZDFMZTWQ2LKMFRGGZDFMZTWQ2LK"))
	if err != nil {
		t.Fatal(err)
	}
	ended := fresh
	ended.Kind, ended.Period, ended.Counter = otpgen.HOTP, 0, math.MaxUint64
	for name, tt := range map[string]struct {
		account string
		key     otpgen.Key
	}{"a counter at its end": {"ada", ended}, "no such account": {"eve", fresh}} {
		t.Run(name, func(t *testing.T) {
			v := newVault(t)
			never := func(*vault.Account) error { t.Error("it is shown or changed"); return nil }
			if err := codes.ReplaceKey(t.Context(), v, tt.account, tt.key, start(), never, never); err == nil {
				t.Error("it is replaced")
			}
			if c, err := v.Contents(); err != nil || len(c.Accounts) != 2 {
				t.Errorf("%d accounts, %v", len(c.Accounts), err)
			}
		})
	}
}
