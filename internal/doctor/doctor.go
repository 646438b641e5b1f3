// Package doctor looks at a machine for what weakens a file of secrets: who can
// read it or put another in its place, what keeps copies of it or of what comes
// out of it, and whether the clock can be right.
//
// It reads names, modes and texts and takes an open vault, and changes nothing by
// itself: what can be mended comes with a function that does it. What it cannot
// know on a system it leaves out.
package doctor

import "fmt"

// A Finding is the outcome of a check, or one of several.
type Finding struct {
	Check string
	OK    bool
	What  string // what was found, or what was looked for in vain
	Mend  string // what to do about it; advice where nothing is wrong
	// Fix does it; nil where that is for the user to do.
	Fix func() error
}

// Wrong counts the findings that ask for something.
func Wrong(findings []Finding) int {
	n := 0
	for _, f := range findings {
		if !f.OK {
			n++
		}
	}
	return n
}

// DoFix mends what was found, if that can be done here, and says what came of it.
func (f *Finding) DoFix() {
	if f.Fix == nil {
		return
	}
	if err := f.Fix(); err != nil {
		f.What += fmt.Sprintf(" (mending failed: %v)", err)
		return
	}
	*f = Finding{Check: f.Check, OK: true, What: "mended: " + f.What}
}

// State is how a finding is called: WRONG, ok, or a note where nothing is wrong and
// something can be done all the same.
func (f Finding) State() string {
	switch {
	case !f.OK:
		return "WRONG"
	case f.Mend != "":
		return "note"
	}
	return "ok"
}

// or returns the findings, or that all is well.
func or(findings []Finding, check, well string) []Finding {
	if len(findings) == 0 {
		return []Finding{{Check: check, OK: true, What: well}}
	}
	return findings
}

// unreadable is the finding that a check could not look.
func unreadable(check string, err error) Finding {
	return Finding{Check: check, What: fmt.Sprintf("cannot look: %v", err), Mend: "make it readable for you, and run doctor again"}
}
