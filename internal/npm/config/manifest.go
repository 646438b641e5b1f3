package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
)

// A manifest is what matters here of a package.json.
type manifest struct {
	file          string
	name          string
	private       bool
	publishConfig map[string]setting
	scripts       map[string]setting
	workspaces    []string
	hasWorkspaces bool
}

var (
	errNotJSON    = errors.New("this is not a package.json")
	errNoObject   = errors.New("this is not a JSON object")
	errWorkspaces = errors.New("workspaces is not a list of patterns")
)

// readManifest reads dir's package.json. Without one it returns nil.
func readManifest(dir string) (*manifest, error) {
	file := filepath.Join(dir, "package.json")
	text, found, err := readFile(file, manifestLimit)
	if err != nil || !found {
		return nil, err
	}
	return parseManifest(text, file)
}

// parseManifest reads the text of a package.json. Of a key that is there twice
// the last one counts, as for JSON.parse; unlike with struct tags, the case of
// letters does too.
func parseManifest(text, file string) (*manifest, error) {
	m := &manifest{file: file}
	text = strings.TrimPrefix(text, "\uFEFF")
	dec := json.NewDecoder(strings.NewReader(text))
	err := members(dec, func(key string, raw json.RawMessage, start int64) error {
		var err error
		switch key {
		case "name":
			var name any
			err = json.Unmarshal(raw, &name)
			m.name, _ = name.(string)
			m.name = trim(m.name)
		case "private":
			m.private = !falsy(raw)
		case "publishConfig":
			m.publishConfig, err = nested(text, raw, start, Source{Kind: PublishConfig, File: file})
		case "scripts":
			m.scripts, err = nested(text, raw, start, Source{Kind: File, File: file})
		case "workspaces":
			if m.hasWorkspaces = !falsy(raw); m.hasWorkspaces {
				m.workspaces, err = patterns(raw)
			}
		}
		return err
	})
	if err == nil {
		if _, err = dec.Token(); errors.Is(err, io.EOF) {
			return m, nil
		}
		err = errNoObject
	}
	return nil, fmt.Errorf("%w: %w", errNotJSON, err)
}

// falsy reports whether JavaScript takes a JSON value for false.
func falsy(raw json.RawMessage) bool {
	return slices.Contains([]string{"false", "null", `""`, "0"}, string(raw))
}

// members calls visit for each member of the JSON object that dec stands
// before, with where the member's value begins or a little before that.
func members(dec *json.Decoder, visit func(key string, raw json.RawMessage, start int64) error) error {
	t, err := dec.Token()
	if err != nil {
		return err
	}
	if t != json.Delim('{') {
		return errNoObject
	}
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return err
		}
		key, _ := t.(string)
		start := dec.InputOffset()
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return err
		}
		if err := visit(key, raw, start); err != nil {
			return err
		}
	}
	_, err = dec.Token()
	return err
}

// nested returns the members of an object in a manifest, with their lines. What
// is no object has none.
func nested(text string, raw json.RawMessage, start int64, source Source) (map[string]setting, error) {
	if raw[0] != '{' {
		return nil, nil
	}
	begin := start + int64(strings.IndexByte(text[start:], '{'))
	values := map[string]setting{}
	err := members(json.NewDecoder(strings.NewReader(string(raw))), func(key string, raw json.RawMessage, start int64) error {
		source.Name = key
		source.Line = 1 + strings.Count(text[:begin+start], "\n")
		var value any
		err := json.Unmarshal(raw, &value)
		values[key] = setting{value, source}
		return err
	})
	return values, err
}

// patterns reads the workspaces of a manifest, which may stand in an object.
func patterns(raw json.RawMessage) ([]string, error) {
	if raw[0] == '{' {
		var object map[string]json.RawMessage
		if err := json.Unmarshal(raw, &object); err != nil {
			return nil, err
		}
		raw = object["packages"]
	}
	var list []string
	if len(raw) == 0 || raw[0] != '[' || json.Unmarshal(raw, &list) != nil {
		return nil, errWorkspaces
	}
	return list, nil
}
