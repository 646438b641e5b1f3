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
	case begins("\xac\xed\x00\x05"), bytes.Contains(in.data[:min(len(in.data), 1024)], []byte("org.fedorahosted.freeotp")):
		what = "the backup of FreeOTP; export JSON from FreeOTP+, or show each key as a QR code"
	case in.isAndOTPEncrypted():
		what = "an encrypted backup of andOTP, by the look of it; make a plain one in andOTP"
	default:
		return nil
	}
	return fmt.Errorf("%w: it is %s", ErrUnread, what)
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
