package config

import (
	"runtime"
	"slices"
	"strings"
)

// An environment is that of the command, as [os.Environ] has one.
type environment []string

// get returns the variable called name as Node's process.env does. Of several
// the last one counts, as for a child of os/exec.
func (e environment) get(name string) (string, bool) {
	for _, kv := range slices.Backward(e) {
		key, value, _ := strings.Cut(kv, "=")
		if key == name || runtime.GOOS == "windows" && strings.EqualFold(key, name) {
			return value, true
		}
	}
	return "", false
}

// A variable is one of the environment.
type variable struct{ name, value string }

// settings yields the variables that npm takes for settings, by the names of
// the settings (loadEnv in @npmcli/config): those that begin with npm_config_
// in any case and are not empty.
func (e environment) settings() func(yield func(string, variable) bool) {
	return func(yield func(string, variable) bool) {
		const prefix = "npm_config_"
		for _, kv := range e {
			name, value, _ := strings.Cut(kv, "=")
			if len(name) < len(prefix) || !strings.EqualFold(name[:len(prefix)], prefix) || value == "" {
				continue
			}
			key := name[len(prefix):]
			if key == "" {
				continue
			}
			key = strings.ToLower(key[:1] + strings.ReplaceAll(key[1:], "_", "-"))
			if !yield(key, variable{name, value}) {
				return
			}
		}
	}
}
