package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A job is something that a user wants done, by several programs.
type job struct {
	title  string
	note   string // under the table
	rounds int
	ways   []*way
	beside func() (stop func(), err error) // what else runs meanwhile; nil for nothing
}

// A way is one program doing a job, as a user would call it.
type way struct {
	name   string
	once   func() error // one whole process, or a few
	absent string       // why it is not timed
	before func() error // once, before the first round
	took   []time.Duration
	said   string // beside the name, of what it did
}

// run does the rounds: each has all ways once, in an order that moves on.
func (j *job) run(ctx context.Context, effort float64) error {
	if j.beside != nil {
		stop, err := j.beside()
		if err != nil {
			return err
		}
		defer stop()
	}
	var ways []*way
	for _, w := range j.ways {
		if w.absent != "" {
			continue
		}
		if w.before != nil {
			if err := w.before(); err != nil {
				what, _, _ := strings.Cut(err.Error(), "\n") // a cell has one line
				w.absent = "not set up: " + strings.ReplaceAll(what, "|", "/")
				continue
			}
		}
		if err := w.once(); err != nil { // a first time, which nobody counts
			return fmt.Errorf("%s: %w", w.name, err)
		}
		ways = append(ways, w)
	}
	for round := range max(3, int(float64(j.rounds)*effort)) {
		for i := range ways {
			w := ways[(i+round)%len(ways)]
			if err := ctx.Err(); err != nil {
				return err
			}
			began := time.Now()
			if err := w.once(); err != nil {
				return fmt.Errorf("%s: %w", w.name, err)
			}
			w.took = append(w.took, time.Since(began))
		}
	}
	return nil
}

// write writes the job as a table of Markdown.
func (j *job) write(b *bytes.Buffer) {
	fmt.Fprintf(b, "### %s\n\n| program | median | half of them | beside the first |\n| --- | ---: | --- | ---: |\n", j.title)
	var own time.Duration
	for _, w := range j.ways {
		if len(w.took) == 0 {
			fmt.Fprintf(b, "| %s | | %s | |\n", w.name, w.absent)
			continue
		}
		slices.Sort(w.took)
		median := quantile(w.took, 0.5)
		if own == 0 {
			own = median // the first way is npmotp's
		}
		fmt.Fprintf(b, "| %s%s | %s | %s to %s | %.2f |\n", w.name, w.said, ms(median), ms(quantile(w.took, 0.25)), ms(quantile(w.took, 0.75)), float64(median)/float64(own))
	}
	if j.note != "" {
		fmt.Fprintf(b, "\n%s\n", j.note)
	}
	b.WriteString("\n")
}

// quantile returns the value that a part of the sorted values is below.
func quantile(sorted []time.Duration, part float64) time.Duration {
	at := part * float64(len(sorted)-1)
	low := int(at)
	high := min(low+1, len(sorted)-1)
	return sorted[low] + time.Duration((at-float64(low))*float64(sorted[high]-sorted[low]))
}

// ms returns a time in milliseconds, with three digits that mean something.
func ms(d time.Duration) string {
	v := float64(d) / float64(time.Millisecond)
	switch {
	case v < 10:
		return fmt.Sprintf("%.2f ms", v)
	case v < 100:
		return fmt.Sprintf("%.1f ms", v)
	}
	return fmt.Sprintf("%.0f ms", v)
}
