package main

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestRun starts the registry, takes its address from what it prints, and stops
// it.
func TestRun(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- run(ctx, []string{"-2fa", "auth-only"}, w) }()
	buf := make([]byte, 4096)
	n, err := r.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	address, _, _ := strings.Cut(strings.TrimPrefix(string(buf[:n]), "registry="), "\n")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"-/ping", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK || !strings.Contains(string(buf[:n]), "# recovery codes ") {
		t.Errorf("ping: %s, after\n%s", resp.Status, buf[:n])
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestRunRefusesLevel(t *testing.T) {
	if err := run(t.Context(), []string{"-2fa", "sometimes"}, io.Discard); err == nil {
		t.Error("a level that does not exist is taken")
	}
}
