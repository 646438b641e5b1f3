// Package argv reads command lines as npm and the tools around it do.
//
// It tells words from options and options from their values. It does not check
// values: npm drops those that do not fit their type, and what becomes of them
// is for the caller to know.
package argv

import (
	"slices"
	"strconv"
	"strings"
)

// A Grammar says how a tool reads its command line. The algorithm is that of
// nopt, the parser of npm and pnpm (lib/nopt-lib.js in nopt 8, lib/nopt.js
// before); the tools that use another parser agree with it on what matters
// here: which arguments are words, and which are values of options.
type Grammar struct {
	Types       map[string][]string // option to its types, in nopt's terms
	Shorthands  map[string][]string // short name to what it stands for, never itself
	Abbreviates bool                // unambiguous prefixes of options are options
}

// A Word is an argument, or the part of one that nopt splits off, with the
// index of the argument that it comes from.
type Word struct {
	Text string
	At   int
}

// Parsed is a command line that was read. nopt splits, expands and drops;
// Words and End keep pointing into the arguments as they were.
type Parsed struct {
	Words   []Word              // the arguments that are not options, in order
	Options map[string][]string // the values of each option, in order; "true" and "false" for booleans
	End     int                 // index of the argument that ends the options, else their number
}

// Option returns the last value of an option, which is the one that counts
// where a tool takes one only, and whether the option is there.
func (p Parsed) Option(name string) (string, bool) {
	values := p.Options[name]
	if len(values) == 0 {
		return "", false
	}
	return values[len(values)-1], true
}

// Parse reads args as nopt does. It is nopt's parse() without the cleaning of
// values that follows it.
func (g *Grammar) Parse(args []string) Parsed {
	tokens := make([]Word, len(args))
	for i, a := range args {
		tokens[i] = Word{a, i}
	}
	p := Parsed{Options: map[string][]string{}, End: len(args)}
	for i := 0; i < len(tokens); i++ {
		arg, at := tokens[i].Text, tokens[i].At
		if endsOptions(arg) {
			p.End = at
			p.Words = append(p.Words, tokens[i+1:]...)
			break
		}
		if len(arg) < 2 || arg[0] != '-' {
			p.Words = append(p.Words, tokens[i])
			continue
		}
		name, value, hadEq := strings.Cut(arg, "=")
		if hadEq {
			tokens = slices.Concat(tokens[:i], []Word{{name, at}, {value, at}}, tokens[i+1:])
		}
		if long := g.shorthand(name); long != nil {
			expanded := make([]Word, len(long))
			for j, l := range long {
				expanded[j] = Word{l, at}
			}
			tokens = slices.Concat(tokens[:i], expanded, tokens[i+1:])
			i--
			continue
		}
		i += p.option(g, strings.TrimLeft(name, "-"), hadEq, tokens[i+1:])
	}
	return p
}

// option records the option called name and returns how many of the tokens
// after it are its value.
func (p *Parsed) option(g *Grammar, name string, hadEq bool, rest []Word) int {
	negated, no := false, false
	for len(name) >= 3 && strings.EqualFold(name[:3], "no-") {
		negated, no, name = true, !no, name[3:]
	}
	name = g.option(name)
	types, known := g.Types[name]
	several := len(types) > 1
	next, more := "", len(rest) > 0
	if more {
		next = rest[0].Text
	}

	if negated || slices.Contains(types, "bool") || !known && !hadEq ||
		next == "false" && slices.Contains(types, "null") {
		switch {
		case next == "true" || next == "false":
			p.add(name, strconv.FormatBool((next == "true") != no))
			return 1
		case several && more && next != "" && takes(types, next):
			p.add(name, next)
			return 1
		}
		p.add(name, strconv.FormatBool(!no))
		return 0
	}
	if !more || endsOptions(next) {
		p.add(name, "true")
		return 0
	}
	// A lone String does not swallow an option; every other type does.
	if len(types) == 1 && types[0] == "string" && looksLikeOption(next) {
		p.add(name, "")
		return 0
	}
	p.add(name, next)
	return 1
}

func (p *Parsed) add(name, value string) {
	p.Options[name] = append(p.Options[name], value)
}

// takes reports whether an option that may stand alone takes next as its
// value: one of its literal values, a number or a string where it has those.
func takes(types []string, next string) bool {
	if next == "null" {
		return slices.Contains(types, "null")
	}
	for _, t := range types {
		switch t {
		case "null", "bool", "other", "array", "true", "false":
		case "number":
			if _, err := strconv.ParseFloat(strings.TrimSpace(next), 64); err == nil {
				return true
			}
		case "string":
			if len(next) < 2 || next[0] != '-' || next[1] == '-' {
				return true
			}
		default:
			if next == t {
				return true
			}
		}
	}
	return false
}

// endsOptions is nopt's /^-{2,}$/: "--" and also "---".
func endsOptions(arg string) bool {
	return len(arg) >= 2 && strings.Trim(arg, "-") == ""
}

// looksLikeOption is nopt's /^-{1,2}[^-]+/.
func looksLikeOption(arg string) bool {
	bare := strings.TrimPrefix(strings.TrimPrefix(arg, "-"), "-")
	return bare != arg && bare != "" && bare[0] != '-'
}

// shorthand returns what name stands for, or nil when name is an option of
// its own (resolveShort in nopt).
func (g *Grammar) shorthand(name string) []string {
	name = strings.TrimLeft(name, "-")
	if _, ok := g.Types[name]; ok {
		return nil
	}
	if long, ok := g.Shorthands[name]; ok {
		return long
	}
	var all []string
	for _, c := range name {
		long, ok := g.Shorthands[string(c)]
		if !ok {
			all = nil
			break
		}
		all = append(all, long...)
	}
	if all != nil || !g.Abbreviates || g.option(name) != name {
		return all
	}
	if short, ok := unabbreviate(name, g.Shorthands); ok {
		return g.Shorthands[short]
	}
	return nil
}

// option returns the full name of an option. A prefix that several options
// share stands for the first of them when all have the same types, because
// they then read the command line alike: npm's versions differ in their
// options, and what one of them finds ambiguous another does not.
func (g *Grammar) option(name string) string {
	if _, ok := g.Types[name]; ok || !g.Abbreviates {
		return name
	}
	if full, ok := unabbreviate(name, g.Types); ok {
		return full
	}
	return name
}

func unabbreviate(name string, among map[string][]string) (string, bool) {
	full := ""
	for candidate, types := range among {
		if name == "" || !strings.HasPrefix(candidate, name) {
			continue
		}
		if full != "" && !slices.Equal(types, among[full]) {
			return "", false
		}
		if full == "" || candidate < full {
			full = candidate
		}
	}
	return full, full != ""
}
