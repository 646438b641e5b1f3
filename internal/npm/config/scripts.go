package config

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// A Package is one that the command publishes, or packs before it sees that it
// is private.
type Package struct {
	Name    string
	Path    string   // its folder, or the tarball
	Private bool     // it is not published after all, but its scripts run
	Scripts []Script // the scripts of its package.json that run, in npm's order
}

// A Script is a lifecycle script that runs while the command does. It inherits
// the environment and can read the command line of the tool.
type Script struct {
	Package string // the package that it belongs to
	Name    string // such as prepublishOnly
	File    string // the package.json
	Line    int
	Text    string // "" where it is a file
}

// Packages returns the packages that a command publishes with the scripts that
// run while it does. A command that publishes nothing has none. The error is an
// [*UnknownError] when it cannot be told.
func Packages(q Query) ([]Package, error) {
	var all []Package
	err := inEachDialect(q, func(c *config) error {
		list, err := c.packages()
		for _, p := range list {
			i := slices.IndexFunc(all, func(o Package) bool { return o.Path == p.Path })
			if i < 0 {
				all = append(all, p)
				continue
			}
			for _, s := range p.Scripts {
				if !slices.Contains(all[i].Scripts, s) {
					all[i].Scripts = append(all[i].Scripts, s)
				}
			}
		}
		return err
	})
	return all, err
}

// ProjectScripts returns the scripts of the package that dir is in, by their names,
// as far as its package.json can be read.
func ProjectScripts(dir string) map[string]string {
	for d := range upwards(dir) {
		m, err := readManifest(d)
		if err != nil {
			return nil
		}
		if m != nil {
			scripts := map[string]string{}
			for name, s := range m.scripts {
				scripts[name], _ = s.value.(string)
			}
			return scripts
		}
	}
	return nil
}

func (c *config) packages() ([]Package, error) {
	words := c.words()
	staged := c.query.Subcommand == "stage" && len(words) > 0 && words[0] == "publish"
	if !c.publishes() && !staged {
		return nil, nil
	}
	members, err := c.published()
	if err != nil {
		return nil, err
	}
	var list []Package
	for _, m := range members {
		list = append(list, Package{Name: m.name, Path: m.dir, Private: m.manifest.private, Scripts: c.scripts(m)})
	}
	return list, nil
}

// scripts returns what npm runs when it publishes a folder: lib/publish.js and
// lib/pack.js in npm 6, lib/commands/publish.js, libnpmpack and lib/dir.js of
// pacote since.
func (c *config) scripts(m member) []Script {
	names := []string{"prepublishOnly", "prepack", "prepare", "postpack", "publish", "postpublish"}
	if c.prepublish {
		names = append([]string{"prepublish"}, names...)
	}
	ignored, anyway := c.is("ignore-scripts"), strings.Fields(c.neverIgnored)
	if p, ok := peers()[c.query.Tool]; ok {
		// Each of these is run by one of them.
		names = append([]string{"preversion", "version", "postversion", "pretest", "test", "posttest", "prepublish"}, names...)
		names = slices.Compact(names)
		ignored, anyway = ignored && !p.noIgnore, nil
	}
	var list []Script
	for _, name := range names {
		after := name == "publish" || name == "postpublish"
		switch {
		case ignored && !slices.Contains(anyway, name),
			m.manifest.private && after,
			name == "prepublish" && c.is("ignore-prepublish"):
			continue
		}
		if s := m.manifest.scripts[name]; s.value != nil && s.value != "" {
			list = append(list, Script{m.name, name, m.manifest.file, s.source.Line, fmt.Sprint(s.value)})
		}
		hook := filepath.Join(m.dir, "node_modules", ".hooks", name)
		if c.nearestPrefix && m.manifest.scripts != nil && isFile(hook) {
			list = append(list, Script{m.name, name, hook, 0, ""}) // npm-lifecycle runs it too
		}
	}
	return list
}
