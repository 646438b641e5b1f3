package otpimport

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"npmotp/internal/secret"
	"npmotp/otpgen"
)

// The columns of tables that password managers export, in small letters. 1Password,
// Apple and Edge write OTPAuth, Bitwarden login_totp, KeePassXC, Proton Pass,
// LastPass and others TOTP, Dashlane otpSecret or otpUrl, Ease Pass TOTPSecret.
func keyColumns() []string {
	return []string{
		"otpauth", "otpauth_uri", "otpauth uri", "login_totp", "totp", "otpsecret", "otpurl", "otp", "totpsecret", "totp_secret", "totp secret",
		"otp_secret", "otp secret", "totp seed", "2fa", "2fa secret", "mfa", "one-time password", "one-time code", "authenticator key", "two-factor secret",
		"secret", "secret key", "seed", "totp key", "otp key", "oath_secret_key",
	}
}

func titleColumns() []string {
	return []string{"title", "issuer", "service", "site", "name", "displayname", "account", "titel"}
}

func userColumns() []string {
	return []string{"username", "login_username", "username2", "login", "user name", "user", "email", "account", "name", "benutzername"}
}

func addressColumns() []string {
	return []string{"url", "login_uri", "website", "uri", "urls"}
}

func digitsColumns() []string {
	return []string{"totpdigits", "digits", "otp digits", "code length", "length"}
}

func periodColumns() []string {
	return []string{"totpinterval", "totpperiod", "period", "interval", "time step", "timestep", "step"}
}

func algorithmColumns() []string {
	return []string{"totpalgorithm", "algorithm", "algo", "hash", "hash algorithm"}
}

// isTable knows a table by a column of keys and another that names them, or by
// the pairs of a name and a value that Enpass and Keeper write.
func isTable(in *input) bool {
	has := func(columns []string) bool {
		return slices.ContainsFunc(in.table.names, func(name string) bool { return slices.Contains(columns, strings.ToLower(name)) })
	}
	key := in.table.keyColumn()
	return key != "" && (has(titleColumns()) || has(userColumns()) || has(addressColumns()) || slices.Contains(keyColumns(), key) && in.table.hasKeys(key)) || in.hasPairs()
}

// hasKeys reports whether a key stands in a column of one of the first rows.
func (t table) hasKeys(column string) bool {
	n := 0
	for r, err := range t.all() {
		key := r.cell(column)
		if _, bad := otpgen.ParseSecret(secret.New(key)); err == nil && len(t.names) > 1 && (bad == nil || strings.HasPrefix(key, "otpauth://")) {
			return true
		}
		if n++; n > 100 {
			break
		}
	}
	return false
}

// keyColumn returns the name of the column of keys: a known one, or the only one
// that speaks of a second factor.
func (t table) keyColumn() string {
	var spoken []string
	for _, name := range t.names {
		name = strings.ToLower(name)
		if slices.Contains(keyColumns(), name) {
			return name
		}
		isParameter := slices.ContainsFunc([]string{"digit", "length", "interval", "period", "algo", "type", "counter", "enabled"}, func(word string) bool {
			return strings.Contains(name, word)
		})
		if !isParameter && slices.ContainsFunc([]string{"otp", "2fa", "mfa", "two-factor", "two factor", "twofactor", "authenticator", "one-time", "onetime", "one time"}, func(word string) bool {
			return strings.Contains(name, word)
		}) {
			spoken = append(spoken, name)
		}
	}
	if len(spoken) == 1 {
		return spoken[0]
	}
	return ""
}

func readTable(in *input) error {
	pairs := in.hasPairs()
	t := in.table
	if pairs {
		t = t.headless(in.text)
	}
	keyColumn := t.keyColumn()
	unknown := t.unknownColumn(keyColumn)
	add := func(row row, err error) {
		switch {
		case err != nil:
			in.add(entryName("line", row.line), otpgen.Key{}, err)
		case pairs:
			in.addPairs(row)
		default:
			in.addRow(row, keyColumn, unknown)
			label := row.label(keyColumn)
			row.has(func(name, cell string) bool {
				if name != keyColumn && !slices.Contains(keyColumns(), name) {
					in.addBeside(label, "", cell)
				}
				return false
			})
		}
	}
	// A row is kept when the next one is known, which may be its rest.
	var before row
	var wrong error
	for row, err := range t.all() {
		if err := in.step(); err != nil {
			return err
		}
		if before.cells != nil || wrong != nil {
			if wrong == nil && err == nil && before.last(keyColumn) && len(row.cells) == 1 && row.cells[0] != "" && strings.Trim(strings.ToUpper(row.cells[0]), secretSigns) == "" {
				wrong = errors.New("the next line may be the rest of its key")
			}
			add(before, wrong)
		}
		before, wrong = row, err
	}
	if before.cells != nil || wrong != nil {
		add(before, wrong)
	}
	return in.ctx.Err()
}

const secretSigns = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567="

// unknownColumn returns an error if the table has a column about one-time
// passwords that is not known, or one that may be of a parameter.
func (t table) unknownColumn(keyColumn string) error {
	parameters := slices.Concat(digitsColumns(), periodColumns(), algorithmColumns())
	known := slices.Concat(parameters, keyColumns(), []string{keyColumn}, titleColumns(), userColumns(), addressColumns())
	has, nameless := false, false
	for _, name := range t.names {
		name = strings.ToLower(name)
		has, nameless = has || slices.Contains(parameters, name), nameless || len(name) < 2
		if !slices.Contains(known, name) && (strings.Contains(name, "otp") || otpgen.Nearly(name, parameters...)) {
			return errors.New("the table has a column about one-time passwords that is not known")
		}
	}
	if has && nameless {
		return errors.New("the table has a column without a name")
	}
	return nil
}

// label returns the label of the key of a row.
func (r row) label(keyColumn string) otpgen.Label {
	title, user := r.cell(titleColumns()...), r.cell(userColumns()...)
	if title == user {
		user = ""
	}
	if title == "" && user == "" && !strings.EqualFold(r.names[0], keyColumn) {
		title = r.cells[0] // of a table whose columns have names in another language
	}
	return otpgen.ItemLabel(title, user, r.cell(addressColumns()...))
}

// addRow keeps the key of a row. Unknown is what is wrong with its table.
func (in *input) addRow(r row, keyColumn string, unknown error) {
	if slices.ContainsFunc(r.cells, isRest) {
		in.add(entryName("line", r.line), otpgen.Key{}, errors.New("it has a part of an otpauth URI"))
		return
	}
	k := record{secret: r.cell(keyColumn)}
	if k.secret == "" {
		return
	}
	label := r.label(keyColumn)
	r.has(func(name, cell string) bool {
		if kind := strings.ToLower(cell); strings.Contains(name, "type") && (kind == "hotp" || kind == "steam") {
			k.kind = kind
		}
		return false
	})
	k.digits, k.period, k.algorithm = r.cell(digitsColumns()...), r.cell(periodColumns()...), r.cell(algorithmColumns()...)
	second := func(name, cell string) bool {
		return cell != "" && name != keyColumn && slices.Contains(keyColumns(), name)
	}
	var err error
	switch {
	case r.cut(keyColumn) || r.cut(digitsColumns()...) || r.cut(periodColumns()...) || r.cut(algorithmColumns()...):
		err = errors.New("its row is shorter than the others")
	case r.has(second):
		err = errors.New("its row has two keys")
	default:
		err = unknown
	}
	if err != nil {
		in.add(label, otpgen.Key{}, err)
		return
	}
	in.addManaged(label, k)
}

// isRest reports whether a cell is the end of a URI that was broken in two.
func isRest(cell string) bool {
	cell = strings.ToLower(cell)
	return !strings.Contains(cell, "://") && slices.ContainsFunc([]string{"algorithm=", "digits=", "period="}, func(parameter string) bool {
		return strings.Contains(cell, parameter)
	})
}

// pairNames returns the names before the values in rows without a line of columns.
func pairNames() []string {
	return []string{"totp", "one-time code", "tfc:keeper", "$onetimecode", "$onetimecode::1", "onetimecode"}
}

func (in *input) hasPairs() bool {
	if in.table.comma == 0 {
		return false
	}
	for row, err := range in.table.headless(in.text).all() {
		key := row.after(pairNames()...)
		// The name of a column may look like a secret but for its capitals.
		oneCase := key == strings.ToUpper(key) || key == strings.ToLower(key)
		if _, bad := otpgen.ParseSecret(secret.New(key)); err == nil && (bad == nil && oneCase || strings.HasPrefix(key, "otpauth://")) {
			return true
		}
	}
	return false
}

func (in *input) addPairs(r row) {
	key := r.after(pairNames()...)
	if key == "" {
		return
	}
	user := r.after("username", "user name", "login", "e-mail", "email")
	title := r.cells[0] // Enpass; Keeper has a folder before the title
	if user == "" && len(r.cells) > 2 {
		title, user = r.cells[1], r.cells[2]
	}
	in.addManaged(otpgen.ItemLabel(title, user, r.after("website", "url")), record{secret: key})
}

func isBitwarden(in *input) bool {
	return in.object.has("encrypted", "items") || in.object.has("encrypted", "data") ||
		in.first.has("object", "type", "name") && (in.first.has("login") || in.first.has("organizationId")) ||
		in.object.has("object", "type", "name", "login")
}

// readBitwarden reads Bitwarden's JSON exports (bitwarden.com/help/
// condition-bitwarden-import) and what "bw list items" prints. Items without a
// key are passwords, cards and notes, and no business of npmotp's. Who does not pay for
// Bitwarden may keep the key in a note or a field.
func readBitwarden(in *input) error {
	items := in.text
	switch {
	case in.object.has("login"):
		items = "[" + in.text + "]"
	case string(in.object["encrypted"]) == "true":
		plain, err := in.openBitwarden()
		if err != nil {
			return err
		}
		opened, err := objectOf(plain)
		if err != nil {
			return fmt.Errorf("%w: it is not as Bitwarden writes it", ErrDamaged)
		}
		items = string(opened["items"])
	case in.object != nil:
		items = string(in.object["items"])
	}
	return in.eachKey(items, func(e *entry) {
		login := e.inner("login")
		var addresses []string
		_ = in.each(string(login["uris"]), func(uri *entry) bool {
			addresses = append(addresses, uri.name("uri"))
			return true
		})
		label := otpgen.ItemLabel(e.name("name"), login.name("username"), addresses...)
		key, ok := login.text("totp")
		if !ok {
			in.add(label, otpgen.Key{}, errors.New("its key is not a text"))
			return
		}
		in.addManaged(label, record{secret: key})
		in.addBeside(label, "notes", e.name("notes"))
		_ = in.each(string(e.object["fields"]), func(f *entry) bool {
			in.addBeside(label, f.name("name"), f.name("value"))
			return true
		})
	})
}

// openBitwarden decrypts an export that a password of its own protects
// (bitwarden.com/help/encrypted-export): AES-256-CBC and HMAC-SHA-256 under keys
// that HKDF makes of PBKDF2's or Argon2id's.
func (in *input) openBitwarden() (string, error) {
	if string(in.object["passwordProtected"]) != "true" {
		return "", fmt.Errorf("%w: only the Bitwarden account it comes from opens it; export .json, or .json (Encrypted) with a password for the file", ErrUnread)
	}
	damaged := fmt.Errorf("%w: it is not as Bitwarden writes it", ErrDamaged)
	numbers := map[string]int{}
	for _, name := range []string{"kdfIterations", "kdfMemory", "kdfParallelism"} {
		numbers[name], _ = strconv.Atoi(in.object.name(name))
	}
	if numbers["kdfIterations"] < 1 || in.object.name("salt") == "" {
		return "", damaged
	}
	password, err := in.askPassword()
	if err != nil {
		return "", err
	}
	salt := []byte(in.object.name("salt"))
	var key []byte
	switch in.object.name("kdfType") {
	case "0":
		key, err = in.pbkdf2(password, salt, numbers["kdfIterations"])
	case "1":
		hashed := sha256.Sum256(salt)
		key, err = in.argon2id(password, hashed[:], int(1024*product(numbers["kdfMemory"])), numbers["kdfIterations"], numbers["kdfParallelism"])
	default:
		err = damaged
	}
	if err != nil {
		return "", err
	}
	plain, ok := openEncString(key, in.object.name("data"))
	if !ok {
		return "", ErrPassword
	}
	return string(plain), nil
}

// openEncString decrypts "2.iv|data|mac", each in base64.
func openEncString(key []byte, text string) (plain []byte, ok bool) {
	var parts [][]byte
	for part := range strings.SplitSeq(strings.TrimPrefix(text, "2."), "|") {
		data, err := base64.StdEncoding.DecodeString(part)
		if err != nil {
			return nil, false
		}
		parts = append(parts, data)
	}
	if len(parts) != 3 || len(parts[0]) != aes.BlockSize || len(parts[1]) == 0 || len(parts[1])%aes.BlockSize != 0 {
		return nil, false
	}
	encryption, err1 := hkdf.Expand(sha256.New, key, "enc", 32)
	authentication, err2 := hkdf.Expand(sha256.New, key, "mac", 32)
	block, err3 := aes.NewCipher(encryption)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, false
	}
	mac := hmac.New(sha256.New, authentication)
	_, _ = mac.Write(slices.Concat(parts[0], parts[1]))
	if !hmac.Equal(mac.Sum(nil), parts[2]) {
		return nil, false
	}
	plain = bytes.Clone(parts[1])
	cipher.NewCBCDecrypter(block, parts[0]).CryptBlocks(plain, plain)
	padding := int(plain[len(plain)-1])
	if padding < 1 || padding > aes.BlockSize {
		return nil, false
	}
	return plain[:len(plain)-padding], true
}
