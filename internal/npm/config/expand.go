package config

import (
	"errors"
	"strings"
)

// errNoVariable means that a setting names an environment variable that is not
// there; npm 6 stops at it.
var errNoVariable = errors.New("it names an environment variable that is not set")

// expand replaces ${NAME} in s, as npm's env-replace.js does, and envReplace of
// lib/config/core.js in npm 6. A backslash before it keeps it; npm from 11 on
// takes ${NAME?} for nothing where NAME is not set.
func (d dialect) expand(s string, env environment) (string, error) {
	var b strings.Builder
	for {
		at := strings.Index(s, "${")
		if at < 0 {
			break
		}
		name, length := d.variable(s[at:])
		if length == 0 {
			b.WriteString(s[:at+1])
			s = s[at+1:]
			continue
		}
		before := strings.TrimRight(s[:at], `\`)
		slashes := s[len(before):at]
		b.WriteString(before)
		raw := s[at : at+length]
		s = s[at+length:]
		text, err := d.replacement(slashes, raw, name, env)
		if err != nil {
			return "", err
		}
		b.WriteString(text)
	}
	b.WriteString(s)
	return b.String(), nil
}

// variable returns the name in the ${NAME} that s begins with, and how long
// that is; a length of 0 means that it is none.
func (d dialect) variable(s string) (name string, length int) {
	end := strings.IndexByte(s, '}')
	if end < 0 {
		return "", 0
	}
	name = s[len("${"):end]
	if d.strictVariables {
		return name, lengthUnless(name == "", end+1)
	}
	bare := name
	if d.optionalVariables {
		bare = strings.TrimSuffix(name, "?")
		if strings.Contains(bare, "?") {
			return "", 0
		}
	}
	return name, lengthUnless(bare == "" || strings.ContainsAny(name, "${"), end+1)
}

func lengthUnless(none bool, length int) int {
	if none {
		return 0
	}
	return length
}

// replacement returns what stands for slashes followed by raw, which is
// ${name}.
func (d dialect) replacement(slashes, raw, name string, env environment) (string, error) {
	odd := len(slashes)%2 == 1
	if d.strictVariables {
		// npm 6 keeps a ${NAME} with an odd number of backslashes as it is,
		// and drops an even number of them.
		if odd {
			return slashes + raw, nil
		}
		value, ok := env.get(name)
		if !ok {
			return "", errNoVariable
		}
		return value, nil
	}
	if odd {
		return slashes[(len(slashes)+1)/2:] + raw, nil
	}
	bare := name
	if d.optionalVariables {
		bare = strings.TrimSuffix(name, "?")
	}
	value, ok := env.get(bare)
	switch {
	case ok:
	case bare != name:
		value = ""
	default:
		value = "${" + name + "}"
	}
	return slashes[len(slashes)/2:] + value, nil
}
