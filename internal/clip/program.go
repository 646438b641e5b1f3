//go:build !windows

package clip

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
)

// A program is a way to the clipboard.
type program struct {
	// display is the variable that names where the clipboard is. Without one it
	// is that of this machine, which over SSH is not the user's.
	display string
	// copies are command lines that copy what they are given as input. Those
	// that ask managers not to keep it stand first, and may be too new.
	copies [][]string
	paste  []string
	clear  []string // what clears, if not a copy of nothing
	lines  bool     // it adds an end of line to what it pastes
}

// usable reports whether a program is there and leads to a clipboard.
func (c Clipboard) usable(p program) bool {
	if p.display != "" && c.variable(p.display) == "" {
		return false
	}
	if p.display == "" && (c.variable("SSH_CONNECTION") != "" || c.variable("SSH_TTY") != "") {
		return false
	}
	_, err := exec.LookPath(p.paste[0])
	return err == nil
}

// reachable reports whether there is a program that can be used.
func (c Clipboard) reachable() bool {
	return slices.ContainsFunc(programs(), c.usable)
}

// write replaces what is on the clipboard.
func (c Clipboard) write(ctx context.Context, text string) error {
	return c.first(func(p program) error {
		if text == "" && p.clear != nil {
			return c.run(ctx, p.clear, "")
		}
		var err error
		for _, argv := range p.copies {
			if err = c.run(ctx, argv, text); err == nil {
				return nil
			}
		}
		return err
	})
}

// run runs a program with input. It leaves a process behind where that is the
// owner of the clipboard.
func (c Clipboard) run(ctx context.Context, argv []string, input string) error {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...) //nolint:gosec // the programs of the table
	cmd.Env = c.Environ
	cmd.Stdin = strings.NewReader(input)
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", argv[0], err)
	}
	return nil
}

// read returns what is on the clipboard.
func (c Clipboard) read(ctx context.Context) (string, error) {
	var text string
	err := c.first(func(p program) error {
		cmd := exec.CommandContext(ctx, p.paste[0], p.paste[1:]...) //nolint:gosec // the programs of the table
		cmd.Env = c.Environ
		out, err := cmd.Output()
		if err != nil {
			return fmt.Errorf("%s: %w", p.paste[0], err)
		}
		text = string(out)
		if p.lines {
			text = strings.TrimSuffix(text, "\r\n")
		}
		return nil
	})
	return text, err
}

// first does something with the first program that can.
func (c Clipboard) first(do func(program) error) error {
	var failures []error
	for _, p := range programs() {
		if !c.usable(p) {
			continue
		}
		err := do(p)
		if err == nil {
			return nil
		}
		failures = append(failures, err)
	}
	if len(failures) == 0 {
		return ErrUnavailable
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, errors.Join(failures...))
}
