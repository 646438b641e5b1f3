package argv

import "strings"

// Valued returns the options of a tool beside npm that take a value; what it has of
// npm's own is among them. They were read in the sources of pnpm 10, yarn 1,
// bun 1 and lerna 8, and in the manual of pnpm 12.
func Valued(tool string) []string {
	switch tool {
	case "pnpm":
		return strings.Fields("access allow-build cache-dir changed-files-ignore-pattern child-concurrency config-dir dir env-file fetch-timeout filter filter-prod " +
			"global-bin-dir global-dir global-pnpmfile http-proxy https-proxy lockfile-dir loglevel minimum-release-age modules-dir network-concurrency " +
			"node-linker npm-path npmrc-auth-file otp pack-destination pack-gzip-level package patches-dir pnpmfile publication-name publish-branch " +
			"prefix publish-wait-timeout registry release-notes reporter resume-from script-shell state-dir store-dir tag test-pattern upload-variant " +
			"use-node-version variant-integrity virtual-store-dir workspace-concurrency workspace-packages")
	case "yarn", "yarn npm":
		return strings.Fields("access cache-folder cwd exclude from global-folder https-proxy include jobs link-folder message modules-folder mutex " +
			"network-concurrency network-timeout new-version otp package preferred-cache-folder preid proxy registry since tag use-yarnrc")
	case "bun":
		return strings.Fields("access auth-type backend ca cafile cache-dir concurrent-scripts config cpu cwd env-file filter gzip-level libc linker " +
			"minimum-release-age minimum-release-age-excludes network-concurrency omit os otp package registry tag")
	case "lerna":
		return strings.Fields("concurrency contents dist-tag git-head graph-type ignore include-private legacy-auth loglevel max-buffer otp pre-dist-tag preid registry " +
			"scope since summary-file tag-version-prefix throttle-delay throttle-size")
	}
	return nil
}
