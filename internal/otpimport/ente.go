package otpimport

import (
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"

	"golang.org/x/crypto/chacha20"
	//lint:ignore SA1019 what libsodium does is not an AEAD of x/crypto
	"golang.org/x/crypto/poly1305" //nolint:staticcheck // see above

	"npmotp/otpgen"
)

// readEnte reads the encrypted export of Ente Auth (ente.io/help/auth/migration/
// export): otpauth URIs, encrypted under a key that Argon2id makes of the
// password.
func readEnte(in *input) error {
	damaged := fmt.Errorf("%w: it is not as Ente Auth writes it", ErrDamaged)
	var kdf struct {
		Memory int    `json:"memLimit"` // in bytes; Ente writes 1 GiB and 4 passes, or less memory and more passes
		Passes int    `json:"opsLimit"`
		Salt   []byte `json:"salt"`
	}
	if json.Unmarshal(in.object["kdfParams"], &kdf) != nil {
		return damaged
	}
	sealed, err := base64.StdEncoding.DecodeString(in.object.name("encryptedData"))
	if err != nil {
		return damaged
	}
	header, err := base64.StdEncoding.DecodeString(in.object.name("encryptionNonce"))
	if err != nil {
		return damaged
	}
	password, err := in.askPassword()
	if err != nil {
		return fmt.Errorf("%w (it is of Ente Auth)", err)
	}
	key, err := in.argon2id(password, kdf.Salt, kdf.Memory/1024, kdf.Passes, 1)
	if err != nil {
		return err
	}
	plain, ok := openStream(key, header, sealed)
	if !ok {
		return ErrPassword
	}
	return in.addTexts(otpgen.Label{}, string(plain))
}

// openStream decrypts the first message of libsodium's secretstream with
// XChaCha20 and Poly1305 (doc.libsodium.org, "Encrypting a set of related
// messages"), without additional data.
func openStream(key, header, sealed []byte) (plain []byte, ok bool) {
	const tag = 1 // bytes, before the message
	if len(header) != 24 || len(sealed) < tag+poly1305.TagSize {
		return nil, false
	}
	subkey, err := chacha20.HChaCha20(key, header[:16])
	if err != nil {
		return nil, false
	}
	nonce := append(binary.LittleEndian.AppendUint32(nil, 1), header[16:]...)
	stream, err := chacha20.NewUnauthenticatedCipher(subkey, nonce)
	if err != nil {
		return nil, false
	}
	var macKey [32]byte
	stream.XORKeyStream(macKey[:], macKey[:])
	// The first block of the message has the tag and nothing else.
	block := make([]byte, 64)
	block[0] = sealed[0]
	stream.SetCounter(1)
	stream.XORKeyStream(block, block)
	message, mac := sealed[tag:len(sealed)-poly1305.TagSize], sealed[len(sealed)-poly1305.TagSize:]

	authenticator := poly1305.New(&macKey)
	block[0] = sealed[0] // encrypted again
	_, _ = authenticator.Write(block)
	_, _ = authenticator.Write(message)
	// libsodium pads to (16 - 64 + length) mod 16, which is not to a multiple of 16.
	_, _ = authenticator.Write(make([]byte, (16-64+len(message))&15))
	_, _ = authenticator.Write(binary.LittleEndian.AppendUint64(nil, 0))
	_, _ = authenticator.Write(binary.LittleEndian.AppendUint64(nil, uint64(64+len(message))))
	if subtle.ConstantTimeCompare(authenticator.Sum(nil), mac) != 1 {
		return nil, false
	}
	plain = make([]byte, len(message))
	stream.XORKeyStream(plain, message)
	return plain, true
}
