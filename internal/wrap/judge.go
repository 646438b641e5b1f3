package wrap

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"npmotp/internal/agent"
	"npmotp/internal/npm/config"
	"npmotp/internal/npm/tools"
	"npmotp/internal/ptyrun"
)

// A judge decides whether the process that asks gets the code of an account: by
// the folder and the environment that the system tells of it, and by the line of
// the shell that started it. Its own command line does not do, because npm writes
// its title over that.
type judge struct {
	*run
	account agent.Account
}

// verdict judges the last process of the line. What is not seen through to the
// end is asked about, and gets no recovery code.
func (j *judge) verdict(line []ptyrun.Process) ptyrun.Verdict {
	typed := len(line) == 1 && !j.unseen // as it was judged then, but a script may have changed package.json since
	asks := line[len(line)-1]
	told := j.plan.Tool == "" && j.plan.Literal // the user was, that nobody knows its registry
	if told && shown(asks) == nil || typed && (j.plan.Tool == "" || j.plan.Tool == "gem") {
		return ptyrun.Verdict{}
	}
	called := fmt.Sprintf("%q (process %d)", asks.Name, asks.PID)
	wants := fmt.Sprintf("%s asks for a code of %q", called, j.account.Name)
	const hidden = ", and where it would send it cannot be told"
	query, plan, seen, guessed, whole := j.query(), j.plan, true, false, true
	if !typed {
		var argv []string
		argv, seen = j.command(line)
		if guessed = argv == nil; guessed {
			argv = []string{"npm", "publish"} // what is run by most
		}
		// Of what a tool of the table adds to npm's line nothing moves the registry.
		whole = seen || !j.unseen && !j.plan.MayAsk || j.version != "" || runs(asks, argv)
		dir, environ := asks.Dir(), asks.Environ()
		var err error
		plan, err = tools.New(argv, tools.Options{Environ: environ})
		if dir == "" || environ == nil || err != nil || plan.Tool == "" || plan.Moved != "" {
			if told || j.everywhere(line, dir, environ) {
				return ptyrun.Verdict{}
			}
			return j.blind(called, wants+hidden+"; answer it?")
		}
		query = config.Query{
			Tool: plan.Tool, Subcommand: plan.Subcommand, Argv: plan.ToolArgv, Dir: dir, Environ: environ, Home: j.Home, Own: j.Environ,
		}
	}
	targets, err := config.Targets(query)
	unknown, isUnknown := errors.AsType[*config.UnknownError](err)
	switch {
	case told && err != nil:
		return ptyrun.Verdict{}
	case isUnknown && unknown.Wire && !typed:
		return ptyrun.Verdict{Refused: fmt.Sprintf("%s gets no code of %q: %v", called, j.account.Name, err)}
	case isUnknown && typed && (unknown.Refused() || j.o.Registry != ""):
		return ptyrun.Verdict{} // as it was at the start
	case err != nil:
		return j.blind(called, fmt.Sprintf("%s%s: %v; answer it?", wants, hidden, err))
	case len(targets) == 0:
		return j.blind(called, wants+hidden+"; answer it?")
	}
	theirs := &run{Runner: j.Runner, o: j.o, plan: plan}
	for _, t := range targets {
		if typed && t.Source.Kind == config.File {
			continue // which was read at the start
		}
		if !t.Reads && !theirs.allowed(t, j.account) {
			return ptyrun.Verdict{Refused: fmt.Sprintf("%s would send the code to %s (%s), and %q %s",
				called, t.Registry, t.Source, j.account.Name, BelongsTo(j.account.Registry))}
		}
	}
	if typed || told || seen && j.started(line, query.Argv[0]) {
		return ptyrun.Verdict{}
	}
	if !whole {
		wants += ", with options that it does not show"
	}
	question := fmt.Sprintf("%s, as far as can be seen for %s; answer it?", wants, targets[0].Registry)
	switch {
	case seen && !j.o.Recovery:
		return ptyrun.Verdict{Question: question}
	case guessed || !whole:
		return j.blind(called, question)
	}
	return j.unsure(called, question)
}

// everywhere reports whether what asks is the newer yarn itself, which the user had
// publish packages of the project (workspace NAME, workspaces foreach), and each of
// them goes where the code may go: which one asks need not be known then.
func (j *judge) everywhere(line []ptyrun.Process, dir string, environ []string) bool {
	if len(line) != 1 || len(j.argv) < 2 || !slices.Contains([]string{"workspace", "workspaces"}, j.argv[1]) ||
		j.plan.Tool != "yarn npm" || j.o.Recovery || !runs(line[0], j.argv) {
		return false
	}
	targets, err := config.Targets(config.Query{
		Tool: j.plan.Tool, Subcommand: j.plan.Subcommand, Argv: j.plan.ToolArgv, Dir: dir, Environ: environ, Home: j.Home, Own: j.Environ, Everywhere: true,
	})
	return err == nil && len(targets) > 0 && !slices.ContainsFunc(targets, func(t config.Target) bool { return !j.allowed(t, j.account) })
}

// blind is for a question that can name no registry: a yes that was given before
// anybody read it does not answer it.
func (j *judge) blind(called, question string) ptyrun.Verdict {
	if j.UI.Yes {
		return ptyrun.Verdict{Refused: "where " + called + " would send the code cannot be seen, which --yes does not answer"}
	}
	return j.unsure(called, question)
}

func (j *judge) unsure(called, question string) ptyrun.Verdict {
	if j.o.Recovery {
		return ptyrun.Verdict{Refused: "where " + called + " would send a recovery code cannot be seen"}
	}
	return ptyrun.Verdict{Question: question}
}

// command returns the command line of the process that asks, nil where it cannot be
// told, and whether it is the whole: else it is what the process shows of itself.
func (j *judge) command(line []ptyrun.Process) (argv []string, whole bool) {
	asks := line[len(line)-1]
	shell, own := j.plan.ToolArgv, shown(asks)
	alone := len(line) == 1 // a shell may have become what it runs
	if !alone {
		shell = line[len(line)-2].Argv()
	}
	if alone && shells(shell[0]) || !alone && isShell(line[len(line)-2]) {
		argv = only(script(shell))
	}
	plan, err := tools.New(own, tools.Options{})
	switch {
	case argv != nil && runs(asks, argv):
		return argv, true
	case argv != nil && len(asks.Argv()) == 1 && j.version == "":
		return nil, false // what added words to it does not show, and npm was no script
	case alone && !shells(shell[0]) && (err != nil || plan.Moved == ""):
		return j.plan.ToolArgv, false
	}
	return own, false // which may move by itself, as the newer yarn does, and asks
}

// runs reports whether a process was started with the words of argv and no others: a
// function of the shell, an alias or a program in between may add some. What npm
// writes its title over has the size that it had.
func runs(p ptyrun.Process, argv []string) bool {
	own, size := p.Argv(), len(strings.Join(argv[1:], " "))
	if n := len(own) - len(argv) + 1; n > 0 && slices.Equal(own[n:], argv[1:]) {
		return n <= 2 // the program, or its interpreter and the program
	}
	program, err := tools.Find(argv[0], p.Environ())
	if len(argv) > 1 {
		size++
	}
	size += len(program) + 1
	return err == nil && slices.Contains([]int{size + len("node "), size + len(p.File()) + 1}, p.Size())
}

// shown returns the command line that a process shows, nil where that is of no tool.
// Npm shows a title: its sub-command and what stands behind it, without options.
// What npm publish is given is one word of it, whatever blanks a path has.
func shown(p ptyrun.Process) []string {
	argv, title := p.Argv(), p.Name
	if len(argv) > 0 && strings.HasPrefix(argv[0], title) {
		title = argv[0] // the name is cut to 15 bytes by the system
	}
	words := strings.Fields(title)
	if _, path, _ := strings.Cut(title, "npm publish "); path != "" && words[0] == "npm" {
		return []string{"npm", "publish", path}
	}
	if len(words) > 1 && words[0] == "npm" {
		return words
	}
	const interpreter = 1 // may stand before the tool
	for i := range min(len(argv)-1, interpreter+1) {
		if tools.Known(argv[i]) && !shells(argv[i]) {
			return argv[i:]
		}
		const modules = "/node_modules/" // as yarn 1 runs itself: node .../node_modules/yarn/lib/cli.js
		if at := strings.LastIndex(argv[i], modules); at >= 0 {
			if name, _, _ := strings.Cut(argv[i][at+len(modules):], "/"); tools.Known(name) {
				return append([]string{name}, argv[i+1:]...)
			}
		}
	}
	return nil
}

// started reports whether the line is a runner, the shell that it started for a
// script of the project, and the program that this names, by the user's own
// PATH: nothing that was installed could have come in between. The shell may be the
// user's own, and have become the program.
func (j *judge) started(line []ptyrun.Process, name string) bool {
	const runnerShellProgram = 3
	if len(line) != runnerShellProgram && (len(line) > runnerShellProgram || !shells(j.plan.ToolArgv[0])) {
		return false
	}
	own, err := tools.Find(name, j.Environ)
	if err != nil {
		return false
	}
	theirs, err := tools.Find(name, line[max(0, len(line)-2)].Environ())
	return err == nil && own == theirs
}

func isShell(p ptyrun.Process) bool { return shells(p.File()) }

// shells reports whether a file is a shell, by its name.
func shells(file string) bool {
	return slices.Contains(strings.Fields("sh bash dash zsh ksh busybox"), filepath.Base(file))
}

// script returns what a shell was given to run with -c.
func script(argv []string) string {
	if i := slices.Index(argv, "-c"); i >= 0 {
		for _, word := range argv[i+1:] {
			if word != "--" {
				return word
			}
		}
	}
	return ""
}

// only returns the one command of a script that asks for a code, nil when there
// are several or the shell would make something else of it.
func only(script string) (argv []string) {
	for _, words := range commands(script) {
		plan, err := tools.New(words, tools.Options{})
		if err != nil || plan.Tool == "" {
			// "do npm publish", "env X=y npm publish"
			if slices.ContainsFunc(words, func(w string) bool { return tools.Known(bare(w)) }) {
				return nil
			}
			continue
		}
		if !plan.NeedsCode {
			continue // it asks for none itself
		}
		if argv != nil || slices.ContainsFunc(words, func(w string) bool { return strings.ContainsAny(w, expanded) }) {
			return nil
		}
		argv = words
	}
	return argv
}

// expanded are the signs of a word that a shell may make another one of.
const expanded = "$`\\(){}<>*?[]#~"

// commands splits a script into its commands and their words. A quoted word is
// one word; what the shell would expand stays in it.
func commands(script string) (all [][]string) {
	var words []string
	var word strings.Builder
	var quote rune
	begun := false
	end := func() {
		if begun {
			words = append(words, word.String())
		}
		word.Reset()
		begun = false
	}
	for _, c := range script {
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(c)
		case c == '\'' || c == '"':
			quote, begun = c, true
		case c == ' ' || c == '\t':
			end()
		case strings.ContainsRune("&|;\n", c):
			end()
			if words != nil {
				all = append(all, words)
			}
			words = nil
		default:
			word.WriteRune(c)
			begun = true
		}
	}
	end()
	if words != nil {
		all = append(all, words)
	}
	return all
}
