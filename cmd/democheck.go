package cmd

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 4226 is defined with SHA-1
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"time"

	"npmotp/internal/secret"
	"npmotp/vault"
)

// checkCode computes the password a second time, straight from the RFCs and
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
		return fmt.Errorf("the password differs from what RFC 6238 says (%s)", want)
	}
	d.say("   checked against a second computation by RFC 6238; check it yourself with\n   oathtool --totp --base32 --now '%s' %s\n",
		time.Unix(unix, 0).UTC().Format("2006-01-02 15:04:05 UTC"), a.Key.Secret.Reveal())
	return nil
}
