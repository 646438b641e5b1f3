package doctor

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"npmotp/internal/ui"
)

// An NPM is where npm of a user keeps its logs and settings.
type NPM struct {
	Getenv  func(string) string
	Environ []string
	Dir     string // the working folder
}

// maxLog bounds what is read of a log, in bytes. npm writes the command line
// first.
const maxLog = 1 << 20

// setting returns a setting of npm from the environment, which it reads in any
// case of letters (npm, config/lib/index.js, loadEnv).
func (n NPM) setting(name string) string {
	for _, kv := range n.Environ {
		if key, value, _ := strings.Cut(kv, "="); strings.EqualFold(key, "npm_config_"+name) && value != "" {
			return value
		}
	}
	return ""
}

// home returns the home folder, or "".
func (n NPM) home() string {
	if runtime.GOOS == "windows" {
		return n.Getenv("USERPROFILE")
	}
	return n.Getenv("HOME")
}

// logDirs returns the folders that npm writes logs to (npm, definitions.js, cache
// and logs-dir).
func (n NPM) logDirs() []string {
	var dirs []string
	if dir := n.setting("logs_dir"); dir != "" {
		dirs = append(dirs, dir)
	}
	if dir := n.setting("cache"); dir != "" {
		dirs = append(dirs, filepath.Join(dir, "_logs"))
	}
	if dir := n.Getenv("LocalAppData"); dir != "" && runtime.GOOS == "windows" {
		dirs = append(dirs, filepath.Join(dir, "npm-cache", "_logs"))
	}
	if home := n.home(); home != "" {
		dirs = append(dirs, filepath.Join(home, ".npm", "_logs"))
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}

// A log of npm, with what stands in it.
type log struct {
	path     string
	written  time.Time
	recovery bool // a recovery code, or else a one-time password
}

// logs looks for codes in the logs of npm, which writes down its arguments. A
// one-time password has ended by now or soon, and is worth a note; a recovery code
// that was never sent has not.
func (n NPM) logs(now time.Time) []Finding {
	const check = "npm-logs"
	logs, err := n.withCodes()
	if err != nil {
		return []Finding{unreadable(check, err)}
	}
	var found []Finding
	var ended []log
	for _, l := range logs {
		if !l.recovery {
			ended = append(ended, l)
			continue
		}
		found = append(found, Finding{
			Check: check, What: "npm wrote a recovery code into " + l.path,
			Mend: "rm -- " + ui.Quote(l.path) + "; 'npmotp exec --recovery' passes none in the arguments",
		})
	}
	if len(ended) > 0 {
		found = append(found, noteLogs(check, ended, now))
	}
	return or(found, check, "no code stands in the logs of npm")
}

// noteLogs is the note about logs with one-time passwords.
func noteLogs(check string, logs []log, now time.Time) Finding {
	last := slices.MaxFunc(logs, func(a, b log) int { return a.written.Compare(b.written) })
	what := fmt.Sprintf("npm wrote one-time passwords into %s, the last into %s", ui.Plural(len(logs), "log"), last.path)
	if len(logs) == 1 {
		what = "npm wrote a one-time password into " + last.path
	}
	// Registries take the codes before and after the present one, too.
	if now.Sub(last.written) < 2*time.Minute {
		what += ", which ends within two minutes"
	} else {
		what += ", which has ended"
	}
	return Finding{Check: check, OK: true, What: what, Mend: "'npmotp exec --via prompt' passes none in the arguments"}
}

// withCodes returns the logs in which codes stand.
func (n NPM) withCodes() ([]log, error) {
	const before = `(?i)\botp\b["'=,:\s]+["']?`
	otp := regexp.MustCompile(before + `[0-9]{6,8}\b`)
	recovery := regexp.MustCompile(before + `(?:[0-9a-f]{16}|[0-9a-f]{48}|[0-9a-f]{64})\b`)
	var logs []log
	for _, dir := range n.logDirs() {
		entries, err := os.ReadDir(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			l := log{path: filepath.Join(dir, e.Name())}
			if !e.Type().IsRegular() || filepath.Ext(l.path) != ".log" {
				continue
			}
			if l.recovery = contains(l.path, recovery); !l.recovery && !contains(l.path, otp) {
				continue
			}
			if info, err := e.Info(); err == nil {
				l.written = info.ModTime()
			}
			logs = append(logs, l)
		}
	}
	return logs, nil
}

func contains(path string, what *regexp.Regexp) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	return what.MatchReader(bufio.NewReader(io.LimitReader(f, maxLog)))
}

// otpSettings looks for a code in the files that npm reads its settings from:
// npm would send it with every request, for ever.
func (n NPM) otpSettings() []Finding {
	const check = "npmrc"
	var found []Finding
	for _, path := range n.settings() {
		line, err := settingLine(path, "otp")
		if err != nil {
			found = append(found, unreadable(check, err))
		} else if line > 0 {
			found = append(found, Finding{
				Check: check, What: fmt.Sprintf("otp= stands in %s, and npm sends it with every request", path),
				Mend: fmt.Sprintf("remove line %d of that file", line),
			})
		}
	}
	return or(found, check, "no otp= stands in an .npmrc")
}

// settings returns the files of settings: of the folder and those above it, of
// the user and of the machine.
func (n NPM) settings() []string {
	var files []string
	for dir := n.Dir; dir != ""; dir = filepath.Dir(dir) {
		files = append(files, filepath.Join(dir, ".npmrc"))
		if dir == filepath.Dir(dir) {
			break
		}
	}
	if home := n.home(); home != "" {
		files = append(files, filepath.Join(home, ".npmrc"))
	}
	for _, name := range []string{"userconfig", "globalconfig"} {
		if file := n.setting(name); file != "" {
			files = append(files, file)
		}
	}
	prefix := cmp.Or(n.setting("prefix"), n.Getenv("PREFIX"))
	for _, dir := range []string{prefix, "/usr", "/usr/local", "/opt/homebrew"} {
		if dir != "" {
			files = append(files, filepath.Join(dir, "etc", "npmrc"))
		}
	}
	slices.Sort(files)
	return slices.Compact(files)
}

// settingLine returns the number of the line that sets name to something, or 0.
func settingLine(path, name string) (int, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewScanner(io.LimitReader(f, maxLog))
	for n := 1; lines.Scan(); n++ {
		key, value, ok := strings.Cut(lines.Text(), "=")
		key = strings.Trim(strings.TrimSpace(key), `"'`)
		if ok && key == name && strings.TrimSpace(value) != "" {
			return n, nil
		}
	}
	return 0, lines.Err()
}

// variables looks for variables from which npm and its peers take a code:
// everything that is started in that shell sees it.
func (n NPM) variables() []Finding {
	const check = "environment"
	known := []string{"npm_config_otp", "pnpm_config_otp", "yarn_npm_otp", "gem_host_otp_code"}
	var found []Finding
	for _, kv := range n.Environ {
		key, value, _ := strings.Cut(kv, "=")
		if value == "" || !slices.Contains(known, strings.ToLower(key)) {
			continue
		}
		found = append(found, Finding{
			Check: check, What: key + " is exported: every command of this shell sends it, and npmotp adds no code",
			Mend: "unset " + key + ", and take it out of the profile of the shell",
		})
	}
	return or(found, check, "no variable holds a code")
}
