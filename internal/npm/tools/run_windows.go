package tools

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// Run looks up argv[0] as [exec.LookPath] does, runs it to its end on the
// standard streams of this process, and returns an [*ExitError] when its
// status is not 0. A process cannot be replaced here.
//
// The console sends an interrupt to every process on it, the command
// included; this one lets it pass and waits for what the command makes of it.
// For the same reason the end of ctx does not end a command that runs.
func Run(ctx context.Context, argv, environ []string) error {
	if err := context.Cause(ctx); err != nil {
		return &ExitError{statusNotTried, err}
	}
	if len(argv) == 0 {
		return &ExitError{statusNotTried, ErrNoCommand}
	}
	path, err := exec.LookPath(argv[0])
	switch {
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, fs.ErrNotExist):
		return &ExitError{statusNotFound, err}
	case err != nil:
		return &ExitError{statusNotExecutable, err}
	}
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	defer signal.Stop(interrupts)
	child := exec.Cmd{
		Path: path, Args: argv, Env: environ,
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, //nolint:forbidigo // the command has the streams of this process, as it would by exec
	}
	if err := direct(ctx, &child); err != nil {
		return &ExitError{statusNotExecutable, err}
	}
	err = child.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &exit):
		return &ExitError{Status: exit.ExitCode()}
	}
	return &ExitError{statusNotExecutable, err}
}

// isBatch reports whether cmd.exe runs a file, by its name.
func isBatch(file string) bool {
	ext := strings.ToLower(filepath.Ext(file))
	return ext == ".cmd" || ext == ".bat"
}

// direct has a command that is a batch file run without cmd.exe where it only
// starts node, and else with arguments that cmd.exe leaves alone.
func direct(ctx context.Context, child *exec.Cmd) error {
	if !isBatch(child.Path) {
		return nil
	}
	text, err := os.ReadFile(child.Path)
	if err != nil {
		return err
	}
	dir := filepath.Dir(child.Path)
	if s, ok := nodeScript(string(text)); ok {
		node := filepath.Join(dir, "node.exe")
		if _, err := os.Stat(node); err != nil {
			if node, err = exec.LookPath("node.exe"); err != nil {
				return err
			}
		}
		script := filepath.Join(dir, s.file)
		if s.prefix != "" {
			// A newer npm that npm installed goes before the one that came with node.
			prefix, err := exec.CommandContext(ctx, node, filepath.Join(dir, s.prefix)).Output() //nolint:gosec // as npm.cmd does
			newer := filepath.Join(strings.TrimSpace(string(prefix)), s.file)
			if _, missing := os.Stat(newer); err == nil && missing == nil {
				script = newer
			}
		}
		child.Path, child.Args = node, slices.Concat([]string{node, script}, child.Args[1:])
		return nil
	}
	line, err := batchLine(child.Path, child.Args[1:])
	if err != nil {
		return err
	}
	shell, err := exec.LookPath("cmd.exe")
	if err != nil {
		return err
	}
	child.Path, child.Args = shell, nil
	child.SysProcAttr = &syscall.SysProcAttr{CmdLine: line}
	return nil
}

// Find returns the file of a command.
func Find(name string, _ []string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return "", &ExitError{statusNotFound, err}
	}
	return path, nil
}
