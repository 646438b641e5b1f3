package otpimport_test

import (
	"crypto/sha1"
	"encoding/base32"
	"fmt"
	"strings"
	"testing"
	"time"

	"npmotp/internal/otpimport"
	"npmotp/vault"
)

// list returns otpauth URIs of different keys: of as many users, or all of one.
func list(n int, oneName bool) string {
	var b strings.Builder
	for i := range n {
		secret := sha1.Sum([]byte{byte(i), byte(i >> 8), byte(i >> 16)})
		user := fmt.Sprintf("user%d", i)
		if oneName {
			user = "ada"
		}
		fmt.Fprintf(&b, "otpauth://totp/npm:%s?secret=%s&issuer=npm&algorithm=SHA1&digits=6&period=30\n",
			user, base32.StdEncoding.EncodeToString(secret[:]))
	}
	return b.String()
}

// What grows is the time of a key if anything is done for each pair of keys.
func BenchmarkImport(b *testing.B) {
	for _, n := range []int{10_000, 30_000, 100_000} {
		for _, oneName := range []bool{false, true} {
			text := list(n, oneName)
			b.Run(fmt.Sprintf("%d/oneName=%v", n, oneName), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					r := &otpimport.Reader{}
					if err := r.Add(b.Context(), strings.NewReader(text)); err != nil {
						b.Fatal(err)
					}
					outcomes, err := otpimport.Store(b.Context(), &vault.Contents{}, r.Entries(), time.Unix(0, 0))
					if err != nil || len(outcomes) != n {
						b.Fatalf("%d outcomes, %v", len(outcomes), err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/key")
			})
		}
	}
}
