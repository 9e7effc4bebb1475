package watermark

import (
	"fmt"
	"unicode"

	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"

	"github.com/steward-pm/steward/internal/typeface"
)

// em is the size that letters are measured in.
const em = 1000

// letters draws Latin letters and digits as Go's font has them, and Chinese ones as typeface has them.
type letters struct {
	fonts  []*sfnt.Font
	buffer sfnt.Buffer
}

func newLetters() (*letters, error) {
	han, err := typeface.Han()
	if err != nil {
		return nil, err
	}
	l := &letters{}
	for _, data := range [][]byte{typeface.Latin(), han} {
		f, err := sfnt.Parse(data)
		if err != nil {
			return nil, err
		}
		l.fonts = append(l.fonts, f)
	}
	return l, nil
}

// line is a line of text as outlines: in units of em, from its left end on its base line, y down.
type line struct {
	segments []sfnt.Segment
	width    float64
}

// line sets a text. A letter that no font has is set as its number, so that no two names look alike.
func (l *letters) line(text string) (*line, error) {
	out, at := &line{}, fixed.Int26_6(0)
	for _, r := range text {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			continue
		}
		known, err := l.add(out, &at, r)
		if err != nil {
			return nil, err
		}
		if known {
			continue
		}
		for _, r := range fmt.Sprintf("[U+%04X]", r) {
			if _, err := l.add(out, &at, r); err != nil {
				return nil, err
			}
		}
	}
	out.width = float64(at) / 64
	return out, nil
}

func (l *letters) add(to *line, at *fixed.Int26_6, r rune) (known bool, err error) {
	for _, f := range l.fonts {
		i, err := f.GlyphIndex(&l.buffer, r)
		if err != nil {
			return false, err
		}
		if i == 0 {
			continue
		}
		list, err := f.LoadGlyph(&l.buffer, i, fixed.I(em), nil)
		if err != nil {
			return false, err
		}
		for _, s := range list {
			for j := range s.Args {
				s.Args[j].X += *at
			}
			to.segments = append(to.segments, s)
		}
		advance, err := f.GlyphAdvance(&l.buffer, i, fixed.I(em), font.HintingNone)
		*at += advance
		return true, err
	}
	return false, nil
}
