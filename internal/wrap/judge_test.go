package wrap_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"npmotp/internal/agent"
	"npmotp/internal/ptyrun"
	"npmotp/internal/wrap"
	"npmotp/vault"
)

// An asking is a shell that runs a script, and an npm that this starts.
type asking struct {
	shell, npm ptyrun.Process
	end        func()
}

// ask starts a script in a folder, and waits for the npm in it to ask.
func ask(t *testing.T, dir, script string, environ ...string) asking {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", "--", script)
	cmd.Dir, cmd.Env = dir, environ
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	a := asking{shell: ptyrun.Process{PID: cmd.Process.Pid, Name: "sh"}, npm: ptyrun.Process{Name: "npm"}}
	ended := false
	a.end = func() {
		if !ended {
			ended = true
			_ = stdin.Close()
			_ = cmd.Wait()
		}
	}
	t.Cleanup(a.end)
	line, _ := bufio.NewReader(stdout).ReadString('\n')
	if _, err := fmt.Sscan(line, &a.npm.PID); err != nil {
		t.Fatalf("%q printed %q", script, line)
	}
	return a
}

// bin returns a folder of tools that tell their process and read an answer.
func bin(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\necho $$\nread answer\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// judging returns a setup at a terminal, and what judges the processes of a command
// there.
func judging(t *testing.T, environ []string, o wrap.Options, yes bool, argv []string) (*setup, func([]ptyrun.Process) ptyrun.Verdict) {
	t.Helper()
	if _, err := os.Stat("/proc/self/environ"); err != nil {
		t.Skip("the system does not show the environment of a process:", err)
	}
	s := newSetup(t, nil, account("ada", vault.DefaultRegistry))
	s.runner.InTTY, s.runner.UI.OutTTY, s.runner.UI.Yes = true, true, yes
	s.runner.Environ = append(s.runner.Environ, environ...)
	verdict, err := s.runner.Judge(o, agent.Account{Name: "ada", Registry: vault.DefaultRegistry}, argv)
	if err != nil {
		t.Fatal(err)
	}
	return s, verdict
}

// What asks below a runner is judged by its own folder and environment, and by the
// script that started it.
func TestJudge(t *testing.T) {
	const (
		answered   = ""
		refused    = "would send the code to " + elsewhere
		asked      = "as far as can be seen for " + vault.DefaultRegistry
		blind      = "where it would send it cannot be told; answer it?"
		notYes     = "which --yes does not answer"
		noRecovery = "a recovery code cannot be seen"

		wire = "who is at the other end"

		release = "npm run release"
		publish = "npm publish; true" // a shell may become the last command of a script
		away    = "npx --prefix x npm publish; true"
		members = "yarn workspace b npm publish"
	)
	self := ptyrun.Process{PID: os.Getpid(), Name: "runner"}
	below := func(a asking) []ptyrun.Process { return []ptyrun.Process{self, a.shell, a.npm} }
	deep := func(a asking) []ptyrun.Process { return []ptyrun.Process{self, self, a.shell, a.npm} }
	user := func(a asking) []ptyrun.Process { return []ptyrun.Process{a.shell, a.npm} }
	alone := func(a asking) []ptyrun.Process { return []ptyrun.Process{a.npm} }
	called := func(title string) func(asking) []ptyrun.Process {
		return func(a asking) []ptyrun.Process { return []ptyrun.Process{self, {PID: a.npm.PID, Name: title}} }
	}
	recovery, yes := wrap.Options{Recovery: true}, true
	for name, tt := range map[string]struct {
		argv, script string
		line         func(asking) []ptyrun.Process
		options      wrap.Options
		yes          bool
		says         string
	}{
		"a script of the project":         {release, publish, below, wrap.Options{}, !yes, answered},
		"a recovery code for it":          {release, publish, below, recovery, !yes, answered},
		"its folder has another registry": {release, "cd sub; " + publish, below, wrap.Options{}, !yes, refused},
		"so has what --yes says yes to":   {release, "cd sub; " + publish, below, wrap.Options{}, yes, refused},
		"its environment has":             {release, "export npm_config_registry=" + elsewhere + "; " + publish, below, wrap.Options{}, !yes, refused},
		"its line has":                    {release, "npm publish --registry " + elsewhere + "; true", below, wrap.Options{}, !yes, refused},
		"another one, knowingly":          {release, "cd sub; " + publish, below, wrap.Options{Account: "ada", Registry: elsewhere}, !yes, answered},
		"settings that cannot be read":    {release, "cd broken; " + publish, below, wrap.Options{}, !yes, "cannot be told: cannot tell what npm will do"},
		"a function of the shell":         {release, "npm() { command npm \"$@\" --registry " + elsewhere + "; }; " + publish, below, wrap.Options{}, !yes, refused},
		"a function from a file":          {release, ". sub/functions.sh; " + publish, below, wrap.Options{}, !yes, refused},
		"a recovery code for that one":    {release, ". sub/functions.sh; " + publish, below, recovery, !yes, refused},
		"a program in another folder":     {release, "export PATH=$PWD/sub:$PATH; " + publish, below, wrap.Options{}, !yes, refused},
		"a proxy on its line":             {release, "npm publish --proxy http://127.0.0.1:1; true", below, wrap.Options{}, !yes, wire},
		"a proxy in its environment":      {release, "export HTTPS_PROXY=http://127.0.0.1:1; " + publish, below, wrap.Options{}, yes, wire},
		"settings that pnpm hands on":     {release, "export npm_config_user_agent=pnpm/10.0.0 npm_config_cafile=x; " + publish, below, wrap.Options{}, !yes, answered},
		"no certificates":                 {release, "export npm_config_strict_ssl=false; " + publish, below, wrap.Options{}, !yes, wire},
		"package.json, changed since":     {"npm publish", "echo '{\"name\":\"a\",\"publishConfig\":{\"registry\":\"" + elsewhere + "\"}}' >package.json; " + publish, alone, wrap.Options{}, !yes, refused},
		"a file that npm has read before": {"npm publish", "echo registry=" + elsewhere + " >.npmrc; " + publish, alone, wrap.Options{}, !yes, answered},
		"a script that the shell expands": {release, "npm publish $TAG; true", below, wrap.Options{}, !yes, asked},
		"a script in a file":              {release, "exec sh sub/release.sh", below, wrap.Options{}, !yes, asked},
		"another process in between":      {release, publish, deep, wrap.Options{}, !yes, asked},
		"a tool that was installed":       {release, "pnpm publish --no-git-checks; true", below, wrap.Options{}, !yes, asked},
		"a recovery code for that":        {release, "pnpm publish --no-git-checks; true", below, recovery, !yes, noRecovery},
		"a tool that the user has not":    {release, "yarn publish --non-interactive; true", below, wrap.Options{}, !yes, "as far as can be seen for https://registry.yarnpkg.com/"},
		"no shell, so npm by its title":   {release, publish, called("npm publish"), wrap.Options{}, !yes, asked},
		"a title with a registry":         {release, publish, called("npm publish --registry=" + elsewhere), wrap.Options{}, !yes, refused},
		"a title of no tool":              {release, publish, called("node"), wrap.Options{}, !yes, asked},
		"the user's shell":                {"sh -c " + publish, publish, user, wrap.Options{}, !yes, answered},
		"the user's shell, as npm":        {"sh -c npm publish", publish, alone, wrap.Options{}, !yes, answered},
		"a runner that became npm":        {"npx --prefix x npm publish", publish, alone, wrap.Options{}, !yes, asked},
		"a program that became npm":       {"make release", publish, alone, wrap.Options{}, !yes, blind},
		"the command itself":              {"npm publish", "cd sub; " + publish, alone, wrap.Options{}, !yes, answered},
		"words that the user said":        {"ssh host", "exec ./sub/ask", below, wrap.Options{Prompt: "Code:"}, !yes, answered},
		"that of a tool for the account":  {"ssh host", publish, below, wrap.Options{Prompt: "Code:"}, yes, answered},
		"that of a tool for another":      {"ssh host", "cd sub; " + publish, below, wrap.Options{Prompt: "Code:"}, yes, refused},
		"npm with more than it shows":     {release, "npm publish --tag x; true", called("npm publish"), wrap.Options{}, !yes, "with options that it does not show, as far as can be seen for " + vault.DefaultRegistry},
		"that, which --yes has not seen":  {release, "npm publish --tag x; true", called("npm publish"), wrap.Options{}, yes, notYes},
		"yarn, which runs itself":         {"yarn workspace b publish", "sh $PWD/sub/node_modules/yarn/lib/cli.js publish; true", called("node"), wrap.Options{}, yes, "as far as can be seen for https://registry.yarnpkg.com/"},
		"yarn in a package":               {members, "exec " + members, alone, wrap.Options{}, yes, answered},
		"a recovery code in a package":    {members, "exec " + members, alone, recovery, !yes, noRecovery},
		"yarn in one of another":          {members, "export YARN_NPM_PUBLISH_REGISTRY=" + elsewhere + "; exec " + members, alone, wrap.Options{}, !yes, blind},
		"yarn with more than was said":    {members, "exec " + members + " --registry x", alone, wrap.Options{}, !yes, blind},
		"a runner that leads elsewhere":   {release, away, below, wrap.Options{}, !yes, blind},
		"that, which --yes has not read":  {release, away, below, wrap.Options{}, yes, notYes},
		"a recovery code for that, too":   {release, away, below, recovery, !yes, noRecovery},
		"a tool of another registry":      {release, "gem push a.gem; true", below, wrap.Options{}, !yes, "the tool is not known"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			argv := words(tt.argv)
			if script, ok := strings.CutPrefix(tt.argv, "sh -c "); ok {
				argv = []string{"sh", "-c", script}
			}
			own := bin(t, "npm", "pnpm", "npx", "gem") + string(os.PathListSeparator) + os.Getenv("PATH")
			s, verdict := judging(t, []string{"PATH=" + own}, tt.options, tt.yes, argv)
			for name, text := range map[string]string{
				"sub/package.json": `{"name":"a","version":"1.0.0"}`, "sub/.npmrc": "registry=" + elsewhere, "broken/package.json": "{",
				"sub/release.sh": publish, "sub/ask": "#!/bin/sh\necho $$\nread answer\n", "sub/node_modules/yarn/lib/cli.js": "echo $$\nread answer\n", "sub/npm": "#!/bin/sh\nexec " + strings.Split(own, string(os.PathListSeparator))[0] + "/npm \"$@\" --registry " + elsewhere,
				"sub/functions.sh": "npm() { command npm \"$@\" --registry " + elsewhere + "; }",
			} {
				path := filepath.Join(s.runner.Dir, name)
				if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o700)); err != nil {
					t.Fatal(err)
				}
			}
			a := ask(t, s.runner.Dir, tt.script, "HOME="+s.runner.Home, "PATH="+bin(t, "pnpm", "yarn")+string(os.PathListSeparator)+own)
			v := verdict(tt.line(a))
			said := v.Refused + v.Question
			if !strings.Contains(said, tt.says) || tt.says == answered && said != "" {
				t.Errorf("it says %q, want %q", said, tt.says)
			}
			if want := slices.Contains([]string{refused, notYes, noRecovery, wire}, tt.says); want != (v.Refused != "") {
				t.Errorf("the verdict is %+v", v)
			}
		})
	}
}

// A process that has ended shows no folder, and nothing goes by what is not shown.
func TestJudgeEnded(t *testing.T) {
	_, verdict := judging(t, nil, wrap.Options{}, false, words("npm run release"))
	cmd := exec.CommandContext(t.Context(), "true")
	if err := cmd.Run(); err != nil {
		t.Skip(err)
	}
	gone := ptyrun.Process{PID: cmd.Process.Pid, Name: "npm token create"}
	if v := verdict([]ptyrun.Process{{PID: os.Getpid()}, gone}); !strings.Contains(v.Question, "cannot be told; answer it?") {
		t.Errorf("the verdict is %+v", v)
	}
}
