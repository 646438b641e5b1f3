package npmrun

import (
	"slices"
	"strconv"
	"strings"
)

// A grammar says how a tool reads its command line. The algorithm is that of
// nopt, the parser of npm and pnpm (lib/nopt-lib.js in nopt 8, lib/nopt.js
// before); the tools that use another parser agree with it on what matters
// here: which arguments are words, and which are values of options.
type grammar struct {
	types       map[string][]string // option to its types, in nopt's terms
	shorthands  map[string][]string // short name to what it stands for, never itself
	abbreviates bool                // unambiguous prefixes of options are options
}

// A word is an argument, or the part of one that nopt splits off, with the
// index of the argument that it comes from.
type word struct {
	text string
	at   int
}

// A parsed command line. nopt splits, expands and drops; words and end keep
// pointing into the arguments as they were.
type parsed struct {
	words   []word            // the arguments that are not options, in order
	options map[string]string // the last value of each option; "true" and "false" for booleans
	end     int               // index of the argument that ends the options, else their number
}

// parse reads args as nopt does. It is nopt's parse() without the cleaning of
// values that follows it.
func (g *grammar) parse(args []string) parsed {
	tokens := make([]word, len(args))
	for i, a := range args {
		tokens[i] = word{a, i}
	}
	p := parsed{options: map[string]string{}, end: len(args)}
	for i := 0; i < len(tokens); i++ {
		arg, at := tokens[i].text, tokens[i].at
		if endsOptions(arg) {
			p.end = at
			p.words = append(p.words, tokens[i+1:]...)
			break
		}
		if len(arg) < 2 || arg[0] != '-' {
			p.words = append(p.words, tokens[i])
			continue
		}
		name, value, hadEq := strings.Cut(arg, "=")
		if hadEq {
			tokens = slices.Replace(tokens, i, i+1, word{name, at}, word{value, at})
		}
		if long := g.shorthand(name); long != nil {
			expanded := make([]word, len(long))
			for j, l := range long {
				expanded[j] = word{l, at}
			}
			tokens = slices.Replace(tokens, i, i+1, expanded...)
			i--
			continue
		}
		i += p.option(g, strings.TrimLeft(name, "-"), hadEq, tokens[i+1:])
	}
	return p
}

// option records the option called name and returns how many of the tokens
// after it are its value.
func (p *parsed) option(g *grammar, name string, hadEq bool, rest []word) int {
	negated, no := false, false
	for len(name) >= 3 && strings.EqualFold(name[:3], "no-") {
		negated, no, name = true, !no, name[3:]
	}
	name = g.option(name)
	types, known := g.types[name]
	several := len(types) > 1
	next, more := "", len(rest) > 0
	if more {
		next = rest[0].text
	}

	if negated || slices.Contains(types, "bool") || !known && !hadEq ||
		next == "false" && slices.Contains(types, "null") {
		switch {
		case next == "true" || next == "false":
			p.options[name] = strconv.FormatBool((next == "true") != no)
			return 1
		case several && more && next != "" && takes(types, next):
			p.options[name] = next
			return 1
		}
		p.options[name] = strconv.FormatBool(!no)
		return 0
	}
	if !more || endsOptions(next) {
		p.options[name] = "true"
		return 0
	}
	// A lone String does not swallow an option; every other type does.
	if len(types) == 1 && types[0] == "string" && looksLikeOption(next) {
		p.options[name] = ""
		return 0
	}
	p.options[name] = next
	return 1
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
func (g *grammar) shorthand(name string) []string {
	name = strings.TrimLeft(name, "-")
	if _, ok := g.types[name]; ok {
		return nil
	}
	if long, ok := g.shorthands[name]; ok {
		return long
	}
	var all []string
	for _, c := range name {
		long, ok := g.shorthands[string(c)]
		if !ok {
			all = nil
			break
		}
		all = append(all, long...)
	}
	if all != nil || !g.abbreviates || g.option(name) != name {
		return all
	}
	if short, ok := unabbreviate(name, g.shorthands); ok {
		return g.shorthands[short]
	}
	return nil
}

// option returns the full name of an option. A prefix that several options
// share stands for the first of them when all have the same types, because
// they then read the command line alike: npm's versions differ in their
// options, and what one of them finds ambiguous another does not.
func (g *grammar) option(name string) string {
	if _, ok := g.types[name]; ok || !g.abbreviates {
		return name
	}
	if full, ok := unabbreviate(name, g.types); ok {
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
