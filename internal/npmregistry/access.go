package npmregistry

import (
	"net/http"
	"slices"
)

// The levels that npm access set mfa= knows, as the registry keeps them.
const (
	mfaNone       = "none"
	mfaPublish    = "publish"
	mfaAutomation = "automation"
)

func (s *Server) mayWrite(p *pkg, u *user) bool {
	return u != nil && (slices.Contains(p.owners, u.name) || s.granted(p, u, readWrite))
}

func (s *Server) mayRead(p *pkg, u *user) bool {
	return u != nil && (s.mayWrite(p, u) || s.granted(p, u, readOnly))
}

// setAccess takes the bodies of npm access public, restricted, 2fa-required
// and 2fa-not-required (npm 6 and 8), and of npm access set (npm 9 and later).
func setAccess(s *Server, c *call) (any, error) {
	p, err := s.owned(c)
	if err != nil {
		return nil, err
	}
	var in struct {
		Access     string
		Required   *bool `json:"publish_requires_tfa"`
		Automation bool  `json:"automation_token_overrides_tfa"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	switch in.Access {
	case "public", "restricted":
		if p.name[0] != '@' {
			return nil, fail(http.StatusBadRequest, "only the access of scoped packages can be changed")
		}
		p.public = in.Access == "public"
	case "":
		if in.Required == nil {
			return nil, fail(http.StatusBadRequest, "nothing to set")
		}
	default:
		return nil, fail(http.StatusBadRequest, "the access is neither public nor restricted")
	}
	if in.Required != nil {
		p.mfa = mfaNone
		if *in.Required {
			p.mfa = mfaPublish
		}
		if *in.Required && in.Automation {
			p.mfa = mfaAutomation
		}
	}
	p.rev++
	return map[string]any{}, nil
}

func getVisibility(s *Server, c *call) (any, error) {
	p, err := s.find(c)
	if err != nil {
		return nil, err
	}
	return map[string]any{"public": p.public}, nil
}

func listCollaborators(s *Server, c *call) (any, error) {
	p, err := s.find(c)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for name, permission := range p.teams {
		for member := range s.team(name) {
			if out[member] != canWrite {
				out[member] = word(permission)
			}
		}
	}
	for _, name := range p.owners {
		out[name] = canWrite
	}
	return out, nil
}
