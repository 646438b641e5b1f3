package npmregistry_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"npmotp/internal/npmregistry"
)

func TestWebLoginIsOffered(t *testing.T) {
	r := start(t, npmregistry.Options{})
	r.want(t, http.StatusNotFound, "POST", "/-/v1/login", map[string]any{})

	r = start(t, npmregistry.Options{WebLogin: true})
	r.token = ""
	urls := r.want(t, http.StatusOK, "POST", "/-/v1/login", map[string]any{}).body
	done := strings.TrimPrefix(urls["doneUrl"].(string), r.URL())
	r.want(t, http.StatusAccepted, "GET", done, nil)
	if n := r.Approve("nobody"); n != 0 {
		t.Errorf("nobody approved %d logins", n)
	}
	if n := r.Approve("alice"); n != 1 {
		t.Errorf("alice approved %d logins", n)
	}
	r.token, _ = r.want(t, http.StatusOK, "GET", done, nil).body["token"].(string)
	r.want(t, http.StatusOK, "GET", "/-/whoami", nil)
}

func TestWebCode(t *testing.T) {
	r := start(t, npmregistry.Options{WebLogin: true})
	r.SetTFA("alice", secret, npmregistry.AuthAndWrites, nil)
	body := release("thing", "1.0.0")
	legacy := r.want(t, http.StatusUnauthorized, "PUT", "/thing", body, "npm-auth-type", "legacy")
	if legacy.body["authUrl"] != nil || !strings.Contains(legacy.header.Get("npm-notice"), "/login/") {
		t.Errorf("the answer to auth-type=legacy is %v", legacy.body)
	}
	a := r.want(t, http.StatusUnauthorized, "PUT", "/thing", body, "npm-auth-type", "web")
	page := strings.TrimPrefix(a.body["authUrl"].(string), r.URL())
	done := strings.TrimPrefix(a.body["doneUrl"].(string), r.URL())
	_, id, _ := strings.Cut(done, "authId=")
	r.want(t, http.StatusUnauthorized, "PUT", "/thing", body, "npm-otp", id)

	form := url.Values{"name": {"alice"}, "password": {password}, "otp": {"000000"}}
	r.want(t, http.StatusOK, "GET", page, nil)
	r.want(t, http.StatusUnauthorized, "POST", page, []byte(form.Encode()))
	form.Set("otp", r.code(t, 0))
	r.want(t, http.StatusOK, "POST", page, []byte(form.Encode()))
	got, _ := r.want(t, http.StatusOK, "GET", done, nil).body["token"].(string)
	r.want(t, http.StatusCreated, "PUT", "/thing", body, "npm-otp", got)
	r.now = r.now.Add(time.Hour)
	r.want(t, http.StatusUnauthorized, "PUT", "/thing", release("thing", "1.0.1"), "npm-otp", got)
}
