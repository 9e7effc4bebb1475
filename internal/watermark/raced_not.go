//go:build !race

package watermark

// raced: the program was built with the race detector.
const raced = false
