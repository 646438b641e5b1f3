package doctor

// Modes looks at nothing: files of a profile are its user's on Windows.
func (p Places) Modes() []Finding { return nil }

// owners looks at nothing; see [Places.Modes].
func (p Places) owners() []Finding { return nil }

// links looks at nothing: links take rights that users do not have.
func (p Places) links() []Finding { return nil }
