package otpimport

import (
	"cmp"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"npmotp/otpgen"
)

// read2FAS reads the backup of 2FAS, ".2fas" (github.com/twofas/2fas-android,
// BackupContent).
func (r *Reader) read2FAS(c content) error {
	var f struct {
		Services  json.RawMessage `json:"services"`
		Encrypted string          `json:"servicesEncrypted"`
	}
	if err := decode(c.text, &f); err != nil {
		return err
	}
	plain := string(f.Services)
	if f.Encrypted != "" {
		var err error
		if plain, err = r.decrypt2FAS(f.Encrypted); err != nil {
			return err
		}
	}
	var services []struct {
		Name   string `json:"name"`
		Secret string `json:"secret"`
		OTP    struct {
			Label     string  `json:"label"`
			Account   string  `json:"account"`
			Issuer    string  `json:"issuer"`
			Digits    int     `json:"digits"`
			Period    int     `json:"period"`
			Algorithm string  `json:"algorithm"`
			Counter   *uint64 `json:"counter"`
			TokenType string  `json:"tokenType"`
		} `json:"otp"`
	}
	if err := decode(plain, &services); err != nil {
		return err
	}
	for _, s := range services {
		if err := r.step(); err != nil {
			return err
		}
		label := otpgen.Label{Issuer: cmp.Or(s.OTP.Issuer, s.Name), Account: cmp.Or(s.OTP.Account, s.OTP.Label)}
		r.addRecord(label, record{
			kind: s.OTP.TokenType, secret: s.Secret, algorithm: s.OTP.Algorithm, digits: s.OTP.Digits, period: s.OTP.Period, counter: s.OTP.Counter,
		})
	}
	return nil
}

// decrypt2FAS decrypts "data:salt:iv", each in base64: AES-256-GCM under a key of
// PBKDF2 with SHA-256 and 10,000 rounds (2fas-android, BackupCipher).
func (r *Reader) decrypt2FAS(text string) (string, error) {
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
	if r.Password == nil {
		return "", ErrEncrypted
	}
	password, err := r.Password()
	if err != nil {
		return "", err
	}
	key, err := pbkdf2.Key(sha256.New, password.Reveal(), parts[1], 10_000, 32)
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

type andOTPEntry struct {
	Secret    *string `json:"secret"`
	Issuer    string  `json:"issuer"`
	Label     string  `json:"label"`
	Digits    int     `json:"digits"`
	Type      string  `json:"type"`
	Algorithm string  `json:"algorithm"`
	Period    int     `json:"period"`
	Counter   *uint64 `json:"counter"`
}

func (c content) isAndOTP() bool {
	var entries []andOTPEntry
	return c.text[0] == '[' && json.Unmarshal([]byte(c.text), &entries) == nil && len(entries) > 0 && entries[0].Secret != nil
}

// readAndOTP reads the plain backup of andOTP (github.com/andOTP/andOTP,
// Entry.toJSON). Its encrypted ones are not JSON and are not recognised.
func (r *Reader) readAndOTP(c content) error {
	var entries []andOTPEntry
	if err := decode(c.text, &entries); err != nil {
		return err
	}
	for _, e := range entries {
		if err := r.step(); err != nil {
			return err
		}
		k := record{kind: e.Type, algorithm: e.Algorithm, digits: e.Digits, period: e.Period, counter: e.Counter}
		if e.Secret != nil {
			k.secret = *e.Secret
		}
		r.addRecord(otpgen.Label{Issuer: e.Issuer, Account: e.Label}, k)
	}
	return nil
}

// readFreeOTP reads the JSON backup of FreeOTP+ (github.com/helloworld1/
// FreeOTPPlus, OtpToken), whose secrets are Java's signed bytes.
func (r *Reader) readFreeOTP(c content) error {
	var f struct {
		Tokens []struct {
			Algo      string  `json:"algo"`
			Counter   *uint64 `json:"counter"`
			Digits    int     `json:"digits"`
			IssuerExt string  `json:"issuerExt"`
			IssuerInt string  `json:"issuerInt"`
			Label     string  `json:"label"`
			Period    int     `json:"period"`
			Secret    []int   `json:"secret"`
			Type      string  `json:"type"`
		} `json:"tokens"`
	}
	if err := decode(c.text, &f); err != nil {
		return err
	}
	for _, t := range f.Tokens {
		if err := r.step(); err != nil {
			return err
		}
		raw := make([]byte, len(t.Secret))
		for i, b := range t.Secret {
			if b < -128 || b > 255 {
				return fmt.Errorf("%w: a secret is not made of bytes", ErrDamaged)
			}
			raw[i] = byte(b)
		}
		r.addRecord(otpgen.Label{Issuer: cmp.Or(t.IssuerExt, t.IssuerInt), Account: t.Label}, record{
			kind: t.Type, secret: base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw),
			algorithm: t.Algo, digits: t.Digits, period: t.Period, counter: t.Counter,
		})
	}
	return nil
}
