package npmregistry

import (
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// putPackage publishes, deprecates or stars, by what the body holds. A star
// needs no one-time password.
func putPackage(s *Server, c *call) (any, error) {
	var in publishBody
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if len(in.Versions) == 0 {
		return star(s, c, in.Users)
	}
	if err := s.demand(c, AuthAndWrites); err != nil {
		return nil, err
	}
	if len(in.Attachments) > 0 {
		return reply{status: http.StatusCreated, value: map[string]any{"ok": true, "success": true}}, s.publish(c, &in)
	}
	p, err := s.owned(c)
	if err != nil {
		return nil, err
	}
	for v, manifest := range in.Versions {
		if known := p.versions[v]; known != nil {
			known["deprecated"] = manifest["deprecated"]
			if manifest["deprecated"] == nil || manifest["deprecated"] == "" {
				delete(known, "deprecated")
			}
		}
	}
	p.rev++
	return map[string]any{"ok": true}, nil
}

func star(s *Server, c *call, users map[string]bool) (any, error) {
	p, err := s.find(c)
	if err != nil {
		return nil, err
	}
	delete(p.stars, c.who.name)
	if users[c.who.name] {
		p.stars[c.who.name] = true
	}
	p.rev++
	return s.packument(p), nil
}

// publish adds the one version that the body holds.
func (s *Server) publish(c *call, in *publishBody) error {
	name := c.PathValue("pkg")
	if in.Name != name || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") {
		return fail(http.StatusBadRequest, "the name of the package is not the one in the path, or not a name")
	}
	p := s.packages[name]
	if p == nil {
		if !s.mayUseScope(name, c.who) {
			return fail(http.StatusNotFound, "Scope not found")
		}
		p = newPackage(name, c.who.name)
	}
	if !s.mayWrite(p, c.who) {
		return fail(http.StatusForbidden, "You do not have permission to publish %q. Are you logged in as the correct user?", name)
	}
	if len(in.Versions) != 1 || len(in.Tags) == 0 {
		return fail(http.StatusBadRequest, "one version and its tag are published at a time")
	}
	var version string
	for version = range in.Versions {
		if p.times[version] != "" {
			// A version that was removed stays taken.
			return fail(http.StatusForbidden, "You cannot publish over the previously published versions: %s.", version)
		}
	}
	data, err := in.tarball()
	if err != nil {
		return err
	}
	manifest := in.Versions[version]
	dist, ok := manifest["dist"].(map[string]any)
	if !ok {
		return fail(http.StatusBadRequest, "the version has no dist")
	}
	file := name[strings.LastIndexByte(name, '/')+1:] + "-" + version + ".tgz"
	p.tarballs[file] = data
	dist["tarball"] = s.url + "/" + name + "/-/" + url.PathEscape(file)
	manifest["_npmUser"] = map[string]any{"name": c.who.name, "email": c.who.email}
	p.versions[version] = manifest
	maps.Copy(p.tags, in.Tags)
	if p.tags["latest"] == "" {
		p.tags["latest"] = version
	}
	p.times[version] = s.opts.Now().UTC().Format(time.RFC3339)
	if in.Access != "" {
		p.public = in.Access == "public"
	}
	p.rev++
	s.packages[name] = p
	return nil
}

// tarball returns the package among the attachments; the other one, if any, is
// about its provenance.
func (in *publishBody) tarball() ([]byte, error) {
	for name, a := range in.Attachments {
		if strings.HasSuffix(name, ".tgz") {
			data, err := base64.StdEncoding.DecodeString(a.Data)
			if err != nil {
				return nil, fail(http.StatusBadRequest, "the tarball is not base64")
			}
			return data, nil
		}
	}
	return nil, fail(http.StatusBadRequest, "there is no tarball")
}

// mayUseScope reports whether u may add a package of that name. A scope is the
// user's name, or that of an organisation that u is in.
func (s *Server) mayUseScope(name string, u *user) bool {
	scope, _, scoped := strings.Cut(name, "/")
	scope = strings.TrimPrefix(scope, "@")
	switch {
	case !scoped, scope == u.name:
		return true
	case s.users[scope] != nil:
		return false
	}
	return s.org(scope, u).roles[u.name] != ""
}

func newPackage(name, owner string) *pkg {
	return &pkg{
		name: name, owners: []string{owner}, public: !strings.HasPrefix(name, "@"),
		versions: map[string]map[string]any{}, tags: map[string]string{}, times: map[string]string{},
		tarballs: map[string][]byte{}, stars: map[string]bool{}, teams: map[string]string{},
	}
}
