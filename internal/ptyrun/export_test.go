package ptyrun

// Asked counts the questions so far.
func (m *Matcher) Asked() int { return m.asked }
