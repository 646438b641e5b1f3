package tools

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"npmotp/internal/npm/argv"
)

// A call is a tool with the arguments that reach it.
type call struct {
	tool *tool       // nil when the table does not have it
	name string      // as the user typed it
	args []string    // what comes after the name
	pos  []int       // where each of args stands in the command line, and where the next one would
	p    argv.Parsed // args as the tool reads them
	// outer is the runner that reads the options in place of the tool, as
	// "npm exec lerna publish" without a -- does; nil when there is none.
	outer *call
	// moved is what in the runners in front of the tool has it run in another folder
	// or with other settings, "" when nothing does.
	moved string
	// handed tells that npm exec or npx was given a code, which it hands on as
	// npm's variable.
	handed bool
	// script tells that a script of the project runs, which may run anything that asks.
	script bool
}

func newCall(t *tool, name string, args []string, pos []int) call {
	c := call{tool: t, name: name, args: args, pos: pos}
	c.p = c.grammar().Parse(args)
	return c
}

// grammar returns how the arguments of the call are read.
func (c call) grammar() *argv.Grammar {
	if c.tool == nil || c.tool.grammar == nil {
		return &argv.Grammar{}
	}
	return c.tool.grammar
}

// value returns what an option is set to, "" when it is not there.
func (c call) value(option string) string {
	value, _ := c.p.Option(option)
	return value
}

// seeThrough returns the call of the tool that will publish, log in and so
// on, without the runners in front of it.
func seeThrough(argv []string, o Options) call {
	pos := make([]int, len(argv))
	for i := range pos {
		pos[i] = i + 1
	}
	c := newCall(toolNamed(argv[0]), argv[0], argv[1:], pos)
	for c.tool != nil {
		if o.Berry && c.tool.name == "yarn" {
			c.tool.rows = slices.DeleteFunc(c.tool.rows, func(r row) bool { return r.need != none && o.Scripts[r.name()] != "" })
		}
		next, ok := c.inner()
		if !ok || c.moved == "" && c.isScript(next, o.Scripts) {
			break
		}
		next.handed = next.handed || c.handed
		next.moved = cmp.Or(c.moved, c.moves(next))
		c = next
	}
	if c.moved == "" && c.tool != nil && c.tool.elsewhere {
		c.moved = strings.TrimSpace(c.tool.name + " " + c.subcommand())
	}
	return c
}

// isScript reports whether what looks like another tool is a script of the project that
// has its name, and does more than to run it.
func (c call) isScript(next call, scripts map[string]string) bool {
	named := c.tool.runsUnknown && next.tool != c.tool && (c.row().names == "" || c.row().runs == script)
	text, ok := scripts[next.name]
	return named && ok && strings.TrimSpace(text) != next.name
}

// runsScript reports whether the call runs a script of the project, named by a
// word of its own or, as pnpm, yarn and bun have it, without "run".
func (c call) runsScript(scripts map[string]string) bool {
	t := c.tool
	switch {
	case t == nil || len(t.asks) == 0:
		return false
	case t.scripted:
		return true
	case len(c.p.Words) > 1 && contains(t.running, c.subcommand()):
		return true
	case !t.runsUnknown || len(c.p.Words) == 0 || contains(t.builtIn, c.p.Words[0].Text):
		return false
	}
	// The scripts of another package are not known from here.
	away := c.moved != "" || slices.ContainsFunc(strings.Fields("cwd dir filter filter-prod r recursive"), func(o string) bool { return c.p.Options[o] != nil })
	_, _, known := t.row(c.p.Words[0].Text)
	_, named := scripts[c.p.Words[0].Text]
	return !known && (away || named)
}

// moves returns what has the inner call of a runner run in another folder or with
// other settings than the ones that are seen from here, "" when nothing does. An
// option of npm is a setting of the npm that it runs; the ones that are known to
// leave folder and registries alone are few, and of the other runners any may move.
func (c call) moves(in call) string {
	for _, arg := range c.args[:len(c.args)-len(in.args)-1] { // "npx -p npm@6 npm publish"
		_, value, _ := strings.Cut(arg, "=")
		if named := cmp.Or(value, arg); in.tool != nil && named != in.name && strings.Contains(named, "@") && Known(named) && toolNamed(named).name == in.tool.name {
			return c.tool.name + " " + named
		}
	}
	if c.tool.name == "npm" || c.tool.name == "npx" {
		p := c.p
		if c.tool.start != nil {
			p = c.grammar().Parse(c.args[:len(c.args)-len(in.args)-1])
		}
		for _, name := range slices.Sorted(maps.Keys(p.Options)) {
			if !contains(stays, name) {
				return c.tool.name + " --" + name
			}
		}
		return ""
	}
	if contains("recursive multi m", c.name) {
		return c.tool.name + " " + c.name // and not the publication of it, which is seen
	}
	if len(c.p.Words) > 0 && c.tool.start == nil {
		if word := c.p.Words[0].Text; contains("workspace workspaces", word) || c.entersFolder() || c.tool.name == "lerna" {
			return c.tool.name + " " + word
		}
	}
	for _, arg := range c.args[:len(c.args)-len(in.args)-1] {
		if option, _, _ := strings.Cut(arg, "="); strings.HasPrefix(arg, "-") && !contains("-- -y --yes -s --silent -q --quiet --bun", option) {
			return c.tool.name + " " + option
		}
	}
	return ""
}

// stays are the options of npm with which what it runs has the same folder and the
// same registries. Parseable is what the grammar has for the -p of npx.
const stays = "access auth-type audit browser cache call color dry-run force foreground-scripts fund ignore-scripts json loglevel " +
	"install offline otp package parseable prefer-offline prefer-online progress provenance quiet tag timing unicode update-notifier usage version yes"

// inner returns the call that c makes when c is a runner.
func (c call) inner() (call, bool) {
	if c.tool.start != nil {
		if i := c.tool.start(c.args); i < len(c.args) {
			in := newCall(toolNamed(c.args[i]), c.args[i], c.args[i+1:], c.pos[i+1:])
			_, in.handed = c.grammar().Parse(c.args[:i]).Option(c.tool.option)
			return in, true
		}
		return call{}, false
	}
	if len(c.p.Words) == 0 {
		return call{}, false
	}
	r, _, known := c.tool.row(c.p.Words[0].Text)
	if !known {
		if c.entersFolder() {
			return c.from(0, c.tool), true
		}
		// pnpm, yarn and bun take a word that they do not know for a script
		// or a program of the project.
		t := toolNamed(c.p.Words[0].Text)
		if t == nil || !c.tool.runsUnknown || strings.Contains(c.p.Words[0].Text, "/") {
			return call{}, false
		}
		return c.from(0, t), true
	}
	if r.runs == nothing || len(c.p.Words) <= 1+r.skip {
		return call{}, false
	}
	switch r.runs {
	case script:
		t := toolNamed(c.p.Words[1].Text)
		return c.from(1, t), t != nil
	case itself:
		return c.from(r.skip, c.tool), true
	case yarnsNpm:
		return c.from(r.skip, yarnNpm()), true
	case wordsOnly:
		return c.words(), true
	case program, nothing:
	}
	return c.from(1+r.skip, toolNamed(c.p.Words[1+r.skip].Text)), true
}

// entersFolder reports whether the first word is a folder in which the newer yarn
// runs the command of npm that stands behind it.
func (c call) entersFolder() bool {
	return c.tool.name == "yarn" && len(c.p.Words) > 1 && strings.Contains(c.p.Words[0].Text, "/") && c.p.Words[1].Text == "npm"
}

// from returns the call of t whose name is word i of c, with every argument
// after that word.
func (c call) from(i int, t *tool) call {
	at := c.p.Words[i].At + 1
	return newCall(t, c.p.Words[i].Text, c.args[at:], c.pos[at:])
}

// words returns the call that npm exec makes: npm passes on the words that it
// found and keeps the options, unless they stand after a --
// (lib/commands/exec.js, where args are the remain of nopt).
func (c call) words() call {
	var args []string
	var pos []int
	for _, w := range c.p.Words[2:] {
		args = append(args, w.Text)
		pos = append(pos, c.pos[w.At])
	}
	name := c.p.Words[1].Text
	in := newCall(toolNamed(name), name, args, append(pos, c.pos[len(c.args)]))
	_, in.handed = c.p.Option(c.tool.option)
	if c.p.End == len(c.args) {
		in.outer = &c
	}
	return in
}

// hides reports whether the call runs a shell command out of sight, as npx -c
// does.
func (c call) hides() bool {
	_, ok := c.p.Option("call")
	return ok && (c.tool.start != nil || c.row().runs == wordsOnly)
}

// subcommand returns the full name of the sub-command.
func (c call) subcommand() string {
	if len(c.p.Words) == 0 {
		return ""
	}
	_, name, _ := c.tool.row(c.p.Words[0].Text)
	return name
}

// row returns the row of the sub-command, the zero row when there is none.
func (c call) row() row {
	if len(c.p.Words) == 0 {
		return row{}
	}
	r, _, _ := c.tool.row(c.p.Words[0].Text)
	return r
}

// starless is the first npm without star, which then is an abbreviation.
const starless = 12

// decide reports whether a code goes with the call, and why.
func (c call) decide(o Options) (needs bool, why string) {
	if c.tool == nil {
		return true, fmt.Sprintf("how %s takes a code is given on the command line", c.name)
	}
	for pair := range strings.FieldsSeq(c.tool.idle) {
		option, value, _ := strings.Cut(pair, "=")
		if c.value(option) == value {
			return false, fmt.Sprintf("%s --%s publishes nothing", c.tool.name, pair)
		}
	}
	for option := range strings.FieldsSeq(c.tool.prints) {
		if c.value(option) == "true" {
			return false, fmt.Sprintf("%s --%s only prints", c.tool.name, strings.Replace(option, "usage", "help", 1))
		}
	}
	need, what, why := c.need()
	if c.tool.name == "npm" && c.subcommand() == "star" && o.NPMMajor >= starless {
		return false, "this npm has no star and takes it for start, which runs a script"
	}
	if need == write && o.Level == AuthOnly {
		need, why = none, "the account is auth-only and "+what+" is not a login"
	}
	if need == none {
		return false, why
	}
	if given := c.given(o.Environ); given != "" {
		return false, given
	}
	return true, what + " takes a one-time password"
}

// need returns what the call needs a code for, what the call is called, and
// why it needs none.
func (c call) need() (need need, what, why string) {
	t := c.tool
	if len(c.p.Words) == 0 {
		return t.bare, t.name, t.name + " without a sub-command takes no one-time password"
	}
	r, name, known := t.row(c.p.Words[0].Text)
	what = t.name + " " + name
	if !known {
		return t.unknown, what, what + " takes no one-time password"
	}
	verb := ""
	if len(c.p.Words) > 1 {
		verb = c.p.Words[1].Text
	}
	switch {
	case r.need == none:
		why = what + " takes no one-time password"
	case contains(r.free, verb):
		why = what + " " + verb + " uploads a version that waits for its approval, and takes no one-time password"
	case r.only(verb):
		why = strings.TrimSpace(what+" "+verb) + " changes nothing and takes no one-time password"
	case r.dryRun && c.value("dry-run") == "true":
		why = what + " --dry-run sends nothing"
	default:
		return r.need, what, ""
	}
	return none, what, why
}

// given says where the user gave a code already, "" when there is none.
func (c call) given(environ []string) string {
	if _, ok := c.p.Option(c.tool.option); ok || c.handed {
		return "an --" + c.tool.option + " is given already"
	}
	for _, kv := range environ {
		for _, name := range c.tool.env {
			if _, value, _ := strings.Cut(kv, "="); isVariable(kv, name) && strings.TrimSpace(value) != "" {
				return name + " is set already"
			}
		}
	}
	return ""
}

// way returns the flag or the variables by which a code reaches the call.
func (c call) way(v Via) (flag string, names []string, err error) {
	t := c.tool
	switch {
	case t.flag == "" && len(t.env) == 0:
		return "", nil, fmt.Errorf("%w: %s; %s", ErrNoWay, t.noWay, t.mend)
	case c.row().noFlag:
		return "", nil, fmt.Errorf("%w: %s %s takes a one-time password at its own prompt only; run it at a terminal", ErrNoWay, t.name, c.subcommand())
	case v == Env && (len(t.env) == 0 || c.row().noEnv):
		return "", nil, fmt.Errorf("%w: %s %s reads a one-time password from no variable; use --via flag", ErrNoWay, t.name, c.subcommand())
	case v == Env || t.flag == "":
		return "", t.env, nil
	case c.outer == nil:
		return t.flag, nil, nil
	case slices.Contains(t.env, npmVariable):
		// npm hands its own --otp on as a variable (config/lib/set-envs.js).
		return c.outer.tool.flag, nil, nil
	}
	return "", nil, fmt.Errorf("%w: npm exec keeps the options of %s for itself; write npm exec -- %s", ErrNoWay, c.name, c.name)
}

// place returns where in the command line insert goes: after the options,
// which is the end or just before a --. Where an option at that point still
// wants a value, and would take the code for it, it goes before that option.
func (c call) place(insert []string) int {
	if c.outer != nil {
		return c.outer.place(insert)
	}
	if len(insert) != 1 || !strings.HasPrefix(insert[0], "-") {
		return c.pos[c.p.End]
	}
	option, _, _ := strings.Cut(strings.TrimLeft(insert[0], "-"), "=")
	for at := c.p.End; at >= max(0, c.p.End-2); at-- {
		q := c.grammar().Parse(slices.Concat(c.args[:at], insert, c.args[at:]))
		if _, ok := q.Option(option); ok && len(q.Words) == len(c.p.Words) {
			return c.pos[at]
		}
	}
	return c.pos[c.p.End]
}
