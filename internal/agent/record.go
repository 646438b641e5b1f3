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

// note remembers what was given to whom, and after which answer to a question. It
// counts as use of the agent.
func (s *server) note(what, account, answer string, peer Peer) {
	program := peer.Program()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used = time.Now()
	if what == "code" {
		s.codes++
	} else {
		s.lists++
	}
	s.record(what, account, answer, program)
}

// refuse remembers that a program got no code, and the answer to the question, if one
// was asked. It does not count as use of the agent. What is refused again and again is
// one entry, which would else push out the others.
func (s *server) refuse(w wish, peer Peer, answer string) {
	program := peer.Program()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused++
	if answer == "" {
		return
	}
	if n := len(s.given) - 1; n >= 0 {
		if last := &s.given[n]; last.What == "refused" && last.Answer == answer && last.Account == cut(w.account.Name) && last.Command == cut(program.Command) {
			last.At, last.PID = time.Now().UTC(), program.PID
			return
		}
	}
	s.record("refused", w.account.Name, answer, program)
}

// record adds an entry. The caller holds s.mu.
func (s *server) record(what, account, answer string, program Program) {
	if len(s.given) == maxGiven {
		s.given = append(s.given[:0], s.given[1:]...)
	}
	s.given = append(s.given, Given{
		At: time.Now().UTC(), What: what, Account: cut(account), PID: program.PID,
		Command: cut(program.Command), Parent: cut(program.Parent), Answer: answer,
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
