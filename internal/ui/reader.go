package ui

import (
	"context"
	"io"
)

// Reader returns r with reads that end with ctx, which a terminal's and a pipe's do
// not. What r has ready after that is lost.
func Reader(ctx context.Context, r io.Reader) io.Reader { return &reader{ctx, r} }

type reader struct {
	ctx context.Context //nolint:containedctx // that of the reads
	r   io.Reader
}

func (r *reader) Read(p []byte) (int, error) {
	type result struct {
		data []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		buf := make([]byte, len(p)) // p is the caller's again when ctx ends
		n, err := r.r.Read(buf)
		done <- result{buf[:n], err}
	}()
	select {
	case got := <-done:
		return copy(p, got.data), got.err
	case <-r.ctx.Done():
		return 0, context.Cause(r.ctx)
	}
}
