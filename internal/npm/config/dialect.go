package config

import (
	"strconv"
	"strings"
)

// A dialect is how one major version of npm reads its settings and which
// registries its commands talk to. The table in dialects says where each
// difference is in npm's sources.
type dialect struct {
	major int
	// minor is the first release of the major version for which the dialect
	// was held against the real npm; older ones may do as the version before.
	minor int

	strictVariables   bool   // ${NAME} without a NAME stops npm
	optionalVariables bool   // ${NAME?} is nothing without a NAME
	spaceAfterSection bool   // white space may follow a [section]
	nullIsObject      bool   // a key with dots that is set to null is a section
	nearestPrefix     bool   // the project is found by find-npm-prefix, and there are no workspaces
	homeIsNoProject   bool   // ~/.npmrc is no project's, even where another file is the user's
	manifestFirst     bool   // publishConfig counts more than the command line
	prepublish        bool   // publish runs the script called prepublish
	readsVersions     bool   // publish looks for the versions that there are, without publishConfig
	unpublishReads    bool   // unpublish looks for the versions without the scope of the package
	ownerReads        bool   // owner looks for the user without the scope of the package
	accessReads       bool   // access set status asks for the status without the scope
	rootUnpublish     bool   // unpublish of a workspace reads publishConfig of the root
	workspaceOnly     bool   // in a workspace, publish does not look at its arguments
	starReads         bool   // star looks for the user without the scope of the package
	neverIgnored      string // scripts that ignore-scripts does not reach
	manifestUnnamed   bool   // publishConfig counts for unpublish without a package only

	_ [0]func() // nobody compares them, and the program has no code that could
}

// dialects returns what is known of npm 6 to 12, the oldest first. Change a row
// only with the sources of that npm at hand, and with the tests that run it.
func dialects() []dialect {
	return []dialect{
		// lib/config/core.js, lib/publish.js, libnpmpublish/publish.js
		{
			major: 6, minor: 14, strictVariables: true, nearestPrefix: true, homeIsNoProject: true,
			manifestFirst: true, prepublish: true, ownerReads: true, manifestUnnamed: true,
		},
		// @npmcli/config/lib, lib/commands/publish.js, libnpmpack/lib/index.js
		{
			major: 8, minor: 19, nullIsObject: true, manifestFirst: true, neverIgnored: "prepack prepare postpack", unpublishReads: true,
			ownerReads: true, rootUnpublish: true, workspaceOnly: true, starReads: true,
		},
		// ini/lib/ini.js, lib/commands/access.js; lib/commands/publish.js takes
		// out of publishConfig what is on the command line
		{
			major: 10, minor: 9, nullIsObject: true, spaceAfterSection: true, ownerReads: true, accessReads: true,
			neverIgnored: "prepare",
		},
		// @npmcli/config/lib/env-replace.js, lib/commands/publish.js
		{
			major: 11, minor: 21, nullIsObject: true, spaceAfterSection: true, optionalVariables: true,
			readsVersions: true, accessReads: true,
		},
		{
			major: 12, nullIsObject: true, spaceAfterSection: true, optionalVariables: true,
			readsVersions: true, accessReads: true,
		},
	}
}

// dialectsOf returns the dialects that a version of npm may have: the one that
// was held against the real npm of that version or an older one of the same
// major number, and else its neighbours, or all of them when the version is not
// known.
func dialectsOf(version string) []dialect {
	all := dialects()
	majorText, rest, _ := strings.Cut(version, ".")
	minorText, _, _ := strings.Cut(rest, ".")
	major, err := strconv.Atoi(majorText)
	minor, err2 := strconv.Atoi(minorText)
	if err != nil || err2 != nil {
		return all
	}
	for i, d := range all {
		before := all[max(0, i-1) : i+1]
		switch {
		case d.major == major && minor >= d.minor:
			return all[i : i+1]
		case d.major >= major:
			return before
		}
	}
	return all[len(all)-1:]
}
