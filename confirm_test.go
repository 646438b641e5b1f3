//go:build linux || darwin

package main_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A confirmTest is an agent that asks the person by a program of the test.
type confirmTest struct {
	*agentTest
	asked string // the file that gets each question
}

// newConfirmTest makes $SSH_ASKPASS a program that notes what it is asked, and answers
// what the file "answer" says: yes, or else no.
func newConfirmTest(t *testing.T) *confirmTest {
	t.Helper()
	c := &confirmTest{agentTest: newAgentTest(t), asked: filepath.Join(t.TempDir(), "asked")}
	program := filepath.Join(t.TempDir(), "askpass")
	script := fmt.Sprintf("#!/bin/sh\nprintf '%%s\\n%%s\\n' \"$SSH_ASKPASS_PROMPT\" \"$1\" >>'%s'\ngrep -q yes '%s'\n", c.asked, c.answerFile())
	if err := os.WriteFile(program, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "SSH_ASKPASS"} {
		t.Setenv(name, "")
	}
	c.env = []string{"SSH_ASKPASS=" + program, "SSH_ASKPASS_REQUIRE=force"}
	c.answers("yes")
	return c
}

func (c *confirmTest) answerFile() string { return filepath.Join(c.home, "answer") }

func (c *confirmTest) answers(answer string) {
	c.t.Helper()
	if err := os.WriteFile(c.answerFile(), []byte(answer), 0o600); err != nil {
		c.t.Fatal(err)
	}
}

// unlockWith starts an agent with flags.
func (c *confirmTest) unlockWith(flags ...string) string {
	c.t.Helper()
	cmd := c.command(append([]string{"unlock", "--for", "5m"}, flags...)...)
	cmd.Env = append(cmd.Env, "NPMOTP_PASSPHRASE=hunter2")
	_, said, status := c.do(cmd)
	if status != 0 {
		c.t.Fatalf("unlock: status %d, %s", status, said)
	}
	return said
}

// questions returns how many were asked, and all that was said in them.
func (c *confirmTest) questions() (int, string) {
	c.t.Helper()
	text, err := os.ReadFile(c.asked)
	if err != nil && !os.IsNotExist(err) {
		c.t.Fatal(err)
	}
	return strings.Count(string(text), "a program wants"), string(text)
}

func (c *confirmTest) wantQuestions(n int) {
	c.t.Helper()
	if asked, text := c.questions(); asked != n {
		c.t.Errorf("%d questions, want %d:\n%s", asked, n, text)
	}
}

// background runs a line of the shell that has no terminal, in which $npmotp is the
// program.
func (c *confirmTest) background(script string) (stdout, stderr string) {
	c.t.Helper()
	own := c.command()
	cmd := exec.CommandContext(c.t.Context(), "sh", "-c", script)
	cmd.Env = append(own.Env, "npmotp="+c.program())
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	stdout, stderr, _ = c.do(cmd)
	return stdout, stderr
}

// program returns the path of a program that is npmotp.
func (c *confirmTest) program() string {
	c.t.Helper()
	path := filepath.Join(c.home, "npmotp")
	exe, err := os.Executable()
	if err != nil {
		c.t.Fatal(err)
	}
	if err := os.Symlink(exe, path); err != nil && !os.IsExist(err) {
		c.t.Fatal(err)
	}
	return path
}

// asks is a code of ada, asked for by a program of a script.
const asks = `"$npmotp" --no-input code ada`

func TestConfirmNamesWhoAsks(t *testing.T) {
	c := newConfirmTest(t)
	if said := c.unlockWith("--confirm=askpass"); !strings.Contains(said, "each code needs a yes, asked for by askpass") {
		t.Errorf("unlock says %s", said)
	}
	script := filepath.Join(t.TempDir(), "steal.sh")
	if err := os.WriteFile(script, []byte(asks+"\ntrue"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, problems := c.background("cd " + filepath.Dir(script) + "; sh ./steal.sh; true")
	if len(out) != 7 || !strings.Contains(problems, "you are asked by askpass") {
		t.Errorf("after a yes: %q, %s", out, problems)
	}
	n, text := c.questions()
	want := []string{
		"confirm\n", `a program wants a code of "ada"`, "npmotp --no-input code ada (process ", "started by  sh ./steal.sh\n",
		"terminal    none", "registry    https://registry.npmjs.org/",
	}
	if out, err := exec.Command("sh", "-c", "test -L /proc/self/cwd").CombinedOutput(); err == nil && len(out) == 0 {
		want = append(want, "folder      "+filepath.Dir(script)+"\n")
	}
	for _, part := range want {
		if !strings.Contains(text, part) || n != 1 {
			t.Errorf("%d questions without %q:\n%s", n, part, text)
		}
	}
	if strings.Contains(text, strings.TrimSpace(out)) {
		t.Error("the code is in the question")
	}
}

// The bar: a program in the background that asks for a hundred codes gets none, and the
// person sees one question, however it asks.
func TestConfirmFlood(t *testing.T) {
	for name, loop := range map[string]string{
		"in turn":     asks,
		"at once":     asks + " &",
		"in new jobs": "setsid " + asks + " --next",
	} {
		t.Run(name, func(t *testing.T) {
			if strings.HasPrefix(loop, "setsid") {
				needs(t, "setsid")
			}
			c := newConfirmTest(t)
			c.answers("no")
			c.unlockWith("--confirm")
			out, problems := c.background("i=0; while [ $i -lt 100 ]; do " + loop + "\ni=$((i+1)); done; wait")
			if out != "" || strings.Count(problems, "the agent gives no code") != 100 {
				t.Errorf("got %q, %d refusals", out, strings.Count(problems, "the agent gives no code"))
			}
			c.wantQuestions(1)
			s := c.status()
			if s.Codes != 0 || s.Refused != 100 || len(s.Given) != 1 || s.Given[0].Answer != "no" || s.Given[0].What != "refused" || s.Given[0].Account != "ada" {
				t.Errorf("%+v", s)
			}
			// A yes comes too late for it.
			c.answers("yes")
			if out, _ := c.background(asks); out != "" {
				t.Errorf("a no is forgotten: %q", out)
			}
			c.wantQuestions(1)
		})
	}
}

type confirmStatus struct {
	Codes, Refused int
	Confirm        bool
	Given          []struct{ What, Account, Answer string }
}

func (c *confirmTest) status() (s confirmStatus) {
	c.t.Helper()
	out, problems, _ := c.ask("status", "--json")
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		c.t.Fatalf("%v\n%s%s", err, out, problems)
	}
	return s
}

func TestConfirmRemembers(t *testing.T) {
	c := newConfirmTest(t)
	c.unlockWith("--confirm", "--remember", "5m")
	script := filepath.Join(t.TempDir(), "release.sh")
	// One session: another one is another program.
	lines := []string{asks, asks, "cd /", asks, asks + " --json"}
	if err := os.WriteFile(script, []byte(strings.Join(lines, "\n")+"\ntrue"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, problems := c.background("sh " + script + "; true")
	if strings.Count(out, "\n") < 4 {
		t.Errorf("%q, %s", out, problems)
	}
	// The second was remembered; another folder and another command were not.
	c.wantQuestions(3)
	if out, _, _ := c.ask("status"); !strings.Contains(out, "yes, remembered") || !strings.Contains(out, "ANSWER") {
		t.Error(out)
	}

	c = newConfirmTest(t)
	c.unlockWith("--confirm")
	c.background(asks + ";" + asks + "; true")
	c.wantQuestions(2)
}

// What an account says wins over how the vault was unlocked.
func TestConfirmByAccount(t *testing.T) {
	c := newConfirmTest(t)
	c.unlockWith()
	c.background(asks)
	c.wantQuestions(0)
	run(t, c.home, "", "edit", "ada", "--confirm", "always")
	if out, _ := c.background(asks); len(out) != 7 {
		t.Errorf("got %q", out)
	}
	c.wantQuestions(1)
	if out := run(t, c.home, "", "show", "ada", "--json"); !strings.Contains(out, `"confirm": "always"`) {
		t.Error(out)
	}
	// A counter whose question gets no yes stays where it is.
	c.answers("no")
	run(t, c.home, "", "edit", "hot", "--confirm", "always")
	before := run(t, c.home, "", "show", "hot", "--json")
	if out, _ := c.background(`"$npmotp" --no-input code hot`); out != "" {
		t.Errorf("got %q", out)
	}
	if after := run(t, c.home, "", "show", "hot", "--json"); after != before {
		t.Errorf("it was\n%s\nand is\n%s", before, after)
	}
	c.wantQuestions(2)
	run(t, c.home, "", "edit", "ada", "--confirm", "never")
	c.unlockWith("--confirm")
	if out, _ := c.background(asks); len(out) != 7 {
		t.Errorf("got %q", out)
	}
	c.wantQuestions(2)
}

// A run of exec asks once, before the command starts, whatever it needs then. What it
// starts gets nothing by that.
func TestConfirmExec(t *testing.T) {
	c := newConfirmTest(t)
	c.unlockWith("--confirm")
	stub := filepath.Join(c.home, "npm")
	if err := os.WriteFile(stub, []byte("#!/bin/sh\necho \"ran $*\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	exec := `PATH="$HOME:$PATH" "$npmotp" --no-input exec -a ada npm dist-tag add a@1.0.0 latest`
	if out, problems := c.background(exec); !strings.Contains(out, "ran dist-tag add a@1.0.0 latest --otp=") {
		t.Errorf("%q, %s", out, problems)
	}
	if _, text := c.questions(); !strings.Contains(text, `a program wants codes of "ada", for as long as it runs`) || !strings.Contains(text, "exec -a ada npm dist-tag add") {
		t.Error(text)
	}
	c.wantQuestions(1)
	c.answers("no")
	if out, problems := c.background(exec); out != "" || !strings.Contains(problems, "answered with no") {
		t.Errorf("%q, %s", out, problems)
	}
	c.wantQuestions(2)
}

func TestConfirmByNotification(t *testing.T) {
	c := newConfirmTest(t)
	bin := t.TempDir()
	script := fmt.Sprintf("#!/bin/sh\nfor word; do printf '%%s\\n' \"$word\"; done >>'%s'\ncat '%s'\n", c.asked, c.answerFile())
	if err := os.WriteFile(filepath.Join(bin, "notify-send"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	c.env = append(c.env, "SSH_ASKPASS=", "DBUS_SESSION_BUS_ADDRESS=unix:path=/nowhere", "PATH="+bin+":"+os.Getenv("PATH"))
	c.unlockWith("--confirm")
	if out, problems := c.background(asks + "; : '<b>&'"); len(out) != 7 {
		t.Errorf("%q, %s", out, problems)
	}
	if n, text := c.questions(); n != 1 || !strings.Contains(text, "--action=yes=") || !strings.Contains(text, "&lt;b&gt;&amp;") {
		t.Error(text)
	}
	c.answers("no")
	if out, problems := c.background(asks); out != "" || !strings.Contains(problems, "answered with no") {
		t.Errorf("%q, %s", out, problems)
	}
}

// Where nobody could ever be asked, unlock says so at once.
func TestConfirmByNobody(t *testing.T) {
	c := newConfirmTest(t)
	c.env = append(c.env, "SSH_ASKPASS=", "PATH="+t.TempDir())
	for flag, want := range map[string]string{
		"--confirm=askpass": "there is no way to ask", "--confirm=notify": "there is no way to ask", "--confirm=shouting": `invalid way "shouting"`,
	} {
		cmd := c.command("unlock", flag)
		if _, problems, status := c.do(cmd); status != 2 || !strings.Contains(problems, want) {
			t.Errorf("%s: status %d, %s", flag, status, problems)
		}
	}
	// With another way there may be nobody later.
	c.answers("yes")
	run(t, c.home, "", "edit", "ada", "--confirm", "always")
	c.unlockWith()
	if out, problems := c.background(asks); out != "" || !strings.Contains(problems, "nobody could be asked") {
		t.Errorf("%q, %s", out, problems)
	}
}

func TestConfirmTerminalOnly(t *testing.T) {
	c := newConfirmTest(t)
	c.unlockWith("--terminal-only")
	if out, problems := c.background(asks); out != "" || !strings.Contains(problems, "programs at a terminal only (--terminal-only)") {
		t.Errorf("%q, %s", out, problems)
	}
	c.wantQuestions(0)
	t.Setenv("XDG_RUNTIME_DIR", c.runtime)
	d := underShell(t, c.home, `XDG_RUNTIME_DIR=`+c.runtime+` "$@"; `+sayRestored, "--no-input", "code", "ada")
	d.end(0)
	if s := c.status(); s.Codes == 0 || s.Refused != 1 || s.Given[0].Answer != "no terminal" {
		t.Errorf("%+v", s)
	}
}

// At the terminal where the vault was unlocked, the question comes there. What the
// person typed before is no answer, and where a program reads the keys nobody is asked.
func TestTerminalConfirm(t *testing.T) {
	needs(t, "setsid")
	c := newConfirmTest(t)
	c.program()
	script := `export XDG_RUNTIME_DIR=` + c.runtime + ` TEST_NOW=2026-03-04T05:06:07Z
"$1" unlock --confirm; printf 'ready\n'; read go
stty -icanon; "$1" code ada; echo "raw $?"; stty icanon
"$1" code ada; echo "cooked $?"
setsid "$1" --no-input code hot </dev/null; echo "elsewhere $?"
"$1" code hot; echo "declined $?"; read end; ` + sayRestored
	d := underShell(t, c.home, script)
	d.expect("Passphrase: ")
	d.answer("hunter2\r")
	d.expect("asked for in this terminal")
	d.expect("ready")
	d.answer("go\ry\ry\r")
	d.expect("nobody could be asked")
	d.expect("raw 4")
	d.expect(`npmotp: a program wants a code of "ada"`)
	d.expect("code ada (process ")
	d.expect("[y/N] ")
	d.answer("yes\r")
	d.expect("cooked 0")
	// A program that has left the terminal is not asked about there.
	d.expect("nobody could be asked")
	d.expect("elsewhere 4")
	d.expect(`a program wants a code of "hot"`)
	d.expect("[y/N] ")
	// Nor is one in the foreground of another terminal, which it could have made.
	other := underShell(t, c.home, `export XDG_RUNTIME_DIR=`+c.runtime+`; "$@"; echo "other $?"; `+sayRestored, "code", "ada")
	other.expect("the agent gives no code")
	other.expect("other 4")
	other.end(0)
	d.answer("\r")
	d.expect("answered with no")
	d.expect("declined 4")
	other = underShell(t, c.home, `export XDG_RUNTIME_DIR=`+c.runtime+`; "$@"; echo "other $?"; `+sayRestored, "code", "ada")
	other.expect("nobody could be asked")
	other.expect("other 4")
	other.end(0)
	d.answer("\r")
	d.end(0)
	c.wantQuestions(0)
}

// Ctrl-C at a question takes it away with the program that waited for it.
func TestTerminalConfirmInterrupted(t *testing.T) {
	c := newConfirmTest(t)
	script := `export XDG_RUNTIME_DIR=` + c.runtime + `; trap : INT
"$1" unlock --confirm; "$1" code ada; echo "status $?"; read line; echo "read $line"; ` + sayRestored
	d := underShell(t, c.home, script)
	d.expect("Passphrase: ")
	d.answer("hunter2\r")
	d.expect("[y/N] ")
	d.answer("\x03")
	d.expect("status 130")
	c.wantTaken("none, it has ended")
	d.answer("mine\r")
	d.expect("read mine")
	d.end(0)
	if s := c.status(); s.Codes != 0 {
		t.Errorf("%+v", s)
	}
}

// wantTaken waits for the end of a question, after which the terminal is the shell's
// again, and fails unless it got that answer.
func (c *confirmTest) wantTaken(answer string) {
	c.t.Helper()
	for end := time.Now().Add(time.Minute); ; {
		s := c.status()
		switch {
		case len(s.Given) > 0 && s.Given[0].Answer == answer:
			return
		case len(s.Given) > 0 || time.Now().After(end):
			c.t.Fatalf("the answer is not %q: %+v", answer, s)
		}
	}
}

// After Ctrl-Z the terminal is the shell's, and so is the next line.
func TestTerminalConfirmStopped(t *testing.T) {
	c := newConfirmTest(t)
	script := `export XDG_RUNTIME_DIR=` + c.runtime + `; set -m
"$1" unlock --confirm; "$1" code ada; echo "stopped"; read line; echo "read $line"; kill %1; kill -CONT %1; wait; ` + sayRestored
	d := underShell(t, c.home, script)
	d.expect("Passphrase: ")
	d.answer("hunter2\r")
	d.expect("[y/N] ")
	d.answer("\x1a")
	d.expect("stopped")
	c.wantTaken("nobody to ask")
	d.answer("y\r")
	d.expect("read y")
	d.end(0)
	if s := c.status(); s.Codes != 0 {
		t.Errorf("%+v", s)
	}
}

// A watch asks once for all it shows, before it draws; a no ends it with a sentence.
func TestTerminalConfirmWatch(t *testing.T) {
	c := newConfirmTest(t)
	script := `export XDG_RUNTIME_DIR=` + c.runtime + ` TERM=xterm TEST_NOW=2026-03-04T05:06:07Z
"$1" unlock --confirm; "$1" watch; echo "status $?"; "$1" watch; echo "status $?"; "$1" status; ` + sayRestored
	run(t, c.home, typedSecret, "add", "bob")
	d := underShell(t, c.home, script)
	d.expect("Passphrase: ")
	d.answer("hunter2\r")
	const question = "a program wants the codes of all accounts, for as long as it runs"
	d.expect(question)
	d.expect("[y/N] ")
	d.answer("yes\r")
	d.expect("bob")
	d.expect(quitKeys)
	d.answer("j")
	d.expect(quitKeys)
	d.answer("n") // the next code of the counter, which is no further question
	d.expect(quitKeys)
	d.answer("q")
	d.expect("status 0")
	d.expect(question)
	d.expect("[y/N] ")
	d.answer("n\r")
	d.expect("the agent gives no code: the question whether it may have it was answered with no")
	d.expect("status 4")
	d.expect("yes, for its run")
	if screen := d.end(0); strings.Count(screen, question) != 2 {
		t.Errorf("asked more than twice:\n%s", screen)
	}
}

// The real pinentry on a real terminal.
func TestTerminalConfirmPinentry(t *testing.T) {
	needs(t, "tmux", "pinentry-curses")
	c := newConfirmTest(t)
	bin, err := exec.LookPath("pinentry-curses")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(bin, filepath.Join(c.home, "pinentry")); err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(t.TempDir(), "script")
	lines := `set -m; trap : INT
"$npmotp" unlock --confirm=pinentry
"$npmotp" code ada; echo "status $?"
"$npmotp" code ada; echo "status $?"
until stty -a | grep -q ' icanon '; do :; done; echo restored
read end
`
	if err := os.WriteFile(script, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	server := filepath.Join(c.runtime, "tmux")
	tmux := func(args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "tmux", append([]string{"-S", server, "-f", os.DevNull}, args...)...)
		cmd.Env = append(c.command().Env, "npmotp="+c.program(), "LC_ALL=C.UTF-8", "TMUX=", "PATH="+c.home+":"+os.Getenv("PATH"))
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("tmux %v: %v: %s", args, err, out)
		}
		return string(out)
	}
	tmux("new-session", "-d", "-x", "100", "-y", "30", "sh "+script)
	t.Cleanup(func() { _ = exec.Command("tmux", "-S", server, "kill-server").Run() })
	expect := func(parts ...string) {
		t.Helper()
		for end := time.Now().Add(time.Minute); ; {
			screen := tmux("capture-pane", "-p")
			missing := slices.DeleteFunc(slices.Clone(parts), func(part string) bool { return strings.Contains(screen, part) })
			if len(missing) == 0 {
				return
			}
			if time.Now().After(end) {
				t.Fatalf("there is no %q:\n%s", missing, screen)
			}
		}
	}
	expect("Passphrase:")
	tmux("send-keys", "hunter2", "Enter")
	question := []string{`a program wants a code of "ada"`, "code ada (process ", "sh " + script, "registry", "<Give it>", "<No>"}
	expect(question...)
	first := regexp.MustCompile(`\(process \d+\)`).FindString(tmux("capture-pane", "-p"))
	// The button that has the focus is marked.
	tmux("send-keys", "Tab")
	for end := time.Now().Add(time.Minute); regexp.MustCompile(`\x1b\[[0-9;]*m<Give it>`).MatchString(tmux("capture-pane", "-p", "-e")); {
		if time.Now().After(end) {
			t.Fatal("the focus does not go on")
		}
	}
	tmux("send-keys", "Enter")
	// Each command is a job of its own, so there is a second question. Ctrl-C takes it
	// away, and pinentry leaves the terminal as it was.
	for end := time.Now().Add(time.Minute); ; {
		if screen := tmux("capture-pane", "-p"); strings.Contains(screen, "<Give it>") && !strings.Contains(screen, first) {
			break
		}
		if time.Now().After(end) {
			t.Fatal("there is no second question")
		}
	}
	expect(question...)
	tmux("send-keys", "C-c")
	expect("answered with no", "status 4", "restored")
	tmux("send-keys", "Enter")
}
