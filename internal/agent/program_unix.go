//go:build linux || darwin

package agent

import (
	"errors"
	"fmt"
	"os"

	"npmotp/internal/confirm"
)

// A process is what the system knows of one.
type process struct {
	pid, parent    int
	group, session int
	foreground     int    // the group that its terminal is for
	tty            uint64 // the device number of its terminal, or 0
	name           string
	started        string // tells it from another one that got its number
}

// errNoProcess says that a process is not there any more.
var errNoProcess = errors.New("the process has ended")

// programOf returns what is known of the process that asks. Of one that has ended, or
// that this system does not show, that is its number.
func programOf(pid int) Program {
	p, err := lookAt(pid)
	if err != nil {
		return Program{PID: pid}
	}
	known := Program{
		PID: pid, Started: p.started, Command: p.name, TTY: p.tty, Session: p.session,
		Job: fmt.Sprint(p.session, "/", p.group), Foreground: p.tty != 0 && p.group == p.foreground,
	}
	if parent, err := lookAt(p.parent); err == nil {
		known.Parent = parent.name
	}
	return known
}

// maxAncestors are told of a program, the nearest first.
const maxAncestors = 4

// describe tells a person of a program: what started it, up to the leader of its
// session, which is the shell at a terminal. It is an error if the program has ended.
func describe(known Program) (Description, error) {
	p, err := lookAt(known.PID)
	if err != nil || p.started != known.Started {
		return Description{}, errNoProcess
	}
	d := Description{Line: p.commandLine(), Folder: p.folder()}
	for ancestor := p; len(d.StartedBy) < maxAncestors && ancestor.pid != p.session && ancestor.parent > 1; {
		if ancestor, err = lookAt(ancestor.parent); err != nil {
			break
		}
		d.StartedBy = append(d.StartedBy, ancestor.commandLine())
		if d.Folder == "" {
			d.Folder = ancestor.folder()
		}
	}
	if p.tty != 0 {
		d.TTY = confirm.TTYOf(p.tty).Path
	}
	return d, nil
}

// ThisTerminal returns the terminal of this process.
func ThisTerminal() Terminal {
	p, err := lookAt(os.Getpid())
	if err != nil || p.tty == 0 {
		return Terminal{}
	}
	leader, err := lookAt(p.session)
	if err != nil {
		return Terminal{}
	}
	return Terminal{TTY: confirm.TTYOf(p.tty), Session: p.session, Started: leader.started}
}

// foreground reports whether a program is what the terminal is for just now. The
// number of a terminal is given again, and that of a session too: the leader of this
// one has to be the one that it was.
func (t Terminal) foreground(known Program) bool {
	p, err := lookAt(known.PID)
	if err != nil || p.started != known.Started {
		return false
	}
	if t.Path == "" || p.session != t.Session || p.tty != t.Device || p.group != p.foreground {
		return false
	}
	leader, err := lookAt(t.Session)
	return err == nil && leader.started == t.Started
}
