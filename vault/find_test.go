package vault_test

import (
	"errors"
	"slices"
	"testing"

	"npmotp/vault"
)

func accounts(t *testing.T, all ...vault.Account) *vault.Contents {
	t.Helper()
	c := &vault.Contents{}
	if err := c.AddAll(all, then); err != nil {
		t.Fatal(err)
	}
	return c
}

// What an account has in full comes before what only begins with the query, and
// that before what has it as a part. Among equals a name comes first.
func TestFindBestFit(t *testing.T) {
	c := accounts(t,
		vault.Account{Name: "work", Issuer: "npm", Username: "ada"},
		vault.Account{Name: "github-old", Issuer: "Paper", Username: "bob"},
		vault.Account{Name: "hub", Issuer: "GitHub", Username: "ada.lovelace"},
		vault.Account{Name: "firm", Issuer: "npm", Registry: "https://npm.firm.example/", Username: "carl"},
		vault.Account{Name: "FIRM", Issuer: "npm", Registry: "https://other.example:8443/npm/", Username: "zoë"},
		vault.Account{Name: "lovelace-2", Issuer: "X"},
	)
	for query, want := range map[string][]string{
		"work":                      {"work"},
		"WORK":                      {"work"},
		"firm":                      {"firm"},                 // a name as it is written
		"FIRM":                      {"FIRM"},                 //
		"Firm":                      {"firm", "FIRM"},         // and otherwise both
		"github":                    {"hub"},                  // the issuer in full before the beginning of a name
		"git":                       {"github-old"},           // of two beginnings, that of a name
		"ada":                       {"work"},                 // the user name in full before a beginning
		"ada.":                      {"hub"},                  //
		"lovelace":                  {"lovelace-2"},           // a beginning before a part
		".lovelace":                 {"hub"},                  // a part
		"npm":                       {"work", "firm", "FIRM"}, // an issuer
		"npm.firm.example":          {"firm"},                 // a registry by its host,
		"https://npm.firm.example":  {"firm"},                 // its address,
		"https://npm.firm.example/": {"firm"},                 //
		"HTTPS://NPM.Firm.Example/": {"firm"},                 //
		"other.example:8443":        {"FIRM"},                 // the beginning of one,
		"example:8443/npm":          {"FIRM"},                 // or a part
		"ZOË":                       {"FIRM"},                 //
		"o":                         {"FIRM"},                 // other.example begins with it; a part it is of most
		"ub":                        nil,                      // too short for a part
		"/":                         nil,
		"nobody":                    nil,
	} {
		a, err := c.Find(query)
		var e *vault.AmbiguousError
		var got []string
		switch {
		case err == nil:
			got = []string{a.Name}
		case errors.As(err, &e):
			got = e.Matches
		case !errors.Is(err, vault.ErrNoAccount):
			t.Errorf("%q: %v", query, err)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q is %q, want %q", query, got, want)
		}
	}
}

// The beginning of a name goes on meaning what it meant when all accounts are of
// one issuer that begins alike.
func TestFindNameAmongEquals(t *testing.T) {
	c := accounts(t, vault.Account{Name: "npm-main", Issuer: "npm"}, vault.Account{Name: "work", Issuer: "npm"})
	if a, err := c.Find("npm"); err != nil || a.Name != "npm-main" {
		t.Errorf("%v, %v", a, err)
	}
	c = accounts(t, vault.Account{Name: "NPM", Issuer: "npm"}, vault.Account{Name: "npm-main", Issuer: "npm"})
	if a, err := c.Find("npm"); err != nil || a.Name != "NPM" {
		t.Errorf("%v, %v", a, err)
	}
}

func TestFindArchived(t *testing.T) {
	c := accounts(t, vault.Account{Name: "old", Issuer: "npm", Username: "ada"}, vault.Account{Name: "new", Issuer: "npm", Username: "ada"})
	c.Accounts[0].ArchivedAt = then
	if a, err := c.Find("ada"); err != nil || a.Name != "new" {
		t.Errorf("%v, %v", a, err)
	}
	if a, err := c.Find("old"); err != nil || a.Name != "old" {
		t.Errorf("%v, %v", a, err)
	}
	if _, err := c.Find("ol"); !errors.Is(err, vault.ErrNoAccount) {
		t.Errorf("%v", err)
	}
}

// What cannot be taken back is done to what is named in full only, and the error
// says what that would be.
func TestNamed(t *testing.T) {
	c := accounts(t, vault.Account{Name: "npm-main", Issuer: "npm"}, vault.Account{Name: "npm-work", Issuer: "npm"})
	if a, err := c.Named("npm-work"); err != nil || a.Name != "npm-work" {
		t.Errorf("%v, %v", a, err)
	}
	for query, want := range map[string][]string{"npm-w": {"npm-work"}, "npm": {"npm-main", "npm-work"}, "x": nil} {
		_, err := c.Named(query)
		var e *vault.InexactError
		if !errors.Is(err, vault.ErrNoAccount) || errors.As(err, &e) != (want != nil) || want != nil && !slices.Equal(e.Matches, want) {
			t.Errorf("%q: %v", query, err)
		}
		if _, err := c.Remove(query, then); !errors.Is(err, vault.ErrNoAccount) {
			t.Errorf("removing %q: %v", query, err)
		}
		if _, err := c.Rename(query, "y", then); !errors.Is(err, vault.ErrNoAccount) {
			t.Errorf("renaming %q: %v", query, err)
		}
	}
	var ambiguous *vault.AmbiguousError
	if _, err := c.Named(""); !errors.As(err, &ambiguous) {
		t.Errorf("no name: %v", err)
	}
	c.Default = c.Accounts[1].ID
	if a, err := c.Named(""); err != nil || a.Name != "npm-work" {
		t.Errorf("the default: %v, %v", a, err)
	}
}
