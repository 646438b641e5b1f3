package otpexport

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"golang.org/x/crypto/scrypt"

	"npmotp/internal/secret"
	"npmotp/otpgen"
)

// Aegis describes its file in docs/vault.md of github.com/beemdevelopment/Aegis.
type aegisFile struct {
	Version int         `json:"version"`
	Header  aegisHeader `json:"header"`
	DB      any         `json:"db"` // an aegisDB, or that encrypted, in base64
}

type aegisHeader struct {
	Slots  []aegisSlot  `json:"slots"`
	Params *aegisParams `json:"params"`
}

type aegisSlot struct {
	Type     int         `json:"type"`
	UUID     string      `json:"uuid"`
	Key      string      `json:"key"`
	Params   aegisParams `json:"key_params"`
	N        int         `json:"n"`
	R        int         `json:"r"`
	P        int         `json:"p"`
	Salt     string      `json:"salt"`
	Repaired bool        `json:"repaired"` // the password is UTF-8, which it was not in old versions
	IsBackup bool        `json:"is_backup"`
}

type aegisParams struct {
	Nonce string `json:"nonce"`
	Tag   string `json:"tag"`
}

type aegisDB struct {
	Version int          `json:"version"`
	Entries []aegisEntry `json:"entries"`
	Groups  []struct{}   `json:"groups"`
}

type aegisEntry struct {
	Type     string    `json:"type"`
	UUID     string    `json:"uuid"`
	Name     string    `json:"name"`
	Issuer   string    `json:"issuer"`
	Note     string    `json:"note"`
	Favorite bool      `json:"favorite"`
	Icon     *string   `json:"icon"`
	Info     aegisInfo `json:"info"`
	Groups   []string  `json:"groups"`
}

type aegisInfo struct {
	Secret  string  `json:"secret"`
	Algo    string  `json:"algo"`
	Digits  int     `json:"digits"`
	Period  int64   `json:"period,omitempty"`
	Counter *uint64 `json:"counter,omitempty"`
}

// The parameters that Aegis has for what it writes, and the lengths of a key, a
// salt and a nonce in bytes.
const (
	aegisPassword = 1 // the type of a slot that a password opens
	aegisN        = 1 << 15
	aegisR        = 8
	aegisP        = 1
	aegisKey      = 32
	aegisNonce    = 12
)

// aegis writes the file of Aegis, encrypted unless it may be plain.
func aegis(ctx context.Context, entries []Entry, o Options) ([]Document, error) {
	db := aegisDB{Version: 3, Groups: []struct{}{}}
	d := Document{}
	for _, e := range entries {
		d.add(e)
		db.Entries = append(db.Entries, aegisEntryOf(e, o.Codes))
	}
	file := aegisFile{Version: 1, DB: db}
	if !o.Plaintext {
		plain, err := json.Marshal(db)
		if err != nil {
			return nil, err
		}
		if file, err = seal(plain, o.Password); err != nil {
			return nil, err
		}
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	data, err := json.MarshalIndent(file, "", "    ")
	d.Text = secret.New(string(data))
	return []Document{d}, err
}

func aegisEntryOf(e Entry, codes bool) aegisEntry {
	entry := aegisEntry{
		Type: e.Key.Kind.String(), UUID: newUUID(), Name: e.Label.Account, Issuer: e.Label.Issuer, Groups: []string{},
		Info: aegisInfo{Secret: e.Key.Secret.Reveal(), Algo: e.Key.Alg.String(), Digits: e.Key.Digits},
	}
	if e.Key.Kind == otpgen.HOTP {
		entry.Info.Counter = &e.Key.Counter
	} else {
		entry.Info.Period = int64(e.Key.Period / time.Second)
	}
	if codes && len(e.Codes) > 0 {
		lines := []string{"recovery codes:"}
		for _, code := range e.Codes {
			lines = append(lines, code.Reveal())
		}
		entry.Note = strings.Join(lines, "\n")
	}
	return entry
}

// seal encrypts the contents under a new key, and that under the password.
func seal(plain []byte, password secret.Text) (aegisFile, error) {
	master, salt := random(aegisKey), random(aegisKey)
	derived, err := scrypt.Key([]byte(password.Reveal()), salt, aegisN, aegisR, aegisP, aegisKey)
	if err != nil {
		return aegisFile{}, err
	}
	key, keyParams, err := encrypt(derived, master)
	if err != nil {
		return aegisFile{}, err
	}
	body, params, err := encrypt(master, plain)
	if err != nil {
		return aegisFile{}, err
	}
	slot := aegisSlot{
		Type: aegisPassword, UUID: newUUID(), Key: hex.EncodeToString(key), Params: keyParams,
		N: aegisN, R: aegisR, P: aegisP, Salt: hex.EncodeToString(salt), Repaired: true,
	}
	return aegisFile{
		Version: 1,
		Header:  aegisHeader{Slots: []aegisSlot{slot}, Params: &params},
		DB:      base64.StdEncoding.EncodeToString(body),
	}, nil
}

// encrypt seals with AES-256-GCM, whose tag Aegis keeps apart.
func encrypt(key, plain []byte) ([]byte, aegisParams, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, aegisParams{}, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, aegisParams{}, err
	}
	nonce := random(aegisNonce)
	sealed := aead.Seal(nil, nonce, plain, nil)
	end := len(sealed) - aead.Overhead()
	return sealed[:end], aegisParams{Nonce: hex.EncodeToString(nonce), Tag: hex.EncodeToString(sealed[end:])}, nil
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails, see crypto/rand
	return b
}

// newUUID returns a random UUID (RFC 9562 section 5.4).
func newUUID() string {
	b := random(16)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
