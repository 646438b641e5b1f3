package otpimport

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"npmotp/otpgen"
)

// columns returns the names in the first line of a table.
func columns(text string) []string {
	names, err := csv.NewReader(strings.NewReader(firstLine(text))).Read()
	if err != nil {
		return nil
	}
	return names
}

// table calls fn with each row of a table, by the names of the columns.
func table(text string, fn func(cell func(string) string)) error {
	rows := csv.NewReader(strings.NewReader(text))
	names, err := rows.Read()
	if err != nil {
		return fmt.Errorf("%w: it is no table", ErrDamaged)
	}
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			// The error of encoding/csv names lines, and no cell.
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		fn(func(name string) string {
			for i, n := range names {
				if n == name {
					return row[i]
				}
			}
			return ""
		})
	}
}

func (c content) isBitwarden() bool {
	return c.has("items") && c.has("encrypted") || c.has("data") && c.has("encrypted") || c.hasColumns("login_totp", "name")
}

// readBitwarden reads Bitwarden's JSON and CSV exports
// (bitwarden.com/help/condition-bitwarden-import). Items without a key are
// passwords, cards and notes, and no business of npmotp's.
func (r *Reader) readBitwarden(c content) error {
	if c.object == nil {
		return table(c.text, func(cell func(string) string) {
			r.addManaged(cell("login_totp"), otpgen.Label{Issuer: cell("name"), Account: cell("login_username")})
		})
	}
	var f struct {
		Encrypted bool `json:"encrypted"`
		Items     []struct {
			Name  string `json:"name"`
			Login *struct {
				Username string `json:"username"`
				TOTP     string `json:"totp"`
			} `json:"login"`
		} `json:"items"`
	}
	if err := decode(c.text, &f); err != nil {
		return err
	}
	if f.Encrypted {
		return fmt.Errorf("%w: export it from Bitwarden as .json, not as .json (Encrypted)", ErrEncrypted)
	}
	for _, item := range f.Items {
		if item.Login != nil {
			r.addManaged(item.Login.TOTP, otpgen.Label{Issuer: item.Name, Account: item.Login.Username})
		}
	}
	return nil
}

// readKeePassXC reads KeePassXC's CSV export, which has otpauth URIs in its
// column TOTP.
func (r *Reader) readKeePassXC(c content) error {
	return table(c.text, func(cell func(string) string) {
		r.addManaged(cell("TOTP"), otpgen.Label{Issuer: cell("Title"), Account: cell("Username")})
	})
}

// addManaged keeps the key of an item of a password manager: a URI, or a bare
// secret with the usual parameters.
func (r *Reader) addManaged(key string, label otpgen.Label) {
	switch {
	case strings.TrimSpace(key) == "":
	case strings.Contains(key, "://"):
		r.addURI(key, label)
	default:
		r.addRecord(label, record{secret: key})
	}
}
