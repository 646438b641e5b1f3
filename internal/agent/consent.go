package agent

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"npmotp/internal/confirm"
)

const (
	// questionTime is how long a question waits for its answer.
	questionTime = 30 * time.Second
	// holds is how long anything but a yes holds for the program that asked.
	holds = time.Minute
	// maxUnwanted questions in a row that got no yes are the last for the time of
	// hush, whoever asks: a program that is another one each time is not told from
	// many.
	maxUnwanted = 3
	hush        = 5 * time.Minute
)

// A Consent is what a code needs beside an unlocked vault.
type Consent struct {
	All          bool          `json:"all,omitempty"`           // a yes for each account, unless that says never
	Remember     time.Duration `json:"remember,omitempty"`      // how long a yes holds for the same again
	TerminalOnly bool          `json:"terminal_only,omitempty"` // nothing for programs without a terminal
	Way          confirm.Way   `json:"way"`
	Terminal     Terminal      `json:"terminal"` // where the vault was unlocked
}

// A Terminal is a terminal and the session that has it. The zero Terminal is none.
type Terminal struct {
	confirm.TTY
	Session int    `json:"session,omitempty"`
	Started string `json:"started,omitempty"` // the leader of the session
}

// A Program is the process that asks, as the system knows it.
type Program struct {
	PID     int
	Started string // "" when nothing is known of it
	// Command and Parent are the names of the process and of the one that started it.
	Command, Parent string
	TTY             uint64 // the device number of its terminal, or 0
	Session         int
	Job             string // what it shares with the others of its job
	Foreground      bool   // its terminal is for its job just now
}

// A Description is what a person is told of a program. All of it but the terminal and
// the folder is what processes say of themselves.
type Description struct {
	Line      string // its command line
	StartedBy []string
	Folder    string // or ""
	TTY       string // or ""
}

// What an account may say of consent.
const (
	ConfirmAuto   = "auto" // as the agent has it; so does ""
	ConfirmAlways = "always"
	ConfirmNever  = "never"
)

// needed reports whether a code of an account needs a yes. A word that nobody knows
// is one of a later version, and asks.
func (c Consent) needed(a Account) bool {
	switch a.Confirm {
	case "", ConfirmAuto:
		return c.All
	case ConfirmNever:
		return false
	}
	return true
}

// The answers that a status tells.
const (
	answerYes        = "yes"
	answerRun        = "yes, for its run"
	answerRemembered = "yes, remembered"
	answerNo         = "no"
	answerSilence    = "none in time"
	answerGone       = "none, it has ended"
	answerNobody     = "nobody to ask"
)

// A guard knows what was asked and answered.
type guard struct {
	mu         sync.Mutex
	asking     bool
	runs       map[run]time.Time    // until when; the zero time is for as long as it runs
	remembered map[memory]time.Time // until when
	held       map[string]time.Time // until when, by job
	unwanted   int
	quiet      time.Time // until when nobody is asked
}

func newGuard() *guard {
	return &guard{runs: map[run]time.Time{}, remembered: map[memory]time.Time{}, held: map[string]time.Time{}}
}

// A run is a process that codes of an account, or of all ("") were granted to for as
// long as it runs. Its arguments are part of it: a process that becomes another
// program keeps its number.
type run struct {
	pid                    int
	started, line, account string
}

// A memory is what a remembered yes was for.
type memory struct {
	line, startedBy, folder string
	tty                     uint64
	session                 int
	account                 string
	whole                   bool // for a run
}

// A wish is what a program wants.
type wish struct {
	account Account           // the zero Account is all
	whole   bool              // for as long as it runs, and not one code
	asking  func(confirm.Way) // is told how the person is asked
}

func (w wish) String() string {
	switch {
	case w.account.Name == "" && w.whole:
		return "a program wants the codes of all accounts, for as long as it runs"
	case w.whole:
		return fmt.Sprintf("a program wants codes of %q, for as long as it runs", w.account.Name)
	}
	return fmt.Sprintf("a program wants a code of %q", w.account.Name)
}

// consent returns nil if a program may have what it wants, and how it came to that.
// The error is one for the program, of [KindRefused].
func (s *server) consent(w wish, peer Peer) (answer string, err error) {
	program := peer.Program()
	if s.Consent.TerminalOnly && program.TTY == 0 {
		s.refuse(w, peer, "no terminal")
		return "", refusal("it has no terminal, and the agent gives codes to programs at a terminal only (--terminal-only)")
	}
	if w.account.Name != "" && !s.Consent.needed(w.account) { // of all accounts, one was found to need it
		return "", nil
	}
	d, err := peer.Describe()
	if err != nil || program.Started == "" {
		s.refuse(w, peer, "not known")
		return "", refusal("a code needs a yes, and what asks for it cannot be told")
	}
	key := memory{d.Line, strings.Join(d.StartedBy, "\x00"), d.Folder, program.TTY, program.Session, w.account.ID, w.whole}
	job := program.Job
	here := func() bool { return s.Here(program) }
	if !program.Foreground {
		job = "" // what runs in the background is one: it can be another process each time
	}
	if answer, err := s.guard.known(program, d.Line, key, job, here()); answer != "" || err != nil {
		if err != nil {
			s.refuse(w, peer, "")
		}
		return answer, err
	}
	defer s.guard.asked()
	waiting, stop := peer.Until(s.ctx)
	defer stop()
	waiting, cancel := context.WithTimeout(waiting, questionTime)
	defer cancel()
	way, err := s.Ask(waiting, w.question(program, d), here, w.asking)
	if err == nil {
		err = s.over()
	}
	if err == nil {
		return s.guard.agreed(program, d.Line, key, s.Consent.Remember, time.Duration(w.account.Period)*time.Second), nil
	}
	answer, why := unwilling(err)
	if way != "" {
		s.guard.declined(job)
	}
	s.refuse(w, peer, answer)
	return "", refusal(why)
}

// question puts the wish of a program into words.
func (w wish) question(p Program, d Description) confirm.Question {
	where := "none"
	switch {
	case p.TTY == 0:
	case p.Foreground:
		where = d.TTY
	default:
		where = d.TTY + ", in the background"
	}
	facts := [][2]string{{"command", d.Line + " (process " + strconv.Itoa(p.PID) + ")"}}
	for i, line := range d.StartedBy {
		facts = append(facts, [2]string{map[bool]string{true: "started by"}[i == 0], line})
	}
	facts = append(facts, [2]string{"folder", d.Folder}, [2]string{"terminal", where})
	if w.account.Registry != "" {
		facts = append(facts, [2]string{"registry", w.account.Registry})
	}
	return confirm.Question{Title: w.String(), Facts: facts}
}

// unwilling returns what a question came to that err says got no yes, and why the
// program gets no code.
func unwilling(err error) (answer, why string) {
	switch {
	case errors.Is(err, confirm.ErrNo):
		return answerNo, "the question whether it may have it was answered with no"
	case errors.Is(err, confirm.ErrSilence):
		return answerSilence, fmt.Sprintf("nobody said yes to it within %d s", questionTime/time.Second)
	case errors.Is(err, confirm.ErrNobody):
		return answerNobody, fmt.Sprintf("a code needs a yes, and nobody could be asked (%v): run it in the foreground of the terminal where 'npmotp unlock' was run, or unlock here", err)
	}
	return answerGone, err.Error()
}

func refusal(why string) error {
	return &Error{Kind: KindRefused, Message: "the agent gives no code: " + why}
}

// known returns the answer that holds for a wish already, or why it is not put to
// anybody now. When it returns neither, the caller asks, alone, and calls asked.
func (g *guard) known(p Program, line string, key memory, job string, here bool) (string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	for _, account := range []string{key.account, ""} {
		until, ok := g.runs[run{p.PID, p.Started, line, account}]
		switch {
		case ok && until.IsZero():
			return answerRun, nil
		case ok && now.Before(until) && !key.whole:
			return answerYes, nil
		}
	}
	switch {
	case now.Before(g.remembered[key]):
		return answerRemembered, nil
	case now.Before(g.held[job]):
		return "", refusal(fmt.Sprintf("an earlier question of it got no yes, which holds for another %d s", int(g.held[job].Sub(now)/time.Second)+1))
	case now.Before(g.quiet) && !here:
		return "", refusal(fmt.Sprintf("%d questions in a row got no yes, so nobody is asked for another %d min, but in the foreground of the terminal where the vault was unlocked", maxUnwanted, int(g.quiet.Sub(now)/time.Minute)+1))
	case g.asking:
		return "", refusal("another question waits for its answer: give that first")
	}
	g.asking = true
	return "", nil
}

// asked lets the next question be put.
func (g *guard) asked() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asking = false
}

// agreed notes a yes, and returns the answer that it is.
func (g *guard) agreed(p Program, line string, key memory, remember, period time.Duration) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.unwanted = 0
	if remember > 0 {
		g.remembered[key] = time.Now().Add(remember)
	}
	here := run{p.PID, p.Started, line, key.account}
	if key.whole {
		g.runs[here] = time.Time{}
		return answerRun
	}
	// The next code goes along with each, so that it is asked about no second time.
	if period > 0 {
		g.runs[here] = time.Now().Add(period)
	}
	return answerYes
}

// declined notes that there was no yes, which holds for the job. A program that ends
// while its question is up is one of those: it could come back at once.
func (g *guard) declined(job string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	g.held[job] = now.Add(holds)
	if g.unwanted++; g.unwanted >= maxUnwanted {
		g.unwanted, g.quiet = 0, now.Add(hush)
	}
}
