package config

// dialectOf returns the dialect of the newest version that is not newer than
// the major one.
func dialectOf(major int) dialect {
	d := dialects()[0]
	for _, other := range dialects() {
		if other.major <= major {
			d = other
		}
	}
	return d
}

// INI returns what npm's parser makes of a text, without the lines; sections
// are empty maps, and so are objects.
func INI(major int, text string) (map[string]any, error) {
	entries, _, err := dialectOf(major).parseINI(text)
	values := map[string]any{}
	for key, e := range entries {
		switch e.value.(type) {
		case section, map[string]any:
			values[key] = map[string]any{}
		default:
			values[key] = e.value
		}
	}
	return values, err
}

// Expand replaces the variables in s as the npm of a major version does.
func Expand(major int, s string, environ []string) (string, error) {
	return dialectOf(major).expand(s, environ)
}

// Canonical is canonical.
func Canonical(address string) (string, bool) { return canonical(address) }

// Workspaces returns the folders under root that patterns name, relative to it.
func Workspaces(root string, list []string) ([]string, error) {
	g := &globber{root: root}
	positive, negative := patternsOf(list)
	for _, n := range negative {
		g.ignored = append(g.ignored, split(n))
	}
	for _, p := range positive {
		if err := g.find(p); err != nil {
			return nil, err
		}
	}
	return g.found, nil
}

// Scripts returns the scripts of all [Packages].
func Scripts(q Query) ([]Script, error) {
	packages, err := Packages(q)
	var all []Script
	for _, p := range packages {
		all = append(all, p.Scripts...)
	}
	return all, err
}
