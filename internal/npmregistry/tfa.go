package npmregistry

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/pquerna/otp/totp"
)

// The levels of npm's two-factor authentication.
const (
	AuthOnly      = "auth-only"
	AuthAndWrites = "auth-and-writes"
)

const (
	step          = 30 * time.Second
	recoveryCodes = 5
	recoveryBytes = 32
	secretBytes   = 20
)

// tfa is a user's second factor.
type tfa struct {
	secret  string
	mode    string
	pending bool            // the secret was handed out, no code was seen yet
	codes   map[string]bool // recovery codes; true once used
	// spent are the steps whose codes were used, and for a code that changed
	// a package, which one.
	spent map[int64]string
}

func newTFA(secret, mode string, codes []string) *tfa {
	t := &tfa{secret: secret, mode: mode, spent: map[int64]string{}}
	t.setCodes(codes)
	return t
}

func (t *tfa) setCodes(codes []string) {
	t.codes = map[string]bool{}
	for _, c := range codes {
		t.codes[strings.ToLower(c)] = false
	}
}

// newCodes returns a set of recovery codes as npm's registry makes them.
func newCodes() []string {
	codes := make([]string, recoveryCodes)
	for i := range codes {
		codes[i] = hex.EncodeToString(random(recoveryBytes))
	}
	return codes
}

func newSecret() string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(random(secretBytes))
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // does not fail (crypto/rand)
	return b
}

// demand checks the call's one-time password when its user has a second factor
// at the level of the demand or above it. One that asks for [AuthOnly] is met
// by either level, one that asks for [AuthAndWrites] by that one only.
func (s *Server) demand(c *call, level string) error {
	t := c.who.tfa
	if c.note.OTPAccepted {
		return nil // by the guard; the code is used up
	}
	if t == nil || t.pending || level == AuthAndWrites && t.mode != AuthAndWrites {
		return nil
	}
	if c.token != nil && c.token.bypass && level == AuthAndWrites {
		return nil
	}
	if !s.accept(c, c.who) {
		return s.otpRequired(c)
	}
	c.note.OTPAccepted = true
	return nil
}

// accept reports whether the call's one-time password is good for u, and uses
// it up.
func (s *Server) accept(c *call, u *user) bool {
	code := strings.ToLower(c.Header.Get("Npm-Otp"))
	if code == "" {
		return false
	}
	if used, known := u.tfa.codes[code]; known {
		u.tfa.codes[code] = true
		return !used
	}
	if w := s.web[code]; w != nil && w.good(u, s.opts.Now()) {
		return true
	}
	return s.totp(u.tfa, code, c)
}

// totp reports whether code is the secret's password now, one step ago or one
// step ahead, and was not used before.
//
// Removing a version takes two requests that need a code, and npm sends both
// the same one (libnpmpublish/lib/unpublish.js). So a code that was used to
// change a package also deletes one of its tarballs.
func (s *Server) totp(t *tfa, code string, c *call) bool {
	now := s.opts.Now()
	for _, d := range []time.Duration{0, -step, step} {
		want, err := totp.GenerateCode(t.secret, now.Add(d))
		if err != nil || want != code {
			continue
		}
		n := now.Add(d).Unix() / int64(step/time.Second)
		changed, spent := t.spent[n]
		again := s.opts.AllowReuse || c.Pattern == deletesTarball && changed == c.PathValue("pkg")
		if spent && !again {
			return false
		}
		t.spent[n] = ""
		if c.Pattern == changesPackage {
			t.spent[n] = c.PathValue("pkg")
		}
		return true
	}
	return false
}

// otpRequired is the answer to a missing and to a wrong code alike.
func (s *Server) otpRequired(c *call) error {
	f := fail(http.StatusUnauthorized, "You must provide a one-time pass. Upgrade your client to npm@latest in order to use 2FA.")
	f.header = map[string]string{"Www-Authenticate": "OTP"}
	if s.opts.WebLogin {
		w := s.newWebSession(c.who)
		f.header["Npm-Notice"] = fmt.Sprintf("Open %s to use your security key for authentication or enter OTP from your authenticator app", w.page)
		if c.Header.Get("Npm-Auth-Type") == "web" {
			f.body["authUrl"], f.body["doneUrl"] = w.page, w.done
		}
	}
	return f
}
