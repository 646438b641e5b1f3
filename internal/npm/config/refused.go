package config

// Refused reports that the tool itself will refuse the command, before it sends
// anything: npm publish in a folder without a package, say.
func (e *UnknownError) Refused() bool { return e.refused }
