package doctor

// Modes looks at nothing: files of a profile are its user's on Windows.
func (p Places) Modes() []Finding { return nil }

// Owners looks at nothing; see [Places.Modes].
func (p Places) Owners() []Finding { return nil }

// Links looks at nothing: links take rights that users do not have.
func (p Places) Links() []Finding { return nil }
