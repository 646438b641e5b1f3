package vault

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"npmotp/internal/agefile"
	"npmotp/otpgen"
	"npmotp/vault/internal/merge"
)

// Errors that callers branch on.
var (
	// ErrNoVault says that there is no file at the vault's path.
	ErrNoVault = errors.New("there is no vault")
	// ErrExists says that a vault cannot be created over what is there.
	ErrExists = errors.New("a vault exists already")
	// ErrPassphrase says that no slot opens with the passphrase.
	ErrPassphrase = agefile.ErrPassphrase
	// ErrFormat says that the file is damaged or is no vault.
	ErrFormat = errors.New("the vault file is damaged")
	// ErrLineEnds says that the lines of the file do not end as they were written: a
	// program took it for text. Nothing is lost, but npmotp writes one form only.
	ErrLineEnds = errors.New("its line ends were rewritten, as git does with core.autocrlf")
	// ErrOtherIdentity says that the body does not open with the vault identity.
	// An open vault meets it after another process changed the passphrase.
	ErrOtherIdentity = errors.New("its body belongs to other slots, or the passphrase was changed just now")
	// ErrBusy says that another process kept the vault locked for too long.
	ErrBusy = errors.New("the vault is busy")
	// ErrRolledBack says that this machine has seen a newer file than this, or
	// another vault, in the same place.
	ErrRolledBack = errors.New("the vault was replaced")
	// ErrNoAccount says that no account matches; ErrEmpty and ErrAllArchived that
	// there is none to match.
	ErrNoAccount   = errors.New("no such account")
	ErrEmpty       = fmt.Errorf("%w: the vault is empty", ErrNoAccount)
	ErrAllArchived = fmt.Errorf("%w: all accounts are archived", ErrNoAccount)
	// ErrNoGeneration says that there is no backup of a generation.
	ErrNoGeneration = errors.New("no backup of that generation")
	// ErrNameTaken says that another account has the name.
	ErrNameTaken = errors.New("the name is taken")
	// ErrNoCodes says that an account has no unused recovery code.
	ErrNoCodes = errors.New("no unused recovery codes")
	// ErrNoSuchCode says that no recovery code has the number.
	ErrNoSuchCode = errors.New("no such recovery code")
	// ErrNoKey says that an account holds recovery codes only.
	ErrNoKey = errors.New("no one-time password key")
)

// A VersionError says that a file was written by a later npmotp.
type VersionError struct{ Got, Max int }

// Error implements error.
func (e *VersionError) Error() string {
	return fmt.Sprintf("the vault has format %d, and this npmotp reads formats up to %d", e.Got, e.Max)
}

// DefaultRegistry is npm's registry.
const DefaultRegistry = "https://registry.npmjs.org/"

// RegistryOf returns the registry of a key by its issuer alone: npm's if the
// issuer is npm, or not stated. A key of another service belongs to no registry
// until the user says so.
func RegistryOf(issuer string) string {
	switch strings.ToLower(strings.TrimSpace(issuer)) {
	case "", "npm", "npmjs", "npmjs.com", "www.npmjs.com", "registry.npmjs.org":
		return DefaultRegistry
	}
	return ""
}

// A Level says what the registry asks a one-time password for, as npm's
// "profile enable-2fa" names it.
type Level string

// The levels of npm.
const (
	AuthOnly      Level = "auth-only"       // login and profile changes
	AuthAndWrites Level = "auth-and-writes" // and everything that changes a package
)

// ParseLevel returns the level that s names.
func ParseLevel(s string) (Level, error) {
	switch l := Level(s); l {
	case AuthOnly, AuthAndWrites:
		return l, nil
	}
	return "", fmt.Errorf("invalid level %q: use %s or %s", s, AuthOnly, AuthAndWrites)
}

// A Reuse says how often a code of one time step may be sent to the registry. A
// text that this version does not know is kept, and counts as [ReuseOnce].
type Reuse string

// What may be said of it.
const (
	ReuseAuto  Reuse = "" // as the registry is known to take it
	ReuseOnce  Reuse = "once"
	ReuseAllow Reuse = "allow"
)

// auto is how [ReuseAuto] and [ConfirmAuto] are written by people.
const auto = "auto"

// ParseReuse returns what s says: auto, once or allow.
func ParseReuse(s string) (Reuse, error) {
	switch r := Reuse(s); {
	case s == auto:
		return ReuseAuto, nil
	case r == ReuseOnce || r == ReuseAllow:
		return r, nil
	}
	return "", fmt.Errorf("invalid reuse %q: use auto, once or allow", s)
}

// String returns what [ParseReuse] reads.
func (r Reuse) String() string { return cmp.Or(string(r), auto) }

// A Confirm says whether the agent gives a code of the account only after a yes of the
// person. A text that this version does not know is kept, and counts as
// [ConfirmAlways].
type Confirm string

// What may be said of it.
const (
	ConfirmAuto   Confirm = "" // as the agent was started
	ConfirmAlways Confirm = "always"
	ConfirmNever  Confirm = "never"
)

// ParseConfirm returns what s says: auto, always or never.
func ParseConfirm(s string) (Confirm, error) {
	switch c := Confirm(s); {
	case s == auto:
		return ConfirmAuto, nil
	case c == ConfirmAlways || c == ConfirmNever:
		return c, nil
	}
	return "", fmt.Errorf("invalid confirmation %q: use auto, always or never", s)
}

// String returns what [ParseConfirm] reads.
func (c Confirm) String() string { return cmp.Or(string(c), auto) }

// Contents is what a vault holds. It is a value without I/O; [Vault.Update]
// stores a changed one.
type Contents struct {
	VaultID    string
	Generation uint64 // counts the saves
	Parent     string // hex SHA-256 of the file that this one replaced; empty in the first
	Default    string // id of the default account; may be empty
	Accounts   []Account
	Devices    []Device
	Identities []Identity // of this vault; see [Contents.Identity]
	Tombstones []Tombstone

	// stored is what c was decoded from: the difference tells what a change
	// changed. It is nil in contents that are new.
	stored *wireContents
	// recipients are those of the slots of the file. They belong to the file and
	// not to what is kept in it: only a change of slots touches them.
	recipients []slotRecipient
	extra      extra
}

// An Account is one credential at one registry.
type Account struct {
	ID            string
	Name          string
	Issuer        string
	Username      string
	Registry      string // origin URL; empty for a key of another service
	Level         Level
	Reuse         Reuse       // how often one code may be sent; "" is [ReuseAuto]
	Confirm       Confirm     // whether the agent asks for each code; "" is [ConfirmAuto]
	Key           *otpgen.Key // nil when only recovery codes are kept
	RecoveryCodes []RecoveryCode
	Moved         []Move    // what went to another laptop, the latest last
	Pending       bool      // enrolment has begun, and the registry may not have ended it
	Wanted        string    // the name of a pending account once it is not any more; "" for its own
	ArchivedAt    time.Time // zero unless put away
	AddedAt       time.Time
	UpdatedAt     time.Time

	laterState string
	extra      extra
	keyExtra   keyExtra
}

// A Tombstone remembers that an account, a device or a recovery code was removed,
// so that a merge with an older copy does not bring it back.
type Tombstone struct {
	ID        string
	RemovedAt time.Time

	extra extra
}

// NewID returns a random id.
func NewID() string { return merge.NewID() }

// Buried reports whether there is a tombstone for an id.
func (c *Contents) Buried(id string) bool {
	return slices.ContainsFunc(c.Tombstones, func(t Tombstone) bool { return t.ID == id })
}

// ByName returns the account of exactly that name, or nil.
func (c *Contents) ByName(name string) *Account {
	if i := slices.IndexFunc(c.Accounts, func(a Account) bool { return a.Name == name }); i >= 0 {
		return &c.Accounts[i]
	}
	return nil
}

// ByID returns the account with an id, or nil.
func (c *Contents) ByID(id string) *Account {
	if i := slices.IndexFunc(c.Accounts, func(a Account) bool { return a.ID == id }); i >= 0 {
		return &c.Accounts[i]
	}
	return nil
}

// FreeName returns a name that no account has: name itself, or with a remark.
func (c *Contents) FreeName(name, remark string) string {
	free := name
	for n := 2; c.ByName(free) != nil; n++ {
		free = fmt.Sprintf("%s (%s)", name, remark)
		if n > 2 {
			free = fmt.Sprintf("%s (%s %d)", name, remark, n-1)
		}
	}
	return free
}

// Add puts a new account into the contents and returns it with its id and
// times set. Only what the caller sets of name, issuer, username, registry,
// level and key is taken from a; [RegistryOf] gives a registry that is not set.
func (c *Contents) Add(a Account, now time.Time) (*Account, error) {
	if err := c.AddAll([]Account{a}, now); err != nil {
		return nil, err
	}
	return &c.Accounts[len(c.Accounts)-1], nil
}

// AddAll does for many accounts what [Contents.Add] does for one, for all or
// none of them.
func (c *Contents) AddAll(accounts []Account, now time.Time) error {
	taken := make(map[string]bool, len(c.Accounts)+len(accounts))
	for i := range c.Accounts {
		taken[c.Accounts[i].Name] = true
	}
	for i := range accounts {
		if name := accounts[i].Name; taken[name] {
			return fmt.Errorf("%w: there is an account %q already", ErrNameTaken, name)
		}
		taken[accounts[i].Name] = true
	}
	c.Accounts = slices.Grow(c.Accounts, len(accounts))
	for _, a := range accounts {
		a.ID = NewID()
		a.AddedAt, a.UpdatedAt = now.UTC(), now.UTC()
		a.Registry = cmp.Or(a.Registry, RegistryOf(a.Issuer))
		if a.Level == "" {
			a.Level = AuthAndWrites
		}
		c.Accounts = append(c.Accounts, a)
	}
	return nil
}

// Rename gives the account of exactly the name old another one.
func (c *Contents) Rename(old, name string, now time.Time) (*Account, error) {
	a, err := c.Named(old)
	if err != nil {
		return nil, err
	}
	if other := c.ByName(name); other != nil && other != a {
		return nil, fmt.Errorf("%w: there is an account %q already", ErrNameTaken, name)
	}
	a.Name = name
	a.UpdatedAt = now.UTC()
	return a, nil
}

// Remove takes out the account of exactly that name, leaves a tombstone, and
// returns what was removed.
func (c *Contents) Remove(name string, now time.Time) (Account, error) {
	found, err := c.Named(name)
	if err != nil {
		return Account{}, err
	}
	removed := *found
	c.Accounts = slices.DeleteFunc(c.Accounts, func(a Account) bool { return a.ID == removed.ID })
	c.Bury(removed.ID, now)
	if c.Default == removed.ID {
		c.Default = ""
	}
	return removed, nil
}

// SameSecret returns the name of another account with the same secret as a, or
// "".
func (c *Contents) SameSecret(a *Account) string {
	if a.Key == nil {
		return ""
	}
	for _, b := range c.Accounts {
		if b.ID != a.ID && b.Key != nil && b.Key.Secret.Equal(a.Key.Secret) {
			return b.Name
		}
	}
	return ""
}

// Archived reports whether a was put away.
func (a *Account) Archived() bool { return !a.ArchivedAt.IsZero() }

// IsHOTP reports whether the codes of a are counter-based (RFC 4226).
func (a *Account) IsHOTP() bool { return a.Key != nil && a.Key.Kind == otpgen.HOTP }

// Code returns the one-time password of a at t. For an HOTP account use
// [Vault.NextHOTP], which advances the counter on disk.
func (a *Account) Code(t time.Time) (otpgen.Code, error) {
	if a.Key == nil {
		return otpgen.Code{}, a.LacksKey()
	}
	return a.Key.At(t)
}
