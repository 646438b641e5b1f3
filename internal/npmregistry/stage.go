package npmregistry

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"
)

// stage is a version that waits for its owner's approval (npm 11 and later):
// staging it needs no one-time password, approving and rejecting it do.
type stage struct {
	id    string
	body  publishBody
	owner *user
	since time.Time
}

// newID returns a random UUID, which npm insists on for a stage.
func newID() string {
	b := random(16)
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// postStage is POST /-/stage/package/NAME, which stages, and
// POST /-/stage/ID/approve.
func postStage(s *Server, c *call) (any, error) {
	if c.PathValue("id") == "package" {
		st := &stage{id: newID(), owner: c.who, since: s.opts.Now()}
		if err := c.decode(&st.body); err != nil {
			return nil, err
		}
		if p := s.packages[st.body.Name]; p != nil && !s.mayWrite(p, c.who) {
			return nil, fail(http.StatusForbidden, "You do not have permission to publish %q.", p.name)
		}
		s.stages[st.id] = st
		return reply{status: http.StatusCreated, value: map[string]any{"stageId": st.id}}, nil
	}
	if c.PathValue("pkg") != "approve" {
		return nil, notFound()
	}
	if err := s.demand(c, AuthAndWrites); err != nil {
		return nil, err
	}
	st, err := s.staged(c)
	if err != nil {
		return nil, err
	}
	c.SetPathValue("pkg", st.body.Name)
	if err := s.publish(c, &st.body); err != nil {
		return nil, err
	}
	delete(s.stages, st.id)
	return map[string]any{"ok": true}, nil
}

// staged returns the call's stage if it is the caller's.
func (s *Server) staged(c *call) (*stage, error) {
	st := s.stages[c.PathValue("id")]
	if st == nil || st.owner != c.who {
		return nil, notFound()
	}
	return st, nil
}

func (st *stage) view() map[string]any {
	out := map[string]any{
		"id": st.id, "packageName": st.body.Name, "status": "staged", "actor": st.owner.name, "actorType": "user",
		"createdAt": st.since.UTC().Format(time.RFC3339),
	}
	for tag, version := range st.body.Tags {
		out["tag"], out["version"] = tag, version
	}
	return out
}

func listStages(s *Server, c *call) (any, error) {
	items := []any{}
	only := c.URL.Query().Get("package")
	for _, st := range slices.SortedFunc(maps.Values(s.stages), func(a, b *stage) int { return cmp.Compare(a.id, b.id) }) {
		if st.owner == c.who && (only == "" || only == st.body.Name) {
			items = append(items, st.view())
		}
	}
	return map[string]any{"items": items, "total": len(items)}, nil
}

func getStage(s *Server, c *call) (any, error) {
	st, err := s.staged(c)
	if err != nil {
		return nil, err
	}
	return st.view(), nil
}

func getStageTarball(s *Server, c *call) (any, error) {
	st, err := s.staged(c)
	if err != nil {
		return nil, err
	}
	return st.body.tarball()
}

func rejectStage(s *Server, c *call) (any, error) {
	st, err := s.staged(c)
	if err != nil {
		return nil, err
	}
	delete(s.stages, st.id)
	return reply{status: http.StatusNoContent, value: []byte{}}, nil
}
