//go:build linux || darwin

package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"syscall"
	"time"

	"npmotp/internal/secret"
)

// maxOrder bounds an order, in bytes.
const maxOrder = 64 << 10

// startTime is how long an agent may take to be ready.
const startTime = 15 * time.Second

// wireOrder is the only message that holds the identity, and it goes one way:
// from the process that was given the passphrase to the agent.
type wireOrder struct {
	V        int           `json:"v"`
	Vault    string        `json:"vault"`
	Identity string        `json:"identity"`
	Folder   string        `json:"folder"`
	Name     string        `json:"name"`
	For      time.Duration `json:"for"`
	Idle     time.Duration `json:"idle"`
	Consent  Consent       `json:"consent"`
}

// A report is the one line that an agent says, when it is ready or has failed.
type report struct {
	Ready bool   `json:"ready"`
	Error *Error `json:"error,omitempty"`
}

// Start starts argv, whose first element is the file of this program, as an
// agent, and returns when that is ready. The agent has a session of its own, so
// that the end of the terminal does not end it.
func Start(ctx context.Context, argv, environ []string, o Order) error {
	// Not CommandContext: the agent outlives the context.
	cmd := exec.Command(argv[0], argv[1:]...) //nolint:gosec,noctx // this program itself
	cmd.Args[0] = "npmotp"
	cmd.Env = environ
	cmd.Dir = "/" // it keeps no file system from being unmounted
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	inheritNothing()
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting the agent: %w", err)
	}
	// Its answer, or its end, or the end of the wait for either.
	ctx, cancel := context.WithTimeoutCause(ctx, startTime, errors.New("the agent did not start in time"))
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })
	err = json.NewEncoder(in).Encode(wireOrder{
		V: protocol, Vault: o.Vault, Identity: o.Identity.Reveal(), Folder: o.Endpoint.Folder, Name: o.Endpoint.Name,
		For: o.Limits.For, Idle: o.Limits.Idle,
		Consent: o.Consent,
	})
	err = errors.Join(err, in.Close())
	var said report
	if decodeErr := json.NewDecoder(io.LimitReader(out, maxFrame)).Decode(&said); decodeErr == nil {
		err = nil
	} else if err == nil {
		err = errors.New("the agent ended as it started")
	}
	if !stop() {
		err = context.Cause(ctx)
	} else if err == nil && said.Error != nil {
		err = said.Error
	} else if err == nil && said.Ready {
		return errors.Join(out.Close(), cmd.Process.Release())
	}
	_ = cmd.Wait()
	return err
}

// ReadOrder reads what [Start] wrote.
func ReadOrder(r io.Reader) (Order, error) {
	var w wireOrder
	if json.NewDecoder(io.LimitReader(r, maxOrder)).Decode(&w) != nil || w.V != protocol {
		// The error of the decoder may quote what it read.
		return Order{}, errors.New("this command is for 'npmotp unlock' to run")
	}
	return Order{
		Vault: w.Vault, Identity: secret.New(w.Identity), Endpoint: Endpoint{Folder: w.Folder, Name: w.Name},
		Limits: Limits{For: w.For, Idle: w.Idle}, Consent: w.Consent,
	}, nil
}

// Report tells [Start] that the agent is ready, or why it will not be.
func Report(w io.Writer, err error) error {
	said := report{Ready: err == nil}
	if err != nil {
		said.Error = failed(err).Error
		if errors.Is(err, ErrRunning) {
			said.Error.Kind = "running"
		}
	}
	return json.NewEncoder(w).Encode(said)
}
