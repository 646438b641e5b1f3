package config

import (
	"maps"
	"slices"
	"strings"

	"npmotp/internal/registry"
)

// defaultRegistry is npm's (config/lib/definitions/definitions.js).
const defaultRegistry = "https://registry.npmjs.org/"

// canonical returns a registry's address as a [Target] has it, and whether it
// could be read.
func canonical(address string) (string, bool) {
	a, err := registry.Parse(trim(address))
	if err != nil {
		return "", false
	}
	return a.String(), true
}

// OtherRegistry returns one of the registries in settings, which npm says it has,
// that is another one than the query has without its arguments, if there is one.
func OtherRegistry(q Query, settings map[string]any) (other string, differs bool) {
	q.Argv = q.Argv[:1]
	same := false // to one of the versions that it may be
	err := inEachDialect(q, func(c *config) error {
		own, agrees := layer{"registry": {value: defaultRegistry}}, true
		for _, l := range slices.Backward(c.layers) { // the first one counts
			maps.Copy(own, l)
		}
		for key, said := range settings {
			text, _ := said.(string)
			theirs, _ := canonical(text)
			if key != "registry" && (!strings.HasPrefix(key, "@") || !strings.HasSuffix(key, ":registry")) {
				continue
			}
			ours, _ := own[key].value.(string)
			if ours, _ = canonical(ours); ours != theirs {
				other, agrees = theirs, false
			}
		}
		same = same || agrees
		return nil
	})
	return other, err == nil && !same
}

// ProjectDir returns the folder whose settings the newest npm reads for a query: in
// a workspace "npm config" is refused, and there it is not.
func ProjectDir(q Query) string {
	dir := q.Dir
	_ = inEachDialect(q, func(c *config) error { // what fails is said by Targets
		dir = c.prefix
		return nil
	})
	return dir
}
