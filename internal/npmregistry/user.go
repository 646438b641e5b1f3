package npmregistry

import (
	"cmp"
	"crypto/sha512"
	"encoding/hex"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

const couchPrefix = "org.couchdb.user:"

// user is an account of the registry.
type user struct {
	name, password, email string
	created, updated      time.Time
	fields                map[string]any // fullname, homepage and so on
	tfa                   *tfa           // nil when there is none
}

// token is what a client proves itself with after a login.
type token struct {
	value, key, name string
	user             *user
	readonly, bypass bool
	cidr             []string
	created          time.Time
}

func (s *Server) addUser(name, password, email string) *user {
	now := s.opts.Now()
	u := &user{name: name, password: password, email: email, created: now, updated: now, fields: map[string]any{}}
	s.users[name] = u
	return u
}

// newToken makes a token of the form that npm's registry uses today.
func (s *Server) newToken(u *user) *token {
	value := "npm_" + hex.EncodeToString(random(18))
	sum := sha512.Sum512([]byte(value))
	t := &token{value: value, key: hex.EncodeToString(sum[:]), user: u, created: s.opts.Now()}
	s.tokens[value] = t
	return t
}

// putUser is the classic login, and the registration of a new user.
func putUser(s *Server, c *call) (any, error) {
	var in struct {
		Name, Password, Email string
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	u := s.users[in.Name]
	switch {
	case in.Name == "" || in.Name != couchName(c):
		return nil, fail(http.StatusBadRequest, "the name in the body is not the one in the path")
	case u == nil && in.Email == "":
		// npm login sends no address: a name that is not known is a mistake.
		return nil, badPassword()
	case u == nil:
		u = s.addUser(in.Name, in.Password, in.Email)
	case u.password != in.Password:
		return nil, badPassword()
	}
	c.who, c.note.User = u, u.name
	if err := s.demand(c, AuthOnly); err != nil {
		return nil, err
	}
	return reply{status: http.StatusCreated, value: map[string]any{
		"ok": true, "id": couchPrefix + u.name, "rev": "_we_dont_use_revs_any_more", "token": s.newToken(u).value,
	}}, nil
}

func couchName(c *call) string {
	return strings.TrimPrefix(c.PathValue("couch"), couchPrefix)
}

// getUser is what npm owner looks a user up with.
func getUser(s *Server, c *call) (any, error) {
	u := s.users[couchName(c)]
	if u == nil {
		return nil, notFound()
	}
	return map[string]any{"_id": couchPrefix + u.name, "name": u.name, "email": u.email, "type": "user"}, nil
}

func whoami(_ *Server, c *call) (any, error) {
	return map[string]any{"username": c.who.name}, nil
}

func logout(s *Server, c *call) (any, error) {
	t := s.tokens[c.PathValue("token")]
	if t == nil || t.user != c.who {
		return nil, notFound()
	}
	delete(s.tokens, t.value)
	return map[string]any{"ok": true}, nil
}

func (t *token) view(value string) map[string]any {
	at := t.created.UTC().Format(time.RFC3339)
	return map[string]any{
		"token": value, "key": t.key, "name": t.name, "readonly": t.readonly, "bypass_2fa": t.bypass,
		"cidr_whitelist": t.cidr, "created": at, "updated": at,
	}
}

func listTokens(s *Server, c *call) (any, error) {
	objects := []any{}
	for _, t := range slices.SortedFunc(maps.Values(s.tokens), func(a, b *token) int { return cmp.Compare(a.key, b.key) }) {
		if t.user == c.who {
			objects = append(objects, t.view(t.value[:8]))
		}
	}
	return map[string]any{"objects": objects, "total": len(objects), "urls": map[string]any{}}, nil
}

func createToken(s *Server, c *call) (any, error) {
	var in struct {
		Name, Password string
		Readonly       bool
		Bypass         bool     `json:"bypass_2fa"`
		CIDR           []string `json:"cidr_whitelist"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if in.Password != c.who.password {
		return nil, badPassword()
	}
	if err := s.demand(c, AuthOnly); err != nil {
		return nil, err
	}
	t := s.newToken(c.who)
	t.name, t.readonly, t.bypass, t.cidr = in.Name, in.Readonly, in.Bypass, in.CIDR
	return t.view(t.value), nil
}

// deleteToken takes the token or its key: npm sends what the user typed when
// it is the token itself.
func deleteToken(s *Server, c *call) (any, error) {
	id := c.PathValue("key")
	for _, t := range s.tokens {
		if t.user == c.who && (t.key == id || t.value == id) {
			delete(s.tokens, t.value)
			return reply{status: http.StatusNoContent, value: []byte{}}, nil
		}
	}
	return nil, notFound()
}
