package npmregistry

import "net/http"

// The two requests by which npm removes a version of several; see totp.
const (
	changesPackage = "PUT /{pkg}/-rev/{rev}"
	deletesTarball = "DELETE /{pkg}/-/{file}/-rev/{rev}"
)

// routes is everything the registry answers, and what each request needs. A
// request whose need depends on its body is guarded by member here and says
// the rest in its handler.
func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	for _, r := range []struct {
		pattern string
		guard   guard
		handler handler
	}{
		{"/", open, func(*Server, *call) (any, error) { return nil, notFound() }},
		{"GET /-/ping", open, func(*Server, *call) (any, error) { return map[string]any{}, nil }},
		{"GET /-/whoami", member, whoami},
		{"PUT /-/user/{couch}", open, putUser},
		{"GET /-/user/{couch}", open, getUser},
		{"DELETE /-/user/token/{token}", member, logout},
		{"POST /-/v1/login", open, startLogin},
		{"GET /-/v1/done", open, pollWeb},
		{"GET /login/{id}", open, webPage},
		{"POST /login/{id}", open, webPage},

		{"GET /-/npm/v1/tokens", member, listTokens},
		{"POST /-/npm/v1/tokens", member, createToken},
		{"DELETE /-/npm/v1/tokens/token/{key}", session, deleteToken},
		{"GET /-/npm/v1/user", member, getProfile},
		{"POST /-/npm/v1/user", member, setProfile},

		{"GET /{pkg}", open, getPackage},
		{"GET /{pkg}/{version}", open, getVersion},
		{"PUT /{pkg}", member, putPackage},
		{changesPackage, write, updatePackage},
		{"DELETE /{pkg}/-rev/{rev}", write, deletePackage},
		{"GET /{pkg}/-/{file}", open, getTarball},
		{deletesTarball, write, deleteTarball},

		{"GET /-/package/{pkg}/dist-tags", open, listTags},
		{"PUT /-/package/{pkg}/dist-tags/{tag}", write, setTag},
		{"DELETE /-/package/{pkg}/dist-tags/{tag}", write, deleteTag},
		{"POST /-/package/{pkg}/access", write, setAccess},
		{"GET /-/package/{pkg}/visibility", open, getVisibility},
		{"GET /-/package/{pkg}/collaborators", open, listCollaborators},

		{"GET /-/org/{org}/user", member, listRoles},
		{"PUT /-/org/{org}/user", write, setRole},
		{"DELETE /-/org/{org}/user", write, deleteRole},
		{"GET /-/org/{org}/team", member, listTeams},
		{"PUT /-/org/{org}/team", write, createTeam},
		{"GET /-/org/{org}/package", member, listOrgPackages},
		{"GET /-/user/{user}/package", open, listUserPackages},
		{"DELETE /-/team/{org}/{team}", write, deleteTeam},
		{"GET /-/team/{org}/{team}/user", member, listTeamUsers},
		{"PUT /-/team/{org}/{team}/user", write, addTeamUser},
		{"DELETE /-/team/{org}/{team}/user", write, deleteTeamUser},
		{"GET /-/team/{org}/{team}/package", member, listTeamPackages},
		{"PUT /-/team/{org}/{team}/package", write, grant},
		{"DELETE /-/team/{org}/{team}/package", write, revoke},

		{"GET /-/stage", member, listStages},
		{"GET /-/stage/{id}", member, getStage},
		{"DELETE /-/stage/{id}", write, rejectStage},
		{"GET /-/stage/{id}/tarball", member, getStageTarball},
		{"POST /-/stage/{id}/{pkg}", member, postStage},

		{"GET /-/package/{pkg}/trust", write, listTrust},
		{"POST /-/package/{pkg}/trust", write, addTrust},
		{"DELETE /-/package/{pkg}/trust/{id}", write, deleteTrust},

		{"GET /-/npm/v1/hooks", member, listHooks},
		{"POST /-/npm/v1/hooks/hook", write, addHook},
		{"DELETE /-/npm/v1/hooks/hook/{id}", write, deleteHook},
	} {
		mux.HandleFunc(r.pattern, s.handle(r.guard, r.handler))
	}
	return mux
}
