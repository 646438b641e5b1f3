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
			return c.unknown(s.source, "the project says who is at the other end of the connection ("+key+")", nil)
		}
	}
	return nil
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
