package clip

// discreet returns nothing: the history of Windows is asked by formats that the
// library does not offer.
func (c Clipboard) discreet(string) []string { return nil }

// reachable reports whether there is a clipboard, which Windows always has.
func (c Clipboard) reachable() bool { return true }
