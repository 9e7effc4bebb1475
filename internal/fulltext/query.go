package fulltext

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/steward-pm/steward/internal/fault"
)

// What is searched for, at most.
const (
	MaxQuery      = 100 // characters
	MaxQueryTerms = 16
)

// Query are the terms that must all stand in a document for it to be found by the text. Spaces part what is searched for; between them everything
// belongs together.
//
// Errors: INVALID_INPUT at text if it is too long, or a part of it has less than two characters.
func Query(text string) ([]string, error) {
	if utf8.RuneCountInString(text) > MaxQuery {
		return nil, fault.Invalid("text", "最多 %[1]d 个字,请缩短。", "At most %[1]d characters; shorten it.", MaxQuery)
	}
	var terms []string
	parts := 0
	for part := range strings.FieldsSeq(Normal(text)) {
		n := 0
		for _, r := range part {
			if unicode.IsLetter(r) || unicode.IsNumber(r) {
				n++
			}
		}
		switch {
		case n == 0: // a dash between words
			continue
		case n == 1:
			return nil, fault.Invalid("text", "每个词至少两个字:单个字请与前后的字连写。", "Each word needs two characters at least; write a single one together with what stands beside it.")
		}
		parts++
		var c cutter
		put := func(term string) {
			if !slices.Contains(terms, term) {
				terms = append(terms, term)
			}
		}
		for _, r := range part {
			c.next(r, put)
		}
		c.end(put)
	}
	if parts == 0 {
		return nil, fault.Invalid("text", "请输入要查找的内容,至少两个字。", "Say what to search for: two characters at least.")
	}
	if len(terms) > MaxQueryTerms {
		return nil, fault.Invalid("text", "查找的内容太长,请只写关键的词。", "That is too much to search for; keep the words that matter.")
	}
	return terms, nil
}
