package config

import (
	"slices"
	"strings"
)

// Settings that decide who is at the other end of the connection to a registry:
// a project that sets them can have the code, and npm's token, read on the way.

// isWire reports whether key is such a setting of npm. It is known without
// hyphens, in lower case, so that the words of the other tools are too.
func isWire(key string) bool {
	switch strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(key)) {
	case "proxy", "httpproxy", "httpsproxy", "noproxy", "strictssl", "ca", "cafile", "cert", "key",
		"enablestrictssl", "httpscafilepath", "cafilepath", "httpscertfilepath", "httpskeyfilepath":
		return true
	}
	return false
}

// ownWire fails when settings that a project has say who is at the other end.
func (c *config) ownWire(l map[string]setting) error {
	for key, s := range l {
		if isWire(key) && loosens(key, s.value) {
			return c.stranger(s.source, " ("+key+")")
		}
	}
	return nil
}

func (c *config) stranger(source Source, key string) error {
	return &UnknownError{Tool: c.query.Tool, Source: source, Reason: "the project says who is at the other end of the connection" + key, Wire: true}
}

// madeWire is [config.ownWire] for a line and an environment that are not the user's
// own. What npm and others hand on of the user's files is.
func (c *config) madeWire() error {
	if c.query.Own == nil {
		return nil
	}
	if err := c.ownWire(c.cli); err != nil {
		return err
	}
	made := layer{}
	agent, _ := c.env.get("npm_config_user_agent")
	others := agent != "" && !strings.HasPrefix(agent, "npm/") // pnpm and yarn 1 hand on all settings, npm those of somebody
	for _, kv := range c.query.Environ {
		name, value, _ := strings.Cut(kv, "=")
		lower := strings.ToLower(name)
		key, npms := strings.CutPrefix(lower, "npm_config_")
		if npms && others {
			continue
		}
		key = strings.ReplaceAll(key, "_", "-")
		_, users := find(c.layers[3:], key)
		if own, _ := environment(c.query.Own).get(name); own == value || value == "" ||
			!slices.Contains(strings.Fields("http_proxy https_proxy all_proxy proxy node_extra_ca_certs node_tls_reject_unauthorized"), lower) && (!npms || users || !isWire(key)) {
			continue
		}
		if made[key] = (setting{value, Source{Kind: Environment, Name: name}}); !npms { // which loosen, whatever they are
			return c.stranger(made[key].source, "")
		}
	}
	return c.ownWire(made)
}

// loosens reports whether a value is another one than the safe one.
func loosens(key string, value any) bool {
	if value == nil || value == "" || value == "null" {
		return false
	}
	off := value == false || value == "false"
	return off == strings.Contains(strings.ToLower(key), "strict") // no proxy is safe, no check is not
}

// wireLine returns the first line of a file of another tool that has such a
// setting at its outermost level, 0 when there is none.
func wireLine(text string) int {
	section := ""
	inside := false // of the settings that the newer yarn has for a host
	for n, line := range numberedLines(text) {
		if strings.HasPrefix(line, "[") {
			section = strings.ReplaceAll(uncommented(line), " ", "")
		}
		if line != "" && line[0] != ' ' {
			inside = strings.HasPrefix(strings.Trim(line, `"'`), "networkSettings")
		}
		if inside {
			line = strings.TrimLeft(line, " ")
			if strings.Contains(line, "{") && mentionsWire(line) {
				return n
			}
		}
		end := strings.IndexAny(line, ":= ")
		if end < 0 || section != "" && section != "[install]" {
			continue
		}
		key, value := strings.Trim(line[:end], `"'`), strings.Trim(line[end:], ":= \t\r\"'")
		if isWire(key) && loosens(key, value) {
			return n
		}
	}
	return 0
}

// mentionsWire reports whether a word of a line is such a setting.
func mentionsWire(line string) bool {
	return slices.ContainsFunc(strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune("{}:, \"'", r) }), isWire)
}

// unverified returns who says that certificates are not looked at, if anybody
// does.
func (c *config) unverified() Source {
	s, ok := c.get("strict-ssl")
	if ok && (s.value == false || s.value == "false") {
		return s.source
	}
	return Source{}
}
