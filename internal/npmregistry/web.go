package npmregistry

import (
	"encoding/hex"
	"maps"
	"net/http"
	"time"
)

const webLifetime = 5 * time.Minute

// webSession is a login, or a demand for a one-time password, that waits for
// its user on a page. Its id is what npm then sends in place of a code.
type webSession struct {
	user       *user // nil for a login until somebody approves it
	login      bool
	approved   bool
	since      time.Time
	page, done string
}

// newWebSession makes a session, and forgets those that are over.
func (s *Server) newWebSession(u *user) *webSession {
	now := s.opts.Now()
	maps.DeleteFunc(s.web, func(_ string, w *webSession) bool { return now.Sub(w.since) > webLifetime })
	id := hex.EncodeToString(random(16))
	w := &webSession{
		user: u, login: u == nil, since: now,
		page: s.url + "/login/" + id, done: s.url + "/-/v1/done?authId=" + id,
	}
	s.web[id] = w
	return w
}

// good reports whether the session stands for u's one-time password now.
func (w *webSession) good(u *user, now time.Time) bool {
	return w.user == u && w.approved && !w.login && now.Sub(w.since) <= webLifetime
}

// Approve does what the named user would on the pages that npm shows: it
// approves all logins that wait, and that user's demands for a one-time
// password. It returns how many there were.
func (s *Server) Approve(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, w := range s.web {
		if u := s.users[name]; u != nil && !w.approved && (w.login || w.user == u) {
			w.user, w.approved = u, true
			n++
		}
	}
	return n
}

func startLogin(s *Server, _ *call) (any, error) {
	if !s.opts.WebLogin {
		return nil, notFound() // and npm asks for name and password
	}
	w := s.newWebSession(nil)
	return map[string]any{"loginUrl": w.page, "doneUrl": w.done}, nil
}

// pollWeb is where npm waits for the user.
func pollWeb(s *Server, c *call) (any, error) {
	id := c.URL.Query().Get("authId")
	w := s.web[id]
	switch {
	case w == nil:
		return nil, notFound()
	case !w.approved:
		return reply{status: http.StatusAccepted, header: map[string]string{"Retry-After": "1"}, value: map[string]any{}}, nil
	case w.login:
		delete(s.web, id)
		return map[string]any{"token": s.newToken(w.user).value}, nil
	}
	return map[string]any{"token": id}, nil
}

const (
	pageForm = `<!doctype html><title>Registry for trials</title><form method=post>
<p><label>Name <input name=name></label>
<p><label>Password <input name=password type=password></label>
<p><label>One-time password, if there is one <input name=otp></label>
<p><button>Approve</button></form>`
	pageRefused = `<!doctype html><title>Registry for trials</title><p>That is not right. Go back and try again.`
	pageDone    = `<!doctype html><title>Registry for trials</title><p>Approved. npm goes on by itself.`
)

func page(status int, html string) reply {
	return reply{status: status, header: map[string]string{"Content-Type": "text/html; charset=utf-8"}, value: []byte(html)}
}

// webPage is the page of a session: the form, and where it is sent.
func webPage(s *Server, c *call) (any, error) {
	w := s.web[c.PathValue("id")]
	if w == nil {
		return nil, notFound()
	}
	if c.Method == http.MethodGet {
		return page(http.StatusOK, pageForm), nil
	}
	form, err := c.form()
	if err != nil {
		return nil, err
	}
	u := s.users[form.Get("name")]
	if u == nil || u.password != form.Get("password") || !w.login && w.user != u {
		return page(http.StatusUnauthorized, pageRefused), nil
	}
	c.Header.Set("Npm-Otp", form.Get("otp"))
	if u.tfa != nil && !u.tfa.pending && !s.accept(c, u) {
		return page(http.StatusUnauthorized, pageRefused), nil
	}
	w.user, w.approved = u, true
	return page(http.StatusOK, pageDone), nil
}
