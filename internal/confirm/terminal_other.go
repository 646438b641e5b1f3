//go:build !linux && !darwin

package confirm

import "context"

// TTYOf returns none.
func TTYOf(uint64) TTY { return TTY{} }

func (p Person) byTerminal(context.Context, Question, func() bool) error { return errUnusable }
