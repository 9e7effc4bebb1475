package registry

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/steward-pm/steward/internal/contact"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/naming"
)

var phoneForm = regexp.MustCompile(`^[0-9+()转、,;/ extEXT.#*-]*$`)

// checkPhone refuses what cannot be dialled; it is no judge of numbering plans. Empty is no number.
func checkPhone(field, number string) error {
	number = naming.Normal(number)
	if utf8.RuneCountInString(number) > 100 || !phoneForm.MatchString(number) || number != "" && strings.Count(strings.Map(onlyDigits, number), "") < 4 {
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
