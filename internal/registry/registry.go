// Package registry reads the addresses of npm registries, for everybody by one
// strict parser: two programs that read an odd address differently could have one
// host checked and another one asked.
package registry

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"
)

// ErrAddress says that a text is not the address of a registry.
var ErrAddress = errors.New("not the address of a registry, such as https://registry.npmjs.org/")

// ErrPassword says that an address has a user name or password in it.
var ErrPassword = errors.New("the address has a user name or password in it; leave that out")

// An Origin is scheme, host and port of a registry, in one form: two are the same
// registry's when they are equal. The empty Origin is nobody's.
type Origin string

// An Address is where a registry is.
type Address struct {
	Origin Origin
	path   string // after the first slash; empty, or with a slash at its end
}

// String returns the address in one form: scheme and host in lower case, without
// the scheme's own port, without user and password, with a slash at the end.
func (a Address) String() string { return string(a.Origin) + "/" + a.path }

// Parse reads an address with its scheme. It takes plain ones only: no backslash,
// no query, no fragment, no control or non-ASCII character, at most one @.
func Parse(address string) (Address, error) {
	scheme, rest, ok := strings.Cut(address, "://")
	scheme = strings.ToLower(scheme)
	if !ok || scheme != "https" && scheme != "http" {
		return Address{}, ErrAddress
	}
	authority, path, _ := strings.Cut(rest, "/")
	user, host, hasUser := strings.Cut(authority, "@")
	if !hasUser {
		user, host = "", authority
	}
	const plain = "-._~!$&'()*+,;=:%"
	if !only(user, plain) || !only(path, plain+"@/") {
		return Address{}, ErrAddress
	}
	if host, ok = parseHost(strings.ToLower(host), scheme); !ok {
		return Address{}, ErrAddress
	}
	if path = strings.TrimSuffix(path, "/"); path != "" {
		path += "/"
	}
	return Address{Origin: Origin(scheme + "://" + host), path: path}, nil
}

// ParseTyped reads an address that a person has typed: the scheme may be left
// out, and is https then. User and password are refused.
func ParseTyped(s string) (Address, error) {
	if s = strings.TrimSpace(s); !strings.Contains(s, "://") {
		s = "https://" + s
	}
	a, err := Parse(s)
	if err != nil {
		return Address{}, err
	}
	_, rest, _ := strings.Cut(s, "://")
	if authority, _, _ := strings.Cut(rest, "/"); strings.Contains(authority, "@") {
		return Address{}, ErrPassword
	}
	return a, nil
}

// IsOpen reports whether everybody on the way can read what is sent: by plain
// http, to another machine.
func (o Origin) IsOpen() bool {
	host, plain := strings.CutPrefix(string(o), "http://")
	if !plain {
		return false
	}
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		host = host[:i]
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return host != "localhost" && (err != nil || !ip.IsLoopback())
}

// OriginOf returns the origin of an address, or the empty one when it is none.
func OriginOf(address string) Origin {
	a, _ := Parse(address)
	return a.Origin
}

// Same reports whether two addresses have one origin.
func Same(a, b string) bool {
	o := OriginOf(a)
	return o != "" && o == OriginOf(b)
}

// parseHost checks a host with or without a port, and drops the port that is the
// scheme's own.
func parseHost(host, scheme string) (string, bool) {
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
