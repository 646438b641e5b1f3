package config

import (
	"fmt"
	"strconv"
)

// A Kind says what sort of place a setting comes from.
type Kind int

// The places, from the one that counts most to the one that counts least, with
// one exception: up to npm 8 publishConfig counts more than the command line.
const (
	CommandLine   Kind = iota + 1
	PublishConfig      // publishConfig of a package.json
	Environment        // a variable
	File               // an .npmrc, or the file of another tool
	Default            // what the tool does without any setting
)

// A Source is who says which registry it is.
type Source struct {
	Kind Kind
	Name string // the option, the variable, or the key in the file
	File string // the file, for PublishConfig and File
	Line int    // the line of the file, 0 when it is not known
}

// String returns the source as a message names it, such as
// "/home/alice/.npmrc:3" or "publishConfig in package.json:7".
func (s Source) String() string {
	place := s.File
	if s.Line > 0 {
		place += ":" + strconv.Itoa(s.Line)
	}
	switch s.Kind {
	case CommandLine:
		return "--" + s.Name + " on the command line"
	case Environment:
		return "the variable " + s.Name
	case PublishConfig:
		return "publishConfig in " + place
	case File:
		return place
	case Default:
		return "the default"
	}
	return "nobody"
}

// An UnknownError means that it cannot be told where a tool sends a code, or
// what it runs before. The user can be asked, or the command stopped.
type UnknownError struct {
	Tool   string
	Source Source // where the trouble is; the zero Source when it is in no one place
	Reason string // one clause
	Err    error  // the error of the system behind it, if any
	Wire   bool   // the trouble is who is at the other end of the connection

	refused bool // see Refused
}

// Error names the tool, the place and the reason.
func (e *UnknownError) Error() string {
	text := e.Reason
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	if e.Source != (Source{}) {
		text = fmt.Sprintf("%s: %s", e.Source, text)
	}
	return fmt.Sprintf("cannot tell what %s will do: %s", e.Tool, text)
}

// Unwrap returns the error of the system.
func (e *UnknownError) Unwrap() error { return e.Err }
