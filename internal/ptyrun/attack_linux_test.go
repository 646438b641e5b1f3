package ptyrun_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"npmotp/internal/npmregistry"
	"npmotp/internal/npmregistry/npmtest"

	"golang.org/x/sys/unix"
)

// An attack is a prepublishOnly script that is after the code.
type attack struct {
	name, script string
	// stays tells that a process of it is still there when npm itself asks.
	stays bool
}

// attacks write what they get to the file $STOLEN.
func attacks() []attack {
	const prompt = `printf 'This operation requires a one-time password.\nEnter OTP: '`
	return []attack{
		{"prints the prompt and reads", prompt + `; read x; echo "$x" >$STOLEN`, false},
		{"opens the terminal", prompt + ` >/dev/tty; head -n 1 </dev/tty >$STOLEN`, false},
		{"leaves a reader in the background", `cat </dev/tty >$STOLEN & :`, true},
		{"forks twice", `( (cat </dev/tty >$STOLEN &) & ) ; :`, true},
		{"begins a session of its own", `setsid sh -c 'cat <&3 >$STOLEN' 3</dev/tty & :`, true},
		{"reads raw in a session of its own", `setsid sh -c 'stty raw -echo <&3; dd bs=1 <&3 >$STOLEN' 3</dev/tty & :`, true},
		{"forks from process to process", `node flee.js </dev/tty & :`, true},
		// Node lets whoever connects read its standard input before npm does.
		{"starts a debugger in npm", `kill -USR1 $(ps -o ppid= -p $PPID); sleep 1`, true},
		{"calls itself npm", `node -e 'process.title="npm publish"; process.stdout.write("Enter OTP: "); process.stdin.setRawMode(true).once("data", d => { require("fs").writeFileSync(process.env.STOLEN, d); process.exit() })'`, false},
	}
}

const flee = `
const { spawn } = require('child_process')
const fs = require('fs')
if (!process.argv[2]) {
  spawn(process.execPath, [__filename, '1'], { detached: true, stdio: ['inherit', 'ignore', 'ignore'] }).unref()
} else {
  process.stdin.on('data', d => fs.appendFileSync(process.env.STOLEN, d))
  process.stdin.on('error', () => process.exit())
  const n = +process.argv[2]
  if (n < 40) setTimeout(() => { spawn(process.execPath, [__filename, String(n + 1)], { detached: true, stdio: ['inherit', 'ignore', 'ignore'] }).unref(); process.exit() }, 20)
}
`

// What is typed, and what the attacks are after. Both are digits, so that a script
// with any digit has got something.
const (
	oneTime        = "code"
	recoveryCode   = "recovery code"
	recoveryDigits = "0123456789012345678901234567890123456789012345678901234567890123"
)

// attempt publishes a package with such a script, and does what a user would
// who sees the warning.
func (a attack) attempt(t *testing.T, n npmtest.NPM, prize string) {
	t.Helper()
	r := newTrial(t, n)
	answer := r.answer
	if prize == recoveryCode {
		r.SetTFA("alice", totpKey, npmregistry.AuthAndWrites, []string{recoveryDigits})
		answer = func(string) string {
			r.codes = append(r.codes, recoveryDigits)
			return recoveryDigits
		}
	}
	stolen := filepath.Join(t.TempDir(), "stolen")
	r.file(t, "flee.js", flee)
	r.file(t, "attack.sh", "export STOLEN="+stolen+"\n"+a.script+"\n")
	r.manifest(t, "prepublishOnly", "sh attack.sh")
	env := append(slices.Clone(r.env), "NODE_OPTIONS=--inspect-port=0") // of all that run beside it
	p := sit(t, start{dir: r.dir, env: env, answer: answer}, n.Path, "publish")
	p.expect("[warn: the question is not answered: ")
	var screen string
	if a.stays {
		p.press("\x03")
		screen = p.end(anyFailure)
		r.published(t, "@alice/thing", 0)
		if len(r.codes) != 0 {
			t.Errorf("a code was asked for:\n%s", screen)
		}
	} else {
		// Something else than a code; npm's own question follows.
		p.press("nothing\r")
		screen = p.end(0)
		r.published(t, "@alice/thing", 1)
	}
	got, err := os.ReadFile(stolen)
	if err != nil && a.stays {
		got = nil // it was ended before it began
	} else if err != nil {
		t.Error(err)
	}
	if strings.ContainsAny(string(got), "0123456789") {
		t.Errorf("the script has %q", got)
	}
	r.shownNowhere(t, screen)
}

// TestAttacks is the guard against scripts that want the code for themselves.
func TestAttacks(t *testing.T) {
	if testing.Short() {
		t.Skip("runs npm many times")
	}
	all := npmtest.NPMs(t)
	newest := all[len(all)-1]
	runs := 1
	if text := os.Getenv(attacksVariable); text != "" {
		var err error
		if runs, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	} else if os.Getenv("CI") == "true" {
		t.Fatal(attacksVariable + " is not set")
	}
	for _, a := range attacks() {
		t.Run(a.name, func(t *testing.T) {
			for _, prize := range []string{oneTime, recoveryCode} {
				for i := range runs {
					t.Run(fmt.Sprint(prize, " ", i), func(t *testing.T) {
						t.Parallel()
						a.attempt(t, newest, prize)
					})
				}
			}
			for _, n := range all[:len(all)-1] {
				t.Run(n.String(), func(t *testing.T) {
					t.Parallel()
					a.attempt(t, n, oneTime)
				})
			}
		})
	}
}

// hide has nothing to do with the command, and shows nobody what it has open.
func hide(file string) int {
	out, err := os.OpenFile(file, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil || unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0) != nil {
		return 1
	}
	_, _ = os.Stdout.WriteString("ready\n")
	open := map[string]bool{}
	for {
		entries, err := os.ReadDir("/dev/pts")
		if err != nil {
			return 1
		}
		for _, e := range entries {
			name := filepath.Join("/dev/pts", e.Name())
			if open[name] {
				continue
			}
			fd, err := unix.Open(name, unix.O_RDONLY|unix.O_NOCTTY, 0)
			if err != nil {
				continue
			}
			open[name] = true
			go func() { // not by way of a poller, which would come second
				for key := make([]byte, 1); ; {
					if n, err := unix.Read(fd, key); n < 1 || err != nil {
						return
					}
					_, _ = out.Write(key)
				}
			}()
		}
		time.Sleep(time.Millisecond) // it does what it does for as long as it lives
	}
}

// TestHidingReader has a program of the same user read every terminal that there
// is. It gets nothing, unless the terminal is shared, which shows that it is one to
// be afraid of.
func TestHidingReader(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("becomes another user, for which it needs root")
	}
	// It reads nothing else after the prompt, which would count as a key that it took.
	const program = `stty raw -echo icrnl; printf 'Enter OTP: '; read -r otp`
	stolen := filepath.Join(filepath.Dir(forOthers(t, "/dev/null")), "stolen")
	if err := errors.Join(os.WriteFile(stolen, nil, 0o600), os.Chown(stolen, nobody, nobody)); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	thief := exec.CommandContext(t.Context(), forOthers(t, self))
	thief.Env, thief.Dir = append(os.Environ(), hideVariable+"="+stolen), "/"
	thief.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	ready, err := thief.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := thief.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = thief.Process.Kill(), thief.Wait() })
	if _, err := ready.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	runs := 1
	if n, err := strconv.Atoi(os.Getenv(attacksVariable)); err == nil {
		runs = n
	}
	for _, digits := range []string{"123456", recoveryDigits} {
		for range runs {
			answer := func(string) string { return digits }
			p := sit(t, start{as: nobody, answer: answer}, "sh", "-c", program)
			p.expect("[answers: 1]")
			p.end(0)
		}
	}
	if got, err := os.ReadFile(stolen); err != nil || len(got) > 0 {
		t.Errorf("it has %q, %v", got, err)
	}
	// Where it can open the terminal it comes first at times, with one key, and the
	// user is told.
	for range 20 {
		p := sit(t, start{as: nobody, options: "shared"}, "sh", "-c", program)
		if p.expect("[answers: 1]", "another process took the first key") == 0 {
			p.end(0)
			continue
		}
		p.press("\x03")
		p.end(anyFailure)
		break
	}
	if got, err := os.ReadFile(stolen); err != nil || !strings.HasPrefix(string(got), "1") || strings.Contains(string(got), "2") {
		t.Errorf("of a shared terminal it has %q, %v", got, err)
	}
}

// TestHandedOn has the command hand the terminal to a process that was there before
// it, which sleeps by the time of the question. This test is that process.
func TestHandedOn(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	p := sit(t, start{env: append(os.Environ(), handOnVariable+"="+socket)}, os.Args[0])
	conn, err := l.AcceptUnix()
	if err != nil {
		t.Fatal(err)
	}
	rights := make([]byte, unix.CmsgSpace(4))
	if _, n, _, _, err := conn.ReadMsgUnix(nil, rights); err != nil || n != len(rights) {
		t.Fatalf("%d bytes, %v", n, err)
	}
	_ = conn.Close()
	p.expect("[warn: the question is not answered: another process could read the answer: \"ptyrun.test\"")
	p.press("\x03")
	p.end(anyFailure)
}

// handOn gives its terminal to whoever takes it, and then asks.
func handOn(socket string) int {
	conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: socket, Net: "unix"})
	if err != nil {
		return 1
	}
	if _, _, err := conn.WriteMsgUnix(nil, unix.UnixRights(0), nil); err != nil {
		return 1
	}
	_, _ = conn.Read(make([]byte, 1)) // it has it
	_, _ = os.Stdout.WriteString("Enter OTP: ")
	_, _ = os.Stdin.Read(make([]byte, 10))
	return 0
}

// TestSecretiveReader has a command ask of which nobody but root is told what it
// waits in, as of sudo. It gets no code, unless the terminal is shared.
func TestSecretiveReader(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s := start{env: append(os.Environ(), secretiveVariable+"=1")}
	if os.Getuid() == 0 {
		s.as = nobody
	}
	program := forOthers(t, self)
	p := sit(t, s, program)
	p.expect("[warn: the question is not answered: the program does not read the terminal; ")
	p.press("mine\r")
	p.expect("it has mine")
	p.expect("[answers: 0]")
	p.end(0)
	s.options = "shared"
	p = sit(t, s, program)
	p.expect("it has 123456")
	p.expect("[answers: 1]")
	p.end(0)
}

// askInSecret asks, and says what it was told.
func askInSecret() int {
	if unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0) != nil {
		return 1
	}
	_, _ = os.Stdout.WriteString("Enter OTP: ")
	answer := make([]byte, 10)
	n, _ := os.Stdin.Read(answer)
	fmt.Printf("it has %s", answer[:n])
	return 0
}

// attacksVariable says how often each attack is tried on the newest npm, for a code
// and for a recovery code. It has to lose every race.
const attacksVariable = "NPMOTP_TEST_ATTACKS"
