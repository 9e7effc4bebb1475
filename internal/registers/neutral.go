package registers

import (
	"strings"
	"unicode/utf8"
)

// formulaStarts begin a cell that spreadsheet programs may run as a formula; some take the
// full-width forms for the same.
const formulaStarts = "=+-@\t\r\n＝＋－＠"

// Neutral makes text safe for a CSV file: text that a spreadsheet program would take for a formula
// gets an apostrophe before it. Original undoes it.
func Neutral(text string) string {
	// An apostrophe in the text's own right is doubled, or Original would take it for ours.
	if startsFormula(strings.TrimLeft(text, "'")) {
		return "'" + text
	}
	return text
}

// Original is the text that Neutral was given.
func Original(text string) string {
	if rest, ok := strings.CutPrefix(text, "'"); ok && startsFormula(strings.TrimLeft(rest, "'")) {
		return rest
	}
	return text
}

func startsFormula(text string) bool {
	first, size := utf8.DecodeRuneInString(text)
	return size > 0 && strings.ContainsRune(formulaStarts, first)
}
