package vault

import (
	"fmt"
	"strings"
	"time"

	"npmotp/internal/recoverycode"
	"npmotp/internal/secret"
	"npmotp/vault/internal/merge"
)

// A CodeState says what is known of a single-use code.
type CodeState string

// The states of a recovery code.
const (
	Unused   CodeState = "unused"
	Reserved CodeState = "reserved" // handed out; whether the registry took it is not known
	Used     CodeState = "used"
)

// A RecoveryCode is a single-use code that npm printed when two-factor
// authentication was enabled.
type RecoveryCode struct {
	ID         string
	Number     int // counts from 1 within the account, never given twice
	Code       secret.Text
	State      CodeState
	Set        int // counts from 1; the codes that npm printed together
	AddedAt    time.Time
	ReservedAt time.Time // zero unless reserved or used
	UsedAt     time.Time // zero unless used
	UsedFor    string
	RetiredAt  time.Time // zero unless a newer set made this one invalid

	extra extra
}

// A DuplicateError says which codes of an input are stored already.
type DuplicateError struct {
	Account string
	Numbers []int // of the stored codes
	Of      int   // how many codes the input held
}

// Error implements error.
func (e *DuplicateError) Error() string {
	numbers := make([]string, len(e.Numbers))
	for i, n := range e.Numbers {
		numbers[i] = fmt.Sprint(n)
	}
	return fmt.Sprintf("%d of the %d codes are stored already in %q, as number %s; nothing was added",
		len(e.Numbers), e.Of, e.Account, strings.Join(numbers, ", "))
}

// AddRecoveryCodes stores codes as a new set and retires the older ones, whose
// codes npm no longer takes; with join they become part of the newest set. It
// returns how many unused codes were retired. Codes that are stored already, in
// any set, are a [*DuplicateError], and nothing is added.
func (a *Account) AddRecoveryCodes(codes []secret.Text, join bool, now time.Time) (retired int, err error) {
	now = now.UTC()
	if err := a.has(codes); err != nil {
		return 0, err
	}
	set := a.NewestSet()
	if !join || set == 0 {
		set++
		retired = a.RetireBefore(set, now)
	}
	number := a.LastNumber()
	for _, code := range codes {
		number++
		a.RecoveryCodes = append(a.RecoveryCodes, RecoveryCode{
			ID: merge.NewID(), Number: number, Code: code, State: Unused, Set: set, AddedAt: now,
		})
	}
	a.UpdatedAt = now
	return retired, nil
}

// RetireBefore retires the codes of the sets before one, and returns how many of
// them were unused.
func (a *Account) RetireBefore(set int, now time.Time) (unused int) {
	for i := range a.RecoveryCodes {
		r := &a.RecoveryCodes[i]
		if !r.RetiredAt.IsZero() || r.Set >= set {
			continue
		}
		if r.State == Unused {
			unused++
		}
		r.RetiredAt = now.UTC()
	}
	return unused
}

// AddRecoveryCodes stores codes in a as [Account.AddRecoveryCodes] does. One code
// belongs to one account and one laptop: where another has it, it would be given
// out twice. Codes that were moved away are a [*MovedError].
func (c *Contents) AddRecoveryCodes(a *Account, codes []secret.Text, join bool, now time.Time) (retired int, err error) {
	for i := range c.Accounts {
		if err := c.Accounts[i].has(codes); err != nil {
			return 0, err
		}
		if err := c.sentAway(&c.Accounts[i], codes); err != nil {
			return 0, err
		}
	}
	return a.AddRecoveryCodes(codes, join, now)
}

// sentAway returns a [*MovedError] when some of the codes were moved away from a.
// What is left of them is tombstones, of the time of the move.
func (c *Contents) sentAway(a *Account, codes []secret.Text) error {
	for _, m := range a.Moved {
		graves := map[string]bool{}
		for _, t := range c.Tombstones {
			if t.RemovedAt.Equal(m.MovedAt) {
				graves[t.ID] = true
			}
		}
		m.Codes = 0
		for _, code := range codes {
			text := code.Reveal()
			for _, spelled := range []string{text, strings.ToLower(text), strings.ToUpper(text)} {
				if len(graves) > 0 && graves[merge.CodeID(a.ID, spelled, 0)] {
					m.Codes++
					break
				}
			}
		}
		if m.Codes > 0 {
			return &MovedError{Account: a.Name, Move: m, err: ErrSentAway}
		}
	}
	return nil
}

// has returns a [*DuplicateError] when a has one of the codes.
func (a *Account) has(codes []secret.Text) error {
	duplicate := &DuplicateError{Account: a.Name, Of: len(codes)}
	for _, code := range codes {
		for _, r := range a.RecoveryCodes {
			if recoverycode.Same(r.Code, code) {
				duplicate.Numbers = append(duplicate.Numbers, r.Number)
			}
		}
	}
	if len(duplicate.Numbers) > 0 {
		return duplicate
	}
	return nil
}

// NewestSet returns the number of the set that npm printed last.
func (a *Account) NewestSet() int {
	set := 0
	for _, r := range a.RecoveryCodes {
		set = max(set, r.Set)
	}
	for _, m := range a.Moved {
		set = max(set, m.LastSet)
	}
	return set
}

// LastNumber returns the highest number that a code of a was ever given.
func (a *Account) LastNumber() int {
	number := 0
	for _, r := range a.RecoveryCodes {
		number = max(number, r.Number)
	}
	for _, m := range a.Moved {
		number = max(number, m.LastNumber)
	}
	return number
}

// UnusedCodes counts the codes of the newest set that are still unused.
func (a *Account) UnusedCodes() int {
	n := 0
	for _, r := range a.RecoveryCodes {
		if r.Offered() {
			n++
		}
	}
	return n
}

// Offered reports whether the code is unused, and no newer set has made it invalid.
func (r *RecoveryCode) Offered() bool { return r.State == Unused && r.RetiredAt.IsZero() }

// Reserve takes the next unused code for a purpose. [Vault.Reserve] has it on disk, too.
func (a *Account) Reserve(purpose string, now time.Time) (RecoveryCode, error) {
	r := a.NextCode()
	if r == nil {
		return RecoveryCode{}, a.LacksCodes()
	}
	r.State, r.ReservedAt, r.UsedFor = Reserved, now.UTC(), purpose
	a.UpdatedAt = now.UTC()
	return *r, nil
}

// NextCode returns the recovery code that [Account.Reserve] takes next, or nil when
// there is no unused one.
func (a *Account) NextCode() *RecoveryCode {
	for i := range a.RecoveryCodes {
		if r := &a.RecoveryCodes[i]; r.Offered() {
			return r
		}
	}
	return nil
}

// Mark sets the state of the code with the given number, with the times that go
// with it.
func (a *Account) Mark(number int, state CodeState, now time.Time) error {
	for i := range a.RecoveryCodes {
		r := &a.RecoveryCodes[i]
		if r.Number != number {
			continue
		}
		r.State = state
		switch state {
		case Used:
			r.UsedAt = now.UTC()
			if r.ReservedAt.IsZero() {
				r.ReservedAt = now.UTC()
			}
		case Unused:
			r.ReservedAt, r.UsedAt, r.UsedFor = time.Time{}, time.Time{}, ""
		case Reserved:
			r.ReservedAt, r.UsedAt = now.UTC(), time.Time{}
		}
		a.UpdatedAt = now.UTC()
		return nil
	}
	return fmt.Errorf("%w: %q has none with number %d", ErrNoSuchCode, a.Name, number)
}

// Mask returns the code with all but its first and last four characters
// hidden; short ones are hidden altogether.
func (r *RecoveryCode) Mask() string {
	code := r.Code.Reveal()
	if len(code) < 16 {
		return "••••"
	}
	return code[:4] + "…" + code[len(code)-4:]
}
