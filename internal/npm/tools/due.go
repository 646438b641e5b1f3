package tools

import (
	"slices"
	"strings"
)

// A Due tells by the words of a command line alone that a sub-command of a tool may
// want a code. It is coarser than [Plan]: what it leaves out needs none, what it has
// is for Plan to decide.
type Due struct {
	// Words are the names, aliases and abbreviations of sub-commands that do alike.
	Words []string
	// Verbs are the next words with which they want none; with Only set, the only
	// ones with which they do.
	Verbs []string
	Only  bool
	// Runs tells that they run something, which a later word may name.
	Runs bool
}

// DueWords returns the sub-commands of a tool with which a code may be due, from
// the same table as [NewPlan] goes by. Nil is a tool that is not in the table.
func DueWords(name string) []Due {
	t := toolNamed(name)
	if t == nil {
		return nil
	}
	var all []Due
	for _, r := range t.rows {
		d := Due{Words: t.spellings(r)}
		switch {
		case r.need != none && r.writes != "":
			d.Verbs, d.Only = strings.Fields(r.writes), true
		case r.need != none:
			d.Verbs = strings.Fields(r.reads)
			if !r.alone {
				d.Verbs = append(d.Verbs, "") // none is named
			}
		case r.runs == script:
			d.Verbs, d.Only = publishers(), true
		case r.runs != nothing:
			d.Runs = true
		default:
			continue
		}
		all = append(all, d)
	}
	if t.runsUnknown {
		all = append(all, Due{Words: publishers(), Runs: true})
	}
	return all
}

// publishers returns the tools that others run and that publish.
func publishers() []string { return []string{"lerna", "changeset", "np", "release-it"} }

// spellings returns the words that a tool takes for a row.
func (t *tool) spellings(r row) []string {
	words := strings.Fields(r.names)
	if !t.abbreviates {
		return words
	}
	for name := range strings.FieldsSeq(r.names) {
		for end := 1; end < len(name); end++ {
			if found, _, ok := t.row(name[:end]); ok && found.names == r.names && found.actsAs(r) {
				words = append(words, name[:end])
			}
		}
		if before, after, ok := strings.Cut(name, "-"); ok { // see kebab
			words = append(words, before+strings.ToUpper(after[:1])+after[1:])
		}
	}
	slices.Sort(words[1:])
	return slices.Compact(words)
}

// DueAnywhere returns the words that are a sub-command for which a code may be due,
// of any tool, and the tools that want one without a sub-command: where one of them
// stands behind a runner, or behind options, only [NewPlan] can tell.
func DueAnywhere() []string {
	var words []string
	for _, t := range []*tool{npm(), pnpm(), yarn(), yarnNpm(), bun(), lerna(), changeset(), np(), releaseIt(), gem()} {
		if t.bare != none {
			words = append(words, t.name)
		}
		for _, r := range t.rows {
			if r.need != none {
				words = append(words, strings.Fields(r.names)...)
			}
		}
	}
	slices.Sort(words)
	return slices.Compact(words)
}
