package filelock_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"npmotp/internal/filelock"
)

// The test binary started again with these variables is another process that
// wants the lock in the folder: it holds it until its standard input ends, or
// counts under it.
const (
	verbVariable = "FILELOCK_TEST_VERB" // hold or count
	dirVariable  = "FILELOCK_TEST_DIR"
)

const childRounds = 25

func TestMain(m *testing.M) {
	var err error
	switch dir := os.Getenv(dirVariable); os.Getenv(verbVariable) {
	case "hold":
		err = holdAsChild(dir)
	case "count":
		err = countUp(context.Background(), dir, holderName(), childRounds)
	default:
		os.Exit(m.Run())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func holderName() string { return "process " + strconv.Itoa(os.Getpid()) }

func holdAsChild(dir string) error {
	l, err := filelock.Acquire(context.Background(), filepath.Join(dir, "lock"), holderName())
	if err != nil {
		return err
	}
	if _, err := fmt.Println("locked"); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	return l.Release()
}

func child(t *testing.T, verb, dir string) *exec.Cmd {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program)
	cmd.Env = append(os.Environ(), verbVariable+"="+verb, dirVariable+"="+dir)
	return cmd
}

// holder starts a process that holds the lock, and returns once it does. The
// process gives it up when stdin is closed.
func holder(t *testing.T, dir string) (cmd *exec.Cmd, stdin io.Closer) {
	t.Helper()
	cmd = child(t, "hold", dir)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || strings.TrimSpace(line) != "locked" {
		t.Fatalf("the holder said %q (%v)", line, err)
	}
	return cmd, in
}

func TestProcessesExcludeOneAnother(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "lock")
	cmd, stdin := holder(t, dir)
	busy := wantBusy(t, path, context.Canceled)
	if want := "process " + strconv.Itoa(cmd.Process.Pid); busy.Holder != want {
		t.Errorf("the holder is %q, want %q", busy.Holder, want)
	}
	if err := stdin.Close(); err != nil {
		t.Fatal(err)
	}
	release(t, acquire(t, path, "the test"))
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

func TestManyProcessesAllGetIt(t *testing.T) {
	dir := t.TempDir()
	const processes = 6
	var wg sync.WaitGroup
	for range processes {
		cmd := child(t, "count", dir)
		wg.Go(func() {
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	wg.Wait()
	wantCount(t, dir, processes*childRounds)
}

func TestLockEndsWithItsProcess(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "lock")
	cmd, _ := holder(t, dir)

	// One waits already when the holder is killed, one comes after.
	got := make(chan error, 1)
	go func() {
		l, err := filelock.Acquire(t.Context(), path, "the one who waits")
		if err == nil {
			err = l.Release()
		}
		got <- err
	}()
	_ = wantBusy(t, path, context.Canceled)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("the holder was killed and ended well")
	}
	if err := <-got; err != nil {
		t.Error(err)
	}
	release(t, acquire(t, path, "the one after"))
}

// What the holder starts does not inherit the lock: a clipboard cleaner or a
// tool that outlives it would keep the file locked.
func TestLockIsNotInherited(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "lock")
	l := acquire(t, path, "the test")
	other := t.TempDir()
	cmd, stdin := holder(t, other) // any process that goes on; it holds another lock
	release(t, l)
	release(t, acquire(t, path, "the test again"))
	if err := stdin.Close(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}
