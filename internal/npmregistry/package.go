package npmregistry

import (
	"fmt"
	"net/http"
)

// pkg is a package, with its versions' manifests as they were published.
type pkg struct {
	name     string
	rev      int
	owners   []string
	versions map[string]map[string]any
	tags     map[string]string
	times    map[string]string
	tarballs map[string][]byte
	stars    map[string]bool
	public   bool
	mfa      string            // what npm access set mfa= said
	teams    map[string]string // permissions by scope:team
	trust    []map[string]any  // trusted publishers
}

// publishBody is what npm sends to publish a version (libnpmpublish).
type publishBody struct {
	Name        string
	Access      string
	Tags        map[string]string                `json:"dist-tags"`
	Versions    map[string]map[string]any        `json:"versions"`
	Attachments map[string]struct{ Data string } `json:"_attachments"`
	Users       map[string]bool
	Maintainers []struct{ Name string }
}

func (p *pkg) revision() string { return fmt.Sprintf("%d-%016x", p.rev, p.rev) }

// find returns the package of the call if the caller may read it.
func (s *Server) find(c *call) (*pkg, error) {
	p := s.packages[c.PathValue("pkg")]
	if p == nil || !p.public && !s.mayRead(p, c.who) {
		return nil, notFound()
	}
	return p, nil
}

// owned returns the package of the call if the caller may write to it.
func (s *Server) owned(c *call) (*pkg, error) {
	p, err := s.find(c)
	if err != nil {
		return nil, err
	}
	if !s.mayWrite(p, c.who) {
		return nil, fail(http.StatusForbidden, "You do not have permission to publish %q. Are you logged in as the correct user?", p.name)
	}
	return p, nil
}

func getPackage(s *Server, c *call) (any, error) {
	p, err := s.find(c)
	if err != nil {
		return nil, err
	}
	return s.packument(p), nil
}

func getVersion(s *Server, c *call) (any, error) {
	p, err := s.find(c)
	if err != nil {
		return nil, err
	}
	version := c.PathValue("version")
	if tagged, ok := p.tags[version]; ok {
		version = tagged
	}
	if v := p.versions[version]; v != nil {
		return v, nil
	}
	return nil, notFound()
}

func (s *Server) packument(p *pkg) map[string]any {
	maintainers := []any{}
	for _, name := range p.owners {
		maintainers = append(maintainers, map[string]any{"name": name, "email": s.users[name].email})
	}
	return map[string]any{
		"_id": p.name, "_rev": p.revision(), "name": p.name, "versions": p.versions, "dist-tags": p.tags,
		"time": p.times, "maintainers": maintainers, "users": p.stars,
	}
}
