package otpimport

// A format is how one program, or several, write keys. is looks at several
// parts of the content that others do not have together.
type format struct {
	name string
	is   func(*input) bool
	read func(*input) error
}

// formats returns all formats, those that are told by more before those that
// are told by less.
func formats() []format {
	return []format{
		// Authenticator apps.
		{"aegis", func(in *input) bool { return in.object.has("header", "db") }, readAegis},
		{"2fas", func(in *input) bool {
			return in.object.has("schemaVersion") && (in.object.has("services") || in.object.has("servicesEncrypted"))
		}, read2FAS},
		{"freeotp", func(in *input) bool { return in.object.has("tokens", "tokenOrder") }, readFreeOTP},
		{"cotp", func(in *input) bool { return in.object.has("version", "elements") }, readCotp},
		{"ente", func(in *input) bool { return in.object.has("kdfParams", "encryptedData", "encryptionNonce") }, readEnte},
		{"lastpass", func(in *input) bool { return in.object.has("deviceId", "accounts") }, readLastPass},
		{"stratum", func(in *input) bool { return in.object.has("Authenticators", "Categories") }, readStratum},
		{"authenticator", isAuthenticatorCC, readAuthenticatorCC},
		{"andotp", isKeyArray, readKeyArray},
		// Password managers.
		{"bitwarden", isBitwarden, readBitwarden},
		{"1password", func(in *input) bool {
			return isOnePasswordItem(in.object) || isOnePasswordItem(in.first) || in.object.has("accounts") && isOnePux(in)
		}, readOnePassword},
		{"keepass", isKeePass, readKeePass},
		{"table", isTable, readTable},
		// Terminal programs.
		{"totp-cli", isTOTPCLI, readTOTPCLI},
		{"2fa", isTwoFA, readTwoFA},
		{"gauth", isGauth, readGauth},
		// URIs in any text, a transfer of Google Authenticator among them.
		{"google", hasTransfer, readText},
		{"otpauth", hasKey, readText},
	}
}

// Formats returns the names of the formats, for people to choose from.
func Formats() []string {
	var names []string
	for _, f := range formats() {
		names = append(names, f.name)
	}
	return names
}
