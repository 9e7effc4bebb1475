package fulltext

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// maxWord is how many characters of a word count; what is longer is found by its beginning.
const maxWord = 40

// Terms are the terms of one document, each with the page where it first stands.
type Terms struct {
	at    map[string]int16
	cut   cutter
	page  int16
	runes int
}

// NewTerms begins with no text.
func NewTerms() *Terms { return &Terms{at: map[string]int16{}, cut: cutter{text: true}} }

// Len is how many terms there are.
func (t *Terms) Len() int { return len(t.at) }

// Add reads a text on the page; a word does not go on in the next text, a run of Chinese does. It fails when it is enough.
func (t *Terms) Add(page int, text string) error {
	err := t.more(page, text)
	t.cut.next(' ', t.put)
	return err
}

// more is Add of a text that goes on in the next.
func (t *Terms) more(page int, text string) error {
	if t.runes += utf8.RuneCountInString(text); t.runes > maxRunes || page > maxPages {
		return errEnough
	}
	t.page = int16(page) //nolint:gosec // it is no more than maxPages
	for _, r := range Normal(text) {
		t.cut.next(r, t.put)
	}
	if len(t.at) >= maxTerms {
		return errEnough
	}
	return nil
}

func (t *Terms) put(term string) {
	if _, there := t.at[term]; !there && len(t.at) < maxTerms {
		t.at[term] = t.page
	}
}

// Each visits every term, and where it first stands.
func (t *Terms) Each(visit func(term string, page int16)) {
	t.cut.end(t.put)
	for term, page := range t.at {
		visit(term, page)
	}
}

// Normal is a text in the one form in which texts are compared.
func Normal(text string) string { return cases.Fold().String(norm.NFKC.String(text)) }

// pairs tells whether a character is of a script in which two beside each other are a term.
func pairs(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul)
}

// cutter cuts what is written in one form into terms, character by character. In a text, a run of Chinese goes on behind spaces and the
// ends of lines, and the character beside a word is a term, too: 3号楼 is found by 3号. In what is searched for, spaces part.
type cutter struct {
	text   bool
	word   []rune
	behind bool // a word, and nothing but spaces since
	last   rune // of the run of Chinese that is open; 0: none
	single bool // it is the only one yet
}

func (c *cutter) next(r rune, put func(string)) {
	switch {
	case pairs(r):
		c.endWord(put)
		if c.last != 0 {
			put(string([]rune{c.last, r}))
		} else if c.text && c.behind {
			put(string(r))
		}
		c.single, c.last, c.behind = c.last == 0, r, false
	case unicode.IsLetter(r), unicode.IsNumber(r), unicode.IsMark(r):
		if c.text && c.last != 0 {
			put(string(c.last))
		}
		c.endRun(put)
		if len(c.word) < maxWord {
			c.word = append(c.word, r)
		}
	case unicode.Is(unicode.Cf, r): // soft hyphens and the like are not seen
	case c.text && unicode.IsSpace(r):
		c.endWord(put)
	default:
		c.end(put)
	}
}

// end is the end of whatever is open.
func (c *cutter) end(put func(string)) {
	c.endWord(put)
	c.endRun(put)
	c.behind = false
}

func (c *cutter) endWord(put func(string)) {
	if len(c.word) > 0 {
		put(string(c.word))
		c.word, c.behind = c.word[:0], true
	}
}

// endRun ends a run of Chinese: one character by itself is a term of its own.
func (c *cutter) endRun(put func(string)) {
	if c.last != 0 && c.single {
		put(string(c.last))
	}
	c.last, c.single = 0, false
}

// Break parts what comes from what was: no term spans both.
func (t *Terms) Break() { t.cut.end(t.put) }
