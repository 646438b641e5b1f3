package clip

// concealed copies what it reads and marks it as a secret, which clipboard
// managers do not keep (nspasteboard.org). pbcopy cannot do that.
const concealed = `ObjC.import("AppKit");
const data = $.NSFileHandle.fileHandleWithStandardInput.readDataToEndOfFile;
const text = $.NSString.alloc.initWithDataEncoding(data, $.NSUTF8StringEncoding);
const board = $.NSPasteboard.generalPasteboard;
board.clearContents;
board.setStringForType(text, "public.utf8-plain-text");
board.setStringForType("", "org.nspasteboard.ConcealedType");`

// discreet returns the command line that copies text, which it reads.
func (c Clipboard) discreet(string) []string {
	return []string{"osascript", "-l", "JavaScript", "-e", concealed}
}

// reachable reports whether the clipboard of this machine is the user's.
func (c Clipboard) reachable() bool { return !c.remote() }
