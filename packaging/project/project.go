// Package project says what npmotp is to those who package it: its name, its
// address, the systems it is released for, and how its files are put into an
// archive so that the same commit makes the same bytes. It is no part of the
// program.
package project

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// What the description of every package says.
const (
	Name    = "npmotp"
	Summary = "The second factor for npm on a laptop, offline"
	Licence = "MIT" // an identifier of SPDX
	// URL is where the repository is: archives, manifests and provenance all
	// name it, so a fork changes it here.
	URL = "https://github.com/npmotp/npmotp"
)

// A Target is a system that is released for, by Go's names.
type Target struct{ OS, Arch string }

// Targets returns every target, in the order in which they are built.
func Targets() []Target {
	return []Target{
		{"linux", "amd64"},
		{"linux", "arm64"},
		{"darwin", "amd64"},
		{"darwin", "arm64"},
		{"windows", "amd64"},
		{"windows", "arm64"},
	}
}

// String returns such as "linux-amd64".
func (t Target) String() string { return t.OS + "-" + t.Arch }

// Program returns the name of the program's file.
func (t Target) Program() string {
	if t.OS == "windows" {
		return Name + ".exe"
	}
	return Name
}

// Folder returns the name of the folder in the archive of a version such as v1.2.3.
func (t Target) Folder(version string) string { return Name + "-" + version + "-" + t.String() }

// Archive returns the file name of that archive.
func (t Target) Archive(version string) string {
	if t.OS == "windows" {
		return t.Folder(version) + ".zip"
	}
	return t.Folder(version) + ".tar.gz"
}

// Download returns the address that the archive is released at.
func (t Target) Download(version string) string {
	return URL + "/releases/download/" + version + "/" + t.Archive(version)
}

// A Release is what packaging/release hands to the programs it runs, by their
// arguments and SOURCE_DATE_EPOCH.
type Release struct {
	Version string    // such as v1.2.3
	Time    time.Time // of the commit; files have it
	Stage   string    // where release has put the files that go into packages
	Out     string    // the folder that it was called with
}

// FromCommand reads the arguments VERSION, STAGE and OUT of a program.
func FromCommand(args []string) (Release, error) {
	if len(args) != 4 {
		return Release{}, fmt.Errorf("usage: %s VERSION STAGE OUT", filepath.Base(args[0]))
	}
	seconds, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64)
	if err != nil {
		return Release{}, fmt.Errorf("SOURCE_DATE_EPOCH is not the time of the commit, in seconds: %w", err)
	}
	r := Release{Version: args[1], Time: time.Unix(seconds, 0).UTC(), Stage: args[2], Out: args[3]}
	// What npm, Debian, Fedora, Alpine and Arch all take for a version before 1.2.3.
	if !regexp.MustCompile(`^v\d+\.\d+\.\d+(-(alpha|beta|rc|git)\d+)?$`).MatchString(r.Version) {
		return Release{}, fmt.Errorf("%q is no version such as v1.2.3 or v1.2.3-rc1", r.Version)
	}
	return r, nil
}

// Number returns the version without its v, as most packages write it.
func (r Release) Number() string { return strings.TrimPrefix(r.Version, "v") }

// Built returns the folder that has what is special to a target: the program and
// the licences of what is linked into it.
func (r Release) Built(t Target) string { return filepath.Join(r.Stage, "built", t.String()) }

// Common returns the folder that has what is the same everywhere: licence, readme,
// changelog, completions and manual pages.
func (r Release) Common() string { return filepath.Join(r.Stage, "common") }
