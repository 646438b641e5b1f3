package ptyrun

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Argv returns the command line that the process shows, which is its own to
// change; nil where it cannot be had.
func (p Process) Argv() []string { return p.words("cmdline") }

// Environ returns the environment that the process was started with, as
// [os.Environ] has one; nil where it cannot be had.
func (p Process) Environ() []string { return p.words("environ") }

// Dir returns the folder that the process is in, "" where that cannot be told.
func (p Process) Dir() string { return p.link("cwd") }

// File returns the file that the process executes, "" where that cannot be told.
func (p Process) File() string { return p.link("exe") }

func (p Process) words(name string) []string {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.PID), name))
	if err != nil || len(text) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(text), "\x00"), "\x00")
}

func (p Process) link(name string) string {
	target, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(p.PID), name))
	if err != nil {
		return ""
	}
	return target
}
