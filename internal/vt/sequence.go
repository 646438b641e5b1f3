package vt

import "strings"

const (
	maxParams = 32
	// maxMove bounds how far down one escape sequence moves the cursor.
	maxMove = 500
)

// escape handles the escape sequence that s begins with, and returns its
// length.
func (t *Terminal) escape(s string) int {
	if len(s) < 2 {
		return len(s)
	}
	switch c := s[1]; {
	case c == '[':
		return 2 + t.csi(s[2:])
	case c == ']' || c == 'P' || c == 'X' || c == '^' || c == '_':
		return 2 + stringEnd(s[2:])
	case c == '7':
		t.saved = [2]int{t.x, t.y}
	case c == '8':
		t.x, t.y = t.saved[0], t.saved[1]
	case c == 'c':
		t.page()
		t.sgr(nil)
	case c == 'D':
		t.y++
	case c == 'E':
		t.x, t.y = 0, t.y+1
	case c == 'M':
		t.y = max(t.top, t.y-1)
	case c >= 0x20 && c <= 0x2f: // character sets and the like
		return min(3, len(s))
	}
	return 2
}

// stringEnd returns the length of a control string, such as a window title.
func stringEnd(s string) int {
	for i := range len(s) {
		switch {
		case s[i] == 0x07:
			return i + 1
		case s[i] == 0x1b && strings.HasPrefix(s[i:], "\x1b\\"):
			return i + 2
		case s[i] == '\n' || s[i] == 0x1b:
			return i // never closed
		}
	}
	return len(s)
}

// csi handles a control sequence after its introducer and returns its length.
func (t *Terminal) csi(s string) int {
	i := 0
	for i < len(s) && s[i] >= 0x30 && s[i] <= 0x3f {
		i++
	}
	params := s[:i]
	for i < len(s) && s[i] >= 0x20 && s[i] <= 0x2f {
		i++
	}
	if i == len(s) || s[i] < 0x40 || s[i] > 0x7e {
		return i
	}
	if params != "" && params[0] >= '<' { // private
		if s[i] == 'h' && params == "?1049" {
			t.page()
		}
		return i + 1
	}
	if s[i] == 'm' {
		t.sgr(numbers(params))
	} else {
		t.move(s[i], numbers(params))
	}
	return i + 1
}

// numbers parses the parameters of a control sequence; -1 is a missing one.
func numbers(s string) []int {
	var out []int
	for part := range strings.SplitSeq(strings.ReplaceAll(s, ":", ";"), ";") {
		n := -1
		for _, c := range part {
			n = min(max(n, 0)*10+int(c-'0'), 1<<20)
		}
		if out = append(out, n); len(out) == maxParams {
			break
		}
	}
	return out
}

func (t *Terminal) move(final byte, p []int) {
	arg := func(i, missing int) int {
		if i >= len(p) || p[i] < 0 {
			return missing
		}
		return p[i]
	}
	n := max(1, arg(0, 1))
	switch final {
	case 'A':
		t.y = max(t.top, t.y-n)
	case 'B', 'e':
		t.y += min(n, maxMove)
	case 'C', 'a':
		t.x = min(maxColumns-1, t.x+n)
	case 'D':
		t.x = max(0, t.x-n)
	case 'E':
		t.x, t.y = 0, t.y+min(n, maxMove)
	case 'F':
		t.x, t.y = 0, max(t.top, t.y-n)
	case 'G', '`':
		t.x = min(maxColumns, n) - 1
	case 'd':
		t.y = t.top + min(n, maxMove) - 1
	case 'H', 'f':
		t.y = t.top + min(n, maxMove) - 1
		t.x = min(maxColumns, max(1, arg(1, 1))) - 1
	case 'J':
		t.eraseScreen(arg(0, 0))
	case 'K':
		switch arg(0, 0) {
		case 0:
			t.eraseLine(t.y, t.x, maxColumns)
		case 1:
			t.eraseLine(t.y, 0, t.x)
		case 2:
			t.eraseLine(t.y, 0, maxColumns)
		}
	case 'P', 'X', '@':
		t.edit(final, n)
	case 's':
		t.saved = [2]int{t.x, t.y}
	case 'u':
		t.x, t.y = t.saved[0], t.saved[1]
	}
}

func (t *Terminal) eraseScreen(how int) {
	switch how {
	case 0:
		t.eraseLine(t.y, t.x, maxColumns)
		if t.y+1 < len(t.Lines) {
			t.Lines = t.Lines[:t.y+1]
		}
	case 1:
		for y := t.top; y < t.y; y++ {
			t.eraseLine(y, 0, maxColumns)
		}
		t.eraseLine(t.y, 0, t.x)
	default:
		t.page()
	}
}

// page starts a new screen below what is there, which a user who clears the
// screen does not expect to be lost.
func (t *Terminal) page() {
	t.top = len(t.Lines)
	t.x, t.y = 0, t.top
}

// edit deletes, blanks or inserts n characters at the cursor.
func (t *Terminal) edit(final byte, n int) {
	if t.y >= len(t.Lines) || t.x >= len(t.Lines[t.y]) {
		return
	}
	line := t.Lines[t.y]
	switch final {
	case 'P':
		t.Lines[t.y] = append(line[:t.x], line[min(len(line), t.x+n):]...)
	case 'X':
		t.eraseLine(t.y, t.x, t.x+n-1)
	case '@':
		old := append([]Cell(nil), line[t.x:]...)
		x := t.x
		for range min(n, maxColumns-t.x) {
			t.put(' ')
		}
		for i, c := range old {
			if t.x+i >= maxColumns {
				break
			}
			if p := t.at(t.x+i, t.y); p != nil {
				*p = c
			}
		}
		t.x = x
	}
}

// sgr sets colours (ECMA-48 section 8.3.117, and xterm's 256 and RGB colours).
func (t *Terminal) sgr(p []int) {
	if len(p) == 0 {
		p = []int{0}
	}
	for i := 0; i < len(p); i++ {
		switch n := max(0, p[i]); {
		case n == 0:
			t.pen.FG, t.pen.BG, t.bold, t.swap = Default, Default, false, false
		case n == 1:
			t.bold = true
		case n == 22:
			t.bold = false
		case n == 7:
			t.swap = true
		case n == 27:
			t.swap = false
		case n >= 30 && n <= 37:
			t.pen.FG = palette(n - 30)
		case n >= 40 && n <= 47:
			t.pen.BG = palette(n - 40)
		case n >= 90 && n <= 97:
			t.pen.FG = palette(n - 90 + 8)
		case n >= 100 && n <= 107:
			t.pen.BG = palette(n - 100 + 8)
		case n == 39:
			t.pen.FG = Default
		case n == 49:
			t.pen.BG = Default
		case n == 38 || n == 48:
			v, used := extended(p[i+1:])
			if used == 0 {
				return
			}
			if i += used; n == 38 {
				t.pen.FG = v
			} else {
				t.pen.BG = v
			}
		}
	}
}

// extended reads the colour after a 38 or 48.
func extended(p []int) (level int16, used int) {
	switch {
	case len(p) >= 2 && p[0] == 5:
		return palette(max(0, p[1])), 2
	case len(p) >= 4 && p[0] == 2:
		if len(p) >= 5 && p[1] == -1 { // 2::r:g:b, with an empty colour space
			return rgbLevel(p[2], p[3], p[4]), 5
		}
		return rgbLevel(p[1], p[2], p[3]), 4
	}
	return 0, 0
}

// rgbLevel weighs the colours as ITU-R BT.601 does.
func rgbLevel(r, g, b int) int16 {
	at := func(v int) uint32 { return uint32(min(max(v, 0), 255)) }
	return int16((19595*at(r) + 38470*at(g) + 7471*at(b) + 1<<15) >> 16) //nolint:gosec // at most 255
}

// palette returns the brightness of xterm's colour n of 256.
func palette(n int) int16 {
	basic := [16]int16{0, 61, 120, 182, 27, 85, 144, 229, 127, 76, 150, 226, 102, 105, 179, 255}
	cube := [6]int{0, 95, 135, 175, 215, 255}
	switch {
	case n < 16:
		return basic[n&15]
	case n < 232:
		n -= 16
		return rgbLevel(cube[n/36], cube[n/6%6], cube[n%6])
	default:
		v := 8 + 10*(min(n, 255)-232)
		return rgbLevel(v, v, v)
	}
}
