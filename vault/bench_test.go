package vault_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"npmotp/internal/secret"
	"npmotp/otpgen"
	"npmotp/vault"
)

// largeVault returns a vault with n accounts, and the passphrase.
func largeVault(b *testing.B, n int) (*vault.File, secret.Text) {
	b.Helper()
	pass := secret.New("correct horse")
	f := vault.At(filepath.Join(b.TempDir(), "vault.npmotp"),
		vault.Options{WorkFactor: vault.MinWorkFactor, Memory: b.TempDir(), Clock: time.Now})
	v, err := f.Create(b.Context(), pass)
	if err != nil {
		b.Fatal(err)
	}
	err = v.Update(b.Context(), func(c *vault.Contents) error {
		for i := range n {
			key := otpgen.Key{Secret: secret.New("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"), Digits: 6, Period: 30 * time.Second}
			c.Accounts = append(c.Accounts, vault.Account{
				ID: fmt.Sprintf("%032x", i), Name: fmt.Sprintf("user%05d", i), Issuer: "npm", Registry: vault.DefaultRegistry,
				Level: vault.AuthAndWrites, Key: &key, AddedAt: time.Unix(0, 0), UpdatedAt: time.Unix(0, 0),
			})
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return f, pass
}

// What a command costs beside the key derivation: opening to read a code, and
// opening to change one account.
func BenchmarkVault(b *testing.B) {
	for _, n := range []int{10, 1000, 10000} {
		f, pass := largeVault(b, n)
		b.Run(fmt.Sprintf("open/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				v, err := f.Open(b.Context(), vault.Passphrase(pass))
				if err != nil {
					b.Fatal(err)
				}
				if _, err := v.Contents(); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("save/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				v, err := f.Open(b.Context(), vault.Passphrase(pass))
				if err != nil {
					b.Fatal(err)
				}
				err = v.Update(b.Context(), func(c *vault.Contents) error {
					c.Accounts[n/2].Username = fmt.Sprint(i)
					return nil
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
