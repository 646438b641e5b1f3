package config

import (
	"errors"
	"os"
	"path/filepath"
)

// findPrefix finds the project's folder and, where cwd is in a workspace of a
// project further up, that project's (loadLocalPrefix in @npmcli/config,
// find-npm-prefix in npm 6).
func (c *config) findPrefix() error {
	if s, ok := c.cli["prefix"]; ok {
		c.prefix, _ = s.value.(string)
		return nil
	}
	if c.nearestPrefix {
		c.prefix = nearestPrefix(c.cwd)
		return nil
	}
	alone := c.cli["workspaces"].value == false || c.isGlobal()
	for p := range upwards(c.cwd) {
		hasManifest := isFile(filepath.Join(p, "package.json"))
		if c.prefix == "" {
			if hasManifest || isDir(filepath.Join(p, "node_modules")) {
				c.prefix = p
				if alone {
					return nil
				}
			}
			continue
		}
		if !hasManifest {
			continue
		}
		root, err := c.rootOf(p)
		if err != nil {
			return err
		}
		if root {
			c.prefix, c.workspace = p, c.prefix
			return nil
		}
	}
	if c.prefix == "" {
		c.prefix = c.cwd
	}
	return nil
}

// rootOf reports whether the project found so far is a workspace of the one in
// dir. A package.json that is no JSON is passed over, as npm does.
func (c *config) rootOf(dir string) (bool, error) {
	m, err := readManifest(dir)
	if errors.Is(err, errNotJSON) || err == nil && m == nil {
		return false, nil
	}
	if err != nil {
		return false, c.unknown(Source{Kind: File, File: filepath.Join(dir, "package.json")}, "the file cannot be read", err)
	}
	list, err := c.workspaces(dir, m)
	if err != nil {
		return false, err
	}
	for _, w := range list {
		if w.dir == c.prefix {
			return true, nil
		}
	}
	return false, nil
}

// upwards yields dir and the folders above it.
func upwards(dir string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for {
			if !yield(dir) || filepath.Dir(dir) == dir {
				return
			}
			dir = filepath.Dir(dir)
		}
	}
}

// nearestPrefix is find-npm-prefix: above the node_modules folders that dir
// lies in, else the nearest folder with a package.json or a node_modules,
// except the root of the file system.
func nearestPrefix(dir string) string {
	inModules := false
	for filepath.Base(dir) == "node_modules" {
		dir, inModules = filepath.Dir(dir), true
	}
	if inModules {
		return dir
	}
	for p := range upwards(dir) {
		if filepath.Dir(p) == p {
			break
		}
		for _, name := range []string{"node_modules", "package.json"} {
			if _, err := os.Lstat(filepath.Join(p, name)); err == nil {
				return p
			}
		}
	}
	return dir
}
