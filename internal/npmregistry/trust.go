package npmregistry

import (
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
