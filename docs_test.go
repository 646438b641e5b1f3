//go:build !windows

package main_test

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"npmotp/internal/npmregistry"
	"npmotp/internal/npmregistry/npmtest"
	"npmotp/internal/vt"
	"npmotp/vault"
)

// A page of documentation is the script of its test: each "$ command" of a console
// block is run at a terminal, in order, in a home that is the page's own, and what
// the terminal shows is compared with what the page says. UPDATE=1 writes what it
// showed into the page.
//
// A command of an sh block has to succeed; what it prints is not compared. "A$" and
// "B$" are commands on two laptops. A line of the page that is "..." stands for any
// lines, and "..." at the end of a line for the rest of it. What differs from run to
// run is masked.
//
// Readers do not see the comments that say what only a test needs:
//
//	<!-- run: COMMAND... -->   run before the next block, with a passphrase given;
//	                           "registry USER [SECRET] [as URL]" logs npm in at one
//	<!-- fails: N -->          the last command of the next block ends with status N
//	<!-- needs: PROGRAM -->    the next block is skipped where the program is missing
//	<!-- new home -->          what follows is done on a laptop where nothing was done
//	<!-- not run: WHY -->      the next block is not run; in the first line, the page
type docPage struct {
	path   string
	lines  []string
	blocks []docBlock
}

// A docBlock is a block of commands, or one that only prepares the next.
type docBlock struct {
	from, to int // its lines in the page, without the fences
	indent   string
	kind     string // console, sh or run
	notes    docNotes
}

// docNotes is what the comments before a block say.
type docNotes struct {
	run    string
	needs  []string
	fails  int
	fresh  bool
	notRun string
}

// notRun is how many blocks and pages may be marked as not run. Find a way to run
// a block before this is raised.
const notRun = 12

// docPassphrase is typed wherever a passphrase is asked for.
const docPassphrase = "rosy-otter-cabin-fudge-plank-motto"

// docPassword is that of npm, in the registry of a page.
const docPassword = "lovelace"

// TestDocs runs the commands of the README and of doc.
func TestDocs(t *testing.T) {
	if testing.Short() {
		t.Skip("runs every command of the documentation")
	}
	paths, err := filepath.Glob("doc/*.md")
	if err != nil || len(paths) < 5 {
		t.Fatalf("doc has %d pages: %v", len(paths), err)
	}
	left := 0
	for _, path := range append([]string{"README.md"}, paths...) {
		page := readPage(t, path)
		page.size(t)
		for _, b := range page.blocks {
			if b.notes.notRun != "" {
				left++
			}
		}
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			page.run(t)
		})
	}
	if left > notRun {
		t.Errorf("%d blocks and pages are marked as not run, and %d may be", left, notRun)
	}
}

// size holds a page to what is read in one go: the README to 1,200 words, and others
// than the design to 400 lines.
func (p *docPage) size(t *testing.T) {
	t.Helper()
	if words := len(strings.Fields(strings.Join(p.lines, "\n"))); p.path == "README.md" && words > 1200 {
		t.Errorf("%s has %d words, and may have 1,200", p.path, words)
	}
	if len(p.lines) > 400 && p.path != "doc/design.md" {
		t.Errorf("%s has %d lines, and may have 400", p.path, len(p.lines))
	}
}

// docNote is a comment of a page that is meant for the test.
var docNote = regexp.MustCompile(`(?s)^<!-- (run|fails|needs|new home|not run)(?:: (.*?))? -->$`)

// commandLine is how a line begins that somebody would type.
var commandLine = regexp.MustCompile(`^([AB]?\$ |(sudo )?(npmotp|npx|npm|age|age-plugin-yubikey|go|git|brew|dpkg|bash|sed) [^|])`)

func readPage(t *testing.T, path string) *docPage {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	p := &docPage{path: path, lines: strings.Split(string(text), "\n")}
	if m := docNote.FindStringSubmatch(p.lines[0]); m != nil && m[1] == "not run" {
		p.blocks = []docBlock{{kind: "page", notes: docNotes{notRun: m[2]}}}
		return p
	}
	var notes docNotes
	for i := 0; i < len(p.lines); i++ {
		line := p.lines[i]
		switch {
		case strings.HasPrefix(line, "<!-- "):
			comment := line
			for !strings.HasSuffix(comment, "-->") && i+1 < len(p.lines) {
				i++
				comment += "\n" + p.lines[i]
			}
			p.note(t, &notes, comment)
		case strings.HasPrefix(strings.TrimSpace(line), "```"):
			b := docBlock{from: i + 1, notes: notes, kind: strings.Trim(line, " `"), indent: line[:strings.Index(line, "`")]}
			for i++; i < len(p.lines) && strings.TrimSpace(p.lines[i]) != "```"; i++ {
			}
			b.to = i
			p.add(t, b, &notes)
		case strings.HasPrefix(line, "    ") && (i == 0 || p.lines[i-1] == ""):
			b := docBlock{from: i, notes: notes, kind: "sh", indent: "    "}
			for i+1 < len(p.lines) && strings.HasPrefix(p.lines[i+1], "    ") {
				i++
			}
			b.to = i + 1
			p.add(t, b, &notes)
		}
	}
	if !reflect.DeepEqual(notes, docNotes{}) {
		t.Errorf("%s: no block after the last comment for the test", path)
	}
	return p
}

func (p *docPage) note(t *testing.T, notes *docNotes, comment string) {
	t.Helper()
	m := docNote.FindStringSubmatch(comment)
	if m == nil {
		return // a comment for people
	}
	switch m[1] {
	case "run":
		notes.run += m[2] + "\n"
	case "fails":
		status, err := strconv.Atoi(m[2])
		if err != nil {
			t.Fatalf("%s: no status in %s", p.path, comment)
		}
		notes.fails = status
	case "needs":
		notes.needs = append(notes.needs, strings.Fields(m[2])...)
	case "new home":
		notes.fresh = true
	case "not run":
		notes.notRun = cmp.Or(m[2], "no reason")
	}
}

// add adds a block if there are commands in it.
func (p *docPage) add(t *testing.T, b docBlock, notes *docNotes) {
	t.Helper()
	commands := slices.ContainsFunc(p.lines[b.from:b.to], func(line string) bool {
		return commandLine.MatchString(strings.TrimPrefix(line, b.indent))
	})
	runs := b.kind == "console" || b.kind == "sh"
	switch {
	case b.kind == "sh" && notes.notRun == "" && strings.Contains(p.lines[b.from], "$ "):
		t.Errorf("%s:%d: what a command prints is compared in a block of console only", p.path, b.from+1)
	case commands && !runs && notes.notRun == "":
		t.Errorf("%s:%d: commands in a block of %q, which is not run: make it console or sh", p.path, b.from, b.kind)
	case commands && runs || notes.notRun != "":
		p.blocks = append(p.blocks, b)
	default:
		return // no commands; what was said is about the next block
	}
	*notes = docNotes{}
}

// A docRun is one page under test, with up to two laptops and a registry.
type docRun struct {
	t         *testing.T
	page      *docPage
	bin       string // a folder with npmotp, first in PATH
	desk      string // where both laptops stand
	clock     fileClock
	laptops   map[string]*docLaptop
	registry  *npmregistry.Server // made for the first block that needs npm
	called    string              // what the page calls the registry
	npm       npmtest.NPM
	recipient string           // the last that was shown
	shown     map[int][]string // by the first line of a block: what it should say
}

// A docLaptop is a home, and a folder that is worked in.
type docLaptop struct{ home, dir, runtime string }

func newDocRun(t *testing.T, p *docPage) *docRun {
	t.Helper()
	r := &docRun{
		t: t, page: p, bin: t.TempDir(), desk: t.TempDir(), laptops: map[string]*docLaptop{}, shown: map[int][]string{},
		clock: fileClock(filepath.Join(t.TempDir(), "clock")),
	}
	r.clock.set(time.Date(2026, 11, 23, 9, 30, 9, 0, time.UTC))
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(exe, filepath.Join(r.bin, "npmotp")); err != nil {
		t.Fatal(err)
	}
	return r
}

func (p *docPage) run(t *testing.T) {
	t.Helper()
	r := newDocRun(t, p)
	for _, b := range p.blocks {
		if b.notes.fresh {
			r.laptops = map[string]*docLaptop{}
		}
		if missing := r.missing(b.notes.needs); missing != "" {
			if os.Getenv("CI") == "true" {
				t.Errorf("%s:%d: %s", p.path, b.from, missing)
			}
			t.Logf("%s:%d is not run: %s", p.path, b.from, missing)
			continue
		}
		r.prepare(b)
		if b.notes.notRun == "" {
			r.block(b)
		}
	}
	if os.Getenv("UPDATE") == "1" {
		p.rewrite(t, r.shown)
	}
}

// missing returns why a block cannot be run here, if it cannot.
func (r *docRun) missing(needs []string) string {
	for _, program := range needs {
		switch program {
		case "npm":
			dir := os.Getenv(npmtest.DirVariable)
			if dir == "" {
				return npmtest.DirVariable + " names no npm"
			}
			if r.registry == nil {
				r.startRegistry()
			}
		case "age":
			if err := r.buildAge(); err != nil {
				return err.Error()
			}
		default:
			if _, err := exec.LookPath(program); err != nil {
				return program + " is not installed"
			}
		}
	}
	return ""
}

// buildAge builds the stock age tool of the version that go.mod names.
func (r *docRun) buildAge() error {
	if _, err := os.Stat(filepath.Join(r.bin, "age")); err == nil {
		return nil
	}
	goTool, err := exec.LookPath("go")
	if err != nil {
		return errors.New("age is built with the go command, which is not in PATH")
	}
	for _, name := range []string{"age", "age-keygen"} {
		build := exec.CommandContext(r.t.Context(), goTool, "build", "-o", filepath.Join(r.bin, name), "filippo.io/age/cmd/"+name)
		if out, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("building age: %w\n%s", err, out)
		}
	}
	return nil
}

// startRegistry starts a registry, and picks an npm that most people have: the pages
// show what it prints.
func (r *docRun) startRegistry() {
	npms := npmtest.NPMs(r.t)
	for _, n := range npms {
		if n.Major <= 11 {
			r.npm = n
		}
	}
	registry, err := npmregistry.Start(npmregistry.Options{Now: r.clock.now, AllowReuse: true})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = registry.Close() })
	registry.AddUser("bob", "bobs-own", "bob@example.org")
	r.registry = registry
}

// shortFolder returns a folder with a path that a socket address can hold.
func shortFolder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "npmotp-") //nolint:usetesting // t.TempDir has long paths
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func (r *docRun) laptop(name string) *docLaptop {
	if l := r.laptops[name]; l != nil {
		return l
	}
	l := &docLaptop{home: filepath.Join(r.t.TempDir(), "ada"), runtime: shortFolder(r.t)}
	if err := os.Mkdir(l.home, 0o700); err != nil {
		r.t.Fatal(err)
	}
	if l.dir = l.home; name != "" {
		l.dir = r.desk // a file that is carried over is there
	}
	r.laptops[name] = l
	lock := r.command(l, "npmotp lock")
	r.t.Cleanup(func() { // the context of the test has ended by now
		last := &exec.Cmd{Path: lock.Path, Args: lock.Args, Env: lock.Env, Dir: lock.Dir}
		_ = last.Run() // where the page did not unlock, there is no agent
	})
	return l
}

// command returns a shell that runs a line of the page on a laptop.
func (r *docRun) command(l *docLaptop, line string) *exec.Cmd {
	root, err := os.Getwd()
	if err != nil {
		r.t.Fatal(err)
	}
	cmd := exec.CommandContext(r.t.Context(), "sh", "-c", line)
	cmd.Dir = l.dir
	path := r.bin
	if r.registry != nil {
		cmd.Env = r.npm.Env(r.t, l.home, "", "")
		path += string(filepath.ListSeparator) + filepath.Dir(r.npm.Path)
	}
	cmd.Env = append(cmd.Env,
		"HOME="+l.home, "PATH="+path+string(filepath.ListSeparator)+os.Getenv("PATH"), "TERM=xterm", "TZ=UTC", "USER=ada", "LANG=C.UTF-8",
		"XDG_DATA_HOME="+filepath.Join(l.home, ".local", "share"), "XDG_RUNTIME_DIR="+l.runtime, "GOCOVERDIR="+os.Getenv("GOCOVERDIR"),
		"GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=ada", "GIT_AUTHOR_EMAIL=ada@example.org", "GIT_COMMITTER_NAME=ada", "GIT_COMMITTER_EMAIL=ada@example.org",
		"TEST_CLOCK="+string(r.clock), "TEST_CLIPBOARD="+filepath.Join(l.home, ".clipboard"), "CHECKOUT="+root)
	return cmd
}

// prepare runs what only the test needs before a block.
func (r *docRun) prepare(b docBlock) {
	if b.notes.run == "" {
		return
	}
	r.t.Helper()
	for line := range strings.SplitSeq(strings.TrimSpace(b.notes.run), "\n") {
		name := ""
		if m := regexp.MustCompile(`^([AB])\$ `).FindStringSubmatch(line); m != nil {
			name, line = m[1], line[len(m[0]):]
		}
		if r.registry != nil && strings.HasPrefix(line, "registry ") {
			r.arrange(r.laptop(name), strings.Fields(line)[1:])
			continue
		}
		cmd := r.command(r.laptop(name), line)
		cmd.Env = append(cmd.Env, "NPMOTP_PASSPHRASE="+docPassphrase)
		if r.registry != nil {
			cmd.Env = append(cmd.Env, "REGISTRY="+r.registry.URL()+"/")
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			r.t.Fatalf("%s:%d: preparing with %s: %v\n%s", r.page.path, b.from, line, err, out)
		}
	}
}

// arrange logs npm on a laptop in at the registry: USER [SECRET] [as URL]. With a
// SECRET the user has a second factor. The page calls the registry URL.
func (r *docRun) arrange(l *docLaptop, args []string) {
	r.t.Helper()
	r.called = "https://npm.example.org"
	if n := len(args); n > 2 && args[n-2] == "as" {
		r.called, args = args[n-1], args[:n-2]
	}
	r.registry.AddUser(args[0], docPassword, args[0]+"@example.org")
	r.npm.Env(r.t, l.home, r.registry.URL(), r.registry.Token(args[0]))
	if len(args) > 1 {
		r.registry.SetTFA(args[0], args[1], npmregistry.AuthAndWrites, []string{
			"156778b2707a789f294c15c26986a8688c72be77256f0d1a5a8fdc3bae0c4282",
			"98c99a190e5702bb6920ac2ceed2fa040246662d9b7ef896ec9fdd2480316a55",
		})
	}
}

// block runs the commands of a block one after another.
func (r *docRun) block(b docBlock) {
	r.t.Helper()
	lines := slices.Clone(r.page.lines[b.from:b.to])
	for i, line := range lines {
		lines[i] = strings.TrimPrefix(line, b.indent)
	}
	if b.kind == "sh" {
		for _, line := range lines {
			command, _, _ := strings.Cut(line, "   ") // what it is for
			cmd := r.command(r.laptop(""), command)
			cmd.Env = append(cmd.Env, "NPMOTP_PASSPHRASE="+docPassphrase)
			if out, err := cmd.CombinedOutput(); err != nil {
				r.t.Errorf("%s:%d: %s: %v\n%s", r.page.path, b.from, line, err, out)
			}
		}
		return
	}
	prompt := regexp.MustCompile(`^([AB]?)\$ (.*)$`)
	var say []string
	for i := 0; i < len(lines); {
		m := prompt.FindStringSubmatch(lines[i])
		if m == nil {
			if lines[i] == "" {
				say = append(say, "")
				i++
				continue
			}
			r.t.Errorf("%s:%d: no command before %q", r.page.path, b.from+i+1, lines[i])
			return
		}
		say = append(say, lines[i])
		number := b.from + i + 1
		i++
		from := i
		for i < len(lines) && !prompt.MatchString(lines[i]) {
			i++
		}
		want := trimmed(lines[from:i])
		gap := i - from - len(want)
		last := i == len(lines)
		status := 0
		if last {
			status = b.notes.fails
		}
		line := regexp.MustCompile(`\bage1pq1[0-9a-z]*\.\.\.`).ReplaceAllString(m[2], r.recipient)
		got, ended := r.show(r.laptop(m[1]), line, want)
		for _, line := range got {
			if strings.HasPrefix(line, "age1pq1") {
				r.recipient = line
			}
		}
		if ended != status {
			r.t.Errorf("%s:%d: %s\nended with status %d, want %d:\n%s", r.page.path, number, m[2], ended, status, strings.Join(got, "\n"))
		}
		if !agrees(got, want) {
			if os.Getenv("UPDATE") != "1" {
				r.t.Errorf("%s:%d: %s\nshows\n%s\nand the page says\n%s", r.page.path, number, m[2], strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			want = asBefore(got, want)
		}
		say = append(say, want...)
		for range gap {
			say = append(say, "")
		}
	}
	r.shown[b.from] = say
}

// trimmed returns lines without empty ones at the end.
func trimmed(lines []string) []string {
	for len(lines) > 0 && strings.TrimSpace(lines[len(lines)-1]) == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// show runs a command at a terminal, answers what it asks, and returns what the
// screen shows at the end.
func (r *docRun) show(l *docLaptop, line string, want []string) (screen []string, status int) {
	r.t.Helper()
	cmd := r.command(l, line)
	if r.registry != nil {
		cmd.Env = append(cmd.Env, "REGISTRY="+r.registry.URL()+"/")
	}
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 60, Cols: 120})
	if err != nil {
		r.t.Skip("no pseudo-terminal here:", err)
	}
	defer func() { _ = tty.Close() }()
	endReads(r.t, tty, 2*time.Minute)
	var all bytes.Buffer
	answered, answers := 0, typist{want: want}
	buf := make([]byte, 4096)
	for {
		n, err := tty.Read(buf)
		all.Write(buf[:n])
		if errors.Is(err, os.ErrDeadlineExceeded) {
			r.t.Fatalf("%s: %s does not end:\n%s", r.page.path, line, all.String())
		}
		if err != nil {
			break
		}
		if answer, ok := answers.to(all.String()[answered:]); ok {
			answered = all.Len()
			if _, err := tty.WriteString(answer); err != nil {
				r.t.Fatal(err)
			}
		}
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		r.t.Fatal(err)
	}
	terminal := vt.New()
	terminal.Replay(r.t.Context(), all.String())
	text := strings.ReplaceAll(terminal.Plain(), l.home, "/home/ada")
	// The tests' own vaults are cheap to open.
	text = strings.ReplaceAll(text, fmt.Sprint("work factor ", vault.MinWorkFactor), fmt.Sprint("work factor ", vault.DefaultWorkFactor))
	text = strings.ReplaceAll(text, "Library/Application Support", ".local/share")
	if r.registry != nil {
		text = strings.ReplaceAll(text, r.registry.URL(), r.called)
	}
	for line := range strings.Lines(text) {
		screen = append(screen, strings.TrimRight(line, " \r\n"))
	}
	return trimmed(screen), cmd.ProcessState.ExitCode()
}

// A typist answers what a command asks: passphrases, npm's password, and questions as
// the page says that they were answered.
type typist struct{ want []string }

var escapes = regexp.MustCompile(`\x1b\[[0-9;?]*[A-Za-z]`)

func (a *typist) to(text string) (answer string, ok bool) {
	text = escapes.ReplaceAllString(text, "")
	question := text[strings.LastIndexAny(text, "\r\n")+1:]
	switch {
	case regexp.MustCompile(`(?i)(passphrase.*|the same again): $`).MatchString(question):
		return docPassphrase + "\r", true
	case question == "npm password: ":
		return docPassword + "\r", true
	case strings.HasSuffix(question, "] "):
		for i, line := range a.want {
			if said, ok := strings.CutPrefix(line, question); ok {
				a.want = a.want[i+1:]
				return said + "\r", true
			}
		}
		return "y\r", true
	}
	return "", false
}

// agrees reports whether a screen is what the page says, but for what is left out
// there and for what differs from run to run.
func agrees(got, want []string) bool {
	if len(want) == 0 {
		return len(got) == 0
	}
	if want[0] == "..." {
		for i := range len(got) + 1 {
			if agrees(got[i:], want[1:]) {
				return true
			}
		}
		return false
	}
	if len(got) == 0 {
		return false
	}
	head, cut := strings.CutSuffix(want[0], "...")
	if cut && strings.HasPrefix(got[0], head) || masked(got[0]) == masked(want[0]) || cut && strings.HasPrefix(masked(got[0]), masked(head)) {
		return agrees(got[1:], want[1:])
	}
	return false
}

// asBefore returns what a screen shows, in the words of the page where only that
// differs which differs from run to run.
func asBefore(got, want []string) []string {
	lines := slices.Clone(got)
	for i, line := range lines {
		for _, old := range want {
			// A table is as wide as what is in it.
			if old != "..." && (len(old) == len(line) || strings.HasSuffix(old, "...")) && agrees([]string{line}, []string{old}) {
				lines[i] = old
			}
		}
	}
	return lines
}

// masked returns a line without what differs from run to run.
func masked(line string) string {
	for _, m := range masks {
		line = m.what.ReplaceAllString(line, m.as)
	}
	return strings.TrimRight(line, " ")
}

var masks = []struct {
	what *regexp.Regexp
	as   string
}{
	{regexp.MustCompile(`\bage1pq1[0-9a-z.]+`), "RECIPIENT"},
	{regexp.MustCompile(`(: +)[a-z]+(-[a-z]+)?( [a-z]+(-[a-z]+)?){5}$`), "${1}SIX WORDS"},
	{regexp.MustCompile(`^[a-z]+(-[a-z]+){5,}$`), "PASSPHRASE"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d)?Z?)?`), "DATE"},
	{regexp.MustCompile(`\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d\d:\d\d:\d\d`), "TIME"},
	{regexp.MustCompile(`\b[0-9a-f]{16,}\b`), "ID"},
	{regexp.MustCompile(`-[0-9a-f]{8}-[0-9a-f]{8}\b`), "-ID"},
	{regexp.MustCompile(`\b(SHA256:[A-Za-z0-9+/]+|AAAA[A-Za-z0-9+/.]+)`), "KEY"},
	{regexp.MustCompile(`\b\d{3,7}\b`), "NUMBER"}, // codes and processes
	{regexp.MustCompile(`\b\d+ s\b`), "N s"},
	{regexp.MustCompile(` {2,}`), "  "},
}

// maxColumns is how long a line of the pages may be.
const maxColumns = 180

// rewrite puts what the screens showed into the page.
func (p *docPage) rewrite(t *testing.T, shown map[int][]string) {
	t.Helper()
	var out []string
	at := 0
	for _, b := range p.blocks {
		say, ok := shown[b.from]
		if !ok {
			continue
		}
		out = append(out, p.lines[at:b.from]...)
		for _, line := range say {
			if len(line) > maxColumns {
				line = line[:76] + "..."
			}
			out = append(out, strings.TrimRight(b.indent+line, " "))
		}
		at = b.to
	}
	text := strings.Join(append(out, p.lines[at:]...), "\n")
	if err := os.WriteFile(p.path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
