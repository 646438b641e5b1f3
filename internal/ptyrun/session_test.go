//go:build linux || darwin

package ptyrun_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"

	"npmotp/internal/vt"
)

func TestSessionPassesTheStatus(t *testing.T) {
	for _, test := range []struct {
		script string
		want   int
	}{
		{"exit 0", 0}, {"exit 1", 1}, {"exit 255", 255},
		{"kill -KILL $$", 137}, {"kill -TERM $$", 143}, {"kill -INT $$", 130},
	} {
		t.Run(test.script, func(t *testing.T) {
			sit(t, start{}, "sh", "-c", test.script).end(test.want)
		})
	}
}

func TestSessionCannotExecute(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tool")
	if err := os.WriteFile(file, []byte("#!/no/such/interpreter\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	screen := sit(t, start{}, file).end(125)
	if !strings.Contains(screen, file+": no such file or directory") {
		t.Errorf("the screen is %q", screen)
	}
}

// TestSessionPassesBytes has an argument and a variable that are no text.
func TestSessionPassesBytes(t *testing.T) {
	p := sit(t, start{env: append(os.Environ(), "LATIN=\xe9")}, "sh", "-c", `printf %s "$1$LATIN" | od -An -tx1`, "sh", "\xff")
	p.expect("ff e9")
	p.end(0)
}

// TestSessionHearsLateOfTheProgram has the program ask before it is known to have
// been started.
func TestSessionHearsLateOfTheProgram(t *testing.T) {
	p := sit(t, start{options: "late agree"}, "bash", "-c", `read -rsp "Enter OTP: " otp; echo; echo "got ${#otp}"`)
	p.expect("got 6")
	p.end(0)
}

// untilSignal waits for a trap. A signal that comes just before a shell reads
// would be heeded only after a line.
const untilSignal = "while :; do sleep 0.05; done"

// TestSessionKeys sends the keys that the terminal makes signals of.
func TestSessionKeys(t *testing.T) {
	for key, name := range map[string]string{"\x03": "INT", "\x1c": "QUIT"} {
		t.Run(name, func(t *testing.T) {
			p := sit(t, start{}, "sh", "-c", `trap 'echo caught; exit 7' `+name+`; echo ready; `+untilSignal)
			p.expect("ready")
			p.press(key)
			p.expect("caught")
			p.end(7)
		})
	}
}

// TestSessionPassesSignals sends signals to npmotp's process itself.
func TestSessionPassesSignals(t *testing.T) {
	for _, test := range []struct {
		name   string
		signal syscall.Signal
	}{{"INT", syscall.SIGINT}, {"TERM", syscall.SIGTERM}, {"HUP", syscall.SIGHUP}, {"QUIT", syscall.SIGQUIT}} {
		t.Run(test.name, func(t *testing.T) {
			p := sit(t, start{}, "sh", "-c", `trap 'echo caught; exit 7' `+test.name+`; echo ready; `+untilSignal)
			p.expect("ready")
			if err := p.cmd.Process.Signal(test.signal); err != nil {
				t.Fatal(err)
			}
			p.expect("caught")
			p.end(7)
		})
		t.Run(test.name+" ends it", func(t *testing.T) {
			p := sit(t, start{}, "sh", "-c", "echo ready; read x")
			p.expect("ready")
			if err := p.cmd.Process.Signal(test.signal); err != nil {
				t.Fatal(err)
			}
			p.end(128 + int(test.signal))
		})
	}
}

// shellJob is an interactive shell's way of running the session: as a job that
// can be stopped.
const shellJob = `set -m; before=$(stty -g)
look() { s=$?; echo "status=$s"; [ "$before" = "$(stty -g)" ] && echo terminal-restored; }
"$@"; look
read go; fg >/dev/null; look
read go; fg >/dev/null; look
exit $s`

// TestSessionStopsAndGoesOn presses Ctrl-Z and continues the job, twice over:
// with the key, and with SIGTSTP sent to npmotp.
func TestSessionStopsAndGoesOn(t *testing.T) {
	by := syscall.SIGTSTP
	if runtime.GOOS != "linux" {
		by = syscall.SIGSTOP
	}
	for _, way := range []string{"key", "signal"} {
		t.Run(way, func(t *testing.T) {
			p := sit(t, start{shell: shellJob}, "bash", "-c", `trap 'echo continued' CONT; echo "ready $PPID."; until read -t 0.1 x; do :; done; echo "got $x"; exit 5`)
			p.expect("ready ")
			p.expect(".")
			stop := func() { p.press("\x1a") }
			if way == "signal" {
				// The monitor's parent is npmotp.
				_, monitor, _ := strings.Cut(p.screen.String(), "ready ")
				monitor, _, _ = strings.Cut(monitor, ".")
				stat, err := os.ReadFile("/proc/" + monitor + "/stat")
				if err != nil {
					t.Skip("no /proc here:", err)
				}
				_, rest, _ := strings.Cut(string(stat), ") ")
				pid, err := strconv.Atoi(strings.Fields(rest)[1])
				if err != nil {
					t.Fatal(err)
				}
				stop = func() {
					if err := syscall.Kill(pid, syscall.SIGTSTP); err != nil {
						t.Fatal(err)
					}
				}
			}
			for range 2 {
				stop()
				p.expect(fmt.Sprintf("status=%d", 128+int(by)))
				p.expect("terminal-restored")
				p.press("go\n")
				p.expect("continued")
			}
			p.press("hello\r")
			p.expect("got hello")
			p.expect("status=5")
			p.expect("terminal-restored")
			p.end(5)
		})
	}
}

// TestSessionRestoresTheTerminal ends the session in every way that it can
// notice.
func TestSessionRestoresTheTerminal(t *testing.T) {
	const shell = `before=$(stty -g); "$@"; s=$?; [ "$before" = "$(stty -g)" ] && echo terminal-restored; exit $s`
	for _, test := range []struct {
		script string
		status int
	}{
		{"exit 3", 3}, {"stty raw -echo; exit 3", 3}, {"kill -KILL $$", 137}, {"kill -KILL $PPID; sleep 60", 137},
		{`kill -TERM $(awk '{print $4}' /proc/$PPID/stat); sleep 60`, 143},
		{`kill -HUP $(awk '{print $4}' /proc/$PPID/stat); sleep 60`, 129},
	} {
		t.Run(test.script, func(t *testing.T) {
			if strings.Contains(test.script, "/proc") {
				if _, err := os.Stat("/proc/self/stat"); err != nil {
					t.Skip("no /proc here")
				}
			}
			p := sit(t, start{shell: "trap : TERM HUP; " + shell}, "sh", "-c", test.script)
			p.expect("terminal-restored")
			p.end(test.status)
		})
	}
}

func TestSessionFollowsTheWindow(t *testing.T) {
	p := sit(t, start{}, "bash", "-c", `trap 'stty size' WINCH; stty size; until read -t 0.1 x; do :; done`)
	p.expect("24 80")
	if err := pty.Setsize(p.terminal, &pty.Winsize{Rows: 50, Cols: 132}); err != nil {
		t.Fatal(err)
	}
	p.expect("50 132")
	p.press("\r")
	p.end(0)
}

func TestSessionPassesKeys(t *testing.T) {
	p := sit(t, start{}, "sh", "-c", `read x; echo "got $x"; cat; echo ended`)
	p.press("one\r")
	p.expect("got one")
	p.press("two\r")
	p.expect("two\r\ntwo\r\n")
	p.press("\x04")
	p.expect("ended")
	p.end(0)
}

// A key that interrupts goes to the program's terminal; the script around the
// session has to hear of it all the same.
func TestSessionInterruptsWhatStandsAround(t *testing.T) {
	p := sit(t, start{shell: `trap 'echo the script heard' INT; "$@"; echo "status $?"`}, "sh", "-c", "echo ready; exec sleep 30")
	p.expect("ready")
	p.press("\x03")
	p.expect("the script heard")
	p.expect("status 130")
	p.end(0)
}

func TestKilledSessionGivesTheTerminalBack(t *testing.T) {
	p := sit(t, start{shell: `"$@"; until stty -a | grep -q ' icanon'; do :; done; echo given back`},
		"sh", "-c", `echo ready; read x; kill -9 $(ps -o ppid= -p $PPID)`)
	p.expect("ready")
	p.press("\r")
	p.expect("given back")
	p.end(0)
}

// Nobody but root opens the program's terminal anew: a process that hides its
// descriptors could read what is typed there.
func TestSessionTerminalIsItsOwn(t *testing.T) {
	if os.Geteuid() != 0 {
		if os.Getenv("CI") == "true" {
			t.Fatal("not root")
		}
		t.Skip("only root can run it as another user")
	}
	const script = `if (: </dev/tty) 2>/dev/null; then echo opened; else echo refused; fi; echo "the end"`
	for want, options := range map[string]string{"refused": "", "opened": "shared"} {
		t.Run(want, func(t *testing.T) {
			p := sit(t, start{as: nobody, options: options}, "sh", "-c", script)
			p.expect(want)
			p.expect("the end")
			p.end(0)
		})
	}
}

func TestSessionPassesAStream(t *testing.T) {
	for _, test := range []struct{ name, input, want string }{
		{"lines", "one\ntwo\n", "got one\r\ntwo\r\nended\r\n"},
		{"no newline at the end", "one\ntwo", "got one\r\ntwoended\r\n"},
		{"nothing", "", "got \r\nended\r\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "input")
			if err := os.WriteFile(file, []byte(test.input), 0o600); err != nil {
				t.Fatal(err)
			}
			stdin, err := os.Open(file)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = stdin.Close() })
			script := `read x; echo "got $x"; cat; echo ended`
			if test.input == "" {
				script = `read x; echo "got $x"; echo ended`
			}
			p := sit(t, start{stdin: stdin}, "sh", "-c", script)
			screen := p.end(0)
			if !strings.HasPrefix(screen, test.want) {
				t.Errorf("the screen is %q, want %q", screen, test.want)
			}
		})
	}
}

// TestSessionOutputIsUnchanged prints every byte in a mode in which the
// terminal leaves it alone.
func TestSessionOutputIsUnchanged(t *testing.T) {
	var all strings.Builder
	for b := range 256 {
		all.WriteByte(byte(b))
	}
	text := strings.Repeat(all.String(), 3000)
	file := filepath.Join(t.TempDir(), "bytes")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p := sit(t, start{}, "sh", "-c", `stty -opost; cat "$0"`, file)
	if screen := p.end(0); !strings.HasPrefix(screen, text) {
		t.Errorf("%d bytes differ from the %d printed", len(screen), len(text))
	}
}

// TestSessionAnswersAScript is an answer in a terminal's usual mode, echoed by
// the system.
func TestSessionAnswersAScript(t *testing.T) {
	p := sit(t, start{}, "sh", "-c", `printf 'Enter OTP: '; read x; [ "$x" = 123456 ] && echo right`)
	p.expect("Enter OTP: ******\r\nright\r\n")
	p.end(0)
}

// shown is the text on a terminal that got p, and the row and column of the cursor.
func shown(p string) string {
	t := vt.New()
	t.Replay(context.Background(), p)
	lines := make([]string, len(t.Lines))
	for i, l := range t.Lines {
		var b strings.Builder
		for _, c := range l {
			b.WriteRune(c.Rune)
		}
		lines[i] = strings.TrimRight(b.String(), " ")
	}
	return strings.Join(lines, "|")
}

// What is waited for shows below the question, and is gone afterwards as if it had
// never been there.
func TestSessionCountsBelowTheQuestion(t *testing.T) {
	const script = `printf 'a line\nEnter OTP: '; read x; [ "$x" = 123456 ] && echo right`
	goOn := make(chan struct{})
	p := sit(t, start{options: "counts", answer: func(string) string { <-goOn; return "123456" }}, "sh", "-c", script)
	p.expect("one more\x1b[K\x1b[?7h")
	if got := shown(p.screen.String()); got != "a line|Enter OTP:|one more" {
		t.Errorf("the screen is %q", got)
	}
	close(goOn)
	p.expect("right")
	screen := p.end(0)
	if got := shown(screen); !strings.HasPrefix(got, "a line|Enter OTP: ******|right|") || strings.Contains(got, "more") {
		t.Errorf("the screen is %q\n%q", got, screen)
	}
}

func TestSessionStopsAtTheLimit(t *testing.T) {
	p := sit(t, start{options: "max=1"}, "bash", "-c", `while :; do printf 'Enter OTP: '; read x; done`)
	p.expect("[error: the program asks again]")
	p.expect("[answers: 1]")
	p.end(130)
}

func TestSessionLeavesTheQuestion(t *testing.T) {
	p := sit(t, start{answer: func(string) string { return "leave" }}, "sh", "-c", `printf 'Enter OTP: '; read x; echo "got $x"`)
	p.expect("Enter OTP: ")
	p.press("99\r")
	p.expect("got 99")
	p.end(0)
}

func TestSessionWithoutACode(t *testing.T) {
	p := sit(t, start{answer: func(string) string { return "fail" }}, "bash", "-c", `printf 'Enter OTP: '; read x`)
	p.expect("[error: there is no code]")
	p.end(130)
}
