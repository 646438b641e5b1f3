package ptyrun

// A Relay stands between a program and its user, and decides what the user
// gets to see. [Session.Run] calls its methods one after the other.
type Relay interface {
	// Output is handed what the program prints, before its next question is
	// looked at, and returns what the user sees of it. An error ends the
	// program; the user still sees what came with it.
	Output(p []byte) ([]byte, error)
	// End is called when the program has ended, and returns the last of what
	// the user sees.
	End() []byte
	// Interrupt is called when the user wants to interrupt or stop the program,
	// and tells whether that may be now. If not, the keys and signals are
	// dropped, and so is the news that the user's terminal has gone.
	Interrupt() bool
}
