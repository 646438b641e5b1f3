package ptyrun

import "strings"

// here returns the pattern of the prompt that the cursor stands behind, or -1.
// Line is what stands before the cursor.
func (m *Matcher) here(line string) int {
	if line != "" || m.y == 0 {
		return m.find(line)
	}
	above := m.rows[m.y-1]
	if above.wrapped {
		return -1
	}
	i := m.find(strings.TrimSpace(string(above.cells)))
	if i >= 0 && !m.patterns[i].Below {
		return -1
	}
	return i
}
