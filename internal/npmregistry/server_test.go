package npmregistry_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"npmotp/internal/npmregistry"

	"github.com/pquerna/otp/totp"
)

const (
	secret   = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	password = "correct-horse"
)

// registry is a server with users alice and bob, a clock that stands still,
// and a token of alice's.
type registry struct {
	*npmregistry.Server
	now   time.Time
	token string
}

func start(t *testing.T, opts npmregistry.Options) *registry {
	t.Helper()
	r := &registry{now: time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)}
	opts.Now = func() time.Time { return r.now }
	s, err := npmregistry.Start(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	s.AddUser("alice", password, "alice@example.com")
	s.AddUser("bob", "bobs-own", "bob@example.com")
	r.Server, r.token = s, s.Token("alice")
	return r
}

// code is the one-time password that many steps away from the registry's time.
func (r *registry) code(t *testing.T, steps int) string {
	t.Helper()
	code, err := totp.GenerateCode(secret, r.now.Add(time.Duration(steps)*30*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// An answer is what the registry said, with its JSON when it was an object.
type answer struct {
	status int
	header http.Header
	body   map[string]any
	raw    []byte
}

// do sends a request with alice's token. Headers come in pairs.
func (r *registry) do(t *testing.T, method, path string, body any, headers ...string) answer {
	t.Helper()
	var data []byte
	switch b := body.(type) {
	case nil:
	case []byte:
		data = b
	default:
		var err error
		if data, err = json.Marshal(b); err != nil {
			t.Fatal(err)
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), method, r.URL()+path, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+r.token)
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	a := answer{status: resp.StatusCode, header: resp.Header}
	if a.raw, err = io.ReadAll(resp.Body); err != nil {
		t.Fatal(err)
	}
	_ = json.Unmarshal(a.raw, &a.body) // not every answer is an object
	return a
}

// want is do, and fails the test when the status is another.
func (r *registry) want(t *testing.T, status int, method, path string, body any, headers ...string) answer {
	t.Helper()
	a := r.do(t, method, path, body, headers...)
	if a.status != status {
		t.Fatalf("%s %s: status %d, want %d: %s", method, path, a.status, status, a.raw)
	}
	return a
}

// release is the body that publishes a version.
func release(name, version string) map[string]any {
	file := name + "-" + version + ".tgz"
	return map[string]any{
		"_id": name, "name": name, "dist-tags": map[string]any{"latest": version},
		"versions":     map[string]any{version: map[string]any{"name": name, "version": version, "dist": map[string]any{"tarball": "http://elsewhere/" + file}}},
		"_attachments": map[string]any{file: map[string]any{"data": base64.StdEncoding.EncodeToString([]byte("tarball of " + version))}},
	}
}

func TestPublishDemandsCode(t *testing.T) {
	r := start(t, npmregistry.Options{})
	r.SetTFA("alice", secret, npmregistry.AuthAndWrites, nil)
	for _, wrong := range []string{"", "000000", r.code(t, -2), r.code(t, 2)} {
		a := r.want(t, http.StatusUnauthorized, "PUT", "/thing", release("thing", "1.0.0"), "npm-otp", wrong)
		if got := a.header.Get("www-authenticate"); got != "OTP" {
			t.Errorf("www-authenticate is %q, want OTP", got)
		}
	}
	r.want(t, http.StatusCreated, "PUT", "/thing", release("thing", "1.0.0"), "npm-otp", r.code(t, 1))
	if p, ok := r.Package("thing"); !ok || len(p.Versions) != 1 {
		t.Errorf("the registry holds %+v, %v", p, ok)
	}
}

func TestRequestsAreNoted(t *testing.T) {
	r := start(t, npmregistry.Options{})
	r.SetTFA("alice", secret, npmregistry.AuthAndWrites, nil)
	r.want(t, http.StatusNotFound, "GET", "/thing", nil, "npm-otp", r.code(t, 0), "npm-command", "publish")
	r.want(t, http.StatusUnauthorized, "PUT", "/thing", release("thing", "1.0.0"), "npm-otp", "000000")
	r.want(t, http.StatusCreated, "PUT", "/thing", release("thing", "1.0.0"), "npm-otp", r.code(t, 0))
	r.token = "none"
	r.want(t, http.StatusUnauthorized, "PUT", "/thing", release("thing", "1.0.1"), "npm-otp", r.code(t, 1))
	want := []npmregistry.Request{
		{Method: "GET", Path: "/thing", User: "alice", Command: "publish", Status: http.StatusNotFound, OTP: r.code(t, 0)},
		{Method: "PUT", Path: "/thing", User: "alice", Status: http.StatusUnauthorized, OTP: "000000"},
		{Method: "PUT", Path: "/thing", User: "alice", Status: http.StatusCreated, OTP: r.code(t, 0), OTPAccepted: true},
		{Method: "PUT", Path: "/thing", Status: http.StatusUnauthorized, OTP: r.code(t, 1)},
	}
	if got := r.Requests(); !slices.Equal(got, want) {
		t.Errorf("the requests are\n%+v, want\n%+v", got, want)
	}
}

func TestBodyIsBounded(t *testing.T) {
	r := start(t, npmregistry.Options{})
	r.want(t, http.StatusRequestEntityTooLarge, "PUT", "/thing", make([]byte, 17<<20))
	for _, body := range []string{"", "{", "[]", "null", `{"versions":{"1.0.0":null}}`, `{"name":"thing","versions":{"1.0.0":null},"dist-tags":{"a":"1.0.0"},"_attachments":{"x.tgz":{}}}`} {
		if a := r.do(t, "PUT", "/thing", []byte(body)); a.status < 400 || a.status >= 500 {
			t.Errorf("the body %q is answered with %d", body, a.status)
		}
	}
}

// TestClose proves that a request that waits for its client is over when Close
// returns.
func TestClose(t *testing.T) {
	s, err := npmregistry.Start(npmregistry.Options{})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", s.Host())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, "PUT /thing HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	// The server asks for the body when the handler reads it.
	if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") {
		t.Fatalf("the server says %q, %v", line, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if n := len(s.Requests()); n != 1 {
		t.Errorf("%d requests are over, want 1", n)
	}
	if _, err := net.Dial("tcp", s.Host()); err == nil {
		t.Error("the port is still open")
	}
	if err := s.Close(); err != nil {
		t.Errorf("closing again: %v", err)
	}
}
