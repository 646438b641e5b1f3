package tools

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
)

// On Windows npm and its peers are batch files, whose arguments cmd.exe reads
// once more: "pkg@^1.0.0" loses its caret, "pkg@>=1.0.0" writes into a file, and
// "a&b" runs b.

// A batchScript is what a batch file has node run.
type batchScript struct {
	file   string // beside the batch file, with slashes
	prefix string // the script that says where another one may be; "" for none
}

// nodeScript returns the script that a batch file starts with node, where it does
// nothing else.
func nodeScript(text string) (s batchScript, ok bool) {
	// Compiled here, for the start of other commands.
	sets := regexp.MustCompile(`(?im)^\s*@?SET\s+"?NODE_(PATH|OPTIONS)=`)
	if sets.MatchString(text) {
		return s, false
	}
	// What npm writes for a package's programs ends with this (cmd-shim/lib/index.js).
	shimLine := regexp.MustCompile(`(?m)"%_prog%"\s+"%dp0%\\([^"%]+\.[cm]?js)"\s+%\*\s*\z`)
	if m := shimLine.FindStringSubmatch(text); m != nil {
		return batchScript{file: strings.ReplaceAll(m[1], `\`, "/")}, true
	}
	// npm.cmd and npx.cmd, which come with node.
	npmLines := regexp.MustCompile(`SET "(?:NPM|NPX)_CLI_JS=%~dp0\\(node_modules\\npm\\bin\\np[mx]-cli\.js)"`)
	if m := npmLines.FindStringSubmatch(text); m != nil {
		s.file = strings.ReplaceAll(m[1], `\`, "/")
		if strings.Contains(text, `node_modules\npm\bin\npm-prefix.js`) {
			s.prefix = "node_modules/npm/bin/npm-prefix.js"
		}
		return s, true
	}
	return s, false
}

// batchLine returns the command line of cmd.exe that runs a batch file with
// arguments. In quotes cmd.exe leaves all signs alone but these: a quote ends
// them, variables are put in between percent signs, and a line ends.
func batchLine(file string, args []string) (string, error) {
	var b strings.Builder
	b.WriteString(`cmd.exe /e:ON /v:OFF /d /c "`)
	for i, arg := range append([]string{file}, args...) {
		if strings.ContainsAny(arg, "\"%\r\n\x00") {
			return "", fmt.Errorf("%s is a batch file, and cmd.exe would make something else of the argument %q", filepath.Base(file), arg)
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		// The program behind it takes a backslash before a quote for its escape.
		end := len(arg) - len(strings.TrimRight(arg, `\`))
		b.WriteString(`"` + arg + strings.Repeat(`\`, end) + `"`)
	}
	b.WriteByte('"')
	return b.String(), nil
}
