package tools

import (
	"slices"
	"strings"
	"sync"

	"npmotp/internal/npm/argv"
	"npmotp/internal/ptyrun"
)

// npmVariable is the variable that npm and the tools built on its
// configuration read a one-time password from.
const npmVariable = "npm_config_otp"

// A need is what a sub-command wants a one-time password for.
type need int

const (
	none  need = iota
	login      // logging in, tokens and the profile: every account with a second factor
	write      // changing the registry: accounts of the level auth-and-writes
)

// What a sub-command runs when it is a runner.
type runs int

const (
	nothing   runs = iota
	program        // the program named by the next word, with everything after it
	script         // the same, when the table has a tool of that name; else a script of the project
	wordsOnly      // the same, but the options before a -- stay with the runner
	itself         // the tool again: "pnpm recursive publish"
	yarnsNpm       // yarn berry's "yarn npm"
)

// A row is what the table says of a sub-command.
type row struct {
	names  string // its name, then aliases
	need   need
	reads  string // next words with which it only reads
	writes string // when set, the only next words with which it writes
	alone  bool   // it writes without a next word
	free   string // next words with which it writes and the registry asks for nothing
	dryRun bool   // --dry-run keeps it from writing
	noEnv  bool   // it reads the code from no variable, unlike the rest of the tool
	noFlag bool   // it has no option for the code, unlike the rest of the tool
	runs   runs
	skip   int  // words between it and what it runs
	quiet  bool // it starts no other program, not even a script of the project

	_ [0]func() // nobody compares rows, and the program has no code that could
}

// only reports whether the row's command only reads when verb follows it.
func (r row) only(verb string) bool {
	if r.writes != "" {
		return !contains(r.writes, verb)
	}
	return verb == "" && !r.alone || contains(r.reads, verb)
}

// A tool is a program that may ask for a one-time password, or that runs one
// that does.
type tool struct {
	name        string
	flag        string   // the arguments that carry a code
	option      string   // the option that they set
	env         []string // the variables that carry a code
	grammar     *argv.Grammar
	rows        []row
	bare        need   // without a sub-command
	prints      string // options with which it prints something and ends
	idle        string // option=value pairs that keep it from publishing
	unknown     need   // with a sub-command that has no row
	abbreviates bool   // a prefix of one sub-command stands for it
	runsUnknown bool   // a sub-command that has no row is a script, or another tool
	noWay, mend string
	asks        []ptyrun.Pattern // its prompts for a code
	nested      bool             // a program that it starts may be what asks
	classic     string           // the argument that has it ask on the terminal
	running     string           // the sub-commands that run a script of the project
	builtIn     string           // its commands that a script of the project of that name does not replace
	scripted    bool             // it runs what its settings say, a script of the project as a rule
	wrapper     bool             // it runs commands that its arguments, or a file, say
	elsewhere   bool             // it runs npm in other folders, or for other packages, than can be seen from here
	// start returns the index of the program's name, for runners that have
	// rules of their own.
	start func(args []string) int
}

// row returns the row of a sub-command and its full name. npm's rules are in
// deref of lib/utils/cmd-list.js: camelCase is split, an exact name comes
// before an alias, and an alias before an abbreviation.
func (t *tool) row(word string) (row, string, bool) {
	if t.abbreviates {
		word = kebab(word)
	}
	for _, r := range t.rows {
		if contains(r.names, word) {
			return r, r.name(), true
		}
	}
	if !t.abbreviates || word == "" {
		return row{}, word, false
	}
	// A prefix of several names is none of them, except where they all do
	// alike here: which names there are differs between npm's versions.
	var found row
	for _, r := range t.rows {
		for name := range strings.FieldsSeq(r.names) {
			if !strings.HasPrefix(name, word) {
				continue
			}
			switch {
			case found.names == "" || found.actsAs(r):
				found = r
			case found.need == none && r.need == none:
				found = row{names: word}
			default:
				return row{}, word, false
			}
		}
	}
	if found.names == "" {
		return row{}, word, false
	}
	return found, found.name(), true
}

// actsAs reports whether r and s differ in their names only.
func (r row) actsAs(s row) bool {
	return r.need == s.need && r.runs == s.runs && r.skip == s.skip && r.alone == s.alone && r.dryRun == s.dryRun && r.noEnv == s.noEnv &&
		r.noFlag == s.noFlag && r.quiet == s.quiet && r.reads == s.reads && r.writes == s.writes && r.free == s.free
}

func (r row) name() string {
	name, _, _ := strings.Cut(r.names, " ")
	return name
}

// AsksCode returns the sub-commands of npm that the registry asks a code for at
// a level. It is what the table says that exec goes by.
func AsksCode(level Level) []string {
	if level != AuthOnly {
		level = AuthAndWrites
	}
	return slices.Clone(asksCode()[level])
}

var asksCode = sync.OnceValue(func() map[Level][]string { //nolint:gochecknoglobals // a constant, but for the time when it is made
	names := map[Level][]string{}
	for _, level := range []Level{AuthOnly, AuthAndWrites} {
		for _, r := range npmRows() {
			if r.need == login || r.need == write && level != AuthOnly {
				names[level] = append(names[level], r.name())
			}
		}
	}
	return names
})

// Quiet returns the sub-commands of npm that take a code and start no other program,
// which could read a variable of npm's.
func Quiet() (names []string) {
	for _, r := range npmRows() {
		if r.quiet {
			names = append(names, r.name())
		}
	}
	slices.Sort(names)
	return names
}

func contains(words, word string) bool {
	for w := range strings.FieldsSeq(words) {
		if w == word {
			return true
		}
	}
	return false
}

// kebab is npm's translation of installTest to install-test.
func kebab(s string) string {
	var b strings.Builder
	for _, c := range s {
		if 'A' <= c && c <= 'Z' {
			b.WriteByte('-')
			c += 'a' - 'A'
		}
		b.WriteRune(c)
	}
	return b.String()
}

// toolNamed returns the tool that a command runs, nil when the table does not
// have it. It knows programs by their base name with or without Windows'
// extensions, and packages by their name with or without a version.
func toolNamed(command string) *tool {
	name := command
	if i := strings.LastIndexByte(name, '@'); i > 0 && !strings.ContainsAny(name[i:], `/\`) {
		name = name[:i]
	}
	switch name {
	case "@changesets/cli":
		return changeset()
	case "@yarnpkg/cli", "@yarnpkg/cli-dist":
		return yarn()
	}
	name = strings.ToLower(name[strings.LastIndexAny(name, `/\`)+1:])
	for _, ext := range []string{".cmd", ".exe", ".ps1", ".bat"} {
		name = strings.TrimSuffix(name, ext)
	}
	switch name {
	case "npm":
		return npm()
	case "npx":
		return npx()
	case "pnpm", "pn":
		return pnpm()
	case "pnpx", "pnx":
		return pnpx()
	case "yarn", "yarnpkg":
		return yarn()
	case "bun":
		return bun()
	case "bunx":
		return bunx()
	case "corepack":
		return corepack()
	case "lerna":
		return lerna()
	case "changeset":
		return changeset()
	case "np":
		return np()
	case "release-it":
		return releaseIt()
	case "gem":
		return gem()
	case "nx":
		return nx()
	case "vlt":
		return vlt()
	case "clean-publish":
		return cleanPublish()
	case "bumpp":
		return bumpp()
	case "sh", "bash", "dash", "zsh", "ksh", "make", "gmake", "just", "task":
		return wrapper(name)
	}
	return nil
}

// Known reports whether the table has a command.
func Known(command string) bool { return toolNamed(command) != nil }

// helpAndVersion are the options that make most of the tools print and end.
const helpAndVersion = "help h version v"

// values returns the types of options that take a value; the others of a tool
// need not be listed.
func values(names string) map[string][]string {
	types := map[string][]string{}
	for name := range strings.FieldsSeq(names) {
		types[name] = []string{"string"}
	}
	return types
}
