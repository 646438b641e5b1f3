package codes

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"npmotp/internal/agent"
	"npmotp/internal/registry"
	"npmotp/internal/statefile"
	"npmotp/internal/ui"
	"npmotp/vault"
)

// A Replay is what a registry was seen to do with a code that it was sent twice.
type Replay struct {
	Registry registry.Origin `json:"-"`
	Taken    bool            `json:"taken"` // or else refused
	At       time.Time       `json:"at"`
}

// String says it in a clause whose subject is the registry.
func (r Replay) String() string {
	if r.Taken {
		return fmt.Sprintf("took a code twice on %s", ui.Day(r.At))
	}
	return fmt.Sprintf("refused a code that was sent twice on %s", ui.Day(r.At))
}

// Name is "taken", "refused", or "" where nothing was seen.
func (r Replay) Name() string {
	switch {
	case r.At.IsZero():
		return ""
	case r.Taken:
		return "taken"
	}
	return "refused"
}

// Replay returns what was last seen of a registry; the zero Replay is nothing.
func (l Ledger) Replay(address string) Replay {
	// A file that cannot be read is begun anew by the next note.
	seen, _ := statefile.Read[map[registry.Origin]Replay](statefile.Folder(l), registryFile)
	origin := registry.OriginOf(address)
	r := seen[origin]
	r.Registry = origin
	return r
}

// Replays returns what was seen of all registries.
func (l Ledger) Replays() []Replay {
	seen, _ := statefile.Read[map[registry.Origin]Replay](statefile.Folder(l), registryFile)
	all := []Replay{}
	for _, origin := range slices.Sorted(maps.Keys(seen)) {
		r := seen[origin]
		r.Registry = origin
		all = append(all, r)
	}
	return all
}

// note remembers what a registry did.
func (l Ledger) note(ctx context.Context, r Replay) error {
	if r.Registry == "" {
		return nil
	}
	return statefile.Change(ctx, statefile.Folder(l), registryFile, func(seen *map[registry.Origin]Replay) error {
		if *seen == nil {
			*seen = map[registry.Origin]Replay{}
		}
		if was := (*seen)[r.Registry]; was.At.IsZero() || was.Taken != r.Taken {
			(*seen)[r.Registry] = r // the day when it was first seen
		}
		return nil
	})
}

// takesTwice reports whether an account's code may be sent to a registry again
// within its step. Npm's own is known to take it, and all release tools count on
// that; of another one it has to be seen first.
func (s *Source) takesTwice(a agent.Account, to string) bool {
	switch reuseOf(a) {
	case vault.ReuseAllow:
		return true
	case vault.ReuseAuto:
		if seen := s.Ledger.Replay(to); !seen.At.IsZero() {
			return seen.Taken
		}
		return registry.Same(to, vault.DefaultRegistry)
	case vault.ReuseOnce:
	}
	return false
}

// reuseOf returns what an account says of reuse.
func reuseOf(a agent.Account) vault.Reuse {
	r, err := vault.ParseReuse(cmp.Or(a.Reuse, vault.ReuseAuto.String()))
	if err != nil {
		return vault.ReuseOnce
	}
	return r
}

// explainWait says why the present code is not sent again, once.
func (s *Source) explainWait(a agent.Account, to string) {
	if s.explained {
		return
	}
	s.explained = true
	origin := registry.OriginOf(to)
	var why string
	seen := s.Ledger.Replay(to)
	switch {
	case reuseOf(a) != vault.ReuseAuto:
		why = fmt.Sprintf(", and %q says once of reuse", a.Name)
	case seen.Name() != "":
		why = fmt.Sprintf(", and %s %s", origin, seen)
	}
	s.UI.Sayf("the present code was sent already%s; 'npmotp edit %s --reuse allow' sends it again", why, ui.Quote(a.Name))
}

// Refused notes that a registry refused a code: nobody sends it again in its
// step, and where the registry had been sent it before, it takes none twice.
func (s *Source) Refused(ctx context.Context, c Sent) {
	if c.account == "" {
		return
	}
	if s.refused == nil {
		s.refused = map[string][]Step{}
	}
	refused := Step{Begins: c.From.UTC(), Noted: s.Now().UTC(), Refused: true}
	s.refused[c.account] = append(s.refused[c.account], refused)
	err := s.Ledger.refuse(ctx, c.account, refused)
	if err == nil && c.Again {
		err = s.Ledger.note(ctx, Replay{Registry: registry.OriginOf(c.registry), At: s.Now().UTC()})
	}
	if err != nil {
		s.UI.Warnf("that the code was refused is not noted: %v", err)
	}
}

// Took notes that a registry took a code. Where it had been sent it before, it
// takes codes twice.
func (s *Source) Took(ctx context.Context, c Sent) {
	if !c.Again {
		return
	}
	if err := s.Ledger.note(ctx, Replay{Registry: registry.OriginOf(c.registry), Taken: true, At: s.Now().UTC()}); err != nil {
		s.UI.Explainf("that the code was taken twice is not noted: %v", err)
	}
}
