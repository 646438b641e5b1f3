// Package scan reads the QR code that npm draws when two-factor authentication
// is enabled: out of a screenshot or photo with [Decode], and out of what a
// terminal showed with [Text].
//
// It promises to come back within three seconds, to stay under 300 MB of
// memory for any input, and to return the content of a QR code only after its
// error correction has agreed. It does not judge the content: that a code holds an
// otpauth URI does not make the URI a good one.
package scan

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"npmotp/internal/secret"
)

const (
	// deadline bounds all work on one input.
	deadline = slowness * 2400 * time.Millisecond
	// maxBytes is the size of the largest input that is read at all.
	maxBytes = 32 << 20
)

// Decode returns the contents of every QR code found in one picture, in PNG,
// JPEG, GIF, WebP, BMP or TIFF.
func Decode(ctx context.Context, r io.Reader) ([]secret.Text, error) {
	data, err := readAll(r, "the picture", maxBytes)
	if err != nil {
		return nil, err
	}
	return bounded(ctx, ErrDeadline, func(ctx context.Context) ([]secret.Text, error) {
		return decode(ctx, data)
	})
}

func decode(ctx context.Context, data []byte) ([]secret.Text, error) {
	pics, empty, err := load(ctx, data)
	if err != nil {
		return nil, err
	}
	// The search ends early enough for what it found to be returned.
	searching := ctx
	if end, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		searching, cancel = context.WithDeadline(ctx, end.Add(-deadline/10))
		defer cancel()
	}
	found := find(searching, pics)
	codes, missing := join(found)
	switch {
	case len(codes) > 0 && (missing == nil || hasKey(found)):
		return codes, nil
	case missing != nil:
		return nil, missing
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case searching.Err() != nil:
		return nil, ErrDeadline
	case empty != nil:
		return nil, empty
	}
	return nil, fmt.Errorf("%w in the picture", ErrNoCode)
}

// readAll reads r, which is called what in messages, up to limit.
func readAll(r io.Reader, what string, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%s is %w: the limit is %d MB", what, ErrTooLarge, limit>>20)
	}
	return data, nil
}

// bounded runs fn and returns its result, or late when that takes too long, or
// the cause of ctx's end when that comes first. The picture decoders of the
// standard library cannot be interrupted, so fn runs in a goroutine of its own. It
// ends at its next look at ctx or, in such a decoder, at the next read of input.
func bounded[T any](ctx context.Context, late error, fn func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, deadline, late)
	defer cancel()
	type result struct {
		v   T
		err error
	}
	done := make(chan result, 1)
	go func() {
		var res result
		defer func() {
			// A decoder that panics on crafted input must not take the process with it.
			if recover() != nil {
				res.err = ErrDamaged
			}
			done <- res
		}()
		res.v, res.err = fn(ctx)
	}()
	select {
	case res := <-done:
		// What a decoder says of a read that was cut short is not the cause.
		if res.err == nil || ctx.Err() == nil {
			return res.v, res.err
		}
	case <-ctx.Done():
	}
	var zero T
	return zero, context.Cause(ctx)
}

// isDone reports whether err came from the end of ctx and not from the input.
func isDone(ctx context.Context, err error) bool {
	return ctx.Err() != nil && errors.Is(err, context.Cause(ctx))
}
