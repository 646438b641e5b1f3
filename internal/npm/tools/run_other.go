//go:build !unix

package tools

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
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

// Find returns the file of a command.
func Find(name string, _ []string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return "", &ExitError{statusNotFound, err}
	}
	return path, nil
}
