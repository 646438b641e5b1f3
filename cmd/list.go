package cmd

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"npmotp/internal/agent"
	"npmotp/internal/codes"
	"npmotp/internal/npm/tools"
	"npmotp/internal/ui"
	"npmotp/otpgen"
	"npmotp/vault"
)

// accountView is the JSON of an account. It has no secrets but those that
// "show --reveal" fills in.
type accountView struct {
	Name          string     `json:"name"`
	Issuer        string     `json:"issuer"`
	Username      string     `json:"username"`
	Registry      string     `json:"registry"`
	Level         string     `json:"level"`
	Reuse         string     `json:"reuse"`                // auto, once or allow
	ReuseSeen     string     `json:"reuse_seen,omitempty"` // of the registry: taken or refused
	Confirm       string     `json:"confirm"`              // auto, always or never
	Type          string     `json:"type"`
	Algorithm     string     `json:"algorithm,omitempty"`
	Digits        int        `json:"digits,omitempty"`
	Period        int        `json:"period,omitempty"`
	Counter       *uint64    `json:"counter,omitempty"`
	RecoveryCodes int        `json:"recovery_codes"` // unused ones
	Default       bool       `json:"default"`
	State         string     `json:"state,omitempty"` // "pending", or absent
	AsksCodeFor   []string   `json:"asks_code_for"`
	ArchivedAt    *time.Time `json:"archived_at,omitempty"`
	AddedAt       *time.Time `json:"added_at"`
	UpdatedAt     *time.Time `json:"updated_at"`
	Secret        string     `json:"secret,omitempty"`
	URI           string     `json:"uri,omitempty"`
	Moved         []moveView `json:"moved,omitempty"` // to other laptops
}

func viewAccount(a agent.Account) accountView {
	view := accountView{
		Name: a.Name, Issuer: a.Issuer, Username: a.Username, Registry: a.Registry, Level: a.Level, Reuse: cmp.Or(a.Reuse, vault.ReuseAuto.String()),
		Confirm: cmp.Or(a.Confirm, vault.ConfirmAuto.String()), Type: a.Type, Algorithm: a.Algorithm, Digits: a.Digits, Period: a.Period, Counter: a.Counter,
		RecoveryCodes: a.RecoveryCodes, Default: a.Default, AddedAt: instant(a.AddedAt), UpdatedAt: instant(a.UpdatedAt),
		ArchivedAt: instant(a.ArchivedAt), AsksCodeFor: tools.AsksCode(levelOf(a)),
	}
	if a.Registry == "" {
		view.AsksCodeFor = []string{}
	}
	if a.Pending {
		view.State = "pending"
	}
	return view
}

// levelOf returns the level of an account as package tools knows it.
func levelOf(a agent.Account) tools.Level {
	if a.Level == string(vault.AuthOnly) {
		return tools.AuthOnly
	}
	return tools.AuthAndWrites
}

func newListCmd(app *App) *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the accounts",
		Long: `List the accounts: name, issuer, user name, registry, level, type, the number
of unused recovery codes, and which one is the default. An account whose
enrolment did not come to its end is pending. Those that were put away, as
'npmotp disable' does, are listed with --all.`,
		Annotations: vaultStatuses(),
		Example:     "  npmotp list\n  npmotp list --json | jq -r '.[].name'",
		Args:        noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			source := app.codes()
			defer source.Close()
			if err := source.Open(cmd.Context()); err != nil {
				return err
			}
			accounts, err := source.List(cmd.Context())
			if err != nil {
				return err
			}
			stored := len(accounts)
			if !all {
				accounts = slices.DeleteFunc(accounts, func(a agent.Account) bool { return !a.ArchivedAt.IsZero() })
			}
			hidden := stored - len(accounts)
			if hidden > 0 && len(accounts) == 0 && !app.flags.json {
				app.Sayf("all accounts are archived; 'npmotp list --all' shows them")
				return nil
			}
			err = app.printAccounts(accounts)
			if err == nil && hidden > 0 && !app.flags.json {
				app.Sayf("%s left out; 'npmotp list --all' shows all", ui.Plural(hidden, "archived account"))
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "list archived accounts too")
	return cmd
}

func (app *App) printAccounts(accounts []agent.Account) error {
	if app.flags.json {
		views := make([]accountView, len(accounts))
		for i, a := range accounts {
			views[i] = viewAccount(a)
		}
		return app.JSON(views)
	}
	if len(accounts) == 0 {
		app.Sayf("the vault is empty; 'npmotp add' adds an account")
		return nil
	}
	rows := make([][]string, len(accounts))
	for i, a := range accounts {
		mark := ""
		if a.Pending {
			mark = "pending"
		}
		switch {
		case !a.ArchivedAt.IsZero():
			mark = "archived"
		case a.Default:
			mark = strings.TrimSpace("default " + mark)
		}
		rows[i] = []string{a.Name, a.Issuer, a.Username, cmp.Or(a.Registry, noRegistry), a.Level, a.Type, fmt.Sprint(a.RecoveryCodes), mark}
	}
	return app.Table("NAME ISSUER USER REGISTRY LEVEL TYPE RECOVERY NOTE", rows)
}

func newShowCmd(app *App) *cobra.Command {
	var reveal bool
	cmd := &cobra.Command{
		Use:   "show [ACCOUNT]",
		Short: "Show an account",
		Long: `Show what is stored of an account. The secret is shown only with --reveal:
whoever sees it can make every password of the account.`,
		Annotations: vaultStatuses(),
		Example:     "  npmotp show work\n  npmotp show work --reveal",
		Args:        argsBetween(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runShow(cmd.Context(), app, firstArg(args), reveal)
		},
		ValidArgsFunction: app.completeAccount,
	}
	cmd.Flags().BoolVar(&reveal, "reveal", false, "show the secret and its otpauth URI too")
	return cmd
}

func runShow(ctx context.Context, app *App, query string, reveal bool) error {
	c, a, err := app.account(ctx, query)
	if err != nil {
		return err
	}
	view := viewAccount(codes.Describe(c, a))
	seen := codes.Ledger(app.State).Replay(a.Registry)
	view.ReuseSeen = seen.Name()
	for _, m := range a.Moved {
		view.Moved = append(view.Moved, viewMove(m))
	}
	if reveal {
		if a.Key == nil {
			return a.LacksKey()
		}
		view.Secret = a.Key.Secret.Reveal()
		view.URI = a.Key.URI(otpgen.Label{Issuer: a.Issuer, Account: a.Username}).Reveal()
	}
	if app.flags.json {
		return app.JSON(view)
	}
	fields := view.fields()
	if view.ReuseSeen != "" {
		fields = append(fields, [2]string{"the registry", seen.String()})
	}
	return app.Fields(fields)
}

// fields returns the view as lines for people; empty ones are left out.
func (v accountView) fields() [][2]string {
	code := ""
	if v.Type != "" {
		code = fmt.Sprintf("%s, %s, %d digits", strings.ToUpper(v.Type), v.Algorithm, v.Digits)
		if v.Counter != nil {
			code += fmt.Sprintf(", counter %d", *v.Counter)
		} else {
			code += fmt.Sprintf(", %d s", v.Period)
		}
	}
	note := ""
	switch {
	case v.ArchivedAt != nil:
		note = "archived on " + ui.Day(*v.ArchivedAt)
	case v.State != "":
		note = v.State + ": the registry may not have turned it on"
	case v.Default:
		note = "the default account"
	}
	fields := [][2]string{
		{"name", v.Name}, {"issuer", v.Issuer}, {"user name", v.Username}, {"registry", cmp.Or(v.Registry, noRegistry)},
		{"level", v.Level}, {"asks a code for", strings.Join(v.AsksCodeFor, ", ")}, {"one-time passwords", code}, {"reuse", v.Reuse}, {"confirm", v.Confirm}, {"recovery codes", fmt.Sprintf("%d unused", v.RecoveryCodes)},
		{"secret", v.Secret}, {"uri", v.URI}, {"note", note},
	}
	for _, m := range v.Moved {
		fields = append(fields, [2]string{"moved", m.String()})
	}
	if v.AddedAt != nil {
		fields = append(fields, [2]string{"added", ui.Day(*v.AddedAt)})
	}
	return fields
}

// instant is a time in JSON: RFC 3339, or null.
func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
