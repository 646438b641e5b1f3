package atomicfile_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"npmotp/internal/atomicfile"
)

// The test binary started again with these variables writes the file that they
// name, and ends at once, running no defer, before the step that they name.
const (
	verbVariable = "ATOMICFILE_TEST_VERB" // create or replace
	pathVariable = "ATOMICFILE_TEST_PATH"
	keepVariable = "ATOMICFILE_TEST_KEEP"
	stepVariable = "ATOMICFILE_TEST_STEP"
)

const (
	statusKilled = 99
	statusFailed = 98
)

func TestMain(m *testing.M) {
	if verb := os.Getenv(verbVariable); verb != "" {
		runtime.LockOSThread() // strace counts the calls of each thread
		if err := writeAsChild(verb); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(statusFailed)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func writeAsChild(verb string) error {
	w := atomicfile.Writer{
		Path:   os.Getenv(pathVariable),
		Keep:   os.Getenv(keepVariable),
		Verify: acceptAll,
		Fail: func(s atomicfile.Step) error {
			if string(s) == os.Getenv(stepVariable) {
				os.Exit(statusKilled)
			}
			return nil
		},
	}
	if verb == "create" {
		return w.Create([]byte(newText))
	}
	return w.Replace([]byte(newText))
}

// child returns a command that starts this test binary as a writer of path.
func child(t *testing.T, verb, path, keep string) *exec.Cmd {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program)
	cmd.Env = append(os.Environ(), verbVariable+"="+verb, pathVariable+"="+path, keepVariable+"="+keep)
	return cmd
}

// exitStatus runs cmd and returns its status; -1 is a signal.
func exitStatus(t *testing.T, cmd *exec.Cmd) int {
	t.Helper()
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%v: %s", err, out)
	}
	return cmd.ProcessState.ExitCode()
}

// clean removes what a killed write left behind, and reports how many files.
func clean(t *testing.T, path string) int {
	t.Helper()
	left, err := atomicfile.Leftovers(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range left {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	return len(left)
}

func TestReplaceKilledAtEachStep(t *testing.T) {
	for at, step := range steps() {
		t.Run(string(step), func(t *testing.T) {
			dir, path := oldFile(t)
			backup := filepath.Join(dir, "old", "1")
			cmd := child(t, "replace", path, backup)
			cmd.Env = append(cmd.Env, stepVariable+"="+string(step))
			if status := exitStatus(t, cmd); status != statusKilled {
				t.Fatalf("the writer ended with %d, want %d", status, statusKilled)
			}

			renamed := at > slices.Index(steps(), atomicfile.StepRename)
			if renamed {
				wantText(t, path, newText)
			} else {
				wantText(t, path, oldText)
			}
			wantLeft := 1
			if renamed || step == atomicfile.StepCreate {
				wantLeft = 0
			}
			if left := clean(t, path); left != wantLeft {
				t.Errorf("%d temporary files were left, want %d", left, wantLeft)
			}
			if at > slices.Index(steps(), atomicfile.StepKeep) {
				wantText(t, backup, oldText)
				wantNames(t, dir, "file", "old")
			} else {
				wantNames(t, dir, "file")
			}

			// The next write is not in the way of anything.
			if err := (atomicfile.Writer{Path: path, Keep: backup}).Replace([]byte("next")); err != nil {
				t.Fatal(err)
			}
			wantText(t, path, "next")
		})
	}
}

func TestCreateKilledAtEachStep(t *testing.T) {
	for at, step := range steps() {
		if step == atomicfile.StepKeep {
			continue // there is nothing to keep yet
		}
		t.Run(string(step), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "file")
			cmd := child(t, "create", path, "")
			cmd.Env = append(cmd.Env, stepVariable+"="+string(step))
			if status := exitStatus(t, cmd); status != statusKilled {
				t.Fatalf("the writer ended with %d, want %d", status, statusKilled)
			}
			clean(t, path)
			if at > slices.Index(steps(), atomicfile.StepRename) {
				wantText(t, path, newText)
				wantNames(t, filepath.Dir(path), "file")
			} else {
				wantNames(t, filepath.Dir(path))
			}
		})
	}
}

func TestChildWritesWhenLeftAlone(t *testing.T) {
	_, path := oldFile(t)
	if status := exitStatus(t, child(t, "replace", path, "")); status != 0 {
		t.Fatalf("the writer ended with %d", status)
	}
	wantText(t, path, newText)
}
