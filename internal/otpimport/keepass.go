package otpimport

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"

	"npmotp/otpgen"
)

func isKeePass(in *input) bool {
	head := in.text[:min(len(in.text), 4096)]
	return strings.HasPrefix(head, "<") && strings.Contains(head, "<KeePassFile>")
}

// maxDepth bounds the groups in groups of a database.
const maxDepth = 200

// readKeePass reads the XML that KeePass 2 and KeePassXC export. Only the present
// fields of an entry count, not those of its history.
func readKeePass(in *input) error {
	dec := xml.NewDecoder(strings.NewReader(in.text))
	dec.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil } // it is UTF-8 by now
	var path []string
	var fields map[string]string
	var key, value string
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) && len(path) == 0 {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: its XML is cut or not well formed", ErrDamaged)
		}
		switch t := token.(type) {
		case xml.StartElement:
			if path = append(path, t.Name.Local); len(path) > maxDepth {
				return fmt.Errorf("%w: its XML is nested too deep", ErrDamaged)
			}
			switch place(path) {
			case "Entry":
				fields = map[string]string{}
			case "Entry/String":
				key, value = "", ""
			}
		case xml.CharData:
			switch place(path) {
			case "Entry/String/Key":
				key += string(t)
			case "Entry/String/Value":
				value += string(t)
			}
		case xml.EndElement:
			switch place(path) {
			case "Entry/String":
				fields[key] = value
			case "Entry":
				if err := in.step(); err != nil {
					return err
				}
				label := otpgen.ItemLabel(fields["Title"], fields["UserName"], fields["URL"])
				in.addKeePass(label, fields)
				for _, name := range slices.Sorted(maps.Keys(fields)) {
					if !slices.Contains(keePassFields(), name) {
						in.addBeside(label, name, fields[name])
					}
				}
			}
			path = path[:len(path)-1]
		}
	}
}

// place returns where an element stands in its entry, or "" outside of one and
// in the history.
func place(path []string) string {
	for i, name := range path {
		switch name {
		case "History":
			return ""
		case "Entry":
			if at := strings.Join(path[i:], "/"); !strings.Contains(at, "/History") {
				return at
			}
			return ""
		}
	}
	return ""
}

// addKeePass keeps the keys of an entry, which KeePass (TimeOtp-, HmacOtp-),
// KeePassXC and KeeOTP (otp), and KeeTrayTOTP (TOTP Seed) write differently.
func (in *input) addKeePass(label otpgen.Label, fields map[string]string) {
	if strings.Contains(fields["otp"], "://") {
		in.addURI(fields["otp"], label)
		return
	}
	var unknown error
	for name := range fields {
		if !slices.Contains(keePassFields(), name) && (strings.Contains(strings.ToLower(name), "otp") || otpgen.Nearly(name, keePassFields()...)) {
			unknown = errors.New("it has a field about one-time passwords that is not known")
		}
	}
	for _, k := range keePassRecords(fields) {
		if k.err == nil {
			k.err = unknown
		}
		in.addRecord(label, k)
	}
}

// keePassRecords returns the keys of an entry: KeePass itself has fields for two.
func keePassRecords(fields map[string]string) (keys []record) {
	switch {
	case fields["otp"] != "": // key=...&step=30&size=6, of KeeOTP
		values, err := url.ParseQuery(fields["otp"])
		k := record{kind: values.Get("type"), secret: values.Get("key"), digits: values.Get("size"), period: values.Get("step"), counter: values.Get("counter"),
			algorithm: values.Get("otpHashMode")}
		if k.secret == "" { // of programs that write a secret alone
			k = record{secret: fields["otp"]}
		}
		if err != nil {
			k.err = errors.New("its field otp is not read")
		}
		return []record{k}
	case fields["TOTP Seed"] != "":
		k := record{secret: fields["TOTP Seed"]}
		period, digits, _ := strings.Cut(fields["TOTP Settings"], ";")
		digits, _, _ = strings.Cut(digits, ";")
		if k.period, k.digits = period, digits; digits == "S" {
			k.kind = "steam"
		}
		return []record{k}
	}
	for _, kind := range []string{"totp", "hotp"} {
		prefix := map[string]string{"totp": "TimeOtp-", "hotp": "HmacOtp-"}[kind]
		if secret, err := keePassSecret(fields, prefix); secret != "" || err != nil {
			keys = append(keys, record{
				kind: kind, secret: secret, algorithm: fields[prefix+"Algorithm"], digits: fields[prefix+"Length"],
				period: fields[prefix+"Period"], counter: fields[prefix+"Counter"], err: err,
			})
		}
	}
	return keys
}

func keePassFields() []string {
	return []string{
		"otp", "TOTP Seed", "TOTP Settings",
		"TimeOtp-Secret", "TimeOtp-Secret-Hex", "TimeOtp-Secret-Base32", "TimeOtp-Secret-Base64", "TimeOtp-Length", "TimeOtp-Period", "TimeOtp-Algorithm",
		"HmacOtp-Secret", "HmacOtp-Secret-Hex", "HmacOtp-Secret-Base32", "HmacOtp-Secret-Base64", "HmacOtp-Counter",
	}
}

// keePassSecret returns a secret that may be written in four ways.
func keePassSecret(fields map[string]string, prefix string) (string, error) {
	unread := errors.New("its secret is not written as its field says")
	if text := fields[prefix+"Secret-Base32"]; text != "" {
		return text, nil
	}
	if text := fields[prefix+"Secret"]; text != "" {
		return base32Of([]byte(text)), nil
	}
	if text := fields[prefix+"Secret-Hex"]; text != "" {
		raw, err := hex.DecodeString(text)
		if err != nil {
			return "", unread
		}
		return base32Of(raw), nil
	}
	if text := fields[prefix+"Secret-Base64"]; text != "" {
		raw, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return "", unread
		}
		return base32Of(raw), nil
	}
	return "", nil
}
