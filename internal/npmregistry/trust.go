package npmregistry

import (
	"maps"
	"net/http"
	"slices"
)

// listTrust needs a one-time password although it only reads: npm 11 and later
// say so, and ask for one.
func listTrust(s *Server, c *call) (any, error) {
	p, err := s.owned(c)
	if err != nil {
		return nil, err
	}
	return slices.AppendSeq([]map[string]any{}, slices.Values(p.trust)), nil
}

func addTrust(s *Server, c *call) (any, error) {
	p, err := s.owned(c)
	if err != nil {
		return nil, err
	}
	var in []map[string]any
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	for _, config := range in {
		config["id"] = newID()
	}
	p.trust = append(p.trust, in...)
	return reply{status: http.StatusCreated, value: in}, nil
}

func deleteTrust(s *Server, c *call) (any, error) {
	p, err := s.owned(c)
	if err != nil {
		return nil, err
	}
	p.trust = slices.DeleteFunc(p.trust, func(config map[string]any) bool { return config["id"] == c.PathValue("id") })
	return reply{status: http.StatusNoContent, value: []byte{}}, nil
}

// hook is a webhook (npm 6 to 10). It is kept and never called.
type hook struct {
	ID       string `json:"id"`
	User     string `json:"username"`
	Type     string `json:"type"`
	Name     string `json:"name"`
	Endpoint string `json:"endpoint"`
}

func listHooks(s *Server, c *call) (any, error) {
	objects := []hook{}
	for _, id := range slices.Sorted(maps.Keys(s.hooks)) {
		if h := s.hooks[id]; h.User == c.who.name {
			objects = append(objects, h)
		}
	}
	return map[string]any{"objects": objects, "total": len(objects), "urls": map[string]any{}}, nil
}

func addHook(s *Server, c *call) (any, error) {
	var h hook
	if err := c.decode(&h); err != nil {
		return nil, err
	}
	h.ID, h.User = newID(), c.who.name
	s.hooks[h.ID] = h
	return reply{status: http.StatusCreated, value: h}, nil
}

func deleteHook(s *Server, c *call) (any, error) {
	h, ok := s.hooks[c.PathValue("id")]
	if !ok || h.User != c.who.name {
		return nil, notFound()
	}
	delete(s.hooks, h.ID)
	return h, nil
}
