package watermark

import "math"

// slant is the angle of the marks, in radians: they cross lines of writing, and no straight cut is without one.
const slant = math.Pi / 6

// layout says how marks are spread over a page of a width and a height: in rows along the slant, each second row moved by half.
type layout struct {
	size          float64 // of the letters
	stepX, stepY  float64 // from mark to mark in a row, from row to row
	sin, cos      float64
	width, height float64
}

// spread makes the letters as large as lets a mark and more fit on the page, and not smaller than can be read.
func spread(l *line, width, height, least float64) layout {
	short := math.Min(width, height)
	ems := l.width / em
	size := math.Max(least, math.Min(short/38, 0.85*math.Hypot(width, height)/math.Max(ems, 1)))
	sin, cos := math.Sincos(slant)
	return layout{size: size, stepX: (ems + 3) * size, stepY: 6 * size, sin: sin, cos: cos, width: width, height: height}
}

// places are where marks begin that touch the page, in its coordinates with y up.
func (y layout) places() (list [][2]float64) {
	reach := math.Hypot(y.width, y.height)/2 + y.stepX
	rows, columns := int(reach/y.stepY)+1, int(reach/y.stepX)+1
	for row := -rows; row <= rows; row++ {
		for column := -columns; column <= columns; column++ {
			u, v := (float64(column)-0.5)*y.stepX, float64(row)*y.stepY
			if row%2 != 0 {
				u += y.stepX / 2
			}
			x0, y0 := y.width/2+u*y.cos-v*y.sin, y.height/2+u*y.sin+v*y.cos
			x1, y1 := x0+y.stepX*y.cos, y0+y.stepX*y.sin
			if math.Max(x0, x1) > 0 && math.Min(x0, x1) < y.width && math.Max(y0, y1) > 0 && math.Min(y0, y1)-y.size < y.height {
				list = append(list, [2]float64{x0, y0})
			}
		}
	}
	return list
}
