// Package typeface holds the letters of what the program draws itself: Go's font for Latin, and Chinese ones as font/README.md says. A server
// has no other, so that papers look alike wherever they are made.
package typeface

import (
	"bytes"
	"compress/gzip"
	_ "embed" // the letters
	"fmt"
	"io"
	"sync"
	"unicode"

	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
)

//go:embed font/han.ttf.gz
var packed []byte

// Latin is the font of Latin letters, digits and signs.
func Latin() []byte { return goregular.TTF }

// Han is the font of Chinese characters and their punctuation.
var Han = sync.OnceValues(func() ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
})

// Run is a stretch of a text that one font has.
type Run struct {
	Han  bool
	Text string
}

// Setter cuts texts into runs. It is for one goroutine.
type Setter struct {
	latin, han *sfnt.Font
	buffer     sfnt.Buffer
	known      map[rune]int
}

// NewSetter reads the fonts.
func NewSetter() (*Setter, error) {
	data, err := Han()
	if err != nil {
		return nil, err
	}
	s := &Setter{known: map[rune]int{}}
	if s.latin, err = sfnt.Parse(Latin()); err != nil {
		return nil, err
	}
	s.han, err = sfnt.Parse(data)
	return s, err
}

const (
	unseen = iota // control and format characters
	inLatin
	inHan
	missing
)

// Runs cuts a text. A letter that no font has is set as its number, so that no two names look alike.
func (s *Setter) Runs(text string) (list []Run) {
	add := func(han bool, text string) {
		if n := len(list); n > 0 && list[n-1].Han == han {
			list[n-1].Text += text
			return
		}
		list = append(list, Run{han, text})
	}
	for _, r := range text {
		switch s.of(r) {
		case inLatin:
			add(false, string(r))
		case inHan:
			add(true, string(r))
		case missing:
			add(false, fmt.Sprintf("[U+%04X]", r))
		}
	}
	return list
}

// of tells which font has a letter. Beyond the first plane there is none that a document could name.
func (s *Setter) of(r rune) int {
	if where, ok := s.known[r]; ok {
		return where
	}
	where := missing
	switch {
	case unicode.IsControl(r) || unicode.Is(unicode.Cf, r):
		where = unseen
	case r > 0xFFFF:
	case s.has(s.latin, r):
		where = inLatin
	case s.has(s.han, r):
		where = inHan
	}
	s.known[r] = where
	return where
}

func (s *Setter) has(f *sfnt.Font, r rune) bool {
	i, err := f.GlyphIndex(&s.buffer, r)
	return err == nil && i != 0
}
