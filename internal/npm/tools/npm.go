package tools

import "npmotp/internal/npm/argv"

// npm returns what npmotp knows of npm 6 to 12.
//
// The rows hold every command and alias of those versions: lib/config/cmd-list.js
// in npm 6, lib/utils/cmd-list.js since. A row takes a code when npm calls
// otplease around the request, or when the request writes to the registry
// (star). A command that is missing here gets the code, as npm may have
// learned it after this was written; so a command that reads, or runs
// scripts, must be listed. Change a row only with the npm source at hand.
//
// Two abbreviations are listed because the union of names makes them
// ambiguous: npm 11 has no hook and takes "ho" for home, npm 12 has no
// adduser and takes "ad" for add.
//
// Commands that only read are left alone although npm would send the code
// with them too (npm-registry-fetch adds npm-otp to every request that has
// opts.otp): npm never asks for one there, and a registry that takes a code
// once only would refuse it for the write that follows.
func npm() *tool {
	return &tool{
		name:        "npm",
		flag:        "--otp=" + hole,
		option:      "otp",
		env:         []string{npmVariable},
		grammar:     argv.NPM(),
		unknown:     write,
		abbreviates: true,
		prints:      "usage version versions",
		asks:        npmAsks(),
		running:     "run",
		rows:        npmRows(),
	}
}

// npmRows returns the sub-commands of npm.
func npmRows() []row {
	return []row{
		{names: "publish", need: write, alone: true, dryRun: true},
		{names: "unpublish", need: write, alone: true, dryRun: true, quiet: true},
		{names: "deprecate undeprecate", need: write, alone: true, dryRun: true, quiet: true},
		{names: "owner author", need: write, reads: "ls list", quiet: true},
		// Any other word is the package whose tags are listed.
		{names: "dist-tag dist-tags", need: write, writes: "add a set s rm r del d remove", quiet: true},
		{names: "access", need: write, reads: "ls list get ls-packages ls-collaborators edit", quiet: true},
		{names: "team", need: write, reads: "ls"},
		{names: "org ogr", need: write, reads: "ls"},
		{names: "star", need: write, alone: true},
		{names: "unstar", need: write, alone: true},
		{names: "hook", need: write, reads: "ls"},
		{names: "stage", need: write, writes: "approve reject", free: "publish", quiet: true},
		{names: "trust", need: write, dryRun: true}, // "trust list" asks for a code too
		{names: "token", need: login, reads: "ls list", quiet: true},
		// enable-2fa and disable-2fa are dialogues: the code is the answer
		// to "Enter one-time password:" there, and to no other question.
		{names: "profile", need: login, reads: "get", quiet: true},
		{names: "login", need: login, alone: true, quiet: true},
		{names: "adduser add-user", need: login, alone: true, quiet: true},

		{names: "exec x", runs: wordsOnly},

		{names: "approve-scripts"}, {names: "audit"}, {names: "bin"}, {names: "birthday"},
		{names: "bugs issues"}, {names: "build"}, {names: "cache"},
		{names: "ci clean-install ic install-clean isntall-clean"}, {names: "completion"},
		{names: "config c"}, {names: "dedupe ddp"}, {names: "deny-scripts"}, {names: "diff"},
		{names: "docs home ho"}, {names: "doctor"}, {names: "edit"}, {names: "explain why"},
		{names: "explore"}, {names: "find-dupes"}, {names: "fund"}, {names: "get"},
		{names: "help hlep apihelp"}, {names: "help-search"}, {names: "init create innit"},
		{names: "install add ad i in ins inst insta instal isnt isnta isntal isntall"},
		{names: "install-ci-test cit clean-install-test sit"}, {names: "install-scripts"},
		{names: "install-test it"}, {names: "link ln"}, {names: "ll la"}, {names: "logout"},
		{names: "ls list"}, {names: "outdated"}, {names: "pack"}, {names: "patch"},
		{names: "ping"}, {names: "pkg"}, {names: "prefix"}, {names: "prune"}, {names: "query"},
		{names: "rebuild rb"}, {names: "repo"}, {names: "restart"}, {names: "root"},
		{names: "run run-script rum urn"}, {names: "sbom"}, {names: "search find s se"},
		{names: "set"}, {names: "set-script"}, {names: "shrinkwrap"}, {names: "stars"},
		{names: "start"}, {names: "stop"}, {names: "substack"}, {names: "test t tst"},
		{names: "unbuild"}, {names: "uninstall un unlink remove rm r"},
		{names: "update up u upgrade udpate"},
		{names: "version verison"}, //nolint:misspell // npm has the misspelling for an alias

		{names: "view v info show"}, {names: "visnup"}, {names: "whoami"}, {names: "xmas"},
	}
}
