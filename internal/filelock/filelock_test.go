package filelock_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"npmotp/internal/filelock"
)

func acquire(t *testing.T, path, holder string) *filelock.Lock {
	t.Helper()
	l, err := filelock.Acquire(t.Context(), path, holder)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func release(t *testing.T, l *filelock.Lock) {
	t.Helper()
	if err := l.Release(); err != nil {
		t.Error(err)
	}
}

// wantBusy fails unless the lock cannot be had for a moment, in which a lock
// that is free is had many times over, and returns the error.
func wantBusy(t *testing.T, path string, cause error) *filelock.BusyError {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(t.Context(), 20*time.Millisecond, cause)
	defer cancel()
	l, err := filelock.Acquire(ctx, path, "the one who waits")
	if err == nil {
		_ = l.Release()
		t.Fatal("a lock that is held was given to somebody else")
	}
	var busy *filelock.BusyError
	if !errors.As(err, &busy) {
		t.Fatalf("the error is %v, want a BusyError", err)
	}
	return busy
}

func TestAcquireAndRelease(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	l := acquire(t, path, "process 1")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if perm := info.Mode().Perm(); perm != 0o600 && runtime.GOOS != "windows" {
		t.Errorf("the lock file has mode %v, want 0600", perm)
	}
	release(t, l)

	// The file stays, and names nobody.
	if text, err := os.ReadFile(path); err != nil || len(text) != 0 {
		t.Errorf("after the release the lock file holds %q (%v), want nothing", text, err)
	}
	release(t, acquire(t, path, "process 2"))
}

func TestAcquireWithoutFolder(t *testing.T) {
	_, err := filelock.Acquire(t.Context(), filepath.Join(t.TempDir(), "no", "lock"), "process 1")
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the error is %v, want fs.ErrNotExist", err)
	}
}

func TestBusyNamesTheHolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	l := acquire(t, path, "process 4711")
	cause := errors.New("waited long enough")
	busy := wantBusy(t, path, cause)
	if !errors.Is(busy, cause) {
		t.Errorf("%v does not wrap why the wait ended", busy)
	}
	if busy.Path != path || busy.Holder != "process 4711" {
		t.Errorf("it names %q held by %q", busy.Path, busy.Holder)
	}
	if want := path + " is locked by process 4711"; busy.Error() != want {
		t.Errorf("it says %q, want %q", busy.Error(), want)
	}
	release(t, l)
}

func TestBusyWithoutHolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	l := acquire(t, path, "")
	if busy := wantBusy(t, path, context.Canceled); busy.Error() != path+" is locked by another process" {
		t.Errorf("it says %q", busy.Error())
	}
	release(t, l)
}

// Whoever may write the lock file may not write on the terminal of who reads it.
func TestBusyCleansTheHolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	l := acquire(t, path, "a\x1b[2Jb\u202ec\nd"+strings.Repeat("e", 1000))
	busy := wantBusy(t, path, context.Canceled)
	if want := "a[2Jbcd"; !strings.HasPrefix(busy.Holder, want) || len(busy.Holder) > 200 {
		t.Errorf("the holder is %q, want at most 200 bytes that begin with %q", busy.Holder, want)
	}
	release(t, l)
}

// A shorter name leaves no end of the one before.
func TestHolderReplacesTheOneBefore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	if err := os.WriteFile(path, []byte("a holder that was killed\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	l := acquire(t, path, "me")
	if busy := wantBusy(t, path, context.Canceled); busy.Holder != "me" {
		t.Errorf("the holder is %q, want %q", busy.Holder, "me")
	}
	release(t, l)
}

func TestCancelEndsTheWait(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	l := acquire(t, path, "process 1")
	ctx, cancel := context.WithCancel(t.Context())
	got := make(chan error, 1)
	go func() {
		_, err := filelock.Acquire(ctx, path, "process 2")
		got <- err
	}()
	cancel()
	if err := <-got; !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v, want context.Canceled", err)
	}
	release(t, l)
}

// A wait that was given up gets the lock some time later all the same, and
// must let go of it.
func TestGivenUpWaitsKeepNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	l := acquire(t, path, "process 1")
	for range 5 {
		_ = wantBusy(t, path, context.Canceled)
	}
	release(t, l)
	release(t, acquire(t, path, "process 2"))
}

func TestManyWaitersAllGetIt(t *testing.T) {
	manyWaiters(t, (*filelock.Lock).Release)
}

// Who waited for a lock whose file was removed meanwhile does not get it beside
// who locked the next file of that name.
func TestRemovedLocksExclude(t *testing.T) {
	if _, err := os.Stat(manyWaiters(t, (*filelock.Lock).Remove)); runtime.GOOS != "windows" && !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file of the lock is still there: %v", err)
	}
}

// manyWaiters gives the lock up as told, and returns the path of its file.
func manyWaiters(t *testing.T, giveUp func(*filelock.Lock) error) string {
	t.Helper()
	dir := t.TempDir()
	const waiters, rounds = 16, 20
	var wg sync.WaitGroup
	for i := range waiters {
		wg.Go(func() {
			if err := countUpGiving(t.Context(), dir, "waiter "+strconv.Itoa(i), rounds, giveUp); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	wantCount(t, dir, waiters*rounds)
	return filepath.Join(dir, "lock")
}

// countUp adds one to the number in a file, often, and each time under the
// lock: without it, additions are lost.
func countUp(ctx context.Context, dir, holder string, rounds int) error {
	return countUpGiving(ctx, dir, holder, rounds, (*filelock.Lock).Release)
}

func countUpGiving(ctx context.Context, dir, holder string, rounds int, giveUp func(*filelock.Lock) error) error {
	for range rounds {
		l, err := filelock.Acquire(ctx, filepath.Join(dir, "lock"), holder)
		if err != nil {
			return err
		}
		n, err := readCount(dir)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "count"), []byte(strconv.Itoa(n+1)), 0o600)
		}
		if err := errors.Join(err, giveUp(l)); err != nil {
			return err
		}
	}
	return nil
}

func readCount(dir string) (int, error) {
	text, err := os.ReadFile(filepath.Join(dir, "count"))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(string(text))
}

func wantCount(t *testing.T, dir string, want int) {
	t.Helper()
	if got, err := readCount(dir); err != nil || got != want {
		t.Errorf("counted to %d (%v), want %d", got, err, want)
	}
}

// No time to wait is no reason to leave a free lock alone.
func TestFreeLockIsTakenWithoutTime(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	l, err := filelock.Acquire(ctx, filepath.Join(t.TempDir(), "lock"), "me")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Release(); err != nil {
		t.Fatal(err)
	}
}

// What has the name of a lock and is none is neither opened nor emptied: a link,
// also one that leads nowhere, a folder, a file with more in it.
func TestAcquireOnlyLocks(t *testing.T) {
	for name, make := range map[string]func(path, precious string) error{
		"a link":             func(path, precious string) error { return os.Symlink(precious, path) },
		"a link to nowhere":  func(path, precious string) error { return os.Symlink(precious+".gone", path) },
		"a folder":           func(path, _ string) error { return os.Mkdir(path, 0o700) },
		"a file of somebody": func(path, precious string) error { return os.Link(precious, path) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path, precious := filepath.Join(dir, "lock"), filepath.Join(dir, "precious")
			text := strings.Repeat("all that I have\n", 20)
			if err := os.WriteFile(precious, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := make(path, precious); err != nil {
				t.Skip(err) // Windows asks for a privilege
			}
			if _, err := filelock.Acquire(t.Context(), path, "me"); !errors.Is(err, filelock.ErrNotLock) {
				t.Errorf("got %v", err)
			}
			if kept, err := os.ReadFile(precious); err != nil || string(kept) != text {
				t.Errorf("the file holds %q, %v", kept, err)
			}
			if _, err := os.Lstat(precious + ".gone"); err == nil {
				t.Error("the target of the link was created")
			}
		})
	}
}
