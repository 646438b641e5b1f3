//go:build race

package scan

// slowness is what the race detector costs here: it watches every pixel.
const slowness = 10
