package npmconfig

import (
	"net/netip"
	"strconv"
	"strings"
)

// defaultRegistry is npm's (config/lib/definitions/definitions.js).
const defaultRegistry = "https://registry.npmjs.org/"

// canonical returns a registry's address as a [Target] has it, and whether it
// could be read.
//
// Node and Go read odd addresses differently, which somebody could use to have
// one host checked and another one asked. So this takes plain ones only: no
// backslash, no query, no fragment, no control or non-ASCII character, at most
// one @.
func canonical(address string) (string, bool) {
	scheme, rest, ok := strings.Cut(trim(address), "://")
	scheme = strings.ToLower(scheme)
	if !ok || scheme != "https" && scheme != "http" {
		return "", false
	}
	authority, path, _ := strings.Cut(rest, "/")
	user, host, hasUser := strings.Cut(authority, "@")
	if !hasUser {
		user, host = "", authority
	}
	const plain = "-._~!$&'()*+,;=:%"
	if !only(user, plain) || !only(path, plain+"@/") {
		return "", false
	}
	host, ok = canonicalHost(strings.ToLower(host), scheme)
	if !ok {
		return "", false
	}
	if path = strings.TrimSuffix(path, "/"); path != "" {
		path += "/"
	}
	return scheme + "://" + host + "/" + path, true
}

// canonicalHost checks a host with or without a port, and drops the port that
// is the scheme's own.
func canonicalHost(host, scheme string) (string, bool) {
	name, port := host, ""
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		name, port = host[:i], host[i+1:]
	}
	if inner, ok := strings.CutPrefix(name, "["); ok {
		ip, err := netip.ParseAddr(strings.TrimSuffix(inner, "]"))
		if err != nil || !ip.Is6() || ip.Zone() != "" || !strings.HasSuffix(inner, "]") {
			return "", false
		}
		name = "[" + ip.String() + "]"
	} else if name == "" || !only(name, "-._") {
		return "", false
	}
	if port == "" {
		return name, name == host
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || !only(port, "") {
		return "", false
	}
	if n == 443 && scheme == "https" || n == 80 && scheme == "http" {
		return name, true
	}
	return name + ":" + strconv.FormatUint(n, 10), true
}

// only reports whether s has ASCII letters, digits and those of marks only.
func only(s, marks string) bool {
	for i := range len(s) {
		c := s[i]
		if ('a' > c|0x20 || c|0x20 > 'z') && ('0' > c || c > '9') && strings.IndexByte(marks, c) < 0 {
			return false
		}
	}
	return true
}
