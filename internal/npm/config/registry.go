package config

import "npmotp/internal/registry"

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
