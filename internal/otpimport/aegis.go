package otpimport

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"golang.org/x/crypto/scrypt"

	"npmotp/internal/secret"
	"npmotp/otpgen"
)

// Aegis describes its file in docs/vault.md of github.com/beemdevelopment/Aegis.
type aegisFile struct {
	Header struct {
		Slots  []aegisSlot  `json:"slots"`
		Params *aegisParams `json:"params"`
	} `json:"header"`
	DB json.RawMessage `json:"db"`
}

type aegisParams struct {
	Nonce string `json:"nonce"`
	Tag   string `json:"tag"`
}

type aegisSlot struct {
	Type   int         `json:"type"`
	Key    string      `json:"key"`
	Params aegisParams `json:"key_params"`
	N      int         `json:"n"`
	R      int         `json:"r"`
	P      int         `json:"p"`
	Salt   string      `json:"salt"`
}

type aegisDB struct {
	Entries []struct {
		Type   string `json:"type"`
		Name   string `json:"name"`
		Issuer string `json:"issuer"`
		Info   struct {
			Secret  string  `json:"secret"`
			Algo    string  `json:"algo"`
			Digits  int     `json:"digits"`
			Period  int     `json:"period"`
			Counter *uint64 `json:"counter"`
		} `json:"info"`
	} `json:"entries"`
}

const aegisPassword = 1 // the type of a slot that a password opens

func (r *Reader) readAegis(c content) error {
	var f aegisFile
	if err := decode(c.text, &f); err != nil {
		return err
	}
	plain := string(f.DB)
	if f.Header.Params != nil {
		var err error
		if plain, err = r.decryptAegis(f); err != nil {
			return err
		}
	}
	var db aegisDB
	if err := decode(plain, &db); err != nil {
		return err
	}
	for _, e := range db.Entries {
		if err := r.step(); err != nil {
			return err
		}
		r.addRecord(otpgen.Label{Issuer: e.Issuer, Account: e.Name}, record{
			kind: e.Type, secret: e.Info.Secret, algorithm: e.Info.Algo, digits: e.Info.Digits, period: e.Info.Period, counter: e.Info.Counter,
		})
	}
	return nil
}

func (r *Reader) decryptAegis(f aegisFile) (string, error) {
	damaged := fmt.Errorf("%w: its encrypted part is not as Aegis writes it", ErrDamaged)
	var text string
	if json.Unmarshal(f.DB, &text) != nil {
		return "", damaged
	}
	sealed, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return "", damaged
	}
	slots := slices.DeleteFunc(f.Header.Slots, func(s aegisSlot) bool { return s.Type != aegisPassword })
	for _, s := range slots {
		// Aegis writes N = 2^15, r = 8 and p = 1.
		if err := r.spend(128*product(s.N, s.R), 128*product(s.N, s.R, s.P)); err != nil {
			return "", err
		}
	}
	if len(slots) == 0 {
		return "", fmt.Errorf("%w without a password; export it anew with one", ErrEncrypted)
	}
	if r.Password == nil {
		return "", ErrEncrypted
	}
	password, err := r.Password()
	if err != nil {
		return "", err
	}
	for _, s := range slots {
		key, err := r.openSlot(s, password)
		if err != nil {
			return "", err
		}
		if key == nil {
			continue
		}
		plain, ok := f.Header.Params.open(key, sealed)
		if !ok {
			return "", damaged
		}
		return string(plain), nil
	}
	return "", ErrPassword
}

// open returns the master key, or nil if the password is wrong.
func (r *Reader) openSlot(s aegisSlot, password secret.Text) ([]byte, error) {
	damaged := fmt.Errorf("%w: its slot is not as Aegis writes it", ErrDamaged)
	salt, err := hex.DecodeString(s.Salt)
	if err != nil || s.N < 2 || s.R < 1 || s.P < 1 {
		return nil, damaged
	}
	key, err := await(r.ctx, func() ([]byte, error) { return scrypt.Key([]byte(password.Reveal()), salt, s.N, s.R, s.P, 32) })
	if r.ctx.Err() != nil {
		return nil, err
	}
	if err != nil {
		return nil, damaged
	}
	wrapped, err := hex.DecodeString(s.Key)
	if err != nil {
		return nil, damaged
	}
	master, _ := s.Params.open(key, wrapped)
	return master, nil
}

// open decrypts AES-256-GCM, whose tag Aegis writes apart.
func (p aegisParams) open(key, sealed []byte) (plain []byte, ok bool) {
	nonce, err := hex.DecodeString(p.Nonce)
	if err != nil {
		return nil, false
	}
	tag, err := hex.DecodeString(p.Tag)
	if err != nil {
		return nil, false
	}
	return gcm(key, nonce, append(slices.Clip(sealed), tag...))
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
