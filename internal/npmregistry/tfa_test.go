package npmregistry_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"npmotp/internal/npmregistry"
)

func TestCodeIsGoodOnce(t *testing.T) {
	r := start(t, npmregistry.Options{})
	r.SetTFA("alice", secret, npmregistry.AuthAndWrites, nil)
	code := r.code(t, 0)
	r.want(t, http.StatusCreated, "PUT", "/one", release("one", "1.0.0"), "npm-otp", code)
	r.want(t, http.StatusUnauthorized, "PUT", "/two", release("two", "1.0.0"), "npm-otp", code)
	// The neighbours of a code that was used are other codes.
	r.want(t, http.StatusCreated, "PUT", "/two", release("two", "1.0.0"), "npm-otp", r.code(t, -1))
	r.now = r.now.Add(30 * time.Second)
	r.want(t, http.StatusUnauthorized, "PUT", "/three", release("three", "1.0.0"), "npm-otp", code)
	r.want(t, http.StatusCreated, "PUT", "/three", release("three", "1.0.0"), "npm-otp", r.code(t, 0))
	// A code that another user used is not used.
	r.SetTFA("bob", secret, npmregistry.AuthAndWrites, nil)
	r.token = r.Token("bob")
	r.want(t, http.StatusCreated, "PUT", "/four", release("four", "1.0.0"), "npm-otp", code)
}

func TestAllowReuse(t *testing.T) {
	r := start(t, npmregistry.Options{AllowReuse: true})
	r.SetTFA("alice", secret, npmregistry.AuthAndWrites, nil)
	code := r.code(t, 0)
	for _, name := range []string{"one", "two"} {
		r.want(t, http.StatusCreated, "PUT", "/"+name, release(name, "1.0.0"), "npm-otp", code)
	}
	r.now = r.now.Add(time.Minute)
	r.want(t, http.StatusUnauthorized, "PUT", "/three", release("three", "1.0.0"), "npm-otp", code)
}

func TestRecoveryCodeIsGoodOnce(t *testing.T) {
	r := start(t, npmregistry.Options{AllowReuse: true})
	code := strings.Repeat("0Af1", 16)
	r.SetTFA("alice", secret, npmregistry.AuthAndWrites, []string{strings.ToLower(code)})
	r.want(t, http.StatusCreated, "PUT", "/one", release("one", "1.0.0"), "npm-otp", code)
	r.want(t, http.StatusUnauthorized, "PUT", "/two", release("two", "1.0.0"), "npm-otp", code)
	if left := r.RecoveryCodes("alice"); len(left) != 0 {
		t.Errorf("%d codes are left", len(left))
	}

	old := r.NewRecoveryCodes("alice")
	if renewed := r.NewRecoveryCodes("alice"); len(old) != 5 || len(renewed) != 5 || len(renewed[0]) != 64 {
		t.Fatalf("sets of %d and %d codes", len(old), len(renewed))
	} else {
		r.want(t, http.StatusUnauthorized, "PUT", "/two", release("two", "1.0.0"), "npm-otp", old[0])
		r.want(t, http.StatusCreated, "PUT", "/two", release("two", "1.0.0"), "npm-otp", renewed[4])
	}
}

// TestLevels sends what only an account at auth-and-writes needs a code for,
// and what both levels do.
func TestLevels(t *testing.T) {
	for _, tt := range []struct {
		method, path string
		body         any
		authOnly     bool // needs a code at that level too
		status       int  // with a code
	}{
		{"PUT", "/fresh", release("fresh", "1.0.0"), false, http.StatusCreated},
		{"PUT", "/-/package/thing/dist-tags/next", "1.0.0", false, http.StatusOK},
		{"POST", "/-/package/thing/access", map[string]any{"publish_requires_tfa": true}, false, http.StatusOK},
		{"PUT", "/-/org/acme/team", map[string]any{"name": "devs"}, false, http.StatusCreated},
		{"PUT", "/-/org/acme/user", map[string]any{"user": "bob"}, false, http.StatusOK},
		{"GET", "/-/package/thing/trust", nil, false, http.StatusOK},
		{"POST", "/-/npm/v1/hooks/hook", map[string]any{"name": "thing"}, false, http.StatusCreated},
		{"POST", "/-/npm/v1/tokens", map[string]any{"password": password}, true, http.StatusOK},
		{"POST", "/-/npm/v1/user", map[string]any{"fullname": "Alice"}, true, http.StatusOK},
		{"PUT", "/-/user/org.couchdb.user:alice", map[string]any{"name": "alice", "password": password}, true, http.StatusCreated},
	} {
		t.Run(tt.method+tt.path, func(t *testing.T) {
			for _, level := range []string{npmregistry.AuthOnly, npmregistry.AuthAndWrites} {
				r := start(t, npmregistry.Options{})
				r.want(t, http.StatusCreated, "PUT", "/thing", release("thing", "1.0.0"))
				r.SetTFA("alice", secret, level, nil)
				if tt.authOnly || level == npmregistry.AuthAndWrites {
					r.want(t, http.StatusUnauthorized, tt.method, tt.path, tt.body)
					r.want(t, tt.status, tt.method, tt.path, tt.body, "npm-otp", r.code(t, 0))
				} else {
					r.want(t, tt.status, tt.method, tt.path, tt.body)
				}
			}
		})
	}
}

func TestReadingNeedsNoCode(t *testing.T) {
	r := start(t, npmregistry.Options{})
	r.want(t, http.StatusCreated, "PUT", "/thing", release("thing", "1.0.0"))
	r.SetTFA("alice", secret, npmregistry.AuthAndWrites, nil)
	code := r.code(t, 0)
	for _, path := range []string{"/thing", "/thing/latest", "/-/whoami", "/-/package/thing/dist-tags", "/thing/-/thing-1.0.0.tgz", "/-/npm/v1/user"} {
		r.want(t, http.StatusOK, "GET", path, nil, "npm-otp", code)
	}
	star := map[string]any{"_id": "thing", "users": map[string]bool{"alice": true}}
	r.want(t, http.StatusOK, "PUT", "/thing", star)
	if p, _ := r.Package("thing"); len(p.Stars) != 1 {
		t.Errorf("the package has %d stars", len(p.Stars))
	}
	for _, q := range r.Requests() {
		if q.OTPAccepted {
			t.Errorf("%s %s took a code", q.Method, q.Path)
		}
	}
	// None of them used it up.
	r.want(t, http.StatusCreated, "PUT", "/thing", release("thing", "1.0.1"), "npm-otp", code)
}

// TestUnpublishUsesOneCode sends the two requests by which npm removes a
// version of several.
func TestUnpublishUsesOneCode(t *testing.T) {
	r := start(t, npmregistry.Options{})
	r.want(t, http.StatusCreated, "PUT", "/thing", release("thing", "1.0.0"))
	r.want(t, http.StatusCreated, "PUT", "/thing", release("thing", "1.0.1"))
	r.SetTFA("alice", secret, npmregistry.AuthAndWrites, nil)
	code := r.code(t, 0)
	doc := r.want(t, http.StatusOK, "GET", "/thing", nil).body
	delete(doc["versions"].(map[string]any), "1.0.1")
	r.want(t, http.StatusOK, "PUT", "/thing/-rev/"+doc["_rev"].(string), doc, "npm-otp", code)
	doc = r.want(t, http.StatusOK, "GET", "/thing", nil).body
	path := "/thing/-/thing-1.0.1.tgz"
	r.want(t, http.StatusOK, "DELETE", path+"/-rev/"+doc["_rev"].(string), nil, "npm-otp", code)
	r.want(t, http.StatusNotFound, "GET", path, nil)
	p, _ := r.Package("thing")
	if len(p.Versions) != 1 || p.Tags["latest"] != "" {
		t.Errorf("the package is %+v", p)
	}
	r.want(t, http.StatusUnauthorized, "DELETE", "/thing/-/thing-1.0.0.tgz/-rev/1", nil, "npm-otp", code)
}

// TestPasswordNeedsCode logs in with every request, as an .npmrc with _auth
// does.
func TestPasswordNeedsCode(t *testing.T) {
	r := start(t, npmregistry.Options{})
	basic := func(password string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte("alice:"+password))
	}
	r.want(t, http.StatusUnauthorized, "GET", "/-/whoami", nil, "authorization", basic("wrong"))
	r.want(t, http.StatusOK, "GET", "/-/whoami", nil, "authorization", basic(password))
	r.SetTFA("alice", secret, npmregistry.AuthOnly, nil)
	r.want(t, http.StatusUnauthorized, "GET", "/-/whoami", nil, "authorization", basic(password))
	r.want(t, http.StatusOK, "GET", "/-/whoami", nil, "authorization", basic(password), "npm-otp", r.code(t, 0))
	// A request that needs the code twice over uses it once.
	r.want(t, http.StatusOK, "POST", "/-/npm/v1/tokens", map[string]any{"password": password},
		"authorization", basic(password), "npm-otp", r.code(t, 1))
}
