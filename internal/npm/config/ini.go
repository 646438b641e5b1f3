package config

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// errOddKey means that a line has a quoted key that is JSON but no string. npm
// stops at some of them and makes a string of others.
var errOddKey = errors.New("a quoted key is not a string")

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
// that package, which npm 6 to 12 have, read alike but for two things: whether
// white space may follow a [section], and whether null is an object.
//
// The error of a line is errOddKey; line then says which one.
func (d dialect) parseINI(text string) (entries map[string]entry, line int, err error) {
	f := iniFile{dialect: d, out: map[string]entry{}}
	text = strings.ToValidUTF8(text, string(utf8.RuneError))
	inSection := false
	for n, l := range numberedLines(text) {
		trimmed := trimLeft(l)
		if trimmed == "" || trimmed[0] == ';' || trimmed[0] == '#' {
			continue
		}
		if name, ok := sectionName(l, d.spaceAfterSection); ok {
			if err := f.openSection(name, n); err != nil {
				return nil, n, err
			}
			inSection = true
			continue
		}
		key, value, ok := keyValue(l)
		if !ok || inSection {
			continue
		}
		if err := f.assign(key, value, n); err != nil {
			return nil, n, err
		}
	}
	line, err = f.nest()
	return f.out, line, err
}

// An iniFile is what was read of a file.
type iniFile struct {
	dialect
	out  map[string]entry
	keys []string // of out, in the order in which they came
}

func (f *iniFile) set(key string, value any, line int) {
	if _, ok := f.out[key]; !ok {
		f.keys = append(f.keys, key)
	}
	f.out[key] = entry{value, line}
}

// assign sets a key of the file, or adds to it where it is a list.
func (f *iniFile) assign(rawKey string, value any, line int) error {
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
	old, set := f.out[name]
	values, isList := old.value.([]any)
	switch {
	case isList:
		f.set(name, append(values, value), line)
	case list && set:
		f.set(name, []any{old.value, value}, line)
	case list:
		f.set(name, []any{value}, line)
	default:
		f.set(name, value, line)
	}
	return nil
}

// openSection begins a [section]. It becomes a key of its own where that is not
// set, or is set to nothing.
func (f *iniFile) openSection(rawName string, line int) error {
	name, ok := unquote(rawName).(string)
	if !ok {
		return errOddKey
	}
	old, set := f.out[name]
	if name != "__proto__" && (!set || old.value == nil || old.value == false || old.value == "" || old.value == 0.0) {
		f.set(name, section{}, line)
	}
	return nil
}

// nest moves objects whose keys have dots into the objects that the parts of
// the key name, which replaces what is set there: of the settings outside of
// sections, those with the name of the first part.
func (f *iniFile) nest() (line int, err error) {
	for _, key := range f.keys {
		e := f.out[key]
		if !f.isObject(e.value) {
			continue
		}
		parts := splitUnescaped(key)
		last := parts[len(parts)-1]
		parts = slices.DeleteFunc(parts[:len(parts)-1], func(p string) bool { return p == "__proto__" })
		name := strings.ReplaceAll(last, `\.`, ".")
		if len(parts) == 0 {
			if name != last {
				delete(f.out, key)
				f.out[name] = e
			}
			continue
		}
		first, set := f.out[parts[0]]
		if set && first.value == nil && f.nullIsObject {
			return e.line, errOddKey // npm fails
		}
		if _, list := first.value.([]any); !set || !list && !f.isObject(first.value) {
			f.out[parts[0]] = entry{section{}, e.line}
		}
		delete(f.out, key)
	}
	return 0, nil
}

// isObject reports whether a value is what JavaScript calls an object and no
// list.
func (f *iniFile) isObject(value any) bool {
	switch value.(type) {
	case section, map[string]any:
		return true
	case nil:
		return f.nullIsObject
	}
	return false
}

// splitUnescaped splits s at the dots that have no backslash before them.
func splitUnescaped(s string) []string {
	var parts []string
	start := 0
	for i := range len(s) {
		if s[i] == '.' && (i == 0 || s[i-1] != '\\') {
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	return append(parts, s[start:])
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
