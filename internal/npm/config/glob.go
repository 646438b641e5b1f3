package config

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// The most folders that the patterns of a project are tried on.
const globLimit = 100_000

var (
	errPattern   = errors.New("a pattern of workspaces is not understood")
	errManyFiles = errors.New("the patterns of workspaces match too much")
)

// A globber finds the folders that patterns name, as map-workspaces of npm has
// the package glob find them.
type globber struct {
	root    string
	ignored [][]string // patterns of what is left out
	found   []string
	seen    int
}

// find adds the folders under root that match a pattern, in order.
func (g *globber) find(pattern string) error {
	alternatives, err := braces(strings.ReplaceAll(pattern, `\`, "/"))
	if err != nil {
		return err
	}
	for _, a := range alternatives {
		segments := split(a)
		for _, s := range segments {
			if !validSegment(s) {
				return errPattern
			}
		}
		if err := g.walk(nil, segments); err != nil {
			return err
		}
	}
	return nil
}

// walk follows the segments of a pattern from the folder at, which is relative
// to root.
func (g *globber) walk(at, segments []string) error {
	if g.seen++; g.seen > globLimit {
		return errManyFiles
	}
	dir := filepath.Join(g.root, filepath.Join(at...))
	if len(segments) == 0 {
		if isDir(dir) && !g.leavesOut(at) && !slices.Contains(g.found, dir) {
			g.found = append(g.found, dir)
		}
		return nil
	}
	first, rest := segments[0], segments[1:]
	if first != "**" && !strings.ContainsAny(first, "*?[") {
		return g.walk(append(slices.Clip(at), first), rest)
	}
	names, err := folders(dir)
	if err != nil {
		return err
	}
	if first == "**" {
		if err := g.walk(at, rest); err != nil {
			return err
		}
	}
	for _, n := range names {
		next := append(slices.Clip(at), n.name)
		if n.name == "node_modules" || !matchSegment(first, n.name) || g.leavesOut(next) {
			continue
		}
		switch {
		case first != "**":
			err = g.walk(next, rest)
		case !n.link:
			err = g.walk(next, segments)
		default:
			err = g.walk(next, rest) // ** does not go on through links
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// leavesOut reports whether a folder is one that the patterns exclude.
func (g *globber) leavesOut(at []string) bool {
	return slices.Contains(at, "node_modules") ||
		slices.ContainsFunc(g.ignored, func(p []string) bool { return match(p, at) })
}

type folder struct {
	name string
	link bool
}

// folders lists the folders in dir, with the links to some.
func folders(dir string) ([]folder, error) {
	entries, err := os.ReadDir(dir)
	if missing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var list []folder
	for _, e := range entries {
		link := e.Type()&fs.ModeSymlink != 0
		if e.IsDir() || link && isDir(filepath.Join(dir, e.Name())) {
			list = append(list, folder{e.Name(), link})
		}
	}
	return list, nil
}

// split returns the segments of a pattern or of a path with slashes.
func split(p string) []string {
	var list []string
	for s := range strings.SplitSeq(p, "/") {
		if s != "" && s != "." {
			list = append(list, s)
		}
	}
	return list
}

// match reports whether the path with these segments matches the pattern. A **
// at the end takes the folder before it too, as where glob ignores folders.
func match(pattern, at []string) bool {
	switch {
	case len(pattern) == 0:
		return len(at) == 0
	case pattern[0] == "**":
		return match(pattern[1:], at) || len(at) > 0 && match(pattern, at[1:])
	case len(at) == 0:
		return false
	}
	return matchSegment(pattern[0], at[0]) && match(pattern[1:], at[1:])
}

// matchSegment reports whether a name matches a segment. Wildcards do not match
// a name that begins with a dot.
func matchSegment(pattern, name string) bool {
	if strings.HasPrefix(name, ".") && !strings.HasPrefix(pattern, ".") {
		return false
	}
	if pattern == "**" {
		return true
	}
	ok, err := path.Match(strings.ReplaceAll(pattern, "[!", "[^"), name)
	return ok && err == nil
}

// validSegment reports whether matchSegment understands a segment: it has no
// (a|b), no class by name, ** stands alone, and it does not lead upwards, where
// npm finds some folders and not others.
func validSegment(s string) bool {
	_, err := path.Match(strings.ReplaceAll(s, "[!", "[^"), "x")
	return err == nil && s != ".." && !strings.Contains(s, "(") && !strings.Contains(s, "[[:") &&
		(s == "**" || !strings.Contains(s, "**"))
}

// braces replaces {a,b} in a pattern by the alternatives.
func braces(pattern string) ([]string, error) {
	open := strings.IndexByte(pattern, '{')
	if open < 0 {
		return []string{pattern}, nil
	}
	end := strings.IndexByte(pattern[open:], '}')
	inner := ""
	if end > 0 {
		inner = pattern[open+1 : open+end]
	}
	if !strings.Contains(inner, ",") || strings.ContainsAny(inner, "{") {
		return nil, errPattern
	}
	var all []string
	for alternative := range strings.SplitSeq(inner, ",") {
		more, err := braces(pattern[:open] + alternative + pattern[open+end+1:])
		if err != nil {
			return nil, err
		}
		if all = append(all, more...); len(all) > 1000 {
			return nil, errManyFiles
		}
	}
	return all, nil
}
