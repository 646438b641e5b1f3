package npmregistry

// org is an organisation: its members' roles and its teams' members.
type org struct {
	roles map[string]string
	teams map[string]map[string]bool
}

// org returns the organisation of that name, and founds it for the user when
// there is none: on npm's registry that happens on the web.
func (s *Server) org(name string, founder *user) *org {
	o := s.orgs[name]
	if o == nil {
		o = &org{
			roles: map[string]string{founder.name: "owner"},
			teams: map[string]map[string]bool{"developers": {founder.name: true}},
		}
		s.orgs[name] = o
	}
	return o
}

// team returns the members of scope:team; nil when there is no such team.
func (s *Server) team(name string) map[string]bool {
	return nil
}
