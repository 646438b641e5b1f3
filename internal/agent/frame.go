package agent

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

const (
	// protocol is the version of the messages. Fields may be added without
	// raising it.
	protocol = 1
	// maxFrame bounds the JSON of a message, in bytes.
	maxFrame = 64 << 10
)

// The operations of a request.
const (
	opCode   = "code"   // a code of Account
	opFind   = "find"   // the account that Account names
	opList   = "list"   // all accounts, from the one at Offset on
	opStatus = "status" // what was given, and until when
	opUse    = "use"    // the same, and a run that may need a code counts as use
	opAllow  = "allow"  // codes of Account, or of all (""), for as long as the process runs
	opLock   = "lock"   // forget everything and end
)

type request struct {
	V       int    `json:"v"`
	Op      string `json:"op"`
	Account string `json:"account,omitempty"`
	// TimeBased refuses an account whose codes are counted, because asking
	// for one uses it up.
	TimeBased bool `json:"time_based,omitempty"`
	Offset    int  `json:"offset,omitempty"`
}

// A reply holds the answer to one operation, or an error. It is all that an
// agent can say: nothing in it can carry a key or a recovery code.
type reply struct {
	V        int               `json:"v"`
	Error    *Error            `json:"error,omitempty"`
	Warning  string            `json:"warning,omitempty"`
	Asking   string            `json:"asking,omitempty"` // how a person is asked just now; the answer follows
	Code     *wireCode         `json:"code,omitempty"`
	Account  *Account          `json:"account,omitempty"`
	Accounts []json.RawMessage `json:"accounts,omitempty"` // each an [Account]
	More     bool              `json:"more,omitempty"`     // accounts follow
	State    uint64            `json:"state,omitempty"`    // changes when the accounts do
	Status   *Status           `json:"status,omitempty"`
}

type wireCode struct {
	Account string    `json:"account"`
	Value   string    `json:"value"`
	Next    string    `json:"next,omitempty"`
	From    time.Time `json:"from,omitzero"`
	Until   time.Time `json:"until,omitzero"`
}

// errFrame says that the other side does not speak the protocol.
var errFrame = errors.New("the message is not one of an agent")

// writeFrame writes a message in one call: a peer that is slow to read cannot
// be left with half a length.
func writeFrame(w io.Writer, message any) error {
	data, err := json.Marshal(message)
	if err != nil {
		return err
	}
	if len(data) > maxFrame {
		return fmt.Errorf("a message of %d bytes is larger than %d", len(data), maxFrame)
	}
	frame := binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(data)), uint32(len(data))) //nolint:gosec // bounded above
	_, err = w.Write(append(frame, data...))
	return err
}

// readFrame reads a message into what message points to. The error is [io.EOF]
// when the other side ended between two messages.
func readFrame(r io.Reader, message any) error {
	var length [4]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return err
	}
	n := binary.BigEndian.Uint32(length[:])
	if n == 0 || n > maxFrame {
		return errFrame
	}
	data := make([]byte, n)
	if _, err := io.ReadFull(r, data); err != nil {
		return io.ErrUnexpectedEOF
	}
	if json.Unmarshal(data, message) != nil {
		return errFrame
	}
	return nil
}
