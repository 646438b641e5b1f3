package main

import (
	"bytes"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"npmotp/packaging/project"
)

// std is the path of the part that Go's standard library is.
const std = "std"

// A part is a module that is linked into a program, or the standard library.
type part struct {
	path, version string
	sum           string // of its files, as in go.sum
	licence       string // an identifier of SPDX
	texts         []string
}

// linked returns the parts of a program as the program itself tells them, with
// the licences that stand in their sources.
func linked(program string) ([]part, error) {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return nil, err
	}
	root, err := output(exec.Command("go", "env", "GOROOT"))
	if err != nil {
		return nil, err
	}
	parts := []part{{path: std, version: strings.TrimPrefix(info.GoVersion, "go")}}
	dirs := []string{strings.TrimSpace(string(root))}
	for _, m := range info.Deps {
		if m.Replace != nil {
			return nil, fmt.Errorf("%s is replaced: nobody else can tell what this was built from", m.Path)
		}
		text, err := output(exec.Command("go", "mod", "download", "-json", m.Path+"@"+m.Version))
		if err != nil {
			return nil, err
		}
		var download struct{ Dir, Sum string }
		if err := json.Unmarshal(text, &download); err != nil {
			return nil, err
		}
		if download.Sum != m.Sum {
			return nil, fmt.Errorf("%s was linked as %s and is %s", m.Path, m.Sum, download.Sum)
		}
		parts = append(parts, part{path: m.Path, version: m.Version, sum: m.Sum})
		dirs = append(dirs, download.Dir)
	}
	for i := range parts {
		if err := parts[i].readLicence(dirs[i]); err != nil {
			return nil, fmt.Errorf("%s: %w", parts[i].path, err)
		}
	}
	return parts, nil
}

// output runs a command of Go's and returns what it prints.
func output(cmd *exec.Cmd) ([]byte, error) {
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", cmd, err, &problems)
	}
	return out, nil
}

func (p *part) readLicence(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name, _, _ := strings.Cut(strings.ToUpper(e.Name()), ".")
		if e.IsDir() || !slices.Contains([]string{"LICENSE", "LICENCE", "COPYING", "NOTICE", "PATENTS"}, name) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return err
		}
		p.texts = append(p.texts, strings.TrimSpace(string(text)))
		if name != "NOTICE" && name != "PATENTS" {
			p.licence = identify(string(text))
		}
	}
	if p.licence == "" {
		return errors.New("no licence that is known here: read it, and add it to identify")
	}
	return nil
}

// identify returns the SPDX identifier of a licence, or nothing. Each is told by
// the words that it has and the others lack.
func identify(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	has := func(words string) bool { return strings.Contains(text, words) }
	switch {
	case has("Apache License Version 2.0"):
		return "Apache-2.0"
	case has("Redistribution and use in source and binary forms") && has("Neither the name"):
		return "BSD-3-Clause"
	case has("Redistribution and use in source and binary forms"):
		return "BSD-2-Clause"
	case has("Permission is hereby granted, free of charge, to any person obtaining a copy"):
		return "MIT"
	case has("Permission to use, copy, modify, and/or distribute this software for any purpose"):
		return "ISC"
	}
	return ""
}

// noticesFile holds what the licences of the parts want to stand beside copies.
const noticesFile = "THIRD-PARTY.txt"

func notices(parts []part) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s contains the following, each under its own licence.\n", project.Name)
	for _, p := range parts {
		fmt.Fprintf(&b, "\n%s\n\n%s %s (%s)\n", strings.Repeat("=", 72), p.name(), p.version, p.licence)
		for _, text := range p.texts {
			fmt.Fprintf(&b, "\n%s\n", text)
		}
	}
	return b.Bytes()
}

func (p part) name() string {
	if p.path == std {
		return "the Go standard library"
	}
	return p.path
}

// requirements returns which parts the packages of each part import; the
// program's own are those of the empty path.
func requirements(t project.Target, parts []part) (map[string][]string, error) {
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Imports,Standard,Module", ".")
	cmd.Env = append(os.Environ(), "GOOS="+t.OS, "GOARCH="+t.Arch, "CGO_ENABLED=0")
	text, err := output(cmd)
	if err != nil {
		return nil, err
	}
	type pkg struct {
		ImportPath string
		Imports    []string
		Standard   bool
		Module     *struct {
			Path string
			Main bool
		}
	}
	var packages []pkg
	home := map[string]string{} // the part of each package
	for d := json.NewDecoder(bytes.NewReader(text)); d.More(); {
		var p pkg
		if err := d.Decode(&p); err != nil {
			return nil, err
		}
		switch {
		case p.Standard:
			home[p.ImportPath] = std
		case !p.Module.Main:
			home[p.ImportPath] = p.Module.Path
		}
		packages = append(packages, p)
	}
	used := map[string][]string{}
	for _, p := range packages {
		from := home[p.ImportPath]
		for _, imported := range p.Imports {
			to := home[imported]
			if to != "" && to != from && from != std && !slices.Contains(used[from], to) {
				used[from] = append(used[from], to)
			}
		}
	}
	for _, to := range used {
		slices.Sort(to)
	}
	if len(parts) != count(home) {
		return nil, fmt.Errorf("the program was linked from %d parts, and go list finds %d", len(parts), count(home))
	}
	return used, nil
}

func count(home map[string]string) int {
	different := map[string]bool{}
	for _, path := range home {
		different[path] = true
	}
	return len(different)
}
