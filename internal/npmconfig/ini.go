package npmconfig

import (
	"encoding/json"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

// errOddKey means that a line has a quoted key that is JSON but no string. npm
// stops at some of them and makes a string of others.
var errOddKey = errors.New("a quoted key is no string")

// A section stands for what is under a [section], which npm's settings never
// are.
type section struct{}

// An entry is a value of an .npmrc: a string, bool, nil, float64, map or slice
// as encoding/json has them, or a section, with the line that set it last.
type entry struct {
	value any
	line  int
}

// parseINI reads text in the dialect of the ini package of npm (ini.js,
// decode), and returns what stands outside of sections. Versions 1.3 to 7 of
// that package, which npm 6 to 12 have, read alike, with one exception:
// spaceAfterSection says that white space may follow a [section], which older
// versions take for a key, and what comes after it for settings.
//
// The error of a line is errOddKey; line then says which one.
func parseINI(text string, spaceAfterSection bool) (entries map[string]entry, line int, err error) {
	out := map[string]entry{}
	text = strings.ToValidUTF8(text, string(utf8.RuneError))
	inSection := false
	for n, l := range numberedLines(text) {
		trimmed := trimLeft(l)
		if trimmed == "" || trimmed[0] == ';' || trimmed[0] == '#' {
			continue
		}
		if name, ok := sectionName(l, spaceAfterSection); ok {
			if err := openSection(out, name, n); err != nil {
				return nil, n, err
			}
			inSection = true
			continue
		}
		key, value, ok := keyValue(l)
		if !ok || inSection {
			continue
		}
		if err := assign(out, key, value, n); err != nil {
			return nil, n, err
		}
	}
	return out, 0, nil
}

// assign sets a key of the file, or adds to it where it is a list.
func assign(out map[string]entry, rawKey string, value any, line int) error {
	parsed := unquote(rawKey)
	key, ok := parsed.(string)
	if !ok {
		return errOddKey
	}
	name, list := key, false
	if len(key) > 2 && strings.HasSuffix(key, "[]") {
		name, list = strings.TrimSuffix(key, "[]"), true
	}
	if name == "__proto__" {
		return nil
	}
	old, set := out[name]
	values, isList := old.value.([]any)
	switch {
	case isList:
		out[name] = entry{append(values, value), line}
	case list && set:
		out[name] = entry{[]any{old.value, value}, line}
	case list:
		out[name] = entry{[]any{value}, line}
	default:
		out[name] = entry{value, line}
	}
	return nil
}

// openSection puts what a [section] does to the settings of the same name into
// out: one that is empty becomes an object, and so does the first part of a
// name with a dot, even where it is set.
func openSection(out map[string]entry, rawName string, line int) error {
	parsed := unquote(rawName)
	name, ok := parsed.(string)
	if !ok {
		return errOddKey
	}
	if name == "__proto__" {
		return nil
	}
	if first, _, dotted := cutUnescaped(name); dotted {
		if _, list := out[first].value.([]any); !list && first != "__proto__" {
			out[first] = entry{section{}, line}
		}
		return nil
	}
	if plain := strings.ReplaceAll(name, `\.`, "."); plain != name {
		out[plain] = entry{section{}, line}
		return nil
	}
	if old, set := out[name]; !set || old.value == nil || old.value == false || old.value == "" || old.value == 0.0 {
		out[name] = entry{section{}, line}
	}
	return nil
}

// cutUnescaped cuts s at its first dot that has no backslash before it.
func cutUnescaped(s string) (before, after string, found bool) {
	for i := range len(s) {
		if s[i] == '.' && (i == 0 || s[i-1] != '\\') {
			return s[:i], s[i+1:], true
		}
	}
	return s, "", false
}

// numberedLines yields the lines of text with their numbers from 1, whether
// they end in LF, CR or both.
func numberedLines(text string) func(yield func(int, string) bool) {
	return func(yield func(int, string) bool) {
		for n := 1; text != ""; n++ {
			end := strings.IndexAny(text, "\r\n")
			if end < 0 {
				yield(n, text)
				return
			}
			if !yield(n, text[:end]) {
				return
			}
			if strings.HasPrefix(text[end:], "\r\n") {
				end++
			}
			text = text[end+1:]
		}
	}
}

// sectionName is /^\[([^\]]*)\]\s*$/, or the same without the \s*.
func sectionName(line string, spaceAfter bool) (string, bool) {
	rest, ok := strings.CutPrefix(line, "[")
	if !ok {
		return "", false
	}
	name, after, ok := strings.Cut(rest, "]")
	if spaceAfter {
		after = trimLeft(after)
	}
	return name, ok && after == ""
}

// keyValue is /^([^=]+)(=(.*))?$/, where the dot is no Unicode line separator.
func keyValue(line string) (key string, value any, ok bool) {
	key, raw, hasValue := strings.Cut(line, "=")
	if key == "" || strings.ContainsAny(raw, "\u2028\u2029") {
		return "", nil, false
	}
	if !hasValue {
		return key, true, true
	}
	value = unquote(raw)
	switch value {
	case "true":
		value = true
	case "false":
		value = false
	case "null":
		value = nil
	}
	return key, value, true
}

// unquote is unsafe of ini.js: quotes are JSON's, and outside of them ; and #
// begin a comment unless a backslash is before them.
func unquote(s string) any {
	s = trim(s)
	if quoted(s) {
		if s[0] == '\'' {
			s = s[1:max(1, len(s)-1)]
		}
		var v any
		if json.Unmarshal([]byte(s), &v) == nil {
			return v
		}
		return s
	}
	var b strings.Builder
	escaped := false
	for _, c := range s {
		switch {
		case escaped:
			if c != '\\' && c != ';' && c != '#' {
				b.WriteByte('\\')
			}
			b.WriteRune(c)
			escaped = false
		case c == ';' || c == '#':
			return trim(b.String())
		case c == '\\':
			escaped = true
		default:
			b.WriteRune(c)
		}
	}
	if escaped {
		b.WriteByte('\\')
	}
	return trim(b.String())
}

func quoted(s string) bool {
	return s != "" && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0]
}

// isSpace is JavaScript's white space: \s and what trim removes.
func isSpace(c rune) bool {
	return c != '\u0085' && unicode.IsSpace(c) || c == '\uFEFF'
}

func trim(s string) string     { return strings.TrimFunc(s, isSpace) }
func trimLeft(s string) string { return strings.TrimLeftFunc(s, isSpace) }
