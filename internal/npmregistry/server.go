// Package npmregistry is a registry that behaves towards npm as npm's own does
// where two-factor authentication is concerned. It serves tests and trials by
// hand; the shipped program does not link it.
//
// It keeps everything in memory, speaks plain HTTP on 127.0.0.1, and covers
// what npm 6 to 12 ask of a registry: classic and web login, tokens, the
// profile with its two-factor dialogue, publishing, owners, dist-tags, access,
// teams, organisations, staged packages and trusted publishers. The table in
// routes.go says what needs a one-time password.
//
// It differs from npm's registry in what does not concern one-time passwords:
// an organisation exists as soon as somebody uses its name, private packages
// cost nothing, and no e-mail is sent. And it is stricter in one thing: a code
// is good once, so that a client that sends it again is caught; see
// [Options.AllowReuse].
//
// The passwords and secrets here are made up by tests, so they travel as plain
// strings.
//
// Sources: docs/user/authentication.md and docs/user/profile.md of npm's
// registry repository, and the clients' side in npm-profile, libnpmpublish,
// libnpmaccess, libnpmteam, libnpmorg and npm-registry-fetch.
package npmregistry

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Options say how a [Server] behaves. The zero Options are a registry with
// classic login, the real clock, and no reuse of codes.
type Options struct {
	// Now is the registry's clock; nil is the real one.
	Now func() time.Time
	// AllowReuse lets a code be used any number of times while it is valid, as
	// npm's registry does. Without it a code is good for one request, and for
	// the deletion of the tarball that npm unpublish sends after it.
	AllowReuse bool
	// WebLogin offers login and one-time passwords by way of a web page to
	// clients that send npm-auth-type: web, as npm 9 and later do unless told
	// auth-type=legacy. See [Server.Approve].
	WebLogin bool
}

const (
	maxBody       = 16 << 20
	maxHeader     = 64 << 10
	clientTimeout = 30 * time.Second
)

// A Server is a running registry. Its methods may be called at any time, from
// any goroutine.
type Server struct {
	opts Options
	url  string
	http http.Server
	mux  *http.ServeMux
	work sync.WaitGroup // the accepting goroutine and every request

	mu       sync.Mutex
	closed   bool
	users    map[string]*user
	tokens   map[string]*token
	packages map[string]*pkg
	orgs     map[string]*org
	web      map[string]*webSession
	stages   map[string]*stage
	hooks    map[string]hook
	requests []Request
}

// Start starts a registry on a port of 127.0.0.1 that the system picks.
func Start(opts Options) (*Server, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the registry: %w", err)
	}
	s := &Server{
		opts:     opts,
		url:      "http://" + l.Addr().String(),
		users:    map[string]*user{},
		tokens:   map[string]*token{},
		packages: map[string]*pkg{},
		orgs:     map[string]*org{},
		web:      map[string]*webSession{},
		stages:   map[string]*stage{},
		hooks:    map[string]hook{},
	}
	s.mux = s.routes()
	s.http = http.Server{
		Handler:        http.HandlerFunc(s.serve),
		ReadTimeout:    clientTimeout,
		WriteTimeout:   clientTimeout,
		IdleTimeout:    clientTimeout,
		MaxHeaderBytes: maxHeader,
	}
	s.work.Go(func() {
		// The error is ErrServerClosed, or there is nobody to tell it to: the
		// clients' connections fail.
		_ = s.http.Serve(l)
	})
	return s, nil
}

// URL returns the registry's address, without a slash at the end.
func (s *Server) URL() string { return s.url }

// Host returns the host and port of the registry, as keys of an .npmrc need
// it: //HOST/:_authToken=.
func (s *Server) Host() string { return strings.TrimPrefix(s.url, "http://") }

// Close stops the registry, cuts the connections, and returns when the last
// request has ended.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true // and no request begins while the others are waited for
	s.mu.Unlock()
	err := s.http.Close()
	s.work.Wait()
	if err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("stop the registry: %w", err)
	}
	return nil
}

// serve counts a request, unless the registry is closing.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.work.Add(1)
	s.mu.Unlock()
	defer s.work.Done()
	joinScope(r)
	s.mux.ServeHTTP(w, r)
}

// joinScope makes one path segment of a scoped package's name, so that the
// routes need not know about scopes: npm asks for /@scope%2fname, other clients
// and the tarballs' addresses have /@scope/name.
func joinScope(r *http.Request) {
	rest, ok := strings.CutPrefix(r.URL.EscapedPath(), "/@")
	if !ok {
		return
	}
	scope, name, ok := strings.Cut(rest, "/")
	if ok && !strings.Contains(strings.ToLower(scope), "%2f") {
		r.URL.RawPath = "/@" + scope + "%2F" + name
	}
}
