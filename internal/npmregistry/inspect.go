package npmregistry

import (
	"maps"
	"slices"
)

// AddUser adds an account without a second factor, or replaces one.
func (s *Server) AddUser(name, password, email string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addUser(name, password, email)
}

// Token returns a new token of the user, for a line
// //HOST/:_authToken=TOKEN of an .npmrc. It is empty when there is no such
// user.
func (s *Server) Token(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.users[name]
	if u == nil {
		return ""
	}
	return s.newToken(u).value
}

// SetTFA gives the user a second factor: the secret in base32, the level
// ([AuthOnly] or [AuthAndWrites]) and the recovery codes, which may be none. An
// empty secret takes the second factor away. It reports whether there is such
// a user.
func (s *Server) SetTFA(name, secret, mode string, recovery []string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.users[name]
	if u == nil {
		return false
	}
	u.tfa = nil
	if secret != "" {
		u.tfa = newTFA(secret, mode, recovery)
	}
	return true
}

// TFA returns the level of the user's second factor, which is empty when there
// is none or it is pending, and its secret in base32.
func (s *Server) TFA(name string) (mode, secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.users[name]
	if u == nil || u.tfa == nil {
		return "", ""
	}
	if u.tfa.pending {
		return "", u.tfa.secret
	}
	return u.tfa.mode, u.tfa.secret
}

// RecoveryCodes returns the user's recovery codes that are not used, in the
// order of their bytes.
func (s *Server) RecoveryCodes(name string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.users[name]
	if u == nil || u.tfa == nil {
		return nil
	}
	var unused []string
	for _, code := range slices.Sorted(maps.Keys(u.tfa.codes)) {
		if !u.tfa.codes[code] {
			unused = append(unused, code)
		}
	}
	return unused
}

// NewRecoveryCodes gives the user a new set of recovery codes, as the button on
// npm's web pages does: the old ones are good for nothing afterwards. There are
// none without a second factor.
func (s *Server) NewRecoveryCodes(name string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.users[name]
	if u == nil || u.tfa == nil || u.tfa.pending {
		return nil
	}
	codes := newCodes()
	u.tfa.setCodes(codes)
	return codes
}

// Team returns the members of scope:team, and whether there is such a team.
func (s *Server) Team(name string) (members []string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.team(name)
	return slices.Sorted(maps.Keys(t)), t != nil
}

// Requests returns what the registry was asked so far, in the order in which
// the answers were ready.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// A Package is what the registry holds of a package.
type Package struct {
	Versions   []string // in the order of their bytes
	Owners     []string
	Tags       map[string]string // versions by dist-tag
	Public     bool
	MFA        string            // none, publish or automation; empty when never set
	Deprecated map[string]string // messages by version
	Stars      []string
	Teams      map[string]string // permissions by scope:team
}

// Package returns what the registry holds of the named package, and whether it
// holds it.
func (s *Server) Package(name string) (Package, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.packages[name]
	if p == nil {
		return Package{}, false
	}
	out := Package{
		Versions: slices.Sorted(maps.Keys(p.versions)), Owners: slices.Clone(p.owners), Tags: maps.Clone(p.tags), Public: p.public,
		MFA: p.mfa, Deprecated: map[string]string{}, Stars: slices.Sorted(maps.Keys(p.stars)), Teams: maps.Clone(p.teams),
	}
	for v, manifest := range p.versions {
		if message, ok := manifest["deprecated"].(string); ok {
			out.Deprecated[v] = message
		}
	}
	return out, true
}
