package config

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// ownLayers reads the tool's own files, the nearest first. A file that speaks
// of registries in a way that is not understood is an error.
func (c *config) ownLayers(p peer, dir string) ([]layer, error) {
	var list []layer
	if c.own != nil {
		list = append(list, c.own)
	}
	seen := map[string]bool{}
	for d := range upwards(dir) {
		for name := range strings.FieldsSeq(p.own) {
			if strings.Contains(name, "/") && c.query.Tool != "release-it" {
				continue // of the home folder
			}
			if err := c.ownFile(p, filepath.Join(d, name), seen, &list); err != nil {
				return nil, err
			}
		}
	}
	home := []string{c.home}
	if xdg, ok := c.env.get("XDG_CONFIG_HOME"); ok && xdg != "" {
		home = append(home, filepath.Join(xdg, ".."))
		for name := range strings.FieldsSeq(p.own) {
			if rest, ok := strings.CutPrefix(name, ".config/"); ok {
				if err := c.ownFile(p, filepath.Join(xdg, rest), seen, &list); err != nil {
					return nil, err
				}
			}
		}
	}
	for name := range strings.FieldsSeq(p.own) {
		if err := c.ownFile(p, filepath.Join(home[0], name), seen, &list); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// ownFile adds the settings of one file, if it is there and new.
func (c *config) ownFile(p peer, name string, seen map[string]bool, list *[]layer) error {
	if seen[name] || isDir(name) {
		return nil
	}
	seen[name] = true
	source := Source{Kind: File, File: name}
	text, found, err := readFile(name, rcLimit)
	if err != nil {
		return c.unknown(source, "the file cannot be read", err)
	}
	if !found {
		return nil
	}
	if major := Major(c.query); filepath.Ext(name) == ".yaml" && c.query.Tool == "pnpm" && 0 < major && major < nativePnpm && !strings.Contains(text, "pnpmfile") {
		return nil
	}
	if base := filepath.Base(name); base == "rc" || base == "auth.ini" { // pnpm's, in the format of npm's
		l, err := c.file(name)
		*list = append(*list, l)
		return err
	}
	if filepath.Base(name) == "package.json" {
		text = memberOf(text, c.query.Tool)
	}
	read := p.reader
	if read == nil || strings.HasPrefix(filepath.Base(name), ".pnpmfile.") { // whose hooks change settings and packages
		read = func(text string) (layer, int) { return nil, mentions(text) }
	}
	if line := wireLine(text); line > 0 && filepath.Dir(name) != c.home && !strings.Contains(name, "/.config/") {
		source.Line = line
		return c.stranger(source, "")
	}
	if filepath.Ext(name) == ".yml" && !c.isAbove(".env.yarn") { // which has variables too
		text = c.defaulted(text)
	}
	l, line := read(text)
	if line > 0 {
		source.Line = line
		return c.unknown(source, "the line says where packages go, and is not understood", nil)
	}
	for key, s := range l {
		if filepath.Base(name) == "package.json" { // of which only the project's counts
			source.Line = s.source.Line
			return c.unknown(source, "the line says where packages go, and is not understood", nil)
		}
		s.source.Kind, s.source.File, s.source.Name = File, name, key
		l[key] = s
	}
	*list = append(*list, l)
	return nil
}

// isAbove reports whether there is a file of that name in the folder or above it.
func (c *config) isAbove(name string) bool {
	for d := range upwards(c.cwd) {
		if isPresent(filepath.Join(d, name)) {
			return true
		}
	}
	return false
}

// defaulted replaces ${NAME}, ${NAME-x} and ${NAME:-x} as the newer yarn does. One
// that has no value stays.
func (c *config) defaulted(text string) string {
	return regexp.MustCompile(`\$\{(\w+)(:?)(-[^}]*)?\}`).ReplaceAllStringFunc(text, func(whole string) string {
		name, otherwise, fallback := strings.Cut(strings.Trim(whole, "${}"), "-")
		bare := strings.TrimSuffix(name, ":")
		value, set := c.env.get(bare)
		switch {
		case set && (value != "" || bare == name):
			return value
		case fallback:
			return otherwise
		}
		return whole
	})
}

// mentions returns the first line that has to do with where packages go, 0 when
// there is none.
func mentions(text string) int {
	escaped := regexp.MustCompile(`\\(x|u00|u0000)[0-9a-f]{2}`) // a letter of a key
	for n, line := range numberedLines(text) {
		lower := strings.ToLower(line)
		if escaped.MatchString(lower) {
			return n
		}
		for _, word := range []string{"registr", "publishpath", "publishargs", "publishconfig", "publishpackagemanager", "extends", "npmscopes", "install.scopes", `"contents"`} {
			if strings.Contains(lower, word) {
				return n
			}
		}
	}
	return 0
}

// readYarnrc reads the lines of a .yarnrc of yarn 1 that name a registry, such
// as: registry "https://registry.example/". Comments begin with #.
func readYarnrc(text string) (layer, int) {
	l := layer{}
	for n, line := range numberedLines(text) {
		line = trim(line)
		// "--publish.cwd x" is an option of every publication.
		option := strings.HasPrefix(strings.Trim(line, `"'`), "--") && (strings.Contains(line, "cwd") || strings.Contains(line, "yarnrc"))
		if !option && mentions(line) == 0 || strings.HasPrefix(line, "#") {
			continue
		}
		key, value, _ := strings.Cut(line, " ")
		key, value = plainString(strings.TrimSuffix(key, ":")), plainString(trim(value))
		if strings.HasPrefix(strings.Trim(line, `"'`), "//") {
			continue // who the user is at a registry
		}
		if key != "registry" && (!strings.HasPrefix(key, "@") || !strings.HasSuffix(key, ":registry")) || value == "" {
			return nil, n
		}
		l[key] = setting{value, Source{Line: n}}
	}
	return l, 0
}

// readYarnrcYML reads npmPublishRegistry, npmRegistryServer and npmScopes of a
// .yarnrc.yml of yarn 2 and later, written one to a line. The keys of
// registries to install from begin with serverPrefix.
func readYarnrcYML(text string) (layer, int) {
	l := layer{}
	section, scope := "", ""
	for n, line := range numberedLines(text) {
		bare := uncommented(line)
		if bare == "" {
			continue
		}
		indent := len(line) - len(strings.TrimLeft(line, " "))
		key, value, ok := strings.Cut(bare, ":")
		key, value = plainString(key), trim(value)
		if indent == 0 {
			section, scope = key, ""
		}
		switch {
		case indent > 0 && section != "npmScopes":
			continue
		case !ok || strings.HasPrefix(line[indent:], "\t"):
			return nil, n
		case indent == 0 && key == "npmScopes" && value == "":
			continue
		case indent > 0 && value == "":
			scope = "@" + key + ":"
			continue
		case indent > 0 && scope == "":
			return nil, n
		}
		if key != "npmPublishRegistry" && key != "npmRegistryServer" {
			if mentions(bare) > 0 && key != "npmRegistries" {
				return nil, n
			}
			continue
		}
		value = plainString(value)
		if value == "" {
			return nil, n
		}
		name := scope + "registry"
		if key == "npmRegistryServer" {
			name = serverPrefix + name
		}
		l[name] = setting{value, Source{Line: n}}
	}
	return l, 0
}

// serverPrefix tells registries to install from from those to publish to.
const serverPrefix = "install from "

// publishFirst returns the layers of all .yarnrc.yml files in the order in which
// yarn looks for a registry to publish to (npmConfigUtils.ts): a registry to
// publish to in any of them, then one to install from. Whether a scope's
// registry to install from counts differs between versions.
func publishFirst(files []layer) [][]layer {
	var publish, plain, all []layer
	for _, f := range files {
		p, bare, full := layer{}, layer{}, layer{}
		for key, s := range f {
			name, server := strings.CutPrefix(key, serverPrefix)
			switch {
			case !server:
				p[name] = s
			case name == "registry":
				bare[name] = s
				full[name] = s
			default:
				full[name] = s
			}
		}
		publish, plain, all = append(publish, p), append(plain, bare), append(all, full)
	}
	return [][]layer{slices.Concat(publish, plain), slices.Concat(publish, all)}
}

// readBunfig reads the registries of a bunfig.toml: those of the section
// [install], as text or as a table with a url, and those of scopes.
func readBunfig(text string) (layer, int) {
	l := layer{}
	section := ""
	for n, line := range numberedLines(text) {
		line = uncommented(line)
		if strings.HasPrefix(line, "[") {
			section = strings.ReplaceAll(line, " ", "")
			if section != "[install.scopes]" && mentions(section) > 0 {
				return nil, n
			}
			continue
		}
		name, value, _ := strings.Cut(line, "=")
		key := plainString(trim(name))
		address := addressIn(trim(value))
		switch {
		case section == "[install.scopes]" && key != "":
			key = "@" + strings.TrimPrefix(key, "@") + ":registry"
		case section == "[install]" && key == "registry":
		case mentions(name) == 0 && !strings.Contains(name, "scopes") && (mentions(value) == 0 || !strings.HasPrefix(trim(value), "{")):
			continue
		default:
			return nil, n
		}
		if address == "" {
			return nil, n
		}
		l[key] = setting{address, Source{Line: n}}
	}
	return l, 0
}

// uncommented returns a line of TOML or YAML without the comment at its end.
func uncommented(line string) string {
	var quote rune
	for i, c := range line {
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '#' && (i == 0 || line[i-1] == ' ' || line[i-1] == '\t'):
			return trim(line[:i])
		}
	}
	return trim(line)
}

// addressIn returns the address in a value of a bunfig.toml, "" when it is not
// understood.
func addressIn(value string) string {
	table, ok := strings.CutPrefix(value, "{")
	if !ok {
		return plainString(value)
	}
	for pair := range strings.SplitSeq(strings.TrimSuffix(table, "}"), ",") {
		if key, value, _ := strings.Cut(pair, "="); trim(key) == "url" {
			return plainString(trim(value))
		}
	}
	return ""
}

// readLerna reads the registry of a lerna.json, or of the member lerna of a
// package.json: the options of the commands publish and version, and then those
// of the file, are those of publish. What has another folder published, or another
// file read, is not followed.
func readLerna(text string) (layer, int) {
	if trim(text) == "" {
		return nil, 0
	}
	if !json.Valid([]byte(text)) {
		return nil, 1
	}
	command := memberOf(text, "command")
	of := func(text, key string) string { // null and "" are none
		var value any
		_ = json.Unmarshal([]byte(memberOf(text, key)), &value)
		if value == nil {
			return ""
		}
		return fmt.Sprint(value)
	}
	publish, version := memberOf(command, "publish"), memberOf(command, "version")
	lineOf := func(key string) int {
		return 1 + strings.Count(text[:max(0, strings.Index(strings.ToLower(text), `"`+key+`"`))], "\n")
	}
	switch {
	case of(text, "extends") != "":
		return nil, lineOf("extends")
	case of(publish, "contents")+of(version, "contents")+of(text, "contents") != "":
		return nil, lineOf("contents")
	case of(publish, "directory") != "":
		return nil, lineOf("directory")
	}
	value := cmp.Or(of(publish, "registry"), of(version, "registry"), of(text, "registry"))
	if value == "" {
		return nil, 0
	}
	return layer{"registry": setting{value, Source{Line: lineOf("registry")}}}, 0
}

// readPnpm reads the registries of a pnpm-workspace.yaml, and of pnpm's own
// config.yaml, written one to a line.
func readPnpm(text string) (layer, int) {
	l := layer{}
	section := ""
	for n, line := range numberedLines(text) {
		bare := uncommented(line)
		if bare == "" || bare == "---" {
			continue
		}
		nested := line[0] == ' ' || line[0] == '\t' || line[0] == '-'
		name, value, ok := cutKey(bare)
		key := plainString(name)
		if !nested {
			section = key
		}
		switch {
		case !nested && key == "registries" && value == "":
			continue
		case nested && section == "registries" && key == "default", !nested && key == "registry":
			key = "registry"
		case nested && section == "registries" && ok && strings.HasPrefix(key, "@"):
			key += ":registry"
		case nested && section != "registries":
			continue
		case !nested && mentions(name) == 0 && !strings.Contains(strings.ToLower(name), "npmrc") && !strings.Contains(strings.ToLower(name), "pnpmfile") && !strings.HasPrefix(name, "{") && name != "<<":
			continue
		default:
			return nil, n
		}
		address := plainString(value)
		if address == "" {
			return nil, n
		}
		l[key] = setting{address, Source{Line: n}}
	}
	return l, 0
}

// cutKey splits a line of YAML behind its key, which may stand in quotes.
func cutKey(line string) (key, value string, ok bool) {
	skip := 0
	if line[0] == '"' || line[0] == '\'' {
		skip = 1 + strings.IndexByte(line[1:], line[0])
	}
	key, value, ok = strings.Cut(line[skip:], ":")
	return line[:skip] + key, trim(value), ok
}

// memberOf returns a member of a JSON object, as what a package.json says to a tool in
// the member of its name, behind as many lines as stand before that. Unlike with struct
// tags, the case of letters counts.
func memberOf(text, tool string) string {
	found := ""
	_ = members(json.NewDecoder(strings.NewReader(text)), func(key string, raw json.RawMessage, start int64) error {
		if key == tool {
			found = strings.Repeat("\n", strings.Count(text[:start], "\n")) + string(raw)
		}
		return nil
	})
	return found
}

// plainString returns a string without its quotes, and nothing for one that
// needs a reader of its format: with escapes, variables or comments.
func plainString(s string) string {
	if quoted(s) && len(s) > 1 {
		s = s[1 : len(s)-1]
	}
	if strings.ContainsAny(s, "\"'\\${}[]#, \t&*!|>`") {
		return ""
	}
	return s
}

// isPresent reports whether there is a file or folder, or a link to one or to
// nothing.
func isPresent(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}
