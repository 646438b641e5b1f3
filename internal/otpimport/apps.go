package otpimport

import (
	"cmp"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"npmotp/otpgen"
)

// read2FAS reads the backup of 2FAS, ".2fas" (github.com/twofas/2fas-android,
// BackupContent).
func read2FAS(in *input) error {
	services := string(in.object["services"])
	if sealed := in.object.name("servicesEncrypted"); sealed != "" {
		var err error
		if services, err = in.open2FAS(sealed); err != nil {
			return err
		}
	}
	return in.eachKey(services, func(e *entry) {
		otp := e.inner("otp")
		label := otpgen.SplitLabel(cmp.Or(otp.name("issuer"), e.name("name")), cmp.Or(otp.name("account"), otp.name("label")))
		delete(e.object, "type") // of the service, in the first schema
		if e.merge("otp"); otp == nil && e.err == nil {
			e.err = errors.New(`its field "otp" is missing`)
		}
		in.addRecord(label, e.record(false))
	})
}

// isKeyArray knows a list of keys, each with its parameters beside it. andOTP
// writes so (Entry.toJSON), and Raivo, OTPClient and others do but for the names
// of the fields.
func isKeyArray(in *input) bool {
	parameters := 0
	for _, names := range [][]string{kindNames(), algorithmNames(), digitsNames(), periodNames()} {
		if in.first.name(names...) != "" {
			parameters++
		}
	}
	return in.first.has("secret") && parameters > 1
}

func readKeyArray(in *input) error {
	// What one key has, all have: the program writes them alike.
	written := map[string]bool{}
	groups := map[string][]string{"type": kindNames(), "algorithm": algorithmNames(), "number of digits": digitsNames(), "period": periodNames()}
	err := in.each(in.text, func(e *entry) bool {
		e.object = e.lower()
		for group, names := range groups {
			written[group] = written[group] || e.name(names...) != ""
		}
		return true
	})
	if err != nil {
		return err
	}
	return in.eachKey(in.text, func(e *entry) {
		e.object = e.lower()
		k := e.record(false)
		for group, names := range groups {
			isMissing := e.name(names...) == "" && !slices.ContainsFunc(names, func(name string) bool { _, ok := e.text(name); return !ok })
			if written[group] && isMissing && (group != "period" || !strings.EqualFold(k.kind, "hotp")) {
				k.err = cmp.Or(k.err, fmt.Errorf("its %s is missing, which others have", group))
			}
		}
		in.addRecord(otpgen.SplitLabel(e.name("issuer", "service", "provider"), e.name("label", "account", "name", "username", "user", "email")), k)
	})
}

// readFreeOTP reads the JSON backup of FreeOTP+ (github.com/helloworld1/
// FreeOTPPlus, OtpToken), whose secrets are Java's signed bytes.
func readFreeOTP(in *input) error {
	return in.eachKey(string(in.object["tokens"]), func(e *entry) {
		label := otpgen.SplitLabel(e.name("issuerExt", "issuerInt"), e.name("label"))
		var numbers []int
		err := json.Unmarshal(e.object["secret"], &numbers)
		raw := make([]byte, len(numbers))
		for i, b := range numbers {
			if b < -128 || b > 255 {
				err = errors.New("out of range")
			}
			raw[i] = byte(b) //nolint:gosec // signed or not
		}
		k := e.record(true)
		if k.secret = base32Of(raw); err != nil {
			k.err = errors.New("its secret is not made of bytes")
		}
		in.addRecord(label, k)
	})
}

// readCotp reads the JSON of cotp (github.com/replydev/cotp, OTPElement). It
// has also written "OTPSha1" for an algorithm.
func readCotp(in *input) error {
	return in.eachKey(string(in.object["elements"]), func(e *entry) {
		k := e.record(true)
		k.algorithm = strings.TrimPrefix(k.algorithm, "OTP")
		in.addRecord(otpgen.SplitLabel(e.name("issuer"), e.name("label")), k)
	})
}

// readLastPass reads the JSON of LastPass Authenticator, whose keys are all
// time-based.
func readLastPass(in *input) error {
	return in.eachKey(string(in.object["accounts"]), func(e *entry) {
		label := otpgen.SplitLabel(e.name("issuerName", "originalIssuerName"), e.name("userName", "originalUserName"))
		in.addRecord(label, e.record(true))
	})
}

// readStratum reads the plain backup of Stratum, once Authenticator Pro
// (github.com/stratumauth/app, doc/BACKUP_FORMAT.md). Its types and algorithms
// are numbers.
func readStratum(in *input) error {
	kinds := map[string]string{"1": "hotp", "2": "totp", "4": "steam"}
	algorithms := map[string]string{"0": "SHA1", "1": "SHA256", "2": "SHA512"}
	return in.eachKey(string(in.object["Authenticators"]), func(e *entry) {
		label := otpgen.SplitLabel(e.name("Issuer"), e.name("Username"))
		e.object = e.lower()
		k := e.record(true)
		k.kind, k.algorithm = cmp.Or(kinds[k.kind], "type "+k.kind), cmp.Or(algorithms[k.algorithm], "algorithm "+k.algorithm)
		in.addRecord(label, k)
	})
}

// isAuthenticatorCC knows the backup of the browser extension Authenticator
// (github.com/Authenticator-Extension/Authenticator, RawOTPStorage): an object
// of keys by their hashes.
func isAuthenticatorCC(in *input) bool {
	found := false
	for field := range in.object {
		o := in.object.inner(field)
		found = found || o.has("secret", "hash", "type") || o.name("dataType") == "EncOTPStorage"
	}
	return found
}

func readAuthenticatorCC(in *input) error {
	return in.each(in.text, func(e *entry) bool {
		issuer, _, _ := strings.Cut(e.name("issuer"), "::") // the host follows, for filling in
		label := otpgen.SplitLabel(issuer, e.name("account"))
		sealed := e.name("dataType") == "EncOTPStorage" || string(e.object["encrypted"]) == "true"
		switch {
		case sealed:
			in.add(label, otpgen.Key{}, errors.New("it is encrypted: export without a password from the extension, and import that"))
		case e.has("secret"):
			k := e.record(false)
			// Keys of the types hex and hhex have hexadecimal secrets.
			kinds := map[string]string{"hex": "totp", "hhex": "hotp", "battle": "Battle.net"}
			if raw, err := hex.DecodeString(k.secret); err == nil && strings.HasSuffix(k.kind, "hex") {
				k.secret = base32Of(raw)
			}
			if k.kind == "" {
				k.err = errors.New("its type is missing")
			}
			k.kind = cmp.Or(kinds[k.kind], k.kind)
			in.addRecord(label, k)
		}
		return true
	})
}

// entryName names an entry that has no name.
func entryName(what string, number int) otpgen.Label {
	return otpgen.Label{Account: fmt.Sprintf("%s %d", what, number)}
}
