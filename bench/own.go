package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const (
	secret     = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	uri        = "otpauth://totp/npm:ada?secret=" + secret + "&issuer=npm"
	passphrase = "rosy-otter-cabin-fudge-plank-motto"
	// cheap is the least work of the key derivation, where that is not what is timed.
	cheap = "10"
)

// A user has a home, and an environment with nothing else of this process.
type user struct {
	home string
	env  []string
}

func (b *bench) user(name string, env ...string) (*user, error) {
	u := &user{home: filepath.Join(b.dir, name)}
	u.env = append([]string{"HOME=" + u.home, "PATH=" + os.Getenv("PATH"), "TERM=xterm", "LANG=C.UTF-8", "XDG_RUNTIME_DIR=" + b.runtime}, env...)
	return u, os.MkdirAll(u.home, 0o700)
}

// with returns the same home with more in the environment.
func (u *user) with(env ...string) *user {
	return &user{home: u.home, env: append(append([]string(nil), u.env...), env...)}
}

// do runs a process to its end.
func (u *user) do(input string, argv ...string) error {
	_, err := u.output(input, argv...)
	return err
}

func (u *user) output(input string, argv ...string) (string, error) {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env, cmd.Dir = u.env, u.home
	if input != "" {
		cmd.Stdin = strings.NewReader(input)
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", strings.Join(argv, " "), err, strings.TrimSpace(stderr.String()))
	}
	return string(out), nil
}

// call returns a way's run: a process with an input.
func (u *user) call(input string, argv ...string) func() error {
	return func() error { return u.do(input, argv...) }
}

func (b *bench) jobs() ([]*job, error) {
	ada, err := b.user("ada")
	if err != nil {
		return nil, err
	}
	given := ada.with("NPMOTP_PASSPHRASE=" + passphrase)
	if err := given.do(secret, b.npmotp, "add", "npm", "--issuer", "npm", "--reuse", "allow"); err != nil {
		return nil, err
	}
	if err := given.do("", b.npmotp, "unlock", "--for", "12h", "--idle", "12h"); err != nil {
		return nil, err
	}
	b.closers = append(b.closers, ada.call("", b.npmotp, "lock"))
	p := &peers{b}
	start := &job{title: "Start", rounds: 40, ways: []*way{
		{name: "`npmotp --version`", once: ada.call("", b.npmotp, "--version")},
		{name: "an empty Go program", once: ada.call("", b.empty)},
		p.plain("`age --version`", "age", "--version"),
		p.plain("`oathtool --version`", "oathtool", "--version"),
		p.plain("`gopass --version`", "gopass", "--version"),
		p.plain("`npm --version`", "npm", "--version"),
	}}
	code := &job{title: "A code, without a question", rounds: 40, ways: []*way{
		{name: "`npmotp code`, unlocked", once: ada.call("", b.npmotp, "code", "--no-input")},
		{name: "an empty Go program", once: ada.call("", b.empty)},
		p.gopassAgent(), p.pass(), p.twofa(), p.oathtool(),
	}, note: "pass has a key without a passphrase here. 2fa and oathtool read a secret that is not encrypted."}
	locked, err := b.user("locked", "NPMOTP_PASSPHRASE="+passphrase)
	if err != nil {
		return nil, err
	}
	if err := locked.do(secret, b.npmotp, "add", "npm"); err != nil {
		return nil, err
	}
	asked := &job{title: "A code, with a passphrase", rounds: 12, ways: []*way{
		{name: "`npmotp code`", once: locked.call("", b.npmotp, "code")},
		p.age(), p.gopass(), p.keepassxc(),
	}, note: "Most of this is the derivation of a key, which makes guessing dear: scrypt with 256 MiB for npmotp and age."}
	jobs := []*job{start, code, asked}
	for _, n := range []int{1, 100, 10_000} {
		j, err := b.many(n)
		if err != nil {
			return nil, err
		}
		jobs = append(jobs, j)
	}
	execs, err := b.execs(ada)
	if err != nil {
		return nil, err
	}
	pictures, err := p.pictures(ada)
	if err != nil {
		return nil, err
	}
	return append(append(jobs, execs...), pictures), nil
}

// many is what is done with vaults of n accounts.
func (b *bench) many(n int) (*job, error) {
	name := strconv.Itoa(n)
	u, err := b.user("many-"+name, "NPMOTP_PASSPHRASE="+passphrase)
	if err != nil {
		return nil, err
	}
	var list strings.Builder
	for i := range n {
		digits := []byte("GEZDGNBVGY3TQOJQGEZDGNBVGY3TAAAA")
		for at, v := len(digits)-1, i; v > 0; at, v = at-1, v/32 {
			digits[at] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[v%32]
		}
		fmt.Fprintf(&list, "otpauth://totp/npm:user-%d?secret=%s&issuer=npm\n", i, digits)
	}
	keys := filepath.Join(u.home, "keys.txt")
	if err := os.WriteFile(keys, []byte(list.String()), 0o600); err != nil {
		return nil, err
	}
	if err := u.do("", b.npmotp, "init", "--work-factor", cheap); err != nil {
		return nil, err
	}
	if err := u.do("", b.npmotp, "import", keys); err != nil {
		return nil, err
	}
	imports := 0
	return &job{title: "A vault of " + strings.Replace(name, "10000", "10,000", 1), rounds: 12, ways: []*way{
		{name: "`npmotp code`", once: u.call("", b.npmotp, "code", "user-0")},
		{name: "`npmotp list`", once: u.call("", b.npmotp, "list")},
		{name: "save: `npmotp edit`", once: func() error {
			imports++
			return u.do("", b.npmotp, "edit", "user-0", "--username", fmt.Sprint("ada-", imports))
		}},
		{name: "`npmotp import` of as many into an empty vault", once: func() error {
			imports++
			path := filepath.Join(u.home, fmt.Sprint("empty-", imports))
			if err := u.do("", b.npmotp, "--vault", path, "init", "--work-factor", cheap); err != nil {
				return err
			}
			return u.do("", b.npmotp, "--vault", path, "import", keys)
		}},
	}, note: "With a passphrase, without the derivation of the key (work factor 10). The import is two processes, `init` is one of them."}, nil
}

// execs is exec beside a bare npm, which is a stand-in that takes no time of its own.
func (b *bench) execs(ada *user) ([]*job, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	// It lies as npm does, so that its version is known without asking.
	lib := filepath.Join(ada.home, "lib", "npm")
	cli := filepath.Join(lib, "bin", "npm-cli.js")
	npm := filepath.Join(ada.home, "npm")
	if err := os.MkdirAll(filepath.Dir(cli), 0o700); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(lib, "package.json"), []byte(`{"name":"npm","version":"11.0.0"}`), 0o600); err != nil {
		return nil, err
	}
	program, err := os.ReadFile(self)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(os.WriteFile(cli, program, 0o700), os.Symlink(cli, npm)); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(ada.home, "package.json"), []byte(`{"name":"thing","version":"1.0.0"}`), 0o600); err != nil {
		return nil, err
	}
	by := func(via string) func() error {
		return func() error {
			return ada.atTerminal("", b.npmotp, "exec", "--min-remaining", "0s", "--via", via, "--", npm, "publish")
		}
	}
	jobs := []*job{
		{title: "exec, with the agent", note: "The stand-in asks like npm and does nothing else, so the difference is what npmotp adds."},
		{title: "exec, beside a loop that starts processes", note: "The loop is `while :; do /bin/true; done`."},
		{title: "exec, beside 400 idle processes", note: "Each of them has 50 files open."},
		{title: "exec, beside both", note: "The loop and the idle processes."},
	}
	for i, j := range jobs {
		j.rounds = 30
		j.ways = []*way{
			{name: "`npmotp exec npm publish`, by flag", once: by("flag")},
			{name: "`npmotp exec npm publish`, by prompt", once: by("prompt")},
			{name: "the stand-in for npm, bare", once: func() error { return ada.atTerminal("", npm, "publish", "--otp=123456") }},
		}
		j.beside = func() (stop func(), err error) { return ada.busy(self, i&1 != 0, i&2 != 0) }
		if !hasTerminals {
			for _, w := range j.ways {
				w.absent = "not timed on this system"
			}
		}
	}
	return jobs, nil
}

// busy starts a loop of processes and a crowd of idle ones, and returns what ends them.
func (u *user) busy(self string, loop, idle bool) (stop func(), err error) {
	var ends []func()
	stop = func() {
		for _, end := range ends {
			end()
		}
	}
	if idle {
		c := exec.Command(self)
		c.Args, c.Env = []string{"crowd"}, u.env
		in, err := c.StdinPipe()
		if err != nil {
			return nil, err
		}
		out, err := c.StdoutPipe()
		if err != nil {
			return nil, err
		}
		if err := c.Start(); err != nil {
			return nil, err
		}
		ends = append(ends, func() { _, _ = in.Close(), c.Wait() })
		if _, err := out.Read(make([]byte, 1)); err != nil {
			stop()
			return nil, fmt.Errorf("a crowd of idle processes: %w", err)
		}
	}
	if loop {
		c := exec.Command("sh", "-c", "while :; do /bin/true; done")
		c.Env = u.env
		if err := c.Start(); err != nil {
			stop()
			return nil, err
		}
		ends = append(ends, func() { _, _ = c.Process.Kill(), c.Wait() })
	}
	return stop, nil
}

// crowd is the process that starts 400 idle ones with 50 open files each, and ends
// them at the end of its input. It does nothing else, so that it is idle, too.
func crowd() int {
	file, err := os.Open(os.DevNull)
	if err != nil {
		return 1
	}
	files := slices.Repeat([]*os.File{file}, 47) // and the three streams
	status := 0
	var all []*exec.Cmd
	for range 400 {
		c := exec.Command("sleep", "3600")
		c.ExtraFiles = files
		if c.Start() != nil {
			status = 1
			break
		}
		all = append(all, c)
	}
	if status == 0 {
		fmt.Println("ready")
		_, _ = io.Copy(io.Discard, os.Stdin)
	}
	for _, c := range all {
		_ = c.Process.Kill()
	}
	for _, c := range all {
		_ = c.Wait()
	}
	return status
}

// standIn is what an npm is that asks for a code at a terminal and does nothing.
func standIn(args []string) int {
	for _, arg := range args {
		if strings.HasPrefix(arg, "--otp=") {
			return 0
		}
	}
	fmt.Print("This operation requires a one-time password.\nEnter OTP: ")
	answer, err := readLine()
	if err != nil || len(strings.TrimSpace(answer)) != 6 {
		return 1
	}
	return 0
}

// sizes writes what is no time: memory, and the size of the binary.
func (b *bench) sizes(w *bytes.Buffer) error {
	ada := &user{home: filepath.Join(b.dir, "ada"), env: []string{"HOME=" + filepath.Join(b.dir, "ada"), "XDG_RUNTIME_DIR=" + b.runtime}}
	locked := &user{home: filepath.Join(b.dir, "locked"), env: []string{"HOME=" + filepath.Join(b.dir, "locked"), "NPMOTP_PASSPHRASE=" + passphrase}}
	many := &user{home: filepath.Join(b.dir, "many-10000"), env: []string{"HOME=" + filepath.Join(b.dir, "many-10000"), "NPMOTP_PASSPHRASE=" + passphrase}}
	w.WriteString("### Memory and size\n\n| what | |\n| --- | ---: |\n")
	info, err := os.Stat(b.npmotp)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "| the binary, stripped | %.1f MB |\n", float64(info.Size())/1e6)
	if resident, err := b.agentMemory(ada); err == nil {
		fmt.Fprintf(w, "| the agent, resident | %.1f MB |\n", resident)
	} else {
		fmt.Fprintf(w, "| the agent, resident | %v |\n", err)
	}
	for _, m := range []struct {
		what string
		u    *user
		argv []string
	}{
		{"`npmotp code`, unlocked, at most", ada, []string{b.npmotp, "code", "--no-input"}},
		{"`npmotp code`, with a passphrase, at most (256 MiB are scrypt's)", locked, []string{b.npmotp, "code"}},
		{"`npmotp edit` in a vault of 10,000, at most", many, []string{b.npmotp, "edit", "user-0", "--username", "last"}},
	} {
		c := exec.Command(m.argv[0], m.argv[1:]...)
		c.Env, c.Dir = m.u.env, m.u.home
		if out, err := c.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", strings.Join(m.argv, " "), err, out)
		}
		if most := megabytes(c.ProcessState); most > 0 {
			fmt.Fprintf(w, "| %s | %.0f MB |\n", m.what, most)
		}
	}
	w.WriteString("\n")
	return nil
}

// agentMemory returns the megabytes that are resident of the agent.
func (b *bench) agentMemory(u *user) (float64, error) {
	out, err := u.output("", b.npmotp, "status", "--json")
	if err != nil {
		return 0, err
	}
	var status struct {
		PID int `json:"pid"`
	}
	if err := json.Unmarshal([]byte(out), &status); err != nil {
		return 0, err
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", status.PID))
	if err != nil {
		return 0, errors.New("not measured on this system")
	}
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	kilobytes, err := strconv.ParseFloat(strings.Fields(rest + " x")[0], 64)
	return kilobytes / 1e3, err
}
