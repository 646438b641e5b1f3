package npmregistry_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"npmotp/internal/npmregistry"
)

func TestScopedPackage(t *testing.T) {
	r := start(t, npmregistry.Options{})
	const name = "@alice/thing"
	r.want(t, http.StatusCreated, "PUT", "/@alice%2fthing", release(name, "1.0.0"))
	for _, path := range []string{"/@alice%2fthing", "/@alice%2Fthing", "/@alice/thing", "/@alice/thing/1.0.0"} {
		if got := r.want(t, http.StatusOK, "GET", path, nil).body["name"]; got != name {
			t.Errorf("GET %s is %v", path, got)
		}
	}
	manifest := r.want(t, http.StatusOK, "GET", "/@alice/thing/latest", nil).body
	tarball := manifest["dist"].(map[string]any)["tarball"].(string)
	path, ok := strings.CutPrefix(tarball, r.URL())
	if !ok || path != "/@alice/thing/-/thing-1.0.0.tgz" {
		t.Fatalf("the tarball is at %s", tarball)
	}
	if got := r.want(t, http.StatusOK, "GET", path, nil); string(got.raw) != "tarball of 1.0.0" {
		t.Errorf("the tarball is %q", got.raw)
	}

	// It is private until it is made public.
	alice := r.token
	r.token = r.Token("bob")
	r.want(t, http.StatusNotFound, "GET", "/@alice%2fthing", nil)
	r.want(t, http.StatusNotFound, "PUT", "/@alice%2fother", release("@alice/other", "1.0.0"))
	r.token = alice
	r.want(t, http.StatusOK, "POST", "/-/package/@alice%2fthing/access", map[string]any{"access": "public"})
	r.token = r.Token("bob")
	r.want(t, http.StatusOK, "GET", "/@alice%2fthing", nil)
	r.want(t, http.StatusForbidden, "PUT", "/@alice%2fthing", release(name, "1.0.1"))
}

func TestOwners(t *testing.T) {
	r := start(t, npmregistry.Options{})
	r.want(t, http.StatusCreated, "PUT", "/thing", release("thing", "1.0.0"))
	doc := r.want(t, http.StatusOK, "GET", "/thing", nil).body
	body := map[string]any{"maintainers": []any{map[string]any{"name": "alice"}, map[string]any{"name": "bob"}}}
	path := "/thing/-rev/" + doc["_rev"].(string)
	r.want(t, http.StatusOK, "PUT", path, body)
	r.want(t, http.StatusConflict, "PUT", path, body)
	if p, _ := r.Package("thing"); !slices.Equal(p.Owners, []string{"alice", "bob"}) {
		t.Errorf("the owners are %v", p.Owners)
	}
	r.token = r.Token("bob")
	r.want(t, http.StatusCreated, "PUT", "/thing", release("thing", "1.0.1"))
}

func TestVersionsStayTaken(t *testing.T) {
	r := start(t, npmregistry.Options{})
	r.want(t, http.StatusCreated, "PUT", "/thing", release("thing", "1.0.0"))
	a := r.want(t, http.StatusForbidden, "PUT", "/thing", release("thing", "1.0.0"))
	if got := a.body["error"]; got != "You cannot publish over the previously published versions: 1.0.0." {
		t.Errorf("the error is %v", got)
	}
	doc := r.want(t, http.StatusOK, "GET", "/thing", nil).body
	r.want(t, http.StatusOK, "DELETE", "/thing/-rev/"+doc["_rev"].(string), nil)
	r.want(t, http.StatusNotFound, "GET", "/thing", nil)
}

func TestDeprecate(t *testing.T) {
	r := start(t, npmregistry.Options{})
	r.want(t, http.StatusCreated, "PUT", "/thing", release("thing", "1.0.0"))
	for _, message := range []string{"use another", ""} {
		doc := r.want(t, http.StatusOK, "GET", "/thing", nil).body
		doc["versions"].(map[string]any)["1.0.0"].(map[string]any)["deprecated"] = message
		r.want(t, http.StatusOK, "PUT", "/thing", doc)
		if p, _ := r.Package("thing"); p.Deprecated["1.0.0"] != message {
			t.Errorf("the message is %q, want %q", p.Deprecated["1.0.0"], message)
		}
	}
}

func TestTeamsGrantAccess(t *testing.T) {
	r := start(t, npmregistry.Options{})
	r.want(t, http.StatusCreated, "PUT", "/@acme%2fthing", release("@acme/thing", "1.0.0"))
	r.want(t, http.StatusCreated, "PUT", "/-/org/acme/team", map[string]any{"name": "devs"})
	r.want(t, http.StatusCreated, "PUT", "/-/team/acme/devs/user", map[string]any{"user": "bob"})
	if members, ok := r.Team("acme:devs"); !ok || !slices.Equal(members, []string{"bob"}) {
		t.Errorf("the team is %v, %v", members, ok)
	}
	alice, bob := r.token, r.Token("bob")
	for permission, status := range map[string]int{"read-only": http.StatusForbidden, "read-write": http.StatusCreated} {
		r.token = alice
		r.want(t, http.StatusCreated, "PUT", "/-/team/acme/devs/package", map[string]any{"package": "@acme/thing", "permissions": permission})
		r.token = bob
		r.want(t, http.StatusOK, "GET", "/@acme%2fthing", nil)
		r.want(t, status, "PUT", "/@acme%2fthing", release("@acme/thing", "2.0.0"))
	}
	r.want(t, http.StatusForbidden, "PUT", "/-/org/acme/team", map[string]any{"name": "more"})
	r.token = alice
	r.want(t, http.StatusNoContent, "DELETE", "/-/team/acme/devs/package", map[string]any{"package": "@acme/thing"})
	r.token = bob
	r.want(t, http.StatusNotFound, "GET", "/@acme%2fthing", nil)
}

func TestStage(t *testing.T) {
	r := start(t, npmregistry.Options{})
	r.SetTFA("alice", secret, npmregistry.AuthAndWrites, nil)
	stage := func(version string) string {
		id, _ := r.want(t, http.StatusCreated, "POST", "/-/stage/package/thing", release("thing", version)).body["stageId"].(string)
		return "/-/stage/" + id
	}
	good, bad := stage("1.0.0"), stage("1.0.1")
	if list := r.want(t, http.StatusOK, "GET", "/-/stage?package=thing", nil).body; list["total"] != 2.0 {
		t.Errorf("%v versions are staged", list["total"])
	}
	r.want(t, http.StatusUnauthorized, "POST", good+"/approve", nil)
	r.want(t, http.StatusOK, "POST", good+"/approve", nil, "npm-otp", r.code(t, 0))
	r.want(t, http.StatusUnauthorized, "DELETE", bad, nil)
	r.want(t, http.StatusNoContent, "DELETE", bad, nil, "npm-otp", r.code(t, 1))
	if p, _ := r.Package("thing"); !slices.Equal(p.Versions, []string{"1.0.0"}) {
		t.Errorf("the versions are %v", p.Versions)
	}
}
