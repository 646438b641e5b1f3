package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

// hasTerminals tells whether atTerminal works here.
const hasTerminals = true

// patience is how long a process may take at a terminal.
const patience = time.Minute

// atTerminal runs a process at a pseudo-terminal, and types answer at each question
// for a passphrase.
func (u *user) atTerminal(answer string, argv ...string) error {
	ptmx, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		return err
	}
	defer func() { _ = ptmx.Close() }()
	var unlock, number uint32
	if err := ioctl(ptmx, syscall.TIOCSPTLCK, &unlock); err != nil {
		return err
	}
	if err := ioctl(ptmx, syscall.TIOCGPTN, &number); err != nil {
		return err
	}
	tty, err := os.OpenFile("/dev/pts/"+strconv.Itoa(int(number)), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		return err
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env, cmd.Dir = u.env, u.home
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	err = cmd.Start()
	_ = tty.Close()
	if err != nil {
		return err
	}
	var screen strings.Builder
	seen := 0
	// Who asks something that nobody answers ends, too.
	defer time.AfterFunc(patience, func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }).Stop()
	buf := make([]byte, 4096)
	for {
		n, err := ptmx.Read(buf)
		screen.Write(buf[:n])
		if err != nil {
			break // the last of its users is gone
		}
		if fresh := screen.String()[seen:]; answer != "" && strings.Contains(fresh, "assphrase") && strings.Contains(fresh, ": ") {
			seen = screen.Len()
			if _, err := ptmx.WriteString(answer + "\n"); err != nil {
				return err
			}
		}
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(argv, " "), err, screen.String())
	}
	return nil
}

func ioctl(f *os.File, request uintptr, value *uint32) error {
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), request, uintptr(unsafe.Pointer(value))); errno != 0 {
		return errno
	}
	return nil
}

// readLine reads what is typed, with the terminal as npm has it: no echo, and each
// key at once.
func readLine() (string, error) {
	var before syscall.Termios
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, 0, syscall.TCGETS, uintptr(unsafe.Pointer(&before))); errno != 0 {
		return "", errors.New("standard input is no terminal")
	}
	raw := before
	raw.Lflag &^= syscall.ECHO | syscall.ICANON | syscall.ISIG
	raw.Iflag &^= syscall.ICRNL
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, 0, syscall.TCSETS, uintptr(unsafe.Pointer(&raw))); errno != 0 {
		return "", errno
	}
	defer func() {
		_, _, _ = syscall.Syscall(syscall.SYS_IOCTL, 0, syscall.TCSETS, uintptr(unsafe.Pointer(&before)))
	}()
	return bufio.NewReader(os.Stdin).ReadString('\r')
}

// megabytes returns the most memory that a process had.
func megabytes(state *os.ProcessState) float64 {
	usage, ok := state.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	return float64(usage.Maxrss) / 1e3
}
