//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package ptyrun

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// The descriptors of a tap: the program's terminal, and the connection to the
// monitor, which ends the program when nobody has it any more.
const (
	tapMaster  = 3
	tapControl = 4
)

// alone is how long a program may go on without the session: its tap waits that
// long for its end.
const alone = 30 * time.Second

// startOutput begins to read what the program prints.
func (r *run) startOutput(ended *os.File, output chan<- []byte) error {
	if r.Tap == nil {
		go readOutput(r.master, ended, output)
		return nil
	}
	theirIn, in, err := os.Pipe()
	if err != nil {
		return err
	}
	out, theirOut, err := os.Pipe()
	if err != nil {
		return errors.Join(err, theirIn.Close(), in.Close())
	}
	nowhere, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	var files []uintptr
	for _, f := range []*os.File{theirIn, theirOut, nowhere, r.master, r.control} {
		files = append(files, uintptr(fdOf(f)))
	}
	// A session of its own: what ends the user's terminal does not end it.
	pid, err := syscall.ForkExec(r.Tap.Argv[0], r.Tap.Argv, &syscall.ProcAttr{ //nolint:gosec // this program itself
		Env: r.Tap.Environ, Files: files, Sys: &syscall.SysProcAttr{Setsid: true},
	})
	err = errors.Join(err, theirIn.Close(), theirOut.Close(), nowhere.Close())
	if err != nil {
		return errors.Join(err, in.Close(), out.Close())
	}
	r.Tap.tell = func(b byte) { _, _ = in.Write([]byte{b}) }
	_, _ = in.Write(append(r.Tap.Order, '\n'))
	go func() {
		r.tapped(out, ended, output)
		_ = errors.Join(in.Close(), out.Close())
		_, _ = syscall.Wait4(pid, nil, 0, nil)
	}()
	return nil
}

// tapped sends what the tap passes on. Should the tap be gone before the program
// is, it reads itself.
func (r *run) tapped(out, ended *os.File, output chan<- []byte) {
	buf := make([]byte, chunk)
	over := false
	for {
		watched := []int{fdOf(out), fdOf(ended)}
		if over {
			watched = watched[:1]
		}
		ready, err := readable(-1, watched...)
		if err != nil {
			close(output)
			return
		}
		if !over && ready[1] {
			over = true
			r.Tap.tell(tapEnd)
		}
		if !ready[0] {
			continue
		}
		n, err := out.Read(buf)
		if n > 0 {
			output <- append([]byte(nil), buf[:n]...)
		}
		if err != nil {
			readOutput(r.master, ended, output)
			return
		}
	}
}

// Witness is the process of a [Tap], and returns its exit status. Begin is
// handed the order, and returns what sees each piece of output before it goes
// to the session.
func Witness(begin func(order []byte) (see func(p []byte), err error)) int {
	const failed = 1
	in := bufio.NewReader(os.Stdin) //nolint:forbidigo // from the session
	out := os.Stdout                //nolint:forbidigo // to the session
	for _, fd := range []int{tapMaster, tapControl} {
		unix.CloseOnExec(fd)
	}
	// Go ends a process that writes to a standard output which is gone.
	signal.Notify(make(chan os.Signal, 1), unix.SIGPIPE)
	order, err := in.ReadBytes('\n')
	if err != nil {
		return failed
	}
	see, err := begin(bytes.TrimSpace(order))
	if err != nil {
		return failed
	}
	ended, end, err := os.Pipe()
	if err != nil {
		return failed
	}
	go listen(in, end)
	chunks := make(chan []byte)
	go readOutput(os.NewFile(tapMaster, "terminal"), ended, chunks)
	for p := range chunks {
		see(p)
		_, _ = out.Write(p)
	}
	return 0
}

// listen heeds what the session says, and closes end when nothing more is to be
// waited for.
func listen(in io.ByteReader, end io.Closer) {
	stay := false
	for {
		b, err := in.ReadByte()
		switch {
		case err == nil && b == tapStay:
			stay = true
			continue
		case err == nil && b != tapEnd:
			continue
		case err != nil && stay:
			time.Sleep(alone) // the end of the terminal comes first, or nothing does
		}
		_ = end.Close()
		return
	}
}
