package config

import (
	"encoding/json"
	"path/filepath"
	"runtime"
	"strings"
)

// put converts a value as parseField of npm does, and puts it into the layer.
func (c *config) put(l layer, key string, value any, source Source) error {
	text, ok := value.(string)
	if !ok {
		l[key] = setting{value, source}
		return nil
	}
	text = trim(text)
	kind := kindOf(key)
	if kind == "wire" {
		// Certificates and the passwords of proxies are not held.
		switch strings.Trim(text, `"'`) {
		case "", "null", "undefined":
			l[key] = setting{nil, source}
		case "false":
			l[key] = setting{false, source}
		default:
			l[key] = setting{true, source}
		}
		return c.variablesExist(value, source)
	}
	if c.nearestPrefix && quoted(text) && text[0] == '"' && len(text) > 1 {
		var inner string
		if err := json.Unmarshal([]byte(text), &inner); err != nil {
			return c.refused(source, "the value is not a JSON string")
		}
		text = inner
	}
	if kind == "list" && !c.nearestPrefix {
		var list []any
		for part := range strings.SplitSeq(text, "\n\n") {
			list = append(list, trim(part))
		}
		l[key] = setting{list, source}
		return nil
	}
	if kind == "bool" && text == "" {
		l[key] = setting{true, source}
		return nil
	}
	if c.nearestPrefix || kind == "bool" || kind == "other" {
		switch text {
		case "true", "false":
			l[key] = setting{text == "true", source}
			return nil
		case "null", "undefined":
			l[key] = setting{nil, source}
			return nil
		}
	}
	text, err := c.expand(text, c.env)
	if err != nil {
		return c.refused(source, err.Error())
	}
	if kind == "path" {
		text = c.resolve(text)
	}
	l[key] = setting{text, source}
	return nil
}

// resolve makes a path of a setting absolute, as npm does with those that begin
// with ~/ and, from the folder of the command, with all others.
func (c *config) resolve(name string) string {
	rest, ok := strings.CutPrefix(name, "~/")
	if !ok && runtime.GOOS == "windows" {
		rest, ok = strings.CutPrefix(name, `~\`)
	}
	if ok && c.home != "" {
		return filepath.Join(c.home, rest)
	}
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	return filepath.Join(c.cwd, name)
}
