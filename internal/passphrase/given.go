package passphrase

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"strings"

	"npmotp/internal/plaintext"
	"npmotp/internal/secret"
)

// ErrEmptyLine says that a passphrase was to be on a line that is empty.
var ErrEmptyLine = errors.New("there is no passphrase")

// maxGiven bounds what is read from a file or a command, in bytes.
const maxGiven = 64 << 10

// FromCommand returns the first line that a command line of the shell prints. The
// command gets the environment, standard input and standard error that are given.
func FromCommand(ctx context.Context, line string, environ []string, in io.Reader, problems io.Writer) (secret.Text, error) {
	shell := []string{"sh", "-c"}
	if runtime.GOOS == "windows" {
		shell = []string{"cmd", "/C"}
	}
	cmd := exec.CommandContext(ctx, shell[0], shell[1], line) //nolint:gosec // the user's own command, from the user's environment
	cmd.Env, cmd.Stdin, cmd.Stderr = environ, in, problems
	out, err := cmd.Output()
	if err != nil {
		return secret.Text{}, fmt.Errorf("NPMOTP_PASSPHRASE_COMMAND: %w", err)
	}
	return FirstLine(bytes.NewReader(out), "the output of NPMOTP_PASSPHRASE_COMMAND")
}

// FirstLine returns the first line of r without its end, in UTF-8.
func FirstLine(r io.Reader, what string) (secret.Text, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxGiven))
	if err != nil {
		return secret.Text{}, fmt.Errorf("reading %s: %w", what, err)
	}
	line, _, _ := strings.Cut(plaintext.Decode(data), "\n")
	if line = strings.TrimSuffix(line, "\r"); line == "" {
		return secret.Text{}, fmt.Errorf("%w: %s begins with an empty line", ErrEmptyLine, what)
	}
	return secret.New(line), nil
}
