package ptyrun

import (
	"slices"
	"strings"
)

func (s *screen) csi(b byte) {
	switch {
	case b < ' ':
		// A control character acts inside a sequence too; those that matter
		// end it here, which shows a prompt as broken rather than as whole.
		s.state = ground
	case b < '@':
		if len(s.params) < maxParams {
			s.params = append(s.params, b)
		}
	default:
		s.state = ground
		s.control(b)
	}
}

// param returns the i-th number of the sequence, or what stands for none.
func (s *screen) param(i, none int) int {
	fields := strings.Split(string(s.params), ";")
	if i >= len(fields) {
		return none
	}
	n := 0
	for _, c := range fields[i] {
		if c < '0' || c > '9' || n > 1<<16 {
			return none
		}
		n = 10*n + int(c-'0')
	}
	if n == 0 {
		return none
	}
	return n
}

func (s *screen) control(b byte) {
	if len(s.params) == maxParams {
		return
	}
	n := s.param(0, 1)
	switch b {
	case 'A':
		s.move(s.y-n, s.x)
	case 'B', 'e':
		s.move(s.y+n, s.x)
	case 'C', 'a':
		s.move(s.y, s.x+n)
	case 'D':
		s.move(s.y, min(s.x, s.width-1)-n)
	case 'E':
		s.move(s.y+n, 0)
	case 'F':
		s.move(s.y-n, 0)
	case 'G', '`':
		s.move(s.y, n-1)
	case 'H', 'f':
		s.move(n-1, s.param(1, 1)-1)
	case 'd':
		s.move(n-1, s.x)
	case 'J':
		s.eraseScreen(s.param(0, 0))
	case 'K':
		s.eraseLine(s.param(0, 0))
	case 'P':
		s.edit(func(cells []rune, x int) []rune { return slices.Delete(cells, x, min(x+n, len(cells))) })
	case 'X':
		s.edit(func(cells []rune, x int) []rune {
			for i := x; i < min(x+n, len(cells)); i++ {
				cells[i] = ' '
			}
			return cells
		})
	case '@':
		s.edit(func(cells []rune, x int) []rune {
			cells = slices.Insert(cells, x, slices.Repeat([]rune{' '}, min(n, s.width))...)
			return cells[:min(len(cells), s.width)]
		})
	case 's':
		s.saved = [2]int{s.y, s.x}
	case 'u':
		s.move(s.saved[0], s.saved[1])
	case 'h', 'l':
		// The alternate screen comes and goes empty.
		if p := string(s.params); p == "?1049" || p == "?1047" || p == "?47" {
			s.clear()
		}
	}
}

// edit changes the cells at the cursor.
func (s *screen) edit(change func(cells []rune, x int) []rune) {
	r := &s.rows[s.y]
	if s.x < len(r.cells) {
		r.cells = change(r.cells, s.x)
	}
}

func (s *screen) eraseLine(mode int) {
	r := &s.rows[s.y]
	switch mode {
	case 0:
		r.cells = r.cells[:min(s.x, len(r.cells))]
		r.wrapped = false
	case 1:
		for i := range min(s.x+1, len(r.cells)) {
			r.cells[i] = ' '
		}
	case 2:
		r.cells, r.wrapped = r.cells[:0], false
	}
}

func (s *screen) eraseScreen(mode int) {
	switch mode {
	case 0:
		s.eraseLine(0)
		s.rows = s.rows[:s.y+1]
	case 1:
		for y := range s.y {
			s.rows[y] = row{}
		}
		s.eraseLine(1)
	case 2, 3:
		for y := range s.rows {
			s.rows[y] = row{}
		}
	}
}
