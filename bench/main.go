// Command bench times npmotp beside what a user would pick instead, and writes the
// tables of doc/performance.md:
//
//	go run ./bench
//
// It builds npmotp and an empty Go program, sets each program up in a home of its own,
// and runs whole processes, one round of all programs after another, so that what else
// the machine does falls on each of them. What is not in PATH is listed as absent. It
// takes some minutes; -job REGEXP runs a part and prints it.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	switch filepath.Base(os.Args[0]) {
	case "npm":
		os.Exit(standIn(os.Args[1:]))
	case "crowd":
		os.Exit(crowd())
	}
	page := flag.String("o", filepath.Join("doc", "performance.md"), "the `FILE` whose tables are written; empty prints them")
	only := flag.String("job", "", "run the jobs whose title matches `REGEXP`, and print them")
	effort := flag.Float64("effort", 1, "multiply the number of rounds by `N`")
	flag.Parse()
	if err := run(*page, *only, *effort); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(page, only string, effort float64) (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop() // what was started is ended first
	pattern, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	if only != "" {
		page = ""
	}
	b, err := newBench()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	jobs, err := b.jobs()
	if err != nil {
		return err
	}
	var tables bytes.Buffer
	for _, j := range jobs {
		if !pattern.MatchString(j.title) {
			continue
		}
		fmt.Fprintln(os.Stderr, j.title)
		if err := j.run(ctx, effort); err != nil {
			return fmt.Errorf("%s: %w", j.title, err)
		}
		j.write(&tables)
	}
	if only == "" {
		if err := b.sizes(&tables); err != nil {
			return err
		}
	}
	b.how(&tables)
	if page == "" {
		_, err := tables.WriteTo(os.Stdout)
		return err
	}
	return replace(page, tables.String())
}

// replace puts tables between the marks of a page.
func replace(page, tables string) error {
	const begin, end = "<!-- begin of the tables -->\n", "<!-- end of the tables -->\n"
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(text), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		return fmt.Errorf("%s has no place for the tables", page)
	}
	return os.WriteFile(page, []byte(before+begin+"\n"+tables+"\n"+end+after), 0o644)
}

// A bench is a folder with all that is timed.
type bench struct {
	dir     string // of homes, and of what was built
	runtime string // of sockets, with a short path
	npmotp  string
	empty   string
	closers []func() error
}

func newBench() (*bench, error) {
	dir, err := os.MkdirTemp("", "npmotp-bench-")
	if err != nil {
		return nil, err
	}
	b := &bench{dir: dir, npmotp: filepath.Join(dir, "npmotp"), empty: filepath.Join(dir, "empty")}
	b.closers = append(b.closers, func() error { return os.RemoveAll(dir) })
	if b.runtime, err = os.MkdirTemp("/tmp", "nb-"); err != nil {
		return nil, err
	}
	b.closers = append(b.closers, func() error { return os.RemoveAll(b.runtime) })
	if err := os.WriteFile(filepath.Join(dir, "empty.go"), []byte("package main\n\nfunc main() {}\n"), 0o600); err != nil {
		return nil, err
	}
	for program, source := range map[string]string{b.npmotp: ".", b.empty: filepath.Join(dir, "empty.go")} {
		build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, source)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("building %s: %w\n%s", source, err, out)
		}
	}
	return b, nil
}

// close ends what was started and removes what was written, the last first.
func (b *bench) close() error {
	var errs []error
	for _, end := range slices.Backward(b.closers) {
		errs = append(errs, end())
	}
	return errors.Join(errs...)
}

// how writes how the tables were made.
func (b *bench) how(w *bytes.Buffer) {
	fmt.Fprintf(w, "Made by `go run ./bench` on %s, with %d CPUs of %s/%s, %s", time.Now().Format("2006-01-02"), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version())
	for _, p := range []struct{ program, flag string }{
		{"age", "--version"}, {"gopass", "--version"}, {"keepassxc-cli", "--version"}, {"oathtool", "--version"}, {"zbarimg", "--version"}, {"npm", "--version"},
	} {
		if path, err := exec.LookPath(p.program); err == nil {
			out, _ := exec.Command(path, p.flag).Output()
			if number := regexp.MustCompile(`v?\d+\.[0-9.]+\d`).FindString(string(out)); number != "" {
				fmt.Fprintf(w, ", %s %s", p.program, strings.TrimPrefix(number, "v"))
			}
		}
	}
	w.WriteString(".")
	if text, err := os.ReadFile("/proc/loadavg"); err == nil {
		// Ours is one process at a time.
		fmt.Fprintf(w, " The load average at the end was %s.", strings.Fields(string(text))[2])
	}
	w.WriteString("\n")
}
