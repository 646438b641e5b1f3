package config

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// An install is where a npm lies.
type install struct {
	dir     string // the package of npm, "" when it was not found
	version string // its version, "" when it was not found
	prefix  string // npm's default prefix, "" when node was not found
}

// findInstall looks for the npm that the query runs, without running it. A
// program that is no link into npm's package, as version managers have one, is
// not seen through.
func findInstall(q Query) install {
	var in install
	in.version = q.Version
	env := environment(q.Environ)
	name := "npm"
	if q.Tool == "npm" {
		name = q.Argv[0]
	}
	if program := programOf(q, name); program != "" {
		in.dir = packageOf(program)
	}
	if _, version, ok := strings.Cut(name, "@"); ok && in.version == "" { // "npx npm@6", which is the newest of these
		in.version = version + ".999"
	}
	if in.dir != "" && in.version == "" {
		text, _, err := readFile(filepath.Join(in.dir, "package.json"), manifestLimit)
		var p struct{ Name, Version string }
		if err == nil && json.Unmarshal([]byte(text), &p) == nil && p.Name == "npm" {
			in.version = p.Version
		}
	}
	if node := lookPath("node", q.Dir, env); node != "" {
		if real, err := filepath.EvalSymlinks(node); err == nil {
			// process.execPath, and loadGlobalPrefix of @npmcli/config.
			in.prefix = filepath.Dir(real)
			if runtime.GOOS != "windows" {
				in.prefix = filepath.Dir(in.prefix)
			}
		}
	}
	return in
}

// Major returns the major version of the npm that a query runs, or of pnpm or yarn, or 0
// when it is not known. It reads the package.json of the program.
func Major(q Query) int {
	version := findInstall(q).version
	if q.Tool == "pnpm" || q.Tool == "yarn" {
		version = versionAbove(programOf(q, q.Argv[0]), q.Tool)
	}
	text, _, _ := strings.Cut(version, ".")
	major, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return major
}

// versionAbove returns the version of the package that a program lies in, if it
// is called as it should be. A program that is no link into it is not seen
// through.
func versionAbove(program, name string) string {
	file, err := filepath.EvalSymlinks(program)
	if program == "" || err != nil {
		return ""
	}
	for dir := range upwards(filepath.Dir(file)) {
		text, found, err := readFile(filepath.Join(dir, "package.json"), manifestLimit)
		if !found || err != nil {
			continue
		}
		var p struct{ Name, Version string }
		if json.Unmarshal([]byte(text), &p) == nil && p.Name == name {
			return p.Version
		}
		return ""
	}
	return ""
}

// packageOf returns the folder of the npm package that a program belongs to,
// "" when there is none.
func packageOf(program string) string {
	var candidates []string
	if real, err := filepath.EvalSymlinks(program); err == nil {
		candidates = append(candidates, filepath.Dir(filepath.Dir(real))) // npm/bin/npm-cli.js
	}
	if runtime.GOOS == "windows" {
		dir := filepath.Dir(program)
		candidates = append(candidates, filepath.Join(dir, "node_modules", "npm"), filepath.Join(dir, "..", "npm"))
	}
	for _, dir := range candidates {
		if isFile(filepath.Join(dir, "bin", "npm-cli.js")) {
			return dir
		}
	}
	return ""
}

// IsBerry reports whether "yarn" in a folder may be one of the newer ones: yarn 1 hands
// over to what a file of the project names.
func IsBerry(q Query) bool {
	q.Tool, q.Argv = "yarn", []string{"yarn"}
	for d := range upwards(q.Dir) {
		if text, _, err := readFile(filepath.Join(d, ".yarnrc"), rcLimit); isPresent(filepath.Join(d, ".yarnrc.yml")) || err != nil || strings.Contains(text, "yarn-path") {
			return true
		}
	}
	return Major(q) != 1
}

// programOf returns the file that a command runs, "" when there is none: behind a
// runner the project's own comes first.
func programOf(q Query, name string) string {
	if q.Through != "" {
		for d := range upwards(q.Dir) {
			if own := executable(filepath.Join(d, "node_modules", ".bin", name)); own != "" {
				return own
			}
		}
	}
	return lookPath(name, q.Dir, environment(q.Environ))
}

// lookPath returns the file that a command runs, "" when there is none.
func lookPath(name, dir string, env environment) string {
	if strings.ContainsRune(name, '/') || strings.ContainsRune(name, filepath.Separator) {
		if !filepath.IsAbs(name) {
			name = filepath.Join(dir, name)
		}
		return executable(name)
	}
	path, _ := env.get("PATH")
	for _, folder := range filepath.SplitList(path) {
		if !filepath.IsAbs(folder) {
			continue // os/exec runs none of these either
		}
		if found := executable(filepath.Join(folder, name)); found != "" {
			return found
		}
	}
	return ""
}

func executable(name string) string {
	if runtime.GOOS == "windows" {
		for _, ext := range []string{".cmd", ".exe", ""} {
			if isFile(name + ext) {
				return name + ext
			}
		}
		return ""
	}
	if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
		return name
	}
	return ""
}
