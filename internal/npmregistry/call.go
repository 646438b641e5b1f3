package npmregistry

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
)

// A Request is what the registry noted about one request.
type Request struct {
	Method  string
	Path    string // without the query, escaped as it arrived
	User    string // who it was from; empty when not logged in
	Command string // npm-command, which npm 8 and later send
	Status  int
	// OTP is the npm-otp header. It is here so that a test can prove where a
	// code went and where it did not.
	OTP string
	// OTPAccepted reports whether the request needed a one-time password and
	// its OTP was good.
	OTPAccepted bool
}

// A guard is what a request needs before its handler runs.
//
// "In auth-only mode, only requests that require a password are subject to two
// factor authentication [...]. In auth-and-writes mode, all PUT, DELETE, and
// POST requests are subject to two factor authentication" (npm's registry,
// docs/user/authentication.md). The exception that page makes for dist-tags
// other than latest is no longer true of npm's registry; the one it makes for
// stars is kept.
type guard int

const (
	open    guard = iota // anybody
	member               // a token, or a name and password
	session              // member, and a one-time password at either level
	write                // member, and a one-time password at auth-and-writes
)

// A call is one request while it is handled. The server's lock is held.
type call struct {
	*http.Request
	body  []byte
	who   *user // nil when not logged in
	token *token
	note  *Request
}

// A handler answers a call with a value that becomes JSON, or with a reply.
type handler func(*Server, *call) (any, error)

// A reply is an answer that is not JSON with status 200.
type reply struct {
	status int
	header map[string]string
	value  any // []byte is sent as it is, the rest as JSON
}

// A failure is an answer that npm takes for an error.
type failure struct {
	status int
	header map[string]string
	body   map[string]any
}

// Error returns the answer's message.
func (f *failure) Error() string { return fmt.Sprintf("%d %v", f.status, f.body["error"]) }

func fail(status int, format string, args ...any) *failure {
	return &failure{status: status, body: map[string]any{"error": fmt.Sprintf(format, args...)}}
}

func notFound() *failure { return fail(http.StatusNotFound, "Not found") }

// badPassword is the answer that npm turns into "Incorrect or missing
// password." (lib/utils/error-message.js).
func badPassword() *failure {
	f := fail(http.StatusUnauthorized, "Incorrect or missing password.")
	f.header = map[string]string{"Www-Authenticate": "Basic"}
	return f
}

// handle makes an [http.HandlerFunc] of a handler and its guard. The request is
// on the record before its answer is sent, so that a test that has the answer
// finds the request.
func (s *Server) handle(g guard, h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		var tooBig *http.MaxBytesError
		switch {
		case errors.As(err, &tooBig):
			err = fail(http.StatusRequestEntityTooLarge, "request entity too large")
		case err != nil:
			err = fail(http.StatusBadRequest, "the request ended early")
		}
		out := s.answer(&call{Request: r, body: body}, g, h, err)
		for k, v := range out.header {
			w.Header().Set(k, v)
		}
		w.WriteHeader(out.status)
		_, _ = w.Write(out.data) // a client that does not wait is not helped
	}
}

// answer runs a handler under the lock, unless the request was broken before.
func (s *Server) answer(c *call, g guard, h handler, broken error) rendered {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.note = &Request{
		Method: c.Method, Path: c.URL.EscapedPath(), Command: c.Header.Get("Npm-Command"), OTP: c.Header.Get("Npm-Otp"),
	}
	var value any
	err := broken
	if err == nil {
		err = s.admit(c, g)
	}
	if err == nil {
		value, err = h(s, c)
	}
	out := render(value, err)
	c.note.Status = out.status
	s.requests = append(s.requests, *c.note)
	return out
}

// admit finds out who is calling, and whether the guard lets them in.
func (s *Server) admit(c *call, g guard) error {
	basic, err := s.identify(c)
	if err != nil {
		return err
	}
	if c.who != nil {
		c.note.User = c.who.name
	}
	if g == open {
		return nil
	}
	if c.who == nil {
		f := fail(http.StatusUnauthorized, "You must be logged in to do that.")
		f.header = map[string]string{"Www-Authenticate": "Basic, Bearer"}
		return f
	}
	if c.token != nil && c.token.readonly && c.Method != http.MethodGet {
		return fail(http.StatusForbidden, "This token is for reading only.")
	}
	switch {
	case g == session, basic:
		return s.demand(c, AuthOnly)
	case g == write:
		return s.demand(c, AuthAndWrites)
	}
	return nil
}

// identify sets c.who from the authorization header, and reports whether a
// password proved it.
func (s *Server) identify(c *call) (basic bool, err error) {
	if name, password, ok := c.BasicAuth(); ok {
		u := s.users[name]
		if u == nil || u.password != password {
			return false, badPassword()
		}
		c.who = u
		return true, nil
	}
	value, ok := strings.CutPrefix(c.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return false, nil
	}
	if c.token = s.tokens[value]; c.token != nil {
		c.who = c.token.user
	}
	return false, nil
}

// decode reads the request's JSON body.
func (c *call) decode(v any) error {
	if err := json.Unmarshal(c.body, v); err != nil {
		return fail(http.StatusBadRequest, "the body is not the JSON that belongs here")
	}
	return nil
}

// form reads the request's body as a web page's form.
func (c *call) form() (url.Values, error) {
	form, err := url.ParseQuery(string(c.body))
	if err != nil {
		return nil, fail(http.StatusBadRequest, "the body is not a form")
	}
	return form, nil
}

// rendered is an answer as it goes out.
type rendered struct {
	status int
	header map[string]string
	data   []byte
}

// render makes an answer of what a handler returned.
func render(value any, err error) rendered {
	in := reply{status: http.StatusOK, value: value}
	var f *failure
	switch r, isReply := value.(reply); {
	case errors.As(err, &f):
		in = reply{status: f.status, header: f.header, value: f.body}
	case err != nil:
		in = reply{status: http.StatusInternalServerError, value: map[string]any{"error": err.Error()}}
	case isReply:
		in = r
	}
	out := rendered{status: in.status, header: map[string]string{"Cache-Control": "no-store"}}
	data, raw := in.value.([]byte)
	out.header["Content-Type"] = "application/octet-stream"
	if !raw {
		out.header["Content-Type"] = "application/json"
		if data, err = json.Marshal(in.value); err != nil {
			out.status, data = http.StatusInternalServerError, []byte(`{"error":"the answer is not JSON"}`)
		}
	}
	maps.Copy(out.header, in.header)
	out.data = data
	return out
}
