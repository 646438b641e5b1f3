//go:build unix

package main_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A shellTest runs scripts in a real shell that has npmotp's functions. What stands
// in for npm and its peers prints each argument in angles.
type shellTest struct {
	t       *testing.T
	shell   string
	command []string // the shell, without a start file of its own
	home    string
	bin     string
}

// inShells runs a test in each shell that is installed; with CI=true they all have
// to be.
func inShells(t *testing.T, test func(*shellTest)) {
	t.Helper()
	for shell, command := range map[string][]string{
		"bash": {"bash", "--norc", "--noprofile"}, "zsh": {"zsh", "-f"}, "fish": {"fish", "--no-config"},
	} {
		t.Run(shell, func(t *testing.T) {
			path, err := exec.LookPath(shell)
			if err != nil && os.Getenv("CI") == "true" {
				t.Fatal(err)
			}
			if err != nil {
				t.Skip(err)
			}
			command[0] = path
			test(newShellTest(t, shell, command))
		})
	}
}

// newShellTest has npmotp, stand-ins for all tools but gem, and a vault.
func newShellTest(t *testing.T, shell string, command []string) *shellTest {
	t.Helper()
	s := &shellTest{t: t, shell: shell, command: command, home: t.TempDir()}
	s.bin = filepath.Join(s.home, "bin")
	if err := os.Mkdir(s.bin, 0o700); err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(exe, filepath.Join(s.bin, "npmotp")); err != nil {
		t.Fatal(err)
	}
	const standIn = "#!/bin/sh\nprintf '%s' \"${0##*/}\"\nfor a; do printf '<%s>' \"$a\"; done\necho\nexit ${STATUS:-0}\n"
	for _, tool := range []string{"npm", "pnpm", "yarn", "bun"} { // and no gem
		if err := os.WriteFile(filepath.Join(s.bin, tool), []byte(standIn), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	run(t, s.home, typedSecret, "add", "ada", "--reuse", "allow") // so that nothing waits
	if err := os.WriteFile(filepath.Join(s.home, "package.json"), []byte(`{"name":"p","version":"1.0.0"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

var sentCode = regexp.MustCompile(`--otp=\d{6}`)

// run runs a script, in which INIT is the line of the start file, and returns what it
// prints, with CODE for each code.
func (s *shellTest) run(script string, environ ...string) string {
	s.t.Helper()
	load := `eval "$(npmotp shell-init ` + s.shell + `)"`
	file := filepath.Join(s.home, "script")
	switch s.shell {
	case "fish":
		load = "npmotp shell-init fish | source"
	case "powershell":
		load, file = "npmotp shell-init powershell | Out-String | Invoke-Expression", file+".ps1"
	}
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(script, "INIT", load)), 0o600); err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.CommandContext(s.t.Context(), s.command[0], append(s.command[1:], file)...)
	cmd.Env = append(npmotp(s.t, s.home).Env, "PATH="+s.bin, "TEST_NOW=2026-03-04T05:06:07Z", "ZDOTDIR="+s.home)
	cmd.Env = append(cmd.Env, environ...)
	cmd.Dir = s.home
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		s.t.Errorf("%v\n%s%s", err, out, stderr.String())
	}
	if said := stderr.String(); said != "" {
		s.t.Errorf("standard error has:\n%s", said)
	}
	return sentCode.ReplaceAllString(string(out), "CODE")
}

// want compares what a script prints, line by line.
func (s *shellTest) want(got string, lines ...string) {
	s.t.Helper()
	if want := strings.Join(lines, "\n") + "\n"; got != want {
		s.t.Errorf("it prints\n%s\nand not\n%s", got, want)
	}
}

// A code goes where one is due, and nowhere else, with every argument as it is.
func TestShellFunctions(t *testing.T) {
	inShells(t, func(s *shellTest) {
		got := s.run(`INIT
npm publish 'a b' '' '*' '-x' 'it''s "so"' '--' '$HOME'
npm pub
npm owner add 'c
d'
npm install 'a b' '' '*' 'c
d' 'star' '--' '$HOME'
npm
npm owner ls
npm owner add bob pkg
npm --tag next publish
npm --tag next install
npm run publish
pnpm -r publish
pnpm install
yarn npm publish
yarn npm info
bun publish
bun run publish
`)
		s.want(got,
			"npm<publish><a b><><*><-x><its \"so\"><CODE><--><$HOME>",
			"npm<pub><CODE>", "npm<owner><add><c\nd><CODE>",
			"npm<install><a b><><*><c\nd><star><--><$HOME>",
			"npm", "npm<owner><ls>", "npm<owner><add><bob><pkg><CODE>",
			"npm<--tag><next><publish><CODE>", "npm<--tag><next><install>", "npm<run><publish>",
			"pnpm<-r><publish><CODE>", "pnpm<install>", "yarn<npm><publish><CODE>", "yarn<npm><info>",
			"bun<publish><CODE>", "bun<run><publish>")
	})
}

// Without a vault, or without npmotp, the tools are themselves; the vault may be where
// each variable says.
func TestShellFunctionsWithoutVault(t *testing.T) {
	inShells(t, func(s *shellTest) {
		const script = "INIT\nnpm publish\n"
		s.want(s.run(script), "npm<publish><CODE>")
		s.want(s.run(script, "NPMOTP_VAULT=/nonexistent/vault"), "npm<publish>")
		s.want(s.run(script, "NPMOTP_VAULT=", "HOME=/nonexistent"), "npm<publish>")
		for _, base := range []string{filepath.Join(s.home, ".local/share"), filepath.Join(s.home, "data")} {
			if err := os.MkdirAll(filepath.Join(base, "npmotp"), 0o700); err != nil {
				s.t.Fatal(err)
			}
			if err := os.Link(filepath.Join(s.home, "vault.npmotp"), filepath.Join(base, "npmotp", "vault.npmotp")); err != nil {
				s.t.Fatal(err)
			}
		}
		s.want(s.run(script, "NPMOTP_VAULT=", "XDG_DATA_HOME="+filepath.Join(s.home, "data")), "npm<publish><CODE>")
		s.want(s.run(script, "NPMOTP_VAULT=", "XDG_DATA_HOME=/nonexistent"), "npm<publish>")
		s.want(s.run(strings.Replace(script, "npm publish", "/bin/rm "+filepath.Join(s.bin, "npmotp")+"\nnpm publish", 1)), "npm<publish>")
	})
}

// Each is right in a subshell, a pipe and a substitution, gives the status of the tool,
// and is no more in a script that the shell runs.
func TestShellFunctionsEverywhere(t *testing.T) {
	inShells(t, func(s *shellTest) {
		if s.shell == "fish" {
			s.want(s.run(`INIT
npm publish | while read line; echo piped $line; end
echo (npm publish)
begin; npm publish; end
STATUS=7 npm publish; echo $status
STATUS=8 npm install; echo $status
echo x | npm publish
/bin/sh -c 'npm publish'
functions -e npm
npm publish
functions -q gem; or echo no gem
`), "piped npm<publish><CODE>", "npm<publish><CODE>", "npm<publish><CODE>", "npm<publish><CODE>", "7", "npm<install>", "8", "npm<publish><CODE>", "npm<publish>", "npm<publish>", "no gem")
			return
		}
		s.want(s.run(`INIT
npm publish | while read -r line; do echo "piped $line"; done
echo "$(npm publish)"
(npm publish)
{ npm publish; } &
wait
STATUS=7 npm publish || echo $?
STATUS=8 npm install || echo $?
echo x | npm publish
/bin/sh -c 'npm publish'
unset -f npm
npm publish
typeset -f gem >/dev/null || echo no gem
`), "piped npm<publish><CODE>", "npm<publish><CODE>", "npm<publish><CODE>", "npm<publish><CODE>", "npm<publish><CODE>", "7", "npm<install>", "8", "npm<publish><CODE>", "npm<publish>", "npm<publish>", "no gem")
	})
}

// Aliases that are there before go on working, a function that is there before stays,
// and no option of the shell makes a difference. To load it twice is to load it once.
func TestShellFunctionsBeside(t *testing.T) {
	inShells(t, func(s *shellTest) {
		switch s.shell {
		case "fish":
			s.want(s.run(`function pnpm; echo mine $argv; end
alias npm 'command npm --silent'
INIT
INIT
npm publish
pnpm publish
yarn npm publish
`), "npm<--silent><publish>", "mine publish", "yarn<npm><publish><CODE>")
			return
		case "bash":
			s.want(s.run("set -euo pipefail\nset -o posix -o noglob\nIFS=/\nINIT\nnpm owner add a/b p\nnpm install\nnpm\n"), "npm<owner><add><a/b><p><CODE>", "npm<install>", "npm")
		case "zsh":
			s.want(s.run("setopt err_exit no_unset ksh_arrays sh_word_split null_glob extended_glob glob_subst warn_create_global posix_builtins\nINIT\nnpm publish 'a b' '*'\nnpm install\nnpm\n"),
				"npm<publish><a b><*><CODE>", "npm<install>", "npm")
		}
		s.want(s.run(`test -z "${BASH-}" || shopt -s expand_aliases
alias npm='npm --silent' yarn='yarn --silent' command='echo an alias' npmotp='echo an alias'
pnpm() { echo "mine $*"; }
unalias npmotp
INIT
INIT
npm publish
npm install
pnpm publish
yarn npm publish
set -e
STATUS=7 npm install || echo on
if npm install; then echo yes; fi
STATUS=7 npm publish && echo no
npm install
`), "npm<--silent><publish><CODE>", "npm<--silent><install>", "mine publish", "yarn<--silent><npm><publish><CODE>", "npm<--silent><install>", "on", "npm<--silent><install>", "yes", "npm<--silent><publish><CODE>", "npm<--silent><install>")
	})
}

// What the shell completes for a tool it completes for the function.
func TestShellFunctionsComplete(t *testing.T) {
	inShells(t, func(s *shellTest) {
		switch s.shell {
		case "bash":
			s.want(s.run("complete -W 'probe' npm\nINIT\ncomplete -p npm\n"), "complete -W 'probe' npm")
		case "zsh":
			s.want(s.run("autoload -Uz compinit; compinit -D -u\ncompdef _probe npm\nINIT\necho $_comps[npm]\n"), "_probe")
		case "fish":
			s.want(s.run("complete -c npm -f -a probe\nINIT\ncomplete -C 'npm prob'\n"), "probe")
		}
	})
}

// PowerShell takes the -- out of the arguments of a function, and the function puts it
// in again. Debian has no PowerShell, so this is the one that CI does not demand.
func TestShellFunctionsPowerShell(t *testing.T) {
	path, err := exec.LookPath("pwsh")
	if err != nil {
		t.Skip(err)
	}
	s := newShellTest(t, "powershell", []string{path, "-NoProfile", "-NonInteractive", "-File"})
	s.want(s.run(`INIT
npm publish 'a=b' -x -- y
npm install 'a b' -- '$HOME' --
npm
npm owner ls
'x' | npm publish
pnpm -r publish
`), "npm<publish><a=b><-x><CODE><--><y>", "npm<install><a b><--><$HOME><-->", "npm", "npm<owner><ls>", "npm<publish><CODE>", "pnpm<-r><publish><CODE>")
}

func TestShellInitUsage(t *testing.T) {
	cmd := npmotp(t, t.TempDir(), "shell-init", "tcsh")
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != 2 || !strings.Contains(string(out), `bash, zsh, fish, powershell, and none for "tcsh"`) {
		t.Errorf("%v: %s", err, out)
	}
}
