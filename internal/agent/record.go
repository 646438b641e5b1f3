package agent

import (
	"encoding/json"
	"time"
)

const (
	// maxGiven entries are remembered; the counts go on.
	maxGiven = 40
	// maxGivenName bounds a name in an entry, in bytes, so that all of them fit
	// into a frame whatever they escape to.
	maxGivenName = 64
	// maxMessage bounds what an error says, in bytes before they are escaped.
	maxMessage = 4 << 10
	// maxPage bounds the accounts in one frame, in bytes; what is left of the
	// frame is for the rest of the reply.
	maxPage = maxFrame - 8<<10
)

// note remembers what was given to whom, and that the agent was used.
func (s *server) note(what, account string, peer Peer) {
	command, parent := peer.Names()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used = time.Now()
	if what == "code" {
		s.codes++
	} else {
		s.lists++
	}
	if len(s.given) == maxGiven {
		s.given = append(s.given[:0], s.given[1:]...)
	}
	s.given = append(s.given, Given{
		At: s.used.UTC(), What: what, Account: cut(account), PID: peer.PID,
		Command: cut(command), Parent: cut(parent),
	})
}

// cut shortens a name; a rune that is cut through shows as a replacement.
func cut(name string) string {
	if len(name) <= maxGivenName {
		return name
	}
	return name[:maxGivenName-len("...")] + "..."
}

// fit shortens what could be too long for a frame.
func (e *Error) fit() *Error {
	fitting := &Error{Kind: e.Kind, Message: e.Message}
	if len(fitting.Message) > maxMessage {
		fitting.Message = fitting.Message[:maxMessage] + "..."
	}
	size := 0
	for _, name := range e.Matches {
		if size += len(name); size > maxMessage {
			break
		}
		fitting.Matches = append(fitting.Matches, name)
	}
	return fitting
}

// page returns as many accounts as fit into a frame, from the one at offset on.
func page(accounts []Account, state uint64, offset int) reply {
	r := reply{State: state}
	if offset < 0 || offset > len(accounts) {
		return r
	}
	size := 0
	for _, a := range accounts[offset:] {
		data, err := json.Marshal(a)
		if err != nil || len(data) > maxPage {
			return reply{Error: &Error{Kind: KindFailed, Message: "an account is too large for the agent"}}
		}
		if size += len(data) + 1; size > maxPage {
			r.More = true
			break
		}
		r.Accounts = append(r.Accounts, data)
	}
	return r
}
