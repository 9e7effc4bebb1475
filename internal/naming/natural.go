// Package naming makes sort keys: text whose plain byte order is the order that people expect.
// The keys are stored beside what they sort, so that the database orders by an ordinary index
// (C collation), also below row-level security.
//
// The natural-order key is our own: the libraries at hand (facette/natsort, maruel/natural,
// fvbommel/sortorder) compare two strings in memory, none makes a key that a database can index,
// and ICU's numeric collation is not to be had under C.UTF-8. Pinyin comes from mozillazg/go-pinyin.
package naming

import (
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// tieBreak stands before what distinguishes texts that are equal in natural order (A-1, a-1, A-01).
// It sorts before everything that Normal leaves in a text.
const tieBreak = "\x01"

// Natural is the key of a code in natural order: 1栋 < 2栋 < 10栋, A-2 < A-10, for numbers of any
// length. Leading zeros, and then capitals, decide only between codes that are otherwise equal. Two codes
// have one key exactly if Normal makes them the same text. A key is valid UTF-8 without NUL.
func Natural(code string) string {
	text := Normal(code)
	folded := strings.ToLower(text)
	var key, zeros strings.Builder
	padded := false
	for rest := folded; rest != ""; {
		word := strings.IndexAny(rest, digits)
		if word < 0 {
			word = len(rest)
		}
		key.WriteString(rest[:word])
		rest = rest[word:]
		number := rest[:len(rest)-len(strings.TrimLeft(rest, digits))]
		rest = rest[len(number):]
		if number == "" {
			continue
		}
		value := strings.TrimLeft(number[:len(number)-1], "0") + number[len(number)-1:]
		padded = padded || value != number
		writeNumber(&key, value)
		writeNumber(&zeros, strconv.Itoa(len(number)-len(value)))
	}
	switch {
	case padded:
		key.WriteString(tieBreak + zeros.String() + tieBreak + text)
	case folded != text:
		key.WriteString(tieBreak + tieBreak + text)
	}
	return key.String()
}

const digits = "0123456789"

// writeNumber writes a number so that byte order is numeric order: the length of its length, its
// length, itself. 7 is 117, 10 is 1210, and a number of 100 digits starts with 3100.
func writeNumber(key *strings.Builder, value string) {
	length := strconv.Itoa(len(value))
	key.WriteString(strconv.Itoa(len(length)))
	key.WriteString(length)
	key.WriteString(value)
}

// Normal is the text in which two writings of one code are the same: full-width forms made
// ordinary (NFKC), runs of space made one, no space around it, nothing invisible.
func Normal(code string) string {
	text := norm.NFKC.String(strings.ToValidUTF8(code, "\uFFFD"))
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, text)
	return norm.NFC.String(strings.Join(strings.Fields(text), " "))
}
