package config

import "strings"

// A view is the settings that one request of a command is made with.
type view struct {
	*config
	layers []layer
}

// plain returns the settings without any package's publishConfig.
func (c *config) plain() view { return view{c, c.layers} }

// with returns the settings with a package's publishConfig, which is put before
// the others. Newer versions leave out of it what is on the command line.
func (c *config) with(m *manifest) view {
	if m == nil || len(m.publishConfig) == 0 {
		return c.plain()
	}
	own := layer{}
	for key, s := range m.publishConfig {
		if _, given := c.cli[key]; !given || c.manifestFirst {
			own[key] = s
		}
	}
	return view{c, append([]layer{own}, c.layers...)}
}

// registry returns the registry for what has no scope.
func (v view) registry() (Target, error) {
	s, ok := find(v.layers, "registry")
	if !ok {
		return Target{Registry: defaultRegistry, Source: Source{Kind: Default}}, nil
	}
	return v.target(s)
}

// forScope returns the registry for a scope, which may be empty, as
// pickRegistry of npm-registry-fetch does: the scope's own, else that of the
// setting scope, else the one for what has none. otherwise is the setting
// scope, unless it is empty.
func (v view) forScope(scope, otherwise string) (Target, error) {
	if otherwise == "" {
		s, _ := find(v.layers, "scope")
		otherwise, _ = s.value.(string)
	}
	for _, name := range []string{scope, otherwise} {
		if name == "" {
			continue
		}
		s, ok := find(v.layers, "@"+strings.TrimPrefix(name, "@")+":registry")
		if ok && s.value != nil && s.value != false && s.value != "" {
			return v.target(s)
		}
	}
	return v.registry()
}

// target makes a target of a setting that is a registry's address.
func (v view) target(s setting) (Target, error) {
	text, _ := s.value.(string)
	address, ok := canonical(text)
	if !ok {
		return Target{}, v.unknown(s.source, "this is not a plain registry address; one begins with https:// or http://", nil)
	}
	return Target{Registry: address, Source: s.source}, nil
}

// scopeOf returns the scope of a package's name, such as @npm, or nothing.
func scopeOf(name string) string {
	if scope, _, ok := strings.Cut(name, "/"); ok && strings.HasPrefix(name, "@") {
		return scope
	}
	return ""
}
