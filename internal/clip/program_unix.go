//go:build !windows && !darwin

package clip

// programs returns the ways to the clipboard, the best first. Under Wayland an
// X11 program sees the clipboard of X11 programs only.
func programs() []program {
	return []program{
		{
			display: "WAYLAND_DISPLAY",
			copies:  [][]string{{"wl-copy", "--sensitive"}, {"wl-copy"}},
			paste:   []string{"wl-paste", "--no-newline"},
			clear:   []string{"wl-copy", "--clear"},
		},
		{
			display: "DISPLAY",
			copies:  [][]string{{"xclip", "-in", "-selection", "clipboard"}},
			paste:   []string{"xclip", "-out", "-selection", "clipboard"},
		},
		{
			display: "DISPLAY",
			copies:  [][]string{{"xsel", "--input", "--clipboard"}},
			paste:   []string{"xsel", "--output", "--clipboard"},
		},
		{copies: [][]string{{"termux-clipboard-set"}}, paste: []string{"termux-clipboard-get"}},
		// The clipboard of Windows, from its subsystem for Linux.
		{copies: [][]string{{"clip.exe"}}, paste: []string{"powershell.exe", "-NoProfile", "Get-Clipboard"}, lines: true},
	}
}
