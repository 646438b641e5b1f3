package registry_test

import (
	"errors"
	"testing"

	"npmotp/internal/registry"
)

func TestParse(t *testing.T) {
	for address, want := range map[string]string{
		"https://registry.npmjs.org":            "https://registry.npmjs.org/",
		"HTTPS://Registry.NPMJS.org:443/":       "https://registry.npmjs.org/",
		"http://127.0.0.1:4873/npm/":            "http://127.0.0.1:4873/npm/",
		"http://[::1]:80":                       "http://[::1]/",
		"https://ada:secret@npm.example.org/a":  "https://npm.example.org/a/",
		"https://npm.example.org/Path":          "https://npm.example.org/Path/",
		"npm.example.org":                       "",
		"ftp://npm.example.org/":                "",
		"https://":                              "",
		"https://a b.example/":                  "",
		"https://npm.example.org\\@evil.test/":  "",
		"https://a@b@evil.test/":                "",
		"https://npm.example.org/?x":            "",
		"https://npm.example.org/#x":            "",
		"https://npm.example.org:70000/":        "",
		"https://npm.example.org:/":             "",
		"https://n\u00fcm.example/":             "",
		"https://npm.example.org/\x1b[31m":      "",
		"https://[::1%25eth0]/":                 "",
		"https://[::1/":                         "",
		" https://npm.example.org/":             "",
		"https://npm.example.org/\n@evil.test/": "",
	} {
		a, err := registry.Parse(address)
		if got := a.String(); err == nil && got != want || err != nil && (want != "" || !errors.Is(err, registry.ErrAddress)) {
			t.Errorf("%q is %q, %v; want %q", address, got, err, want)
		}
		if err == nil {
			if again, err := registry.Parse(a.String()); err != nil || again != a {
				t.Errorf("%q is %q once more, %v", a, again, err)
			}
		}
	}
}

func TestParseTyped(t *testing.T) {
	for typed, want := range map[string]string{
		"npm.example.org": "https://npm.example.org/", " npm.example.org:8443/x ": "https://npm.example.org:8443/x/",
		"http://localhost:4873": "http://localhost:4873/", "not a url": "", "": "", "https://ada@npm.example.org": "", "ada:x@npm.example.org": "",
	} {
		a, err := registry.ParseTyped(typed)
		if (err == nil) != (want != "") || err == nil && a.String() != want {
			t.Errorf("%q is %q, %v; want %q", typed, a, err, want)
		}
	}
}

func TestSame(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		same bool
	}{
		{"https://npm.example.org/", "HTTPS://NPM.example.org:443/other/path", true},
		{"https://npm.example.org/", "http://npm.example.org/", false},
		{"https://npm.example.org/", "https://npm.example.org:8443/", false},
		{"https://npm.example.org/", "https://npm.example.org.evil.test/", false},
		{"", "", false},
		{"nothing", "nothing", false},
	} {
		if registry.Same(tt.a, tt.b) != tt.same {
			t.Errorf("%q and %q: want %v", tt.a, tt.b, tt.same)
		}
	}
}

func TestIsOpen(t *testing.T) {
	for address, want := range map[string]bool{
		"https://registry.npmjs.org/": false, "http://npm.example.org/": true, "http://npm.example.org:8080/x": true, "http://10.0.0.1/": true,
		"http://127.0.0.1:4873/": false, "http://[::1]:4873/": false, "http://[::2]:4873/": true, "http://localhost:4873/": false, "http://localhost.example/": true, "": false,
	} {
		if got := registry.OriginOf(address).IsOpen(); got != want {
			t.Errorf("%q: %t", address, got)
		}
	}
}
