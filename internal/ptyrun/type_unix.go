//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package ptyrun

import (
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// typeAnswer types the answer. The first key goes ahead: only when the program
// has taken it does the rest follow, so that a prompt nobody reads at, such as
// one that a script printed before it ended, gets one digit and not a code.
// Meanwhile no process can open the terminal anew.
func (r *run) typeAnswer() {
	q := &r.question
	slave := fdOf(r.slave)
	if r.Shared {
		_ = unix.IoctlSetInt(slave, unix.TIOCEXCL, 0)
		defer func() { _ = unix.IoctlSetInt(slave, unix.TIOCNXCL, 0) }()
	}
	if blocked := r.blocked(); blocked != nil {
		r.obstructed(blocked)
		return
	}
	mode, err := unix.IoctlGetTermios(slave, getTermios)
	if err != nil {
		return
	}
	keys := strings.TrimSpace(q.code.Reveal()) + "\r"
	if mode.Lflag&unix.ICANON != 0 {
		// Where others may open the terminal anyway, sudo and the like may ask.
		if reads, sure := r.guard.reads(q.asker); !reads || !sure && !r.Shared {
			r.obstructed(&BlockedError{Why: "the program does not read the terminal"})
			return
		}
		r.typed(keys)
		return
	}
	r.matcher.mask()
	before := bytesRead(q.asker)
	if _, err := r.master.WriteString(keys[:1]); err != nil {
		return
	}
	if !taken(slave) {
		flush(slave)
		r.obstructed(&BlockedError{Why: "the program does not read the terminal"})
		return
	}
	if before >= 0 && !advances(q.asker, before) {
		q.robbed = &BlockedError{Why: "another process took the first key", Final: true}
		r.obstructed(q.robbed)
		return
	}
	if blocked := r.settled(); blocked != nil {
		// Something that began meanwhile may have taken the first key.
		_, _ = r.master.Write([]byte{mode.Cc[unix.VERASE]})
		r.obstructed(blocked)
		return
	}
	r.typed(keys[1:])
	taken(slave)
}

// mask hides what follows a prompt from now on.
func (m *Matcher) mask() { m.masking = true }

// typed types the rest of the answer and counts it.
func (r *run) typed(keys string) {
	r.matcher.Answer()
	r.result.Answers++
	r.question.code = nil
	_, _ = r.master.WriteString(keys)
}

// taken waits until the program has read what was typed.
func taken(slave int) bool {
	for range reaction / glance {
		ready, err := readable(0, slave)
		if err != nil {
			return false
		}
		if !ready[0] {
			return true
		}
		time.Sleep(glance)
	}
	return false
}

// advances tells whether a process has read more than before, or does so soon:
// the kernel counts a read when it ends.
func advances(pid int, before int64) bool {
	for range reaction / glance {
		if n := bytesRead(pid); n != before {
			return true
		}
		time.Sleep(glance)
	}
	return false
}

// settled is blocked, looked at again while nothing but the coming and going of
// processes is in the way, which may be anybody's on a busy machine.
func (r *run) settled() *BlockedError {
	var why *BlockedError
	for range reaction / (10 * time.Millisecond) {
		if why = r.blocked(); why == nil || len(why.Processes) > 0 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	return why
}

// interrupt passes Ctrl-C on as the signal that it stands for, when it would
// be what keeps the question from being answered that reads the key.
func (r *run) interrupt(keys []byte) bool {
	mode := r.keys
	if !r.question.warned || mode == nil || len(keys) != 1 || keys[0] != mode.before.Cc[unix.VINTR] {
		return false
	}
	r.order(unix.SIGINT)
	return true
}
