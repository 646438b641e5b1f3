//go:build !race

package scan

// slowness is 1 but for the race detector.
const slowness = 1
