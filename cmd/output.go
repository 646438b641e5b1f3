package cmd

import "time"

// instant is a time in JSON: RFC 3339, or null.
func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
