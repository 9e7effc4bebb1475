package registry

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/steward-pm/steward/internal/contact"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/naming"
)

// tidy is a name as it is stored: without space around it, runs of space made one.
func tidy(text string) string { return strings.Join(strings.Fields(text), " ") }

// codeOf is a code as it is stored and compared: full-width forms made ordinary, no space in it.
func codeOf(text string) string { return strings.ReplaceAll(naming.Normal(text), " ", "") }

// checkText refuses a text that is too long or too short, in characters, or holds what nobody sees.
func checkText(field, text string, least, most int) error {
	text = tidy(text)
	switch n := utf8.RuneCountInString(text); {
	case n < least && least == 1:
		return fault.Invalid(field, "请填写。", "Fill it in.")
	case n < least || n > most:
		return fault.Invalid(field, "长度应在 %[1]d 到 %[2]d 个字之间。", "It must have between %[1]d and %[2]d characters.", least, most)
	case !utf8.ValidString(text) || strings.ContainsFunc(text, invisible):
		return fault.Invalid(field, "含有不可见的字符,请重新输入。", "It holds characters that nobody sees; type it again.")
	}
	return nil
}

func invisible(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }

func checkName(field, name string) error { return checkText(field, name, 1, 100) }

func checkCode(field, code string) error { return checkText(field, codeOf(code), 1, 40) }

// optional applies a check to what is given.
func optional(check func(field, text string) error, field string, text *string) error {
	if text == nil {
		return nil
	}
	return check(field, *text)
}

func checkRemark(field, text string) error {
	if utf8.RuneCountInString(text) > 2000 {
		return fault.Invalid(field, "最多 2000 字。", "It may have 2000 characters at most.")
	}
	return nil
}

func checkLine(field, text string) error { return checkText(field, text, 0, 100) }

var phoneForm = regexp.MustCompile(`^[0-9+()转、,;/ extEXT.#*-]*$`)

// checkPhone refuses what cannot be dialled; it is no judge of numbering plans. Empty is no number.
func checkPhone(field, number string) error {
	number = naming.Normal(number)
	if len(number) > 100 || !phoneForm.MatchString(number) || number != "" && strings.Count(strings.Map(onlyDigits, number), "") < 4 {
		return fault.Invalid(field, "电话号码只能由数字和 + - ( ) 转 、组成,至少 3 位。", "A telephone number has at least 3 digits, and + - ( ) besides.")
	}
	return nil
}

func onlyDigits(r rune) rune {
	if r < '0' || r > '9' {
		return -1
	}
	return r
}

var mobile = regexp.MustCompile(`^(?:\+?86|0086)?(1[3-9][0-9]{9})$`)

// phoneOf is a number as it is stored: a mobile number as its 11 digits, as imports store it, any other as written.
func phoneOf(number *string) contact.Phone {
	text := naming.Normal(given(number))
	if m := mobile.FindStringSubmatch(strings.NewReplacer(" ", "", "-", "").Replace(text)); m != nil {
		text = m[1]
	}
	return contact.New(text)
}

// given is the text of an optional field.
func given(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
