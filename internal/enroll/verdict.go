package enroll

import (
	"regexp"
	"strings"
)

// A Verdict is how a dialogue ended, by what npm printed.
type Verdict int

// The verdicts.
const (
	Unclear     Verdict = iota // npm printed nothing that is known
	Enabled                    // the second factor is on, and the recovery codes were printed
	Already                    // it was on before, at the level that was asked for
	Changed                    // it was on before, and has another level now
	On                         // it was on before; npm 6 fails over that, and changes nothing
	Disabled                   // it is off
	Off                        // it was off before
	LoggedIn                   // npm has a token
	BadPassword                // the registry did not take npm's password
	BadCode                    // the registry did not take the one-time password
	LoggedOut                  // npm has no token, or one that is not good
	NotOffered                 // the registry answered with something else than a secret
	Refused                    // the registry refused
	Unreachable                // there was no answer
	Cancelled                  // the user ended it
)

// A rule is a line of npm's that tells how a dialogue ended.
type rule struct {
	verdict Verdict
	line    *regexp.Regexp
}

// rules are npm's own sentences (lib/profile.js in npm 6, lib/commands/profile.js
// and lib/utils/auth.js since, lib/utils/error-message.js in all). The first one
// that fits a line counts.
func rules() []rule {
	re := regexp.MustCompile
	return []rule{
		{Enabled, re(`^2FA successfully enabled`)},
		{Already, re(`^Two factor authentication is already enabled and set to `)},
		{Changed, re(`^Two factor authentication mode changed to: `)},
		// npm 10 and older do not know this answer of the registry's, and fail
		// although the level has changed (https://github.com/npm/cli/issues/8192).
		{Changed, re(`Expected otpauth URL, got: \{ mode: '(?:auth-only|auth-and-writes)'`)},
		{NotOffered, re(`Expected otpauth URL, got:|does not ?seem to support bearer tokens`)},
		// npm 6 reads a setting that does not exist when, and only when, the
		// second factor is on (lib/profile.js, conf.auth.otp).
		{On, re(`invalid config key requested: auth`)},
		{Disabled, re(`^Two factor authentication disabled`)},
		{Off, re(`^Two factor authentication not enabled`)},
		{LoggedIn, re(`^Logged in (?:as|on|to) `)},
		{BadCode, re(`requires a one-time password from your authenticator\.|Invalid one-time password|\bcode EOTP\b`)},
		{BadPassword, re(`Incorrect or missing password`)},
		{LoggedOut, re(`\bcode ENEEDAUTH\b|You need to be logged in to registry|authentication token seems to be invalid|Unable to authenticate|need auth `)},
		{Unreachable, re(`\bcode (?:ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_FAIL|EAI_AGAIN|ERR_SOCKET_TIMEOUT|CERT_\w+|\w*SELF_SIGNED\w*)\b`)},
		{Cancelled, re(`^npm (?:ERR!|error)(?: code)? (?:canceled|cancelled|ECANCELED)`)},
		{Refused, re(`\b[45][0-9]{2} [A-Z][A-Za-z ]+ - (?:GET|POST|PUT) |\bcode E[45][0-9]{2}\b`)},
	}
}

// Verdict returns how the dialogue ended.
func (d *Dialogue) Verdict() Verdict {
	if d.enabled {
		return Enabled
	}
	best, known := Unclear, rules()
	for _, line := range d.said {
		for _, r := range known {
			if !r.line.MatchString(line) {
				continue
			}
			// "code E401" stands before the line that says which kind it is.
			if best == Unclear || best == Refused {
				best = r.verdict
			}
			break
		}
	}
	return best
}

// Level returns the level that npm named in its verdict, or "".
func (d *Dialogue) Level() string {
	levels := regexp.MustCompile(`(?:set to|changed to:|mode:) '?(auth-only|auth-and-writes)`)
	for _, line := range d.said {
		if m := levels.FindStringSubmatch(line); m != nil {
			return m[1]
		}
	}
	return ""
}

// Answer returns the line in which npm quotes what the registry answered, or
// "".
func (d *Dialogue) Answer() string {
	quoted := regexp.MustCompile(`\b[45][0-9]{2} [A-Z][A-Za-z ]+ - (?:GET|POST|PUT) |Expected otpauth URL, got:`)
	for _, line := range d.said {
		if quoted.MatchString(line) {
			return bare(line)
		}
	}
	return ""
}

// bare returns a line without what npm puts before its errors.
func bare(line string) string { return heading().ReplaceAllString(line, "") }

// isError reports whether a line is one of npm's errors.
func isError(text string) bool {
	return strings.HasPrefix(text, "npm ERR!") || strings.HasPrefix(text, "npm error")
}

// Errors returns the first line of npm's errors that is more than a code.
func Errors(said string) string {
	first := ""
	for line := range strings.Lines(said) {
		text := visible([]byte(line))
		if !isError(text) {
			continue
		}
		if text = bare(text); first == "" || strings.Contains(text, " ") {
			first = text
		}
		if strings.Contains(first, " ") {
			break
		}
	}
	return first
}
