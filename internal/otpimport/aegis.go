package otpimport

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"npmotp/internal/secret"
	"npmotp/otpgen"
)

// Aegis describes its file in docs/vault.md of github.com/beemdevelopment/Aegis.
type aegisHeader struct {
	Slots  []aegisSlot  `json:"slots"`
	Params *aegisParams `json:"params"`
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

const aegisPassword = 1 // the type of a slot that a password opens

func readAegis(in *input) error {
	var header aegisHeader
	if json.Unmarshal(in.object["header"], &header) != nil {
		return fmt.Errorf("%w: its header is not as Aegis writes it", ErrDamaged)
	}
	plain := string(in.object["db"])
	if header.Params != nil {
		var err error
		if plain, err = in.openAegis(header); err != nil {
			return err
		}
	}
	db, err := objectOf(plain)
	if err != nil {
		return fmt.Errorf("%w: it is not as Aegis writes it", ErrDamaged)
	}
	return in.eachKey(string(db["entries"]), func(e *entry) {
		label := otpgen.SplitLabel(e.name("issuer"), e.name("name"))
		e.merge("info")
		in.addRecord(label, e.record(true))
	})
}

func (in *input) openAegis(header aegisHeader) (string, error) {
	damaged := fmt.Errorf("%w: its encrypted part is not as Aegis writes it", ErrDamaged)
	sealed, err := base64.StdEncoding.DecodeString(in.object.name("db"))
	if err != nil || len(sealed) == 0 {
		return "", damaged
	}
	slots := slices.DeleteFunc(header.Slots, func(s aegisSlot) bool { return s.Type != aegisPassword })
	if len(slots) == 0 {
		return "", fmt.Errorf("%w: no password opens it; set one in Aegis and export again", ErrUnread)
	}
	// Each may have to be tried. Aegis writes N = 2^15, r = 8 and p = 1.
	var memory, work int64
	for _, s := range slots {
		memory, work = max(memory, 128*product(s.N, s.R)), work+128*product(s.N, s.R, s.P)
	}
	if err := in.r.spend(memory, work); err != nil {
		return "", err
	}
	password, err := in.askPassword()
	if err != nil {
		return "", err
	}
	for _, s := range slots {
		key, err := in.openSlot(s, password)
		if err != nil {
			return "", err
		}
		if key == nil {
			continue
		}
		plain, ok := header.Params.open(key, sealed)
		if !ok {
			return "", damaged
		}
		return string(plain), nil
	}
	return "", ErrPassword
}

// openSlot returns the master key, or nil if the password is wrong.
func (in *input) openSlot(s aegisSlot, password secret.Text) ([]byte, error) {
	damaged := fmt.Errorf("%w: its slot is not as Aegis writes it", ErrDamaged)
	salt, err := hex.DecodeString(s.Salt)
	if err != nil || s.N < 2 || s.R < 1 || s.P < 1 {
		return nil, damaged
	}
	key, err := in.scrypt(password, salt, s.N, s.R, s.P)
	if in.ctx.Err() != nil {
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

// open2FAS decrypts "data:salt:iv", each in base64: AES-256-GCM under a key of
// PBKDF2 with SHA-256 and 10,000 rounds (2fas-android, BackupCipher).
func (in *input) open2FAS(text string) (string, error) {
	var parts [][]byte
	for part := range strings.SplitSeq(text, ":") {
		data, err := base64.StdEncoding.DecodeString(part)
		if err != nil {
			return "", fmt.Errorf("%w: its encrypted part is not as 2FAS writes it", ErrDamaged)
		}
		parts = append(parts, data)
	}
	if len(parts) < 3 {
		return "", fmt.Errorf("%w: its encrypted part is cut", ErrDamaged)
	}
	password, err := in.askPassword()
	if err != nil {
		return "", err
	}
	key, err := in.pbkdf2(password, parts[1], 10_000)
	if err != nil {
		return "", err
	}
	// The authentication tag fails for a wrong password as for damage.
	plain, ok := gcm(key, parts[2], parts[0])
	if !ok {
		return "", ErrPassword
	}
	return string(plain), nil
}
