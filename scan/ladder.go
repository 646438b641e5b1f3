package scan

const (
	// quickSize is the size, in points, at which pictures are looked at first.
	quickSize = 500
)

// A rung is one attempt to find codes in a picture.
type rung struct {
	fx, fy float64                // the size, as a multiple of the quick one
	prep   func(g *gray) *gray    // what is done to the picture first, or nil
	fields []func(g *gray) *field // the thresholds
}

func byOtsu(g *gray) *field { return g.global(otsu(g.histogram())) }

func byLow(g *gray) *field {
	low, _ := otsu3(g.histogram())
	return g.global(low)
}

func byHigh(g *gray) *field {
	_, high := otsu3(g.histogram())
	return g.global(high)
}

// byWindow compares with windows of a given part of the picture's size.
func byWindow(part int) func(g *gray) *field {
	return func(g *gray) *field { return g.local(max(g.w, g.h) / part) }
}

// open finds codes that the page around them runs into.
func open(by func(g *gray) *field) func(g *gray) *field {
	return func(g *gray) *field {
		f := by(g)
		f.open = true
		return f
	}
}

// unstriped takes the stripes between a terminal's lines out.
func unstriped(g *gray) *gray {
	if n := g.pitch(); n > 0 {
		return g.smear(n)
	}
	return nil
}

// ladder lists the attempts, cheapest and likeliest first. The order was found by
// measuring which rung reads what over sets of some hundred pictures; any order finds
// the same codes. Flat sizes are for lines far apart.
func ladder() []rung {
	type fields = []func(g *gray) *field
	all := fields{byOtsu, byWindow(10), byLow, byHigh}
	return []rung{
		{1, 1, nil, fields{byOtsu}},
		{1, 1, nil, fields{byWindow(10)}},
		{1, 1, nil, fields{byLow, byHigh}},
		{1, 1, unstriped, all},
		{0.5, 0.5, nil, all},
		{2, 2, nil, fields{byOtsu, byWindow(20)}},
		{2, 2, unstriped, all},
		{1, 0.5, nil, all},
		{0.5, 0.25, nil, all},
		{2, 2, nil, fields{byWindow(40), byLow, byHigh}},
		{1, 1, nil, fields{open(byOtsu), open(byLow), open(byHigh)}},
		{2, 2, nil, fields{open(byOtsu), open(byLow), open(byHigh)}},
		{4, 4, nil, fields{byWindow(40), byOtsu}},
		{4, 4, nil, fields{open(byOtsu), open(byLow), open(byHigh)}},
		{8, 8, nil, fields{byWindow(80), byOtsu}},
	}
}
