package npmregistry_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"npmotp/internal/npmregistry"

	"github.com/pquerna/otp/totp"
)

const profilePath = "/-/npm/v1/user"

func tfaBody(password, mode string) map[string]any {
	return map[string]any{"tfa": map[string]any{"password": password, "mode": mode}}
}

func TestEnrolment(t *testing.T) {
	r := start(t, npmregistry.Options{})
	if got := r.want(t, http.StatusOK, "GET", profilePath, nil).body["tfa"]; got != false {
		t.Errorf("tfa is %v before, want false", got)
	}
	a := r.want(t, http.StatusUnauthorized, "POST", profilePath, tfaBody("wrong", npmregistry.AuthOnly))
	if got := a.header.Get("www-authenticate"); got != "Basic" {
		t.Errorf("a wrong password is answered with www-authenticate %q", got)
	}
	uri, _ := r.want(t, http.StatusOK, "POST", profilePath, tfaBody(password, npmregistry.AuthOnly)).body["tfa"].(string)
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/alice" || u.Query().Get("issuer") != "npm" {
		t.Fatal("the answer is not an otpauth address of alice's")
	}
	got := r.want(t, http.StatusOK, "GET", profilePath, nil).body["tfa"].(map[string]any)
	if got["pending"] != true || got["mode"] != npmregistry.AuthOnly {
		t.Errorf("tfa is %v while pending", got)
	}
	// Pending is not enabled: no code is needed.
	r.want(t, http.StatusOK, "POST", profilePath, map[string]any{"fullname": "Alice"})

	r.want(t, http.StatusBadRequest, "POST", profilePath, map[string]any{"tfa": []string{"000000"}})
	code, err := totp.GenerateCode(u.Query().Get("secret"), r.now)
	if err != nil {
		t.Fatal(err)
	}
	codes, _ := r.want(t, http.StatusOK, "POST", profilePath, map[string]any{"tfa": []string{code}}).body["tfa"].([]any)
	if len(codes) != 5 || len(r.RecoveryCodes("alice")) != 5 {
		t.Errorf("there are %d recovery codes, and the registry has %d", len(codes), len(r.RecoveryCodes("alice")))
	}
	if mode, stored := r.TFA("alice"); mode != npmregistry.AuthOnly || stored != u.Query().Get("secret") {
		t.Errorf("the level is %q; is the secret the one in the address? %v", mode, stored == u.Query().Get("secret"))
	}
	r.want(t, http.StatusUnauthorized, "POST", profilePath, tfaBody(password, "disable"), "npm-otp", code)
}

func TestPendingEnrolmentIsReset(t *testing.T) {
	r := start(t, npmregistry.Options{})
	r.want(t, http.StatusOK, "POST", profilePath, tfaBody(password, npmregistry.AuthOnly))
	_, first := r.TFA("alice")
	if got := r.want(t, http.StatusOK, "POST", profilePath, tfaBody(password, npmregistry.AuthOnly)).body["tfa"]; got != nil {
		t.Errorf("tfa is %v when pending, want null", got)
	}
	r.want(t, http.StatusOK, "POST", profilePath, tfaBody(password, "disable"))
	r.want(t, http.StatusOK, "POST", profilePath, tfaBody(password, npmregistry.AuthOnly))
	if _, second := r.TFA("alice"); second == "" || second == first {
		t.Error("a new enrolment has the old secret, or none")
	}
}

func TestLevelChangeAndDisable(t *testing.T) {
	r := start(t, npmregistry.Options{})
	r.SetTFA("alice", secret, npmregistry.AuthOnly, nil)
	r.want(t, http.StatusUnauthorized, "POST", profilePath, tfaBody(password, npmregistry.AuthAndWrites))
	got := r.want(t, http.StatusOK, "POST", profilePath, tfaBody(password, npmregistry.AuthAndWrites), "npm-otp", r.code(t, 0)).body["tfa"]
	if m, ok := got.(map[string]any); !ok || m["mode"] != npmregistry.AuthAndWrites || m["pending"] != false {
		t.Errorf("tfa is %v after the change", got)
	}
	// The password is looked at before the code, which stays good.
	r.want(t, http.StatusUnauthorized, "POST", profilePath, tfaBody("wrong", "disable"), "npm-otp", r.code(t, 1))
	r.want(t, http.StatusOK, "POST", profilePath, tfaBody(password, "disable"), "npm-otp", r.code(t, 1))
	if mode, left := r.TFA("alice"); mode != "" || left != "" {
		t.Errorf("the level is %q after it was disabled", mode)
	}
}

func TestChangePassword(t *testing.T) {
	r := start(t, npmregistry.Options{})
	change := func(old, renewed string) map[string]any {
		return map[string]any{"password": map[string]any{"old": old, "new": renewed}, "email": "new@example.com"}
	}
	r.want(t, http.StatusUnauthorized, "POST", profilePath, change("wrong", "next"))
	if got := r.want(t, http.StatusOK, "POST", profilePath, change(password, "next")).body["email"]; got != "new@example.com" {
		t.Errorf("the address is %v", got)
	}
	login := map[string]any{"name": "alice", "password": password}
	r.want(t, http.StatusUnauthorized, "PUT", "/-/user/org.couchdb.user:alice", login)
	login["password"] = "next"
	r.token = ""
	a := r.want(t, http.StatusCreated, "PUT", "/-/user/org.couchdb.user:alice", login)
	r.token, _ = a.body["token"].(string)
	if got := r.want(t, http.StatusOK, "GET", "/-/whoami", nil).body["username"]; got != "alice" {
		t.Errorf("the token is %v's", got)
	}
}

func TestTokens(t *testing.T) {
	r := start(t, npmregistry.Options{})
	r.SetTFA("alice", secret, npmregistry.AuthAndWrites, nil)
	const path = "/-/npm/v1/tokens"
	r.want(t, http.StatusUnauthorized, "POST", path, map[string]any{"password": "wrong"}, "npm-otp", r.code(t, 0))
	made := r.want(t, http.StatusOK, "POST", path, map[string]any{"password": password, "readonly": true}, "npm-otp", r.code(t, 0)).body
	bypass := r.want(t, http.StatusOK, "POST", path, map[string]any{"password": password, "bypass_2fa": true}, "npm-otp", r.code(t, 1)).body
	if list := r.want(t, http.StatusOK, "GET", path, nil).body["objects"].([]any); len(list) != 3 {
		t.Errorf("%d tokens are listed, want 3", len(list))
	}
	r.now = r.now.Add(2 * time.Minute)
	mine := r.token
	r.token, _ = made["token"].(string)
	r.want(t, http.StatusForbidden, "PUT", "/thing", release("thing", "1.0.0"), "npm-otp", r.code(t, 0))
	r.token, _ = bypass["token"].(string)
	r.want(t, http.StatusCreated, "PUT", "/thing", release("thing", "1.0.0"))
	r.token = mine
	remove := path + "/token/" + bypass["key"].(string)
	r.want(t, http.StatusUnauthorized, "DELETE", remove, nil)
	r.want(t, http.StatusNoContent, "DELETE", remove, nil, "npm-otp", r.code(t, 0))
	r.want(t, http.StatusOK, "DELETE", "/-/user/token/"+mine, nil)
	r.want(t, http.StatusUnauthorized, "GET", "/-/whoami", nil)
}
