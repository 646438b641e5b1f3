package agent

import "npmotp/internal/secret"

// An Order is what an agent is started with. It goes over a pipe, never in an
// argument or a variable.
type Order struct {
	Vault    string // absolute path
	Identity secret.Text
	Endpoint Endpoint
	Limits   Limits
	Consent  Consent
}
