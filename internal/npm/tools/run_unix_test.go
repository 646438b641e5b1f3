//go:build unix

package tools_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"npmotp/internal/npm/tools"
	"npmotp/internal/secret"
)

// The test binary stands in for npmotp when runVariable is set: it plans the
// arguments, runs them, and ends as npmotp does.
const runVariable = "NPMRUN_TEST_RUN"

func TestMain(m *testing.M) {
	if os.Getenv(runVariable) == "" {
		os.Exit(m.Run())
	}
	p, err := tools.New(os.Args[1:], tools.Options{FlagTemplate: "{otp}", Environ: os.Environ()})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	argv, environ := p.Command(secret.New("123456"))
	err = tools.Run(context.Background(), argv, environ)
	var exit *tools.ExitError
	if !errors.As(err, &exit) {
		os.Exit(99)
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(exit.Status)
}

// program writes an executable file and returns its path.
func program(t *testing.T, name, text string, mode os.FileMode) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	return file
}

// npmotp returns a command that runs argv through the test binary.
func npmotp(t *testing.T, argv ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, argv...)
	cmd.Env = append(os.Environ(), runVariable+"=1")
	return cmd
}

func status(t *testing.T, err error) int {
	t.Helper()
	var exit *exec.ExitError
	if err == nil {
		return 0
	}
	if !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return exit.ExitCode()
}

func TestRunReplacesTheProcess(t *testing.T) {
	tool := program(t, "tool", "#!/bin/sh\necho $$ \"$@\"\n", 0o700)
	cmd := npmotp(t, tool, "a b", "c")
	var stdout strings.Builder
	cmd.Stdout = &stdout
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	if want := strconv.Itoa(cmd.Process.Pid) + " a b c 123456\n"; stdout.String() != want {
		t.Errorf("the tool prints %q, want %q", stdout.String(), want)
	}
}

func TestRunPassesTheStatus(t *testing.T) {
	for _, want := range []int{0, 1, 3, 255} {
		tool := program(t, "tool", fmt.Sprintf("#!/bin/sh\nexit %d\n", want), 0o700)
		if got := status(t, npmotp(t, tool).Run()); got != want {
			t.Errorf("status %d became %d", want, got)
		}
	}
}

func TestRunPassesASignal(t *testing.T) {
	tool := program(t, "tool", "#!/bin/sh\nkill -TERM $$\n", 0o700)
	var exit *exec.ExitError
	if err := npmotp(t, tool).Run(); !errors.As(err, &exit) {
		t.Fatalf("the tool ends with %v", err)
	}
	if ws, ok := exit.Sys().(syscall.WaitStatus); !ok || ws.Signal() != syscall.SIGTERM {
		t.Errorf("the tool ends with %v, want SIGTERM", exit)
	}
}

func TestRunPassesStandardInput(t *testing.T) {
	cmd := npmotp(t, program(t, "tool", "#!/bin/sh\ncat\n", 0o700))
	cmd.Stdin = strings.NewReader("for the tool")
	got, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != "for the tool" {
		t.Errorf("the tool reads %q", got)
	}
}

func TestRunHidesThePassphrase(t *testing.T) {
	cmd := npmotp(t, program(t, "tool", "#!/bin/sh\nenv\n", 0o700))
	cmd.Env = append(cmd.Env, "NPMOTP_PASSPHRASE=p1", "NPMOTP_PASSPHRASE_FILE=p2", "NPMOTP_PASSPHRASE_COMMAND=p3", "NPMOTP_VAULT=v")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(out), "\n")
	for _, line := range lines {
		if strings.HasPrefix(line, "NPMOTP_PASSPHRASE") {
			t.Errorf("the tool has %q", line)
		}
	}
	if !slices.Contains(lines, "NPMOTP_VAULT=v") {
		t.Error("the tool lost NPMOTP_VAULT")
	}
}

// TestRunWithoutAnInterpreterLine is execvp(3)'s rule; pnpm 12 installs itself
// as such a file.
func TestRunWithoutAnInterpreterLine(t *testing.T) {
	tool := program(t, "tool", "echo \"$0\" \"$@\"\nexit 7\n", 0o700)
	cmd := npmotp(t, tool, "a")
	got, err := cmd.Output()
	if code := status(t, err); code != 7 || string(got) != tool+" a 123456\n" {
		t.Errorf("the tool prints %q and ends with %d", got, code)
	}
}

func TestRunStatusesWithoutTheCommand(t *testing.T) {
	dir := t.TempDir()
	plain := program(t, "plain", "#!/bin/sh\n", 0o600)
	orphan := program(t, "orphan", "#!/no/such/interpreter\n", 0o700)
	good := program(t, "good", "#!/bin/sh\nexit 5\n", 0o700)
	for _, test := range []struct {
		name, command, path string
		want                int
	}{
		{"not in PATH", "npmrun-no-such-tool", dir, 127},
		{"PATH is empty", "sh", "", 127},
		{"no such file", filepath.Join(dir, "none"), dir, 127},
		{"a file for a folder", filepath.Join(plain, "none"), dir, 127},
		{"not executable", plain, dir, 126},
		{"a folder", dir, dir, 126},
		{"only one that is not executable in PATH", "plain", filepath.Dir(plain), 126},
		{"an executable one later in PATH", "good", filepath.Dir(plain) + ":" + filepath.Dir(good), 5},
		{"no interpreter", orphan, dir, 127},
	} {
		t.Run(test.name, func(t *testing.T) {
			cmd := npmotp(t, test.command)
			cmd.Env = append(cmd.Env, "PATH="+test.path)
			var stderr strings.Builder
			cmd.Stderr = &stderr
			if got := status(t, cmd.Run()); got != test.want {
				t.Errorf("status %d, want %d", got, test.want)
			}
			if test.want > 100 && !strings.Contains(stderr.String(), filepath.Base(test.command)) {
				t.Errorf("the error does not name the command: %q", stderr.String())
			}
		})
	}
}

// TestRunPassesOverRelativePATH keeps a program in the current folder from
// being taken for the tool.
func TestRunPassesOverRelativePATH(t *testing.T) {
	tool := program(t, "tool", "#!/bin/sh\n", 0o700)
	for _, path := range []string{"", ".", ":", ".:/nowhere"} {
		cmd := npmotp(t, "tool")
		cmd.Dir = filepath.Dir(tool)
		cmd.Env = append(cmd.Env, "PATH="+path)
		if got := status(t, cmd.Run()); got != 127 {
			t.Errorf("PATH=%q: status %d, want 127", path, got)
		}
	}
}

func TestRunAfterTheEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var exit *tools.ExitError
	if err := tools.Run(ctx, []string{"/bin/sh"}, nil); !errors.As(err, &exit) || exit.Status != 125 || !errors.Is(err, context.Canceled) {
		t.Errorf("Run after the end of its context: %v", err)
	}
	if err := tools.Run(t.Context(), nil, nil); !errors.As(err, &exit) || exit.Status != 125 {
		t.Errorf("Run of nothing: %v", err)
	}
}
