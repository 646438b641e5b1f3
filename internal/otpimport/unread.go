package otpimport

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"unicode/utf8"
)

// unread returns an [ErrUnread] for a file of a format that is known and not
// read, which says what to export instead.
func (in *input) unread() error {
	begins := func(with string) bool { return bytes.HasPrefix(in.data, []byte(with)) }
	var what string
	switch {
	case begins("\x03\xd9\xa2\x9a"):
		what = "a KeePass database; export XML or CSV from KeePass or KeePassXC"
	case begins("AUTHENTICATORPRO"), begins("AuthenticatorPro"):
		what = "an encrypted backup of Stratum (Authenticator Pro); export a plain one, or otpauth URIs, from it"
	case begins("SQLite format 3\x00"):
		what = "a database of some program; use what the program exports"
	case begins("age-encryption.org/"), begins("-----BEGIN AGE ENCRYPTED"):
		what = "a file encrypted with age, such as a bundle or the store of totp-cli; 'npmotp receive' takes a bundle, 'totp-cli dump' writes its keys"
	case begins("-----BEGIN PGP MESSAGE"):
		what = "a file encrypted with PGP, such as an export of Proton Pass or andOTP; decrypt it, or export JSON or CSV"
	case begins("Salted__"), begins("U2FsdGVkX1"):
		what = "a file encrypted with openssl, such as that of gauth; decrypt it first"
	case begins("\xac\xed\x00\x05"), in.has("org.fedorahosted.freeotp"):
		what = "the backup of FreeOTP; export JSON from FreeOTP+, or show each key as a QR code"
	case begins("7z\xbc\xaf"), begins("\x1f\x8b"), begins("Rar!"):
		what = "a compressed archive; unpack it, and import what is in it"
	case begins("bplist00"):
		what = "a property list, such as a backup of OTP Auth for iOS; show each key as a QR code, and import pictures of them"
	case in.has("<WinAuth"):
		what = "the file of WinAuth; export otpauth URIs from it (Export as text file)"
	case in.has("com.authy.storage"), in.has("authenticator_tokens"):
		what = "the tokens of Authy, which exports none that can be read; a list of otpauth URIs can"
	case in.has("<map>") && in.has("issuer"):
		what = "the tokens of FreeOTP; export JSON from FreeOTP+, or show each key as a QR code"
	case in.has(`"typeName":"webforms.`):
		what = "the 1PIF of 1Password; export 1PUX or CSV"
	case in.has(`"nonce"`) && in.has(`"salt"`) && in.has(`"cipher"`):
		what = "the encrypted database of cotp; 'cotp export' writes its keys"
	case in.has(`"salt"`) && in.has(`"content"`) && in.has(`"version"`) && !in.has("://"):
		what = "the encrypted export of Proton Authenticator; export without a password"
	case begins("npmotp-vault "):
		what = "a vault of npmotp; 'npmotp merge' joins it with this one"
	case len(in.data) > 64 && !utf8.Valid(in.data) && bytes.IndexByte([]byte("\x84\x85\x8c\xc1\xc3"), in.data[0]) >= 0 && bytes.ContainsAny(in.data, "\x00\x01\x02\x03\x04"):
		what = "a file encrypted with PGP, by the look of it; decrypt it first"
	case in.isAndOTPEncrypted():
		what = "an encrypted backup of andOTP, by the look of it; make a plain one in andOTP"
	default:
		return nil
	}
	return fmt.Errorf("%w: it is %s", ErrUnread, what)
}

// has reports whether a text stands near the beginning of the file.
func (in *input) has(text string) bool {
	return bytes.Contains(in.data[:min(len(in.data), 1024)], []byte(text))
}

// isAndOTPEncrypted knows a file by the rounds of PBKDF2 that it begins with:
// andOTP draws them from 140,000 to 160,000. The rest is noise.
func (in *input) isAndOTPEncrypted() bool {
	if len(in.data) < 4+12+12+16 || utf8.Valid(in.data) {
		return false
	}
	rounds := binary.BigEndian.Uint32(in.data)
	return rounds >= 140_000 && rounds <= 160_000
}
