package otpimport

import (
	"fmt"
	"strings"

	"npmotp/otpgen"
)

// readTable keeps the keys in a column of a table.
func (r *Reader) readTable(t table, key string, label func(row) otpgen.Label) error {
	for row, err := range t.all() {
		if err := r.step(); err != nil {
			return err
		}
		if err != nil {
			r.add(otpgen.Label{Account: fmt.Sprintf("line %d", row.line)}, otpgen.Key{}, err)
			continue
		}
		r.addManaged(row.cell(key), label(row))
	}
	return nil
}

func (c content) isBitwarden() bool {
	return c.has("items") && c.has("encrypted") || c.has("data") && c.has("encrypted") || c.hasColumns("login_totp", "name")
}

// readBitwarden reads Bitwarden's JSON and CSV exports
// (bitwarden.com/help/condition-bitwarden-import). Items without a key are
// passwords, cards and notes, and no business of npmotp's.
func (r *Reader) readBitwarden(c content) error {
	if c.object == nil {
		return r.readTable(c.table, "login_totp", func(row row) otpgen.Label {
			return otpgen.Label{Issuer: row.cell("name"), Account: row.cell("login_username")}
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
		if err := r.step(); err != nil {
			return err
		}
		if item.Login != nil {
			r.addManaged(item.Login.TOTP, otpgen.Label{Issuer: item.Name, Account: item.Login.Username})
		}
	}
	return nil
}

// readKeePassXC reads KeePassXC's CSV export, which has otpauth URIs in its
// column TOTP.
func (r *Reader) readKeePassXC(c content) error {
	return r.readTable(c.table, "TOTP", func(row row) otpgen.Label {
		return otpgen.Label{Issuer: row.cell("Title"), Account: row.cell("Username")}
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
