package npmregistry

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

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
		p = s.newPackage(name, c.who)
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
	file := name[strings.LastIndexByte(name, '/')+1:] + "-" + version + ".tgz"
	for attachment, a := range in.Attachments {
		if strings.HasSuffix(attachment, ".tgz") {
			data, err := base64.StdEncoding.DecodeString(a.Data)
			if err != nil {
				return fail(http.StatusBadRequest, "the tarball is not base64")
			}
			p.tarballs[file] = data
		}
	}
	manifest := in.Versions[version]
	dist, ok := manifest["dist"].(map[string]any)
	if !ok {
		return fail(http.StatusBadRequest, "the version has no dist")
	}
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

func (s *Server) newPackage(name string, owner *user) *pkg {
	scope, _, scoped := strings.Cut(strings.TrimPrefix(name, "@"), "/")
	scoped = scoped && strings.HasPrefix(name, "@")
	if scoped && scope != owner.name {
		s.org(scope, owner)
	}
	return &pkg{
		name: name, owners: []string{owner.name}, public: !scoped,
		versions: map[string]map[string]any{}, tags: map[string]string{}, times: map[string]string{},
		tarballs: map[string][]byte{}, stars: map[string]bool{}, teams: map[string]string{},
	}
}

// updatePackage replaces the owners, or removes the versions that the body
// leaves out.
func updatePackage(s *Server, c *call) (any, error) {
	p, err := s.revised(c)
	if err != nil {
		return nil, err
	}
	var in publishBody
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if in.Versions != nil {
		maps.DeleteFunc(p.versions, func(v string, _ map[string]any) bool { return in.Versions[v] == nil })
		maps.DeleteFunc(in.Tags, func(_, v string) bool { return p.versions[v] == nil })
		p.tags = in.Tags
	} else if err := s.setOwners(p, in); err != nil {
		return nil, err
	}
	p.rev++
	return map[string]any{"ok": true, "id": p.name, "rev": p.revision()}, nil
}

func (s *Server) setOwners(p *pkg, in publishBody) error {
	var owners []string
	for _, m := range in.Maintainers {
		if s.users[m.Name] == nil {
			return fail(http.StatusBadRequest, "there is no user %q", m.Name)
		}
		owners = append(owners, m.Name)
	}
	if len(owners) == 0 {
		return fail(http.StatusBadRequest, "a package needs an owner")
	}
	p.owners = owners
	return nil
}

// revised is owned for a request that names the revision it has seen.
func (s *Server) revised(c *call) (*pkg, error) {
	p, err := s.owned(c)
	if err != nil {
		return nil, err
	}
	if c.PathValue("rev") != p.revision() {
		return nil, fail(http.StatusConflict, "Document update conflict.")
	}
	return p, nil
}

func deletePackage(s *Server, c *call) (any, error) {
	p, err := s.revised(c)
	if err != nil {
		return nil, err
	}
	delete(s.packages, p.name)
	return map[string]any{"ok": true}, nil
}

func getTarball(s *Server, c *call) (any, error) {
	p, err := s.find(c)
	if err != nil {
		return nil, err
	}
	data := p.tarballs[c.PathValue("file")]
	if data == nil {
		return nil, notFound()
	}
	return data, nil
}

func deleteTarball(s *Server, c *call) (any, error) {
	p, err := s.revised(c)
	if err != nil {
		return nil, err
	}
	delete(p.tarballs, c.PathValue("file"))
	p.rev++
	return map[string]any{"ok": true}, nil
}

func listTags(s *Server, c *call) (any, error) {
	p, err := s.find(c)
	if err != nil {
		return nil, err
	}
	return p.tags, nil
}

func setTag(s *Server, c *call) (any, error) {
	p, err := s.owned(c)
	if err != nil {
		return nil, err
	}
	var version string
	if json.Unmarshal(c.body, &version) != nil || p.versions[version] == nil {
		return nil, fail(http.StatusBadRequest, "the body is not a version of %s", p.name)
	}
	p.tags[c.PathValue("tag")] = version
	p.rev++
	return map[string]any{"ok": true}, nil
}

func deleteTag(s *Server, c *call) (any, error) {
	p, err := s.owned(c)
	if err != nil {
		return nil, err
	}
	if c.PathValue("tag") == "latest" {
		return nil, fail(http.StatusBadRequest, "cannot delete the latest tag")
	}
	delete(p.tags, c.PathValue("tag"))
	p.rev++
	return map[string]any{"ok": true}, nil
}

func (p *pkg) sortedVersions() []string { return slices.Sorted(maps.Keys(p.versions)) }
