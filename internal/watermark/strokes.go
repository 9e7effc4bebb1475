package watermark

import (
	"fmt"
	"strings"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// strokes draws the marks over a page, upright as the page is seen: ink with a bright edge, so that they show on dark and on bright.
func strokes(b *strings.Builder, l *line, k pageKind) {
	width, height := k.x1-k.x0, k.y1-k.y0
	turn := [4]string{"1 0 0 1 %[1]f %[2]f", "0 1 -1 0 %[3]f %[2]f", "-1 0 0 -1 %[3]f %[4]f", "0 -1 1 0 %[1]f %[4]f"}[k.rotate%4]
	if k.rotate%2 == 1 {
		width, height = height, width
	}
	y := spread(l, width, height, min(6, min(width, height)/12))
	fmt.Fprintf(b, "q /Sw gs 0.7 0.05 0.1 rg 1 1 1 RG 90 w 1 j\n"+turn+" cm\n", k.x0, k.y0, k.x1, k.y1)
	outline := outline(l)
	scale := y.size / em
	for _, at := range y.places() {
		fmt.Fprintf(b, "q %.5f %.5f %.5f %.5f %.2f %.2f cm\n", y.cos*scale, y.sin*scale, -y.sin*scale, y.cos*scale, at[0], at[1])
		b.WriteString(outline)
		b.WriteString("S\n")
		b.WriteString(outline)
		b.WriteString("f\nQ\n")
	}
	b.WriteString("Q\n")
}

// outline is the line as operators that make a path.
func outline(l *line) string {
	var b strings.Builder
	var last fixed.Point26_6
	number := func(list ...fixed.Point26_6) {
		for _, p := range list {
			fmt.Fprintf(&b, "%d %d ", p.X.Round(), -p.Y.Round())
		}
	}
	toward := func(from, to fixed.Point26_6) fixed.Point26_6 { // of a curve with one point between to one with two
		return fixed.Point26_6{X: from.X + (to.X-from.X)*2/3, Y: from.Y + (to.Y-from.Y)*2/3}
	}
	for i, s := range l.segments {
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			if i > 0 {
				b.WriteString("h ")
			}
			number(s.Args[0])
			b.WriteString("m\n")
			last = s.Args[0]
		case sfnt.SegmentOpLineTo:
			number(s.Args[0])
			b.WriteString("l\n")
			last = s.Args[0]
		case sfnt.SegmentOpQuadTo:
			number(toward(last, s.Args[0]), toward(s.Args[1], s.Args[0]), s.Args[1])
			b.WriteString("c\n")
			last = s.Args[1]
		case sfnt.SegmentOpCubeTo:
			number(s.Args[0], s.Args[1], s.Args[2])
			b.WriteString("c\n")
			last = s.Args[2]
		}
	}
	b.WriteString("h\n")
	return b.String()
}
