package config

import (
	"path/filepath"
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

// variableFiles returns an error where a file of the project has a variable in it
// that says where packages go, or who is at the other end, and what runs reads the
// file: bun, and what the newer yarn starts.
func (c *config) variableFiles() error {
	var names []string
	yarns := c.query.Through == "yarn" && c.query.Tool != "yarn npm"
	switch {
	case c.query.Tool == "bun":
		names = strings.Fields(".env .env.local .env.production .env.production.local .env.development .env.development.local .env.test .env.test.local")
	case yarns:
		names = []string{".env.yarn"}
	}
	for dir := range upwards(c.cwd) {
		all := names
		if yarns {
			source := Source{Kind: File, File: filepath.Join(dir, ".yarnrc.yml")}
			text, _, err := readFile(source.File, rcLimit)
			more, line := yamlList(text, "injectEnvironmentFiles")
			if source.Line = line; err != nil || line > 0 {
				return c.unknown(source, "the files of variables cannot be told", err)
			}
			all = slices.Concat(names, more)
		}
		for _, name := range all {
			source := Source{Kind: File, File: filepath.Join(dir, strings.TrimSuffix(name, "?"))}
			text, _, err := readFile(source.File, rcLimit)
			if err != nil {
				return c.unknown(source, "the file cannot be read", err)
			}
			for n, line := range numberedLines(text) {
				key, _, _ := strings.Cut(line, "=")
				words := strings.Fields(strings.ToLower(key)) // "export" may stand in front
				if key = strings.Join(words[max(0, len(words)-1):], ""); !strings.HasPrefix(trim(line), "#") && steers(key) {
					source.Line = n
					return c.unknown(source, c.query.Tool+" gets the variable "+key+" from it", nil)
				}
			}
		}
	}
	return nil
}

// steers reports whether a variable, in lower case, decides about registries or
// connections.
func steers(name string) bool {
	for _, prefix := range []string{"npm_config_", "bun_config_"} {
		if key, ok := strings.CutPrefix(name, prefix); ok {
			return kindOf(strings.ReplaceAll(key, "_", "-")) != "" || places(name)
		}
	}
	return slices.Contains(strings.Fields("home xdg_config_home prefix node_options node_extra_ca_certs node_tls_reject_unauthorized "+
		"https_proxy http_proxy all_proxy"), name)
}
