package agent

import (
	"context"
	"errors"
	"time"

	"npmotp/internal/secret"
)

// A Code is a one-time password of an account. Those of a counter-based account
// have no times and no next one.
type Code struct {
	Account     string
	Value       secret.Text
	From, Until time.Time
	Next        secret.Text // good from Until on, as long as this one
}

// An Account is what can be known of an account without its passphrase.
type Account struct {
	ID            string    `json:"id,omitempty"`
	Name          string    `json:"name"`
	Issuer        string    `json:"issuer,omitempty"`
	Username      string    `json:"username,omitempty"`
	Registry      string    `json:"registry,omitempty"`
	Level         string    `json:"level,omitempty"`
	Reuse         string    `json:"code_reuse,omitempty"` // how often one code may be sent: auto, once or allow
	Confirm       string    `json:"confirm,omitempty"`    // whether a code needs a yes: auto, always or never
	Type          string    `json:"type,omitempty"`       // empty when there are only recovery codes
	Algorithm     string    `json:"algorithm,omitempty"`
	Digits        int       `json:"digits,omitempty"`
	Period        int       `json:"period,omitempty"` // seconds
	Counter       *uint64   `json:"counter,omitempty"`
	RecoveryCodes int       `json:"recovery_codes,omitempty"` // how many are unused
	Default       bool      `json:"default,omitempty"`
	Pending       bool      `json:"pending,omitempty"` // its enrolment has not come to its end
	ArchivedAt    time.Time `json:"archived_at,omitzero"`
	AddedAt       time.Time `json:"added_at,omitzero"`
	UpdatedAt     time.Time `json:"updated_at,omitzero"`
}

// A Status says what an agent does and did.
type Status struct {
	PID        int       `json:"pid"`
	UnlockedAt time.Time `json:"unlocked_at"`
	Until      time.Time `json:"until"`
	Idle       int       `json:"idle"` // seconds without use that it allows; 0 for no limit
	IdleUntil  time.Time `json:"idle_until,omitzero"`
	Codes      int       `json:"codes"` // how many were given
	Lists      int       `json:"lists"` // how often accounts were told
	InMemory   bool      `json:"in_memory"`
	Given      []Given   `json:"given,omitempty"` // the last of them, the oldest first

	Confirm      bool `json:"confirm,omitempty"`       // each code needs a yes
	TerminalOnly bool `json:"terminal_only,omitempty"` // programs without a terminal get none
	Refused      int  `json:"refused,omitempty"`       // how often a code was not given
}

// A Given is something that an agent gave.
type Given struct {
	At      time.Time `json:"at"`
	What    string    `json:"what"` // "code", "list" or "refused"
	Account string    `json:"account,omitempty"`
	PID     int       `json:"pid"`
	Command string    `json:"command"`          // of the process that asked
	Parent  string    `json:"parent"`           // of the process that started that
	Answer  string    `json:"answer,omitempty"` // to the question, where one was asked
}

// A Source yields what an agent gives. Its methods are called from several
// goroutines. An error that wraps [ErrEnded] ends the agent.
type Source interface {
	// Code returns a password of the account that query names. One that is
	// counted is on disk as used before Code returns, and is refused when
	// timeBased is set.
	Code(ctx context.Context, query string, timeBased bool) (Code, error)
	// Find returns the account that query names.
	Find(ctx context.Context, query string) (Account, error)
	// List returns all accounts, and a number that changes when they do.
	List(ctx context.Context) (accounts []Account, state uint64, err error)
	// Check looks whether the vault is still the one that was unlocked.
	Check(ctx context.Context) error
	// Warning returns what a user should know of the vault, or "".
	Warning() string
}

// An Error is a failure that the other side of the socket tells. Kind is one of
// the source's own, or one of the constants here.
type Error struct {
	Kind    string   `json:"kind"`
	Message string   `json:"message"`
	Matches []string `json:"matches,omitempty"`
}

// The kinds of errors that do not come from the source.
const (
	KindEnded   = "ended"   // the agent has locked itself, and says why
	KindRefused = "refused" // the program does not get what it asks for
	KindFailed  = "failed"  // anything else
)

// Error implements error.
func (e *Error) Error() string { return e.Message }

// Errors that callers branch on.
var (
	// ErrNone says that no agent serves the vault.
	ErrNone = errors.New("the agent is locked")
	// ErrRunning says that another agent serves the vault.
	ErrRunning = errors.New("another agent serves the vault")
	// ErrUnsupported says that there is no agent on this system.
	ErrUnsupported = errors.New("there is no agent on this system")
	// ErrEnded says that a source can yield no more.
	ErrEnded = errors.New("the vault has another passphrase now, or is another one")
)

// Reasons for the end of an agent.
var (
	ErrTime   = errors.New("its time is over")
	ErrIdle   = errors.New("it was not used for a while")
	ErrSlept  = errors.New("the machine has slept")
	ErrLocked = errors.New("it was told to lock")
	ErrLost   = errors.New("its socket is gone")
)
