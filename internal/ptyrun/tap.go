package ptyrun

// A Tap is a process that sees the program's output before the session does,
// and outlives it: what the program printed is not lost when the session's
// process is killed. It ends in [Witness].
type Tap struct {
	Argv, Environ []string
	// Order is what it is told when it starts, without a line feed in it.
	Order []byte

	tell func(b byte)
}

// What a session tells its tap.
const (
	tapStay = 's' // go on without the session, should it be gone
	tapEnd  = 'e' // the program has ended
)

// Stay tells the tap that the output to come must not be lost: it goes on
// reading, and keeps the program alive, should the session be gone. It may be
// called from any goroutine while the session runs.
func (t *Tap) Stay() {
	if t.tell != nil {
		t.tell(tapStay)
	}
}
