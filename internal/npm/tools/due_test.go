package tools_test

import (
	"slices"
	"strings"
	"testing"

	"npmotp/internal/npm/tools"
)

// due decides as a reader of [tools.DueWords] does.
func due(line []string) bool {
	anywhere := func(words []string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(tools.DueAnywhere(), w) })
	}
	if len(line) < 2 {
		return false
	}
	if strings.HasPrefix(line[1], "-") {
		return anywhere(line[1:])
	}
	for _, d := range tools.DueWords(line[0]) {
		if !slices.Contains(d.Words, line[1]) {
			continue
		}
		verb := ""
		if len(line) > 2 {
			verb = line[2]
		}
		switch {
		case d.Runs:
			return anywhere(line[1:])
		case d.Only:
			return slices.Contains(d.Verbs, verb) || strings.HasPrefix(verb, "-")
		}
		return !slices.Contains(d.Verbs, verb)
	}
	return false
}

// Whatever a plan has a code for, of the tools that a shell wraps, the words tell;
// and they tell nothing of what people run all day.
func TestDueWords(t *testing.T) {
	for line, want := range map[string]bool{
		"npm": false, "npm install": false, "npm i star": false, "npm ci": false, "npm run publish": false, "npm test": false, "npm version patch": false,
		"npm publish": true, "npm pub": true, "npm distTags add x": true, "pnpm run np": true, "npm publ --tag next": true, "npm add-user": true, "npm login": true, "npm unpublish x": true,
		"npm owner ls": false, "npm owner add bob x": true, "npm author add bob": true, "npm owner": false, "npm owner --json add": true,
		"npm dist-tag x": false, "npm dist-tag add x": true, "npm dist-tag --tag x": true, "npm stage list": false, "npm stage approve 1": true,
		"npm token list": false, "npm token create": true, "npm profile get": false, "npm profile set": true, "npm star x": true,
		"npm -w pkg publish": true, "npm --tag next publish": true, "npm -w pkg install": false, "npm --version": false,
		"npm exec lerna publish": true, "npm x -- np": true, "npm exec eslint": false,
		"pnpm -r publish": true, "pnpm --filter a publish": true, "pnpm recursive publish": true, "pnpm install": false, "pnpm run build": false,
		"pnpm changeset publish": true, "pnpm changeset version": false, "pnpm np": true, "pnpm dlx release-it": true, "pnpm exec tsc": false,
		"yarn": false, "yarn publish": true, "yarn npm publish": true, "yarn npm info": false, "yarn workspace a npm publish": true,
		"yarn workspaces foreach -A npm publish": true, "yarn lerna publish": true, "yarn add star": false, "yarn tag list": false,
		"bun publish": true, "bun run publish": false, "bun x changeset publish": true, "bun install": false,
		"gem push a.gem": true, "gem yank a": true, "gem install a": false, "gem owner a": true,
	} {
		if got := due(strings.Fields(line)); got != want {
			t.Errorf("%s: %v", line, got)
		}
	}
	if tools.DueWords("make") != nil {
		t.Error("make has words")
	}
}

// No command line that gets a code is missed, but for sub-commands that npm may have
// one day, and for the value of a switch that npm takes for a word.
func TestDueWordsMissNone(t *testing.T) {
	wrapped := []string{"npm", "pnpm", "yarn", "bun", "gem"}
	missed := []string{"npm frobnicate", "npm frobnicate x", "npm --json=publish install"}
	n := 0
	for line := range strings.Lines(commandLines) {
		command, _, coded := strings.Cut(strings.TrimSpace(line), "»")
		words := strings.Fields(strings.ReplaceAll(line, "»", ""))
		if !coded || !slices.Contains(wrapped, words[0]) {
			continue
		}
		n++
		if due(words) == slices.Contains(missed, command) {
			t.Errorf("%s", command)
		}
	}
	if n < 100 {
		t.Errorf("only %d lines", n)
	}
}
