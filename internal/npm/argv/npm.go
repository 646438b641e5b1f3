package argv

import (
	"strings"
	"sync"
)

// NPM returns the union of the options of npm 6 to 12: lib/config/defaults.js
// in npm 6, lib/utils/config/definitions.js in npm 8, and
// @npmcli/config/lib/definitions since. Where versions disagree on a type, the
// newest counts. "other" stands for npm's types of paths, URLs, dates and the
// like, which read the command line alike. It is one for all, and not to be changed.
//
//nolint:gochecknoglobals // a constant that is made when it is first asked for
var NPM = sync.OnceValue(newNPM)

// WithPeer returns NPM's with the options of another tool that take a value, and its
// short ones.
func WithPeer(tool string, shorthands map[string]string) *Grammar {
	valued := Valued(tool)
	if len(valued)+len(shorthands) == 0 {
		return NPM()
	}
	g := newNPM()
	for _, option := range valued {
		g.Types[option] = []string{"string"}
	}
	for short, long := range shorthands {
		g.Shorthands[short] = []string{long}
	}
	return g
}

func newNPM() *Grammar {
	g := &Grammar{Types: map[string][]string{}, Shorthands: map[string][]string{}, Abbreviates: true}
	for types, names := range map[string]string{
		"all none root":                "allow-directory allow-file allow-git allow-remote",
		"always bool":                  "color",
		"array dev optional peer":      "omit",
		"array prod dev optional peer": "include",
		"array string":                 "min-release-age-exclude",
		"bool": "_exit all allow-same-version allow-scripts-pending allow-scripts-pin allow-unused-patches " +
			"always-auth audit bin-links bypass-2fa commit-hooks dangerously-allow-all-scripts " +
			"description dev diff-ignore-all-space diff-name-only diff-no-prefix diff-text dry-run " +
			"engine-strict force foreground-scripts format-package-lock fund git-tag-version global " +
			"global-style ham-it-up if-present ignore-existing ignore-extension ignore-patch-failures " +
			"ignore-prepublish ignore-scripts include-attestations include-staged include-workspace-root " +
			"init-private install-links json keep-edit-dir legacy-bundling legacy-peer-deps link long " +
			"offline omit-lockfile-registry-resolved package-lock package-lock-only packages-all " +
			"parseable prefer-dedupe prefer-offline prefer-online progress provenance read-only " +
			"rebuild-bundle rollback save save-bundle save-dev save-exact save-optional save-peer " +
			"save-prod send-metrics shrinkwrap sign-git-commit sign-git-tag strict-allow-scripts " +
			"strict-npmrc strict-peer-deps strict-ssl timing unicode unsafe-perm update-notifier usage " +
			"version versions workspaces-update",
		"cyclonedx spdx":                "sbom-format",
		"false true auto warn-only":     "scripts-prepend-node-path",
		"global user project":           "location",
		"hoisted nested shallow linked": "install-strategy",
		"legacy web":                    "auth-type",
		"library application framework": "sbom-type",
		"npmjs never always string":     "replace-registry-host",
		"null 1 2 3 1 2 3":              "lockfile-version",
		"null 127.0.0.1 ::1 192.0.2.2 fd00::2 fe80::fc:ff:fe00:1": "local-address",
		"null bool":            "expect-results optional production workspaces yes",
		"null bool string":     "browser",
		"null dev development": "also",
		"null false other":     "proxy",
		"null info low moderate high critical none": "audit-level",
		"null number":                         "depth expect-result-count expires min-release-age which",
		"null oauth saml":                     "sso-type",
		"null other":                          "before edit-dir extension-file https-proxy logs-dir",
		"null prod production":                "only",
		"null read-only read-write no-access": "orgs-permission",
		"null read-only read-write read-write-stage-only no-access": "packages-and-scopes-permission",
		"null restricted public private":                            "access",
		"null string": "_auth cert ci-name cpu key libc metrics-registry name node-options onload-script os otp " +
			"password script-shell to token-description",
		"null string array": "ca cidr orgs packages scopes",
		"number": "cache-lock-retries cache-lock-stale cache-lock-wait cache-max cache-min diff-unified " +
			"fetch-retries fetch-retry-factor fetch-retry-maxtimeout fetch-retry-mintimeout fetch-timeout " +
			"logs-max maxsockets searchlimit searchstaleness sso-poll-frequency",
		"number string": "group user",
		"other": "cache cafile global-ignore-file globalconfig init-module init-version init.module " +
			"init.version logstream node-gyp node-version npm-version prefix provenance-file registry tmp " +
			"umask userconfig init-author-url init.author.url",
		"silent error warn notice http info verbose silly": "loglevel",
		"string": "call diff-dst-prefix diff-src-prefix editor git heading init-author-email init-author-name " +
			"init-license init-type init.author.email init.author.name init.license message " +
			"pack-destination patches-dir preid save-prefix scope searchexclude searchopts shell tag " +
			"tag-version-prefix user-agent viewer",
		"string array": "allow-scripts diff noproxy package workspace",
	} {
		for name := range strings.FieldsSeq(names) {
			g.Types[name] = strings.Fields(types)
		}
	}
	for long, names := range map[string]string{
		"--all":                    "a",
		"--before":                 "enjoy-by",
		"--call":                   "c",
		"--description":            "desc",
		"--force":                  "f",
		"--global":                 "g",
		"--include-workspace-root": "iwr",
		"--location":               "L",
		"--loglevel info":          "d",
		"--loglevel silent":        "s silent",
		"--loglevel silly":         "ddd",
		"--loglevel verbose":       "dd verbose",
		"--loglevel warn":          "quiet q",
		"--long":                   "l",
		"--message":                "m",
		"--no-description":         "no-desc",
		"--no-global":              "local",
		"--no-registry":            "noreg N no-reg",
		"--no-yes":                 "n no",
		"--parseable":              "p porcelain",
		"--prefix":                 "C",
		"--read-only":              "readonly",
		"--registry":               "reg",
		"--save":                   "S",
		"--save-bundle":            "B",
		"--save-dev":               "D",
		"--save-exact":             "E",
		"--save-optional":          "O",
		"--save-prod":              "P",
		"--usage":                  "h H ? help",
		"--version":                "v",
		"--workspace":              "w",
		"--workspaces":             "ws",
		"--yes":                    "y",
	} {
		for name := range strings.FieldsSeq(names) {
			g.Shorthands[name] = strings.Fields(long)
		}
	}
	return g
}
