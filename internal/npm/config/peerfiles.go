package config

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// ownLayers reads the tool's own files, the nearest first. A file that speaks
// of registries in a way that is not understood is an error.
func (c *config) ownLayers(p peer, dir string) ([]layer, error) {
	var list []layer
	seen := map[string]bool{}
	for d := range upwards(dir) {
		for name := range strings.FieldsSeq(p.own) {
			if strings.Contains(name, "/") {
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
	if seen[name] {
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
	if filepath.Base(name) == "package.json" {
		text = memberOf(text, c.query.Tool)
	}
	read := p.reader
	if read == nil {
		read = func(text string) (layer, int) { return nil, mentions(text) }
	}
	if line := wireLine(text); line > 0 && filepath.Dir(name) != c.home && !strings.Contains(name, "/.config/") {
		source.Line = line
		return c.unknown(source, "the project says who is at the other end of the connection", nil)
	}
	l, line := read(text)
	if line > 0 {
		source.Line = line
		return c.unknown(source, "the line is about a registry, and is not understood", nil)
	}
	for key, s := range l {
		s.source.Kind, s.source.File, s.source.Name = File, name, key
		l[key] = s
	}
	*list = append(*list, l)
	return nil
}

// mentions returns the first line that has to do with where packages go, 0 when
// there is none.
func mentions(text string) int {
	for n, line := range numberedLines(text) {
		lower := strings.ToLower(line)
		for _, word := range []string{"registr", "publishpath", "publishargs", "npmscopes", "install.scopes", `"contents"`} {
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
		if strings.HasPrefix(line, "#") || mentions(line) == 0 {
			continue
		}
		key, value, _ := strings.Cut(line, " ")
		key, value = plainString(key), plainString(trim(value))
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
		bare := trim(line)
		if bare == "" || strings.HasPrefix(bare, "#") {
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
		line = trim(line)
		if strings.HasPrefix(line, "[") {
			section = line
		}
		if line == "" || line == section || strings.HasPrefix(line, "#") {
			if section != "[install.scopes]" && mentions(line) > 0 && !strings.HasPrefix(line, "#") {
				return nil, n
			}
			continue
		}
		key, value, _ := strings.Cut(line, "=")
		key, value = plainString(trim(key)), addressIn(trim(value))
		switch {
		case section == "[install.scopes]" && key != "":
			key = "@" + strings.TrimPrefix(key, "@") + ":registry"
		case section == "[install]" && key == "registry":
		case mentions(line) == 0:
			continue
		default:
			return nil, n
		}
		if value == "" {
			return nil, n
		}
		l[key] = setting{value, Source{Line: n}}
	}
	return l, 0
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

// readLerna reads the registry of a lerna.json, which stands in the options of
// its command publish.
func readLerna(text string) (layer, int) {
	line := mentions(text)
	if line == 0 {
		return nil, 0
	}
	var file struct {
		Command struct{ Publish struct{ Registry string } }
	}
	err := json.Unmarshal([]byte(text), &file)
	value := file.Command.Publish.Registry
	rest := strings.Replace(strings.Replace(text, `"registry"`, "", 1), value, "", 1)
	if err != nil || value == "" || mentions(rest) > 0 {
		return nil, line
	}
	return layer{"registry": setting{value, Source{Line: line}}}, 0
}

// memberOf returns what a package.json says to a tool in the member of its name,
// behind as many lines as stand before that in the file.
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
