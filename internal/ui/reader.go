package ui

import (
	"context"
	"io"
	"os"
)

// Open opens a file. Opening and reading it end with ctx, which those of a named pipe
// do not by themselves.
func Open(ctx context.Context, name string) (io.ReadCloser, error) {
	f, err := until(ctx, func() (*os.File, error) { return os.Open(name) })
	if err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{Reader(ctx, f), f}, nil
}

// Reader returns r with reads that end with ctx, which a terminal's and a pipe's do
// not. What r has ready after that is lost.
func Reader(ctx context.Context, r io.Reader) io.Reader { return &reader{ctx, r} }

type reader struct {
	ctx context.Context //nolint:containedctx // that of the reads
	r   io.Reader
}

func (r *reader) Read(p []byte) (int, error) {
	data, err := until(r.ctx, func() ([]byte, error) {
		buf := make([]byte, len(p)) // p is the caller's again when ctx ends
		n, err := r.r.Read(buf)
		return buf[:n], err
	})
	return copy(p, data), err
}

// until returns what f does, or the cause of the end of ctx; f then goes on alone.
func until[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := f()
		done <- result{value, err}
	}()
	select {
	case got := <-done:
		return got.value, got.err
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	}
}
