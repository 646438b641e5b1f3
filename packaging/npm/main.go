// Npm makes the packages that npm installs npmotp from: one for each target,
// with the program, and npmotp itself, which depends on all of them and gets the
// one that fits. No script runs at installation. It is no part of npmotp.
//
//	npm VERSION STAGE OUT
package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"npmotp/packaging/project"
)

// shim is what npm links: it finds the program, and lets it take its place where
// Node can do that.
//
//go:embed npmotp.js
var shim []byte

func main() {
	if err := run(os.Args); err != nil {
		fmt.Fprintln(os.Stderr, "npm:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	r, err := project.FromCommand(args)
	if err != nil {
		return err
	}
	main := newManifest(r, project.Name)
	main.Bin = map[string]string{project.Name: "npmotp.js"}
	main.Engines = map[string]string{"node": ">=18"}
	main.Optional = map[string]string{}
	for _, t := range project.Targets() {
		main.Optional[packageName(t)] = r.Number()
		if _, err := os.Stat(r.Built(t)); os.IsNotExist(err) {
			continue // release was told to build others
		}
		if err := platform(r, t); err != nil {
			return fmt.Errorf("%s: %w", t, err)
		}
	}
	tree := project.NewTree()
	tree.Files["package/npmotp.js"] = shim
	tree.Programs["package/npmotp.js"] = true
	for _, name := range []string{"LICENSE", "README.md", "man"} {
		if err := tree.Add("package/"+name, filepath.Join(r.Common(), name)); err != nil {
			return err
		}
	}
	for name := range tree.Files {
		if page, ok := strings.CutPrefix(name, "package/man/"); ok {
			main.Man = append(main.Man, "./man/"+page)
		}
	}
	slices.Sort(main.Man)
	return main.write(r, tree)
}

// Node's names for Go's.
func nodeOS(t project.Target) string {
	if t.OS == "windows" {
		return "win32"
	}
	return t.OS
}

func nodeCPU(t project.Target) string {
	if t.Arch == "amd64" {
		return "x64"
	}
	return t.Arch
}

// packageName returns the name of the package of a target. It is in the scope,
// so that nobody else can publish one that looks like it.
func packageName(t project.Target) string {
	return "@" + project.Name + "/" + nodeOS(t) + "-" + nodeCPU(t)
}

// A manifest is a package.json.
type manifest struct {
	Name          string            `json:"name"`
	Version       string            `json:"version"`
	Description   string            `json:"description"`
	Keywords      []string          `json:"keywords"`
	Homepage      string            `json:"homepage"`
	Bugs          string            `json:"bugs"`
	Repository    map[string]string `json:"repository"`
	Licence       string            `json:"license"`
	OS            []string          `json:"os,omitempty"`
	CPU           []string          `json:"cpu,omitempty"`
	Bin           map[string]string `json:"bin,omitempty"`
	Man           []string          `json:"man,omitempty"`
	Engines       map[string]string `json:"engines,omitempty"`
	Optional      map[string]string `json:"optionalDependencies,omitempty"`
	Unplugged     bool              `json:"preferUnplugged,omitempty"`
	PublishConfig map[string]any    `json:"publishConfig"`
}

func newManifest(r project.Release, name string) *manifest {
	return &manifest{
		Name: name, Version: r.Number(), Description: project.Summary,
		Keywords: []string{"npm", "2fa", "otp", "totp", "publish", "security", "cli"},
		Homepage: project.URL + "#readme", Bugs: project.URL + "/issues", Licence: project.Licence,
		// The provenance that npm asks for has to name the same repository.
		Repository:    map[string]string{"type": "git", "url": "git+" + project.URL + ".git"},
		PublishConfig: map[string]any{"access": "public", "provenance": true},
	}
}

// platform writes the package of a target.
func platform(r project.Release, t project.Target) error {
	m := newManifest(r, packageName(t))
	m.Description = fmt.Sprintf("The program of %s for %s on %s", project.Name, nodeOS(t), nodeCPU(t))
	m.OS, m.CPU = []string{nodeOS(t)}, []string{nodeCPU(t)}
	// No "bin", which npm 11 would link instead of the shim: npm 10 removes what the
	// packages of other systems would have linked under the name, and so the shim.
	m.Unplugged = true // Yarn would leave the program in a zip
	tree := project.NewTree()
	readme := fmt.Sprintf("# %s\n\n%s, as [%s](https://www.npmjs.com/package/%s) installs it. Install that:\n\n    npm install --global %s\n",
		m.Name, m.Description, project.Name, project.Name, project.Name)
	tree.Files["package/README.md"] = []byte(readme)
	if err := tree.Add("package/LICENSE", filepath.Join(r.Common(), "LICENSE")); err != nil {
		return err
	}
	if err := tree.Add("package/THIRD-PARTY.txt", filepath.Join(r.Built(t), "THIRD-PARTY.txt")); err != nil {
		return err
	}
	if err := tree.AddProgram("package/"+t.Program(), filepath.Join(r.Built(t), t.Program())); err != nil {
		return err
	}
	return m.write(r, tree)
}

// write writes the package with the manifest and the files of tree, under the name
// that npm pack would give it.
func (m *manifest) write(r project.Release, tree *project.Tree) error {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	tree.Files["package/package.json"] = append(text, '\n')
	name := strings.ReplaceAll(strings.TrimPrefix(m.Name, "@"), "/", "-") + "-" + m.Version + ".tgz"
	return project.WriteFile(filepath.Join(r.Out, name), func(w io.Writer) error { return tree.Tar(w, r.Time) })
}
