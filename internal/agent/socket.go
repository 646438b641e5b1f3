//go:build linux || darwin

package agent

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Supported reports whether there is an agent on this system.
const Supported = true

// startWait is how long an agent waits for the one before it to end.
const startWait = 3 * time.Second

// Folder returns where the sockets are: npmotp's folder in the runtime folder of
// the user, or else state. The runtime folder counts only when it is the
// user's own and nobody else can write there (XDG Base Directory
// Specification): after su(1) it is that of somebody else.
func Folder(runtime, state string) string {
	if !filepath.IsAbs(runtime) {
		return state
	}
	info, err := os.Stat(runtime)
	if err != nil || !info.IsDir() || !mine(info) || info.Mode().Perm()&0o022 != 0 {
		return state
	}
	return filepath.Join(runtime, "npmotp")
}

func (e Endpoint) socket() string         { return filepath.Join(e.Folder, e.Name+".sock") }
func (e Endpoint) address() *net.UnixAddr { return &net.UnixAddr{Name: e.socket(), Net: "unix"} }
func (e Endpoint) lock() string           { return filepath.Join(e.Folder, e.Name+".lock") }

func mine(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}

// checkFolder refuses a folder in which somebody else could have put the socket.
func checkFolder(dir string) error {
	info, err := os.Lstat(dir)
	switch {
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s is not a folder of this user alone", dir) // a symbolic link, perhaps
	case !mine(info):
		return fmt.Errorf("%s belongs to another user", dir)
	case info.Mode().Perm()&0o077 != 0:
		return fmt.Errorf("%s is open to other users; 'chmod 700' closes it", dir)
	}
	return nil
}

// makeFolder makes the folder, or closes one that is open to others.
func makeFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if info, err := os.Lstat(dir); err == nil && info.IsDir() && mine(info) && info.Mode().Perm() != 0o700 {
		if err := os.Chmod(dir, 0o700); err != nil { //nolint:gosec // a folder needs its x
			return err
		}
	}
	return checkFolder(dir)
}

// A Listener is the socket of an agent, which no other agent has.
type Listener struct {
	net.Listener
	endpoint Endpoint
	made     fs.FileInfo // the socket file as it was made
	lock     *os.File
}

// Listen makes the socket. The error is [ErrRunning] when another agent serves
// it. It sets the umask of the process to 077.
//
// Whether there is one is asked of a lock, not of the socket: the lock ends
// with its process, so a socket that a killed agent left behind is told from
// one that is alive, and of two that start at once one gets it.
func Listen(ctx context.Context, e Endpoint) (*Listener, error) {
	if err := makeFolder(e.Folder); err != nil {
		return nil, err
	}
	unix.Umask(0o077)
	lock, err := os.OpenFile(e.lock(), os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	if err := takeLock(ctx, lock); err != nil {
		_ = lock.Close()
		return nil, err
	}
	if err := os.Remove(e.socket()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		_ = lock.Close()
		return nil, err
	}
	// Not even for the moment before a chmod can somebody else connect.
	unix.Umask(0o177)
	l, err := net.ListenUnix("unix", e.address())
	unix.Umask(0o077)
	if err != nil {
		_ = lock.Close()
		return nil, tooLong(e, err)
	}
	made, err := os.Lstat(e.socket())
	if err != nil {
		_ = l.Close()
		_ = lock.Close()
		return nil, err
	}
	return &Listener{Listener: l, endpoint: e, made: made, lock: lock}, nil
}

// tooLong says what to do about a path that does not fit into a socket address.
func tooLong(e Endpoint, err error) error {
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENAMETOOLONG) {
		return fmt.Errorf("the path %s is too long for a socket; set XDG_RUNTIME_DIR to a folder of yours with a shorter one: %w", e.socket(), err)
	}
	return err
}

func takeLock(ctx context.Context, lock *os.File) error {
	ctx, cancel := context.WithTimeout(ctx, startWait)
	defer cancel()
	for {
		err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
			return err
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return ErrRunning
		}
	}
}

// Lost reports whether the socket file is not the one that was made.
func (l *Listener) Lost() bool {
	info, err := os.Lstat(l.endpoint.socket())
	return err != nil || !os.SameFile(info, l.made)
}

// Close removes the socket file, if it is the one that was made.
func (l *Listener) Close() error {
	if u, ok := l.Listener.(*net.UnixListener); ok {
		u.SetUnlinkOnClose(!l.Lost())
	}
	return l.Listener.Close()
}

// Release lets another agent start. The lock file stays: to remove it would let
// two agents hold locks of the same name.
func (l *Listener) Release() error { return l.lock.Close() }

// Dial connects to the agent at e. The error is [ErrNone] when there is none.
func Dial(ctx context.Context, e Endpoint) (*Client, error) {
	if err := checkFolder(e.Folder); err != nil {
		if _, statErr := os.Lstat(e.socket()); statErr != nil {
			return nil, ErrNone // what is wrong with an empty folder is no matter here
		}
		return nil, fmt.Errorf("the agent is not asked: %w", err)
	}
	var d net.Dialer
	conn, err := d.DialUnix(ctx, "unix", nil, e.address())
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ECONNREFUSED), errors.Is(err, unix.EINVAL), errors.Is(err, unix.ENAMETOOLONG):
		return nil, ErrNone // no socket, one that a killed agent left, or one that cannot be
	case err != nil:
		return nil, fmt.Errorf("the agent is not asked: %w", err)
	}
	if _, err := ownPeer(conn); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("the agent is not asked: %w", err)
	}
	return NewClient(ctx, conn), nil
}

// ownPeer returns who is at the other end of conn. It is an error if that is not
// the user of this process.
func ownPeer(conn net.Conn) (Peer, error) {
	sc, ok := conn.(syscall.Conn)
	if !ok {
		return Peer{}, errors.New("the connection is not a socket")
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return Peer{}, err
	}
	var uid, pid int
	var asked error
	if err := raw.Control(func(fd uintptr) { uid, pid, asked = peerOf(int(fd)) }); err != nil {
		return Peer{}, err
	}
	if asked != nil {
		return Peer{}, asked
	}
	if uid != os.Geteuid() {
		return Peer{}, fmt.Errorf("the process at the other end belongs to user %d", uid)
	}
	return Peer{PID: pid}, nil
}

// clientOf is ownPeer with what is known of the process. That is looked up at once:
// another process may get its number later.
func clientOf(conn net.Conn) (Peer, error) {
	p, err := ownPeer(conn)
	if err != nil {
		return Peer{}, err
	}
	known := make(chan Program, 1)
	go func() { known <- programOf(p.PID) }()
	p.Program = sync.OnceValue(func() Program { return <-known })
	p.Describe = func() (Description, error) { return describe(p.Program()) }
	p.Until = func(ctx context.Context) (context.Context, func()) { return untilGone(ctx, conn) }
	return p, nil
}

// errGone says that nobody waits for an answer any more.
var errGone = errors.New("the program that asked has ended")

// untilGone returns a context that ends with the other side of conn. What that sent
// and nobody has read stays. The returned function has to be called before conn is
// read again.
func untilGone(ctx context.Context, conn net.Conn) (waiting context.Context, stop func()) {
	waiting, cancel := context.WithCancelCause(ctx)
	raw, err := conn.(syscall.Conn).SyscallConn() // as ownPeer has found
	if err != nil || conn.SetReadDeadline(time.Time{}) != nil {
		return waiting, func() { cancel(nil) }
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		ended := false
		err := raw.Read(func(fd uintptr) bool {
			n, _, err := unix.Recvfrom(int(fd), make([]byte, 1), unix.MSG_PEEK|unix.MSG_DONTWAIT)
			if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) {
				return false
			}
			ended = n <= 0
			return true
		})
		if err == nil && ended {
			cancel(errGone)
		}
	}()
	return waiting, func() {
		cancel(nil)
		_ = conn.SetReadDeadline(time.Unix(1, 0))
		<-done
	}
}

// clock reads a clock of the system; one that is not there stands still.
func clock(id int32) time.Duration {
	var t unix.Timespec
	if unix.ClockGettime(id, &t) != nil {
		return 0
	}
	return time.Duration(t.Nano())
}

// Run serves on l until the agent ends, and returns why. What of c concerns the
// system is filled in.
func Run(ctx context.Context, l *Listener, c Config) error {
	c.Peer, c.Slept, c.Lost = clientOf, sleptSoFar, l.Lost
	c.Here = c.Consent.Terminal.foreground
	return Serve(ctx, l, c)
}
