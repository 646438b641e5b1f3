package npmregistry

import (
	"encoding/hex"
	"net/http"
)

type webSession struct {
	user       *user
	page, done string
}

func (s *Server) newWebSession(u *user) *webSession {
	id := hex.EncodeToString(random(16))
	w := &webSession{user: u, page: s.url + "/login/" + id, done: s.url + "/-/v1/done?authId=" + id}
	s.web[id] = w
	return w
}

func startLogin(s *Server, c *call) (any, error) { return nil, notFound() }
func pollWeb(s *Server, c *call) (any, error)    { return nil, notFound() }
func webPage(s *Server, c *call) (any, error)    { return nil, fail(http.StatusNotFound, "x") }

type stage struct{}
type hook struct{}
