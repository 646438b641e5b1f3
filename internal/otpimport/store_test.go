package otpimport_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"npmotp/internal/otpimport"
	"npmotp/vault"
)

// stored returns the outcomes of a list of URIs in an empty vault.
func stored(t *testing.T, c *vault.Contents, lines ...string) []string {
	t.Helper()
	r := &otpimport.Reader{}
	if err := r.Add(t.Context(), strings.NewReader(strings.Join(lines, "\n"))); err != nil {
		t.Fatal(err)
	}
	outcomes, err := otpimport.Store(t.Context(), c, r.Entries(), time.Unix(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range outcomes {
		got = append(got, strings.TrimSpace(string(o.Fate)+" "+o.Name+" "+o.Of))
	}
	return got
}

const (
	key1 = "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	key2 = "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJR"
	key3 = "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJS"
)

func TestStoreNames(t *testing.T) {
	for _, tt := range []struct {
		name       string
		there      []string // names of accounts in the vault
		uris, want []string
	}{
		{"the user's", nil, []string{"otpauth://totp/npm:ada" + key1}, []string{"imported ada"}},
		{"the issuer's", nil, []string{"otpauth://totp/npm:" + key1}, []string{"imported npm"}},
		{"claimed twice", nil, []string{"otpauth://totp/npm:ada" + key1, "otpauth://totp/Other:ada" + key2},
			[]string{"imported npm ada", "imported Other ada"}},
		{"the same label twice", nil, []string{"otpauth://totp/npm:ada" + key1, "otpauth://totp/npm:ada" + key2},
			[]string{"imported npm ada 1", "imported npm ada 2"}},
		{"taken", []string{"ada"}, []string{"otpauth://totp/npm:ada" + key1}, []string{"imported npm ada"}},
		{"taken with the issuer", []string{"ada", "npm ada"}, []string{"otpauth://totp/npm:ada" + key1}, []string{"imported npm ada 2"}},
		{"a number that is a name", nil,
			[]string{"otpauth://totp/ada" + key1, "otpauth://totp/ada" + key2, "otpauth://totp/ada%201" + key3},
			[]string{"imported ada 2", "imported ada 3", "imported ada 1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := &vault.Contents{}
			for _, name := range tt.there {
				if _, err := c.Add(vault.Account{Name: name}, time.Unix(0, 0)); err != nil {
					t.Fatal(err)
				}
			}
			if got := stored(t, c, tt.uris...); !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// A duplicate makes the same passwords, not only of the same secret.
func TestStoreDuplicates(t *testing.T) {
	c := &vault.Contents{}
	got := stored(t, c,
		"otpauth://totp/npm:ada"+key1,
		"otpauth://totp/Other:eve"+key1+"&digits=6&period=30",
		"otpauth://totp/npm:eight"+key1+"&digits=8",
		"otpauth://totp/npm:slow"+key1+"&period=60",
		"otpauth://totp/npm:sha256"+key1+"&algorithm=SHA256",
		"otpauth://hotp/npm:counted"+key1+"&counter=1",
		"otpauth://hotp/npm:later"+key1+"&counter=2",
	)
	want := []string{"imported ada", "duplicate eve ada", "imported eight", "imported slow", "imported sha256", "imported counted", "duplicate later counted"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := stored(t, c, "otpauth://totp/Third:eve"+key1); !slices.Equal(got, []string{"duplicate eve ada"}) {
		t.Errorf("again: %q", got)
	}
	if len(c.Accounts) != 5 {
		t.Errorf("%d accounts", len(c.Accounts))
	}
}

func TestAddAllIsAllOrNone(t *testing.T) {
	c := &vault.Contents{}
	err := c.AddAll([]vault.Account{{Name: "a"}, {Name: "b"}, {Name: "a"}}, time.Unix(0, 0))
	if !errors.Is(err, vault.ErrNameTaken) || len(c.Accounts) != 0 {
		t.Errorf("%v, %d accounts", err, len(c.Accounts))
	}
}
