package argv

import "strings"

// Valued returns the options of a tool beside npm that take a value; what it has of
// npm's own is among them. They were read in the sources of pnpm 10, yarn 1 and bun 1.
func Valued(tool string) []string {
	switch tool {
	case "pnpm":
		return strings.Fields("access allow-build dir filter filter-prod loglevel otp package publish-branch registry reporter " +
			"store-dir tag test-pattern workspace-concurrency")
	case "yarn", "yarn npm":
		return strings.Fields("access cache-folder cwd exclude from global-folder include jobs link-folder message modules-folder mutex " +
			"network-concurrency network-timeout new-version otp package preferred-cache-folder registry tag")
	case "bun":
		return strings.Fields("access auth-type ca cafile config cwd env-file filter gzip-level minimum-release-age otp package registry tag")
	}
	return nil
}
