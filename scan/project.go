package scan

// A point lies in a picture or on the grid of modules.
type point struct{ x, y float64 }

func (p point) sub(q point) point { return point{p.x - q.x, p.y - q.y} }
func (p point) add(q point) point { return point{p.x + q.x, p.y + q.y} }
func (p point) mul(k float64) point {
	return point{p.x * k, p.y * k}
}

// A projection maps the grid of modules to the picture, as a camera does.
type projection struct{ a, b, c, d, e, f, g, h float64 }

// at returns where the point u, v of the grid lies in the picture.
func (p *projection) at(u, v float64) point {
	w := p.g*u + p.h*v + 1
	return point{(p.a*u + p.b*v + p.c) / w, (p.d*u + p.e*v + p.f) / w}
}

// project returns the projection that maps four grid points to four picture
// points, no three of either on one line.
func project(grid, pic [4]point) (projection, bool) {
	var m [8][9]float64
	for i := range 4 {
		u, v, x, y := grid[i].x, grid[i].y, pic[i].x, pic[i].y
		m[2*i] = [9]float64{u, v, 1, 0, 0, 0, -u * x, -v * x, x}
		m[2*i+1] = [9]float64{0, 0, 0, u, v, 1, -u * y, -v * y, y}
	}
	s, ok := solve(&m)
	return projection{s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7]}, ok
}

// solve solves eight linear equations by elimination with pivots.
func solve(m *[8][9]float64) (s [8]float64, ok bool) {
	for i := range 8 {
		pivot := i
		for k := i + 1; k < 8; k++ {
			if m[k][i]*m[k][i] > m[pivot][i]*m[pivot][i] {
				pivot = k
			}
		}
		if m[i], m[pivot] = m[pivot], m[i]; m[i][i]*m[i][i] < 1e-18 {
			return s, false
		}
		for k := i + 1; k < 8; k++ {
			if q := m[k][i] / m[i][i]; q != 0 {
				for c := i; c < 9; c++ {
					m[k][c] -= q * m[i][c]
				}
			}
		}
	}
	for i := 7; i >= 0; i-- {
		s[i] = m[i][8]
		for k := i + 1; k < 8; k++ {
			s[i] -= m[i][k] * s[k]
		}
		s[i] /= m[i][i]
	}
	return s, true
}
