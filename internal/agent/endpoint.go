package agent

import (
	"crypto/sha256"
	"encoding/hex"
)

// An Endpoint is where an agent is reached.
type Endpoint struct {
	Folder string // absolute
	Name   string // differs from vault to vault
}

// EndpointOf returns the endpoint in folder of the agent of the vault at path.
// The name does not tell the path, and fits into the address of a socket.
func EndpointOf(folder, path string) Endpoint {
	sum := sha256.Sum256([]byte(path))
	return Endpoint{Folder: folder, Name: "agent-" + hex.EncodeToString(sum[:8])}
}
