//go:build unix

package ui_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"npmotp/internal/ui"
)

// Nobody writes to a named pipe, or somebody does and then says nothing.
func TestOpenEnds(t *testing.T) {
	ended := errors.New("ended")
	ctx, end := context.WithCancelCause(t.Context())
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	writer, err := unix.Open(pipe, unix.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	f, err := ui.Open(ctx, pipe)
	if err != nil {
		t.Fatal(err)
	}
	end(ended)
	if _, err := f.Read(make([]byte, 1)); !errors.Is(err, ended) {
		t.Errorf("reading ends with %v", err)
	}
	if err := errors.Join(f.Close(), unix.Close(writer)); err != nil {
		t.Fatal(err)
	}
	if _, err := ui.Open(ctx, pipe); !errors.Is(err, ended) {
		t.Errorf("opening ends with %v", err)
	}
}
