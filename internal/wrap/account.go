package wrap

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"npmotp/internal/agent"
	"npmotp/internal/codes"
	"npmotp/internal/npm/config"
	"npmotp/internal/registry"
	"npmotp/internal/ui"
	"npmotp/vault"
)

// pick returns the account that is named, or else the one of the
// registry.
func (x *run) pick(ctx context.Context, targets []config.Target) (agent.Account, error) {
	address, source := x.o.Registry, ""
	if address == "" && len(targets) > 0 {
		address, source = targets[0].Registry, fmt.Sprintf(" (%s)", targets[0].Source)
	}
	if x.o.Account != "" || address == "" {
		return x.Codes.Find(ctx, x.o.Account)
	}
	accounts, err := x.Codes.List(ctx)
	if err != nil {
		return agent.Account{}, err
	}
	for _, t := range targets { // of several registries the one that somebody has
		theirs := func(a agent.Account) bool { return a.ArchivedAt.IsZero() && x.belongs(a, t.Registry) }
		if x.o.Registry == "" && !t.Reads && slices.ContainsFunc(accounts, theirs) {
			address, source = t.Registry, fmt.Sprintf(" (%s)", t.Source)
			break
		}
	}
	var matches, keyless []agent.Account
	for _, a := range accounts {
		switch {
		case !x.belongs(a, address) || !a.ArchivedAt.IsZero():
		case a.Type == "" && !x.o.Recovery:
			keyless = append(keyless, a)
		case a.RecoveryCodes == 0 && x.o.Recovery:
			keyless = append(keyless, a)
		default:
			matches = append(matches, a)
		}
	}
	if len(matches) == 0 {
		matches = keyless // whose own lack is what to say
	}
	if ready := slices.DeleteFunc(slices.Clone(matches), func(a agent.Account) bool { return a.Pending }); len(ready) > 0 {
		matches = ready
	}
	if len(matches) == 1 {
		return matches[0], nil
	}
	if i := slices.IndexFunc(matches, func(a agent.Account) bool { return a.Default }); i >= 0 {
		return matches[i], nil
	}
	if len(matches) > 1 {
		e := &vault.AmbiguousError{}
		for _, a := range matches {
			e.Matches = append(e.Matches, a.Name)
		}
		name, err := codes.Choose(ctx, x.UI, ui.WithHint(e, "name one with 'npmotp exec -a ACCOUNT ...'"))
		if err != nil {
			return agent.Account{}, err
		}
		return x.Codes.Find(ctx, name)
	}
	if x.o.Registry != "" {
		return x.Codes.Find(ctx, "")
	}
	return agent.Account{}, ui.WithHint(&noAccountError{address, source},
		"'npmotp add --registry URL' adds one, 'npmotp edit ACCOUNT --registry URL' changes one")
}

// isNobodys reports whether err is that a command talks to a registry of no
// account, and the user names none either: nothing of the vault's would be sent, so
// that npm can be npmotp's alias everywhere. For npm's own registry a code is what
// the user came for.
func (x *run) isNobodys(err error) bool {
	missing, ok := errors.AsType[*noAccountError](err)
	return ok && x.auto && !x.plan.Holed && !x.o.Recovery && x.o.Prompt+x.o.Flag+x.o.Env == "" && !registry.Same(missing.registry, vault.DefaultRegistry) && !registry.Same(missing.registry, npmsDotCom)
}

// A noAccountError says that no account belongs to a registry.
type noAccountError struct{ registry, source string }

func (e *noAccountError) Error() string {
	return fmt.Sprintf("%v for the registry %s%s", vault.ErrNoAccount, e.registry, e.source)
}

func (e *noAccountError) Unwrap() error { return vault.ErrNoAccount }

// lacks says what keeps the account from answering.
func (x *run) lacks(a agent.Account) error {
	switch {
	case x.o.Recovery:
		return x.moved(a, x.o.recoveryLeft(a), (*vault.Account).LacksCodes)
	case a.Type == "":
		return x.moved(a, ui.WithHint(fmt.Errorf("%w in %q, which holds recovery codes only", vault.ErrNoKey, a.Name),
			"'npmotp exec --recovery ...' answers with one of them"), (*vault.Account).LacksKey)
	}
	return nil
}

// moved returns where what a lacks was moved to, as far as the vault is open and
// knows, and else err, which says that it is missing.
func (x *run) moved(a agent.Account, err error, lacks func(*vault.Account) error) error {
	u := x.Codes.Vault()
	if u == nil || !errors.Is(err, vault.ErrNoCodes) && !errors.Is(err, vault.ErrNoKey) {
		return err
	}
	if own, missing := u.Contents.Find(a.Name); missing == nil {
		if e, ok := errors.AsType[*vault.MovedError](lacks(own)); ok {
			return e
		}
	}
	return err
}

// Other names of npm's own servers.
const (
	// yarnsMirror is what yarn 1 and yarn berry take without any setting.
	yarnsMirror = "https://registry.yarnpkg.com/"
	npmsDotCom  = "https://registry.npmjs.com/"
)

// belongs reports whether a registry is that of the account. Npm's has another
// name, and for yarn a third: its default registry, to which yarn sends the token
// of npm's registry unasked, and which publishes there.
func (x *run) belongs(a agent.Account, address string) bool {
	if registry.Same(a.Registry, address) {
		return true
	}
	npms := registry.Same(address, npmsDotCom) || strings.HasPrefix(x.plan.Tool, "yarn") && registry.Same(address, yarnsMirror)
	return npms && registry.Same(a.Registry, vault.DefaultRegistry)
}

// BelongsTo says which registry an account belongs to.
func BelongsTo(registry string) string { return "belongs to " + cmp.Or(registry, "no registry") }

// RegistryHint says what to do where the registry of an account is not the one
// that npm talks to.
func RegistryHint(name, registry string) string {
	if registry == "" {
		return fmt.Sprintf("if it is meant, 'npmotp edit %s --registry URL' says where it belongs", ui.Quote(name))
	}
	return fmt.Sprintf("--registry %s has npm talk to the account's registry", ui.Quote(registry))
}
