// Package wording is what people type into a form, names, codes and remarks: how each is stored, and what is
// refused of it. Lengths are in characters, never in bytes, and nothing is taken that nobody sees.
package wording

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/naming"
)

// Tidy is a line as it is stored: without space around it, runs of space made one.
func Tidy(text string) string { return strings.Join(strings.Fields(text), " ") }

// Code is a code as it is stored and compared: full-width forms made ordinary, no space in it. It is made ordinary once more without
// the spaces, since what stood on both sides of one may be one character now.
func Code(text string) string {
	for {
		code := strings.ReplaceAll(naming.Normal(text), " ", "")
		if code == text {
			return code
		}
		text = code
	}
}

// CheckText refuses a line that, tidied, has fewer or more characters, or holds what nobody sees.
func CheckText(field, text string, least, most int) error {
	return check(field, Tidy(text), least, most, invisible)
}

// CheckName refuses what is no name: 1 to 100 characters.
func CheckName(field, name string) error { return CheckText(field, name, 1, 100) }

// CheckLine refuses what is neither empty nor fit for a name.
func CheckLine(field, text string) error { return CheckText(field, text, 0, 100) }

// CheckCode refuses what is no code: 1 to 40 characters.
func CheckCode(field, code string) error { return CheckText(field, Code(code), 1, 40) }

// CheckRemark refuses a remark of more than 2000 characters; it may have several lines.
func CheckRemark(field, text string) error {
	return check(field, strings.TrimSpace(text), 0, 2000, func(r rune) bool {
		return invisible(r) && r != '\n' && r != '\r' && r != '\t'
	})
}

// Optional applies a check to what is given.
func Optional(check func(field, text string) error, field string, text *string) error {
	if text == nil {
		return nil
	}
	return check(field, *text)
}

func check(field, text string, least, most int, unseen func(rune) bool) error {
	n := utf8.RuneCountInString(text)
	switch {
	case n == 0 && least > 0:
		return fault.Invalid(field, "请填写。", "Fill it in.")
	case n < least, n > most:
		return fault.Invalid(field, "长度应在 %[1]d 到 %[2]d 个字之间。", "It must have between %[1]d and %[2]d characters.", least, most)
	case !utf8.ValidString(text) || strings.ContainsFunc(text, unseen) || strayVariant(text):
		return fault.Invalid(field, "含有不可见或无法识别的字符,请重新输入。", "It holds characters that nobody sees or can read; type it again.")
	}
	return nil
}

// invisible tells of control characters, of marks such as a right-to-left override, of letters without a shape
// (U+3164, and U+2800, braille without a dot), and of what stands for a character that was lost on the way (U+FFFD).
func invisible(r rune) bool {
	return r == utf8.RuneError || r == '\u2800' || unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point)
}

// strayVariant tells of a variation selector that selects nothing that anybody sees: one that is not by itself behind an ideograph, a symbol
// or a Mongolian letter, whose variant it chooses.
func strayVariant(text string) bool {
	var before rune
	for _, r := range text {
		if unicode.Is(unicode.Variation_Selector, r) && !unicode.In(before, unicode.Han, unicode.S, unicode.Po, unicode.Mongolian) && (before < '0' || before > '9') ||
			unicode.Is(unicode.Variation_Selector, r) && unicode.Is(unicode.Variation_Selector, before) {
			return true
		}
		before = r
	}
	return false
}
