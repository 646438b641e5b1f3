package npmregistry

import "net/http"

// The permissions that npm access grant gives a team, and the words in which
// the registry lists them.
const (
	readOnly  = "read-only"
	readWrite = "read-write"
	canRead   = "read"
	canWrite  = "write"
)

func teamName(c *call) string { return c.PathValue("org") + ":" + c.PathValue("team") }

// granted reports whether a team that u is in has the permission.
func (s *Server) granted(p *pkg, u *user, permission string) bool {
	for name, has := range p.teams {
		if has == permission && s.team(name)[u.name] {
			return true
		}
	}
	return false
}

func word(permission string) string {
	if permission == readWrite {
		return canWrite
	}
	return canRead
}

// teamPackage returns the package that the body names, if the caller may change
// who has access to it.
func (s *Server) teamPackage(c *call) (p *pkg, permission string, err error) {
	var in struct{ Package, Permissions string }
	if err := c.decode(&in); err != nil {
		return nil, "", err
	}
	if s.team(teamName(c)) == nil {
		return nil, "", fail(http.StatusNotFound, "Team not found")
	}
	c.SetPathValue("pkg", in.Package)
	p, err = s.owned(c)
	return p, in.Permissions, err
}

func grant(s *Server, c *call) (any, error) {
	p, permission, err := s.teamPackage(c)
	if err != nil {
		return nil, err
	}
	if permission != readOnly && permission != readWrite {
		return nil, fail(http.StatusBadRequest, "the permission is neither read-only nor read-write")
	}
	p.teams[teamName(c)] = permission
	return reply{status: http.StatusCreated, value: map[string]any{}}, nil
}

func revoke(s *Server, c *call) (any, error) {
	p, _, err := s.teamPackage(c)
	if err != nil {
		return nil, err
	}
	delete(p.teams, teamName(c))
	return reply{status: http.StatusNoContent, value: []byte{}}, nil
}

func listTeamPackages(s *Server, c *call) (any, error) {
	if s.team(teamName(c)) == nil {
		return nil, notFound()
	}
	return s.listPackages(func(p *pkg) string {
		if permission, ok := p.teams[teamName(c)]; ok {
			return word(permission)
		}
		return ""
	}), nil
}

func listOrgPackages(s *Server, c *call) (any, error) {
	// npm asks for the packages of a user here first.
	if s.orgs[c.PathValue("org")] == nil {
		return nil, notFound()
	}
	prefix := "@" + c.PathValue("org") + "/"
	return s.listPackages(func(p *pkg) string {
		if len(p.name) <= len(prefix) || p.name[:len(prefix)] != prefix || !s.mayRead(p, c.who) {
			return ""
		}
		return canWrite
	}), nil
}

func listUserPackages(s *Server, c *call) (any, error) {
	u := s.users[c.PathValue("user")]
	if u == nil {
		return nil, notFound()
	}
	return s.listPackages(func(p *pkg) string {
		switch {
		case !p.public && !s.mayRead(p, c.who):
			return ""
		case s.mayWrite(p, u):
			return canWrite
		case s.granted(p, u, readOnly):
			return canRead
		}
		return ""
	}), nil
}

// listPackages returns the packages for which has returns a word.
func (s *Server) listPackages(has func(*pkg) string) map[string]string {
	out := map[string]string{}
	for name, p := range s.packages {
		if w := has(p); w != "" {
			out[name] = w
		}
	}
	return out
}
