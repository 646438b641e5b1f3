package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"npmotp/vault"
)

// A carrier is a Syncthing that carries the copy of one laptop.
type carrier struct {
	program      string
	home         string // of the laptop
	config, dir  string
	id           string
	api, address string
	process      *exec.Cmd
	log          bytes.Buffer
}

// syncthingConfig has everything off that would leave the machine.
const syncthingConfig = `<configuration version="35">
<folder id="vault" path="%s" type="sendreceive" rescanIntervalS="0" fsWatcherEnabled="false">
<device id="%s"></device><device id="%s"></device>
<minDiskFree unit="">0</minDiskFree><maxConflicts>10</maxConflicts>
</folder>
<device id="%[2]s" compression="never"><address>tcp://%[4]s</address></device>
<device id="%[3]s" compression="never"><address>tcp://%[5]s</address></device>
<gui enabled="true" tls="false"><address>%[6]s</address><apikey>test</apikey></gui>
<options>
<listenAddress>tcp://%[4]s</listenAddress>
<globalAnnounceEnabled>false</globalAnnounceEnabled><localAnnounceEnabled>false</localAnnounceEnabled>
<relaysEnabled>false</relaysEnabled><natEnabled>false</natEnabled><stunKeepaliveStartS>0</stunKeepaliveStartS>
<urAccepted>-1</urAccepted><crashReportingEnabled>false</crashReportingEnabled>
<autoUpgradeIntervalH>0</autoUpgradeIntervalH><startBrowser>false</startBrowser>
<reconnectionIntervalS>1</reconnectionIntervalS>
</options>
</configuration>
`

// freePort returns an address of this machine that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

func newCarrier(t *testing.T) *carrier {
	t.Helper()
	c := &carrier{
		program: need(t, "syncthing"), home: t.TempDir(), config: t.TempDir(), dir: t.TempDir(),
		api: freePort(t), address: freePort(t),
	}
	if out, err := c.command(t.Context(), "generate", "--no-default-folder", "--home="+c.config).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	id, err := c.command(t.Context(), "--device-id", "--home="+c.config).Output()
	if err != nil {
		t.Fatal(err)
	}
	c.id = strings.TrimSpace(string(id))
	// Syncthing takes a folder without this for one that is not mounted.
	if err := os.Mkdir(filepath.Join(c.dir, ".stfolder"), 0o700); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *carrier) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, c.program, args...)
	cmd.Env = append(os.Environ(), "HOME="+c.config, "STNOUPGRADE=1", "STMONITORED=yes")
	return cmd
}

// start runs Syncthing until stop is called.
func (c *carrier) start(t *testing.T, other *carrier) {
	t.Helper()
	text := fmt.Sprintf(syncthingConfig, c.dir, c.id, other.id, c.address, other.address, c.api)
	if err := os.WriteFile(filepath.Join(c.config, "config.xml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c.process = c.command(t.Context(), "serve", "--no-browser", "--no-restart", "--home="+c.config)
	c.process.Stdout, c.process.Stderr = &c.log, &c.log
	if err := c.process.Start(); err != nil {
		t.Fatal(err)
	}
	// It answers once it is up; a connection that is refused is tried again.
	for t.Context().Err() == nil {
		if err := c.call(t, http.MethodGet, "/rest/system/ping", nil); err == nil {
			return
		}
		pause()
	}
}

// pause lets others run between two looks at what they did.
func pause() {
	timer := time.NewTimer(50 * time.Millisecond)
	<-timer.C
}

func (c *carrier) stop(t *testing.T) {
	t.Helper()
	if c.process == nil {
		return
	}
	if err := c.process.Process.Signal(os.Interrupt); err != nil {
		t.Error(err)
	}
	var exit *exec.ExitError
	if err := c.process.Wait(); err != nil && !errors.As(err, &exit) {
		t.Error(err)
	}
	c.process = nil
}

func (c *carrier) call(t *testing.T, method, path string, answer any) error {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://"+c.api+path, nil)
	if err != nil {
		return err
	}
	r.Header.Set("X-API-Key", "test")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", response.Status, data)
	}
	if err == nil && answer != nil {
		err = json.Unmarshal(data, answer)
	}
	return err
}

// carry lets both look at their folders until these are the same.
func carry(t *testing.T, a, b *carrier) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; pause() {
		for _, c := range []*carrier{a, b} {
			if err := c.call(t, http.MethodPost, "/rest/db/scan?folder=vault", nil); err != nil {
				t.Fatalf("%v\n%s", err, c.log.String())
			}
		}
		x, y := a.folder(t), b.folder(t)
		if len(x) > 0 && equalFiles(x, y) && a.idle(t, b) && b.idle(t, a) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("nothing came through:\n%s\n%s", a.log.String(), b.log.String())
		}
	}
}

// idle reports whether c needs nothing from other, nor other from c.
func (c *carrier) idle(t *testing.T, other *carrier) bool {
	t.Helper()
	var status struct {
		State         string
		NeedTotal     int `json:"needTotalItems"`
		ReceiveErrors int `json:"pullErrors"`
	}
	var completion struct{ NeedItems, NeedDeletes int }
	err := errors.Join(
		c.call(t, http.MethodGet, "/rest/db/status?folder=vault", &status),
		c.call(t, http.MethodGet, "/rest/db/completion?folder=vault&device="+other.id, &completion))
	return err == nil && status.State == "idle" && status.NeedTotal+status.ReceiveErrors == 0 &&
		completion.NeedItems+completion.NeedDeletes == 0
}

// folder returns the files of the folder, by name.
func (c *carrier) folder(t *testing.T) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, e := range entries {
		if data, err := os.ReadFile(filepath.Join(c.dir, e.Name())); err == nil {
			files[e.Name()] = string(data)
		}
	}
	return files
}

func equalFiles(x, y map[string]string) bool {
	for name, text := range x {
		if y[name] != text {
			return false
		}
	}
	return len(x) == len(y)
}

// Two laptops whose copies a real Syncthing carries: a change on one arrives at
// the other; changes on both, while they cannot reach each other, make
// Syncthing put one copy aside, and the next sync merges that too.
func TestSyncSyncthing(t *testing.T) {
	if testing.Short() {
		t.Skip("runs two Syncthings")
	}
	a, b := newCarrier(t), newCarrier(t)
	defer func() { a.stop(t); b.stop(t) }()
	run(t, a.home, typedSecret, "add", "npm")
	run(t, a.home, "0123456789abcdef\nfedcba9876543210\n", "recovery", "add", "npm")
	run(t, a.home, "", "sync", a.dir)
	a.start(t, b)
	b.start(t, a)
	carry(t, a, b)
	run(t, b.home, "", "sync", b.dir)

	// Apart.
	b.stop(t)
	run(t, a.home, typedSecret, "add", "from-a")
	run(t, a.home, "", "recovery", "use", "npm")
	run(t, a.home, "", "sync", a.dir)
	run(t, b.home, typedSecret, "add", "from-b")
	run(t, b.home, "", "sync", b.dir)
	b.start(t, a)
	carry(t, a, b)
	conflicts, err := vault.ConflictCopies(filepath.Join(a.dir, "vault.npmotp"))
	if err != nil || len(conflicts) != 1 || !strings.Contains(conflicts[0], ".sync-conflict-") {
		t.Fatalf("conflict copies %q, %v, in %q\n%s", conflicts, err, slices.Collect(maps.Keys(a.folder(t))), b.log.String())
	}

	// Together again.
	run(t, a.home, "", "sync", a.dir, "--yes")
	carry(t, a, b)
	run(t, b.home, "", "sync", b.dir, "--yes")
	carry(t, a, b)
	for _, c := range []*carrier{a, b} {
		files := c.folder(t)
		if own := string(readFile(t, filepath.Join(c.home, "vault.npmotp"))); len(files) != 1 || files["vault.npmotp"] != own {
			t.Errorf("the folder has %d files, want the copy alone", len(files))
		}
		list := run(t, c.home, "", "list")
		if !strings.Contains(list, "from-a") || !strings.Contains(list, "from-b") {
			t.Errorf("an account is missing:\n%s", list)
		}
	}
	if code := run(t, b.home, "", "recovery", "use", "npm"); code != "fedcba9876543210\n" {
		t.Errorf("laptop b offers %q, which was reserved on the other", code)
	}
}
