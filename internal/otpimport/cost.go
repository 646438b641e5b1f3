package otpimport

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/sha256"
	"fmt"
	"math"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/scrypt"

	"npmotp/internal/secret"
)

// What an encrypted export may cost to open. Whoever wrote the file chose the
// parameters of its key derivation: beyond the first two the user is asked, and
// beyond the others refused.
const (
	freeMemory = 256 << 20 // bytes at once
	freeWork   = 1 << 30   // bytes that all derivations go through: a second or two
	maxMemory  = 1 << 30
	maxWork    = 4 << 30 // what Ente takes, the dearest of the programs

	// roundWork is what a round of PBKDF2 with SHA-256 takes of the work.
	roundWork = 1 << 10
)

// spend accounts for a key derivation that fills so many bytes of memory, and
// goes through so many.
func (r *Reader) spend(memory, work int64) error {
	r.work += min(work, maxWork+1)
	switch {
	case memory > maxMemory:
		return fmt.Errorf("%w: more than %d MiB of memory", ErrCost, maxMemory>>20)
	case r.work > maxWork:
		return fmt.Errorf("%w: many seconds of it", ErrCost)
	case memory <= freeMemory && r.work <= freeWork:
		return nil
	case r.Allow == nil:
		return fmt.Errorf("%w: %d MiB of memory, or some seconds", ErrCost, memory>>20)
	}
	return r.Allow(memory)
}

// product multiplies numbers of a file, and stops far above all that is
// allowed.
func product(numbers ...int) int64 {
	result := int64(1)
	for _, n := range numbers {
		if n < 0 || int64(n) > math.MaxInt32/max(1, result) {
			return math.MaxInt32
		}
		result *= int64(n)
	}
	return result
}

// askPassword returns the password of the export.
func (in *input) askPassword() (secret.Text, error) {
	if in.r.Password == nil {
		return secret.Text{}, ErrNoPassword
	}
	return in.r.Password()
}

// The derivations end with the context of the input, and their costs are to be
// accounted for before.

func (in *input) scrypt(password secret.Text, salt []byte, n, r, p int) ([]byte, error) {
	return await(in.ctx, func() ([]byte, error) { return scrypt.Key([]byte(password.Reveal()), salt, n, r, p, 32) })
}

func (in *input) pbkdf2(password secret.Text, salt []byte, rounds int) ([]byte, error) {
	if err := in.r.spend(0, roundWork*product(rounds)); err != nil {
		return nil, err
	}
	return await(in.ctx, func() ([]byte, error) { return pbkdf2.Key(sha256.New, password.Reveal(), salt, rounds, 32) })
}

// argon2id takes its memory in KiB.
func (in *input) argon2id(password secret.Text, salt []byte, memory, passes, lanes int) ([]byte, error) {
	if memory < 8 || passes < 1 || lanes < 1 || lanes > 255 {
		return nil, fmt.Errorf("%w: the parameters of its encryption are out of range", ErrDamaged)
	}
	if err := in.r.spend(1024*product(memory), 1024*product(memory, passes)); err != nil {
		return nil, err
	}
	return await(in.ctx, func() ([]byte, error) {
		return argon2.IDKey([]byte(password.Reveal()), salt, uint32(passes), uint32(memory), uint8(lanes), 32), nil //nolint:gosec // bounded above
	})
}

// gcm decrypts AES-256-GCM.
func gcm(key, nonce, sealed []byte) (plain []byte, ok bool) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, false
	}
	aead, err := cipher.NewGCM(block)
	if err != nil || len(nonce) != aead.NonceSize() {
		return nil, false
	}
	plain, err = aead.Open(nil, nonce, sealed, nil)
	return plain, err == nil
}
