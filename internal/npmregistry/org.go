package npmregistry

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// org is an organisation: its members' roles and its teams' members.
type org struct {
	roles map[string]string
	teams map[string]map[string]bool
}

// org returns the organisation of that name, and founds it for the user when
// there is none: with npm's registry that is done on the web.
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
	scope, team, _ := strings.Cut(name, ":")
	if o := s.orgs[scope]; o != nil {
		return o.teams[team]
	}
	return nil
}

// managed returns the organisation of the call if the caller may change it.
func (s *Server) managed(c *call) (*org, error) {
	o := s.org(c.PathValue("org"), c.who)
	if role := o.roles[c.who.name]; role != "owner" && role != "admin" {
		return nil, fail(http.StatusForbidden, "you may not change the organisation %q", c.PathValue("org"))
	}
	return o, nil
}

// managedTeam returns the members of the call's team if the caller may change
// them.
func (s *Server) managedTeam(c *call) (map[string]bool, error) {
	o, err := s.managed(c)
	if err != nil {
		return nil, err
	}
	members := o.teams[c.PathValue("team")]
	if members == nil {
		return nil, fail(http.StatusNotFound, "Team not found")
	}
	return members, nil
}

// userBody is what npm org and npm team send about a user.
type userBody struct{ User, Role string }

func (s *Server) userIn(c *call) (userBody, error) {
	var in userBody
	if err := c.decode(&in); err != nil {
		return in, err
	}
	if s.users[in.User] == nil {
		return in, fail(http.StatusNotFound, "there is no user %q", in.User)
	}
	return in, nil
}

func listRoles(s *Server, c *call) (any, error) {
	if o := s.orgs[c.PathValue("org")]; o != nil {
		return o.roles, nil
	}
	return nil, fail(http.StatusNotFound, "Scope not found")
}

func setRole(s *Server, c *call) (any, error) {
	o, err := s.managed(c)
	if err != nil {
		return nil, err
	}
	in, err := s.userIn(c)
	if err != nil {
		return nil, err
	}
	if in.Role == "" {
		in.Role = "developer"
	}
	o.roles[in.User] = in.Role
	return map[string]any{
		"org": map[string]any{"name": c.PathValue("org"), "size": len(o.roles)}, "user": in.User, "role": in.Role,
	}, nil
}

func deleteRole(s *Server, c *call) (any, error) {
	o, err := s.managed(c)
	if err != nil {
		return nil, err
	}
	in, err := s.userIn(c)
	if err != nil {
		return nil, err
	}
	delete(o.roles, in.User)
	for _, members := range o.teams {
		delete(members, in.User)
	}
	return reply{status: http.StatusNoContent, value: []byte{}}, nil
}

func listTeams(s *Server, c *call) (any, error) {
	name := c.PathValue("org")
	o := s.orgs[name]
	if o == nil {
		return nil, fail(http.StatusNotFound, "Scope not found")
	}
	teams := []string{}
	for _, team := range slices.Sorted(maps.Keys(o.teams)) {
		teams = append(teams, name+":"+team)
	}
	return teams, nil
}

func createTeam(s *Server, c *call) (any, error) {
	o, err := s.managed(c)
	if err != nil {
		return nil, err
	}
	var in struct{ Name string }
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if in.Name == "" || o.teams[in.Name] != nil {
		return nil, fail(http.StatusConflict, "the team has no name, or is there already")
	}
	o.teams[in.Name] = map[string]bool{}
	return reply{status: http.StatusCreated, value: map[string]any{"name": in.Name}}, nil
}

func deleteTeam(s *Server, c *call) (any, error) {
	if _, err := s.managedTeam(c); err != nil {
		return nil, err
	}
	delete(s.orgs[c.PathValue("org")].teams, c.PathValue("team"))
	return map[string]any{}, nil // npm 6 and 8 insist on JSON
}

func listTeamUsers(s *Server, c *call) (any, error) {
	members := s.team(teamName(c))
	if members == nil {
		return nil, fail(http.StatusNotFound, "Team not found")
	}
	return slices.AppendSeq([]string{}, maps.Keys(members)), nil
}

func addTeamUser(s *Server, c *call) (any, error) {
	members, err := s.managedTeam(c)
	if err != nil {
		return nil, err
	}
	in, err := s.userIn(c)
	if err != nil {
		return nil, err
	}
	members[in.User] = true
	return reply{status: http.StatusCreated, value: map[string]any{"user": in.User}}, nil
}

func deleteTeamUser(s *Server, c *call) (any, error) {
	members, err := s.managedTeam(c)
	if err != nil {
		return nil, err
	}
	in, err := s.userIn(c)
	if err != nil {
		return nil, err
	}
	delete(members, in.User)
	return map[string]any{}, nil // npm 6 and 8 insist on JSON
}
