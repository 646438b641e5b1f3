package npmregistry

import (
	"encoding/json"
	"maps"
	"net/http"
)

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
		p.tags = map[string]string{}
		for tag, v := range in.Tags {
			if p.versions[v] != nil {
				p.tags[tag] = v
			}
		}
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
