// Package config tells, before npm or a tool like it runs, which registries
// it will talk to and who says so, and which scripts of the user's packages it
// will run on the way. It runs nothing and opens no connection: it reads the
// command line, the environment, package.json and the .npmrc files, as npm 6
// to 12 do.
//
// It promises to name every registry that a one-time password can reach, or to
// return an error. A file that is there and cannot be read, an address that
// two programs may read differently, and a package that is not on this machine
// are errors, because to go on would be to guess. Where the version of npm is
// not known, or lies between those that were tried, the registries of all
// versions that it can be are returned.
//
// It does not see what scripts change while the command runs: a script can
// rewrite package.json and .npmrc, and npm reads both again. Nor does it see
// what a registry answers, redirects among them.
package config

import (
	"errors"
	"slices"
)

// A Query is a command that is about to run.
type Query struct {
	Tool       string   // what runs: npm, pnpm, yarn, lerna and so on
	Through    string   // the runner in front of it, "" when there is none
	Subcommand string   // the full name of its sub-command
	Argv       []string // its command line, without a runner such as npx in front
	Dir        string   // the folder that it runs in
	Environ    []string // its environment, as os.Environ has one
	Home       string   // the user's home, where the environment has no HOME
	Version    string   // npm's version; when empty it is looked up beside the program
	// Own is the user's own environment, where Argv and Environ were made by what the
	// user runs; else nil.
	Own []string
	// Everywhere tells that the tool publishes in the folder of any package of the
	// project, as the newer yarn does by workspace and foreach.
	Everywhere bool
}

// A Target is a registry that the command sends requests to.
type Target struct {
	// Package is what the requests are about, empty for a user, a team and
	// the like.
	Package string
	// Registry is the address in one form: scheme and host in lower case,
	// without the scheme's own port, without user and password, with a slash
	// at the end.
	Registry string
	// Source is who says that it is this registry.
	Source Source
	// Reads reports that the registry is only read from. It has no reason to
	// ask for a one-time password, but sees one that is given to npm as an
	// option or a variable, because npm puts it on every request.
	Reads bool
	// Unverified is who says that certificates are not looked at; the zero
	// Source when nobody does.
	Unverified Source
}

// Targets returns the registries that a command talks to: one for each package
// that it changes, which may be the same one, and then those that it only reads
// from and that no package is changed on. The error is an [*UnknownError] when
// it cannot be told.
func Targets(q Query) ([]Target, error) {
	var all []Target
	err := inEachDialect(q, func(c *config) error {
		list, err := c.targets()
		for i := range list {
			list[i].Unverified = c.unverified()
		}
		all = append(all, list...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return tidy(all), nil
}

// inEachDialect calls do for each way in which the npm of the query may read
// its settings. The error of a way in which npm itself stops counts only when
// there is no other.
func inEachDialect(q Query, do func(*config) error) error {
	var refusal error
	done := false
	in := findInstall(q)
	for _, d := range dialectsOf(in.version) {
		c, err := load(q, d, in)
		if err == nil {
			err = do(c)
		}
		var unknown *UnknownError
		switch {
		case err == nil:
			done = true
		case errors.As(err, &unknown) && unknown.refused:
			refusal = err
		default:
			return err
		}
	}
	if done {
		return nil
	}
	return refusal
}

// tidy drops what is there twice, and registries that are read from where a
// package is changed on them too, and puts what is changed first.
func tidy(all []Target) []Target {
	var list []Target
	for _, t := range all {
		if !t.Reads && !slices.ContainsFunc(list, func(o Target) bool { return o.Package == t.Package && o.Registry == t.Registry }) {
			list = append(list, t)
		}
	}
	for _, t := range all {
		if t.Reads && !slices.ContainsFunc(list, func(o Target) bool { return o.Registry == t.Registry }) {
			list = append(list, t)
		}
	}
	return list
}
