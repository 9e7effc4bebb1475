package intake

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/unicode/norm"

	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/registers"
)

// clean makes full-width letters, digits and spaces ordinary and drops what nobody sees. It is not
// NFKC: the text stays Chinese, with its brackets and commas as written.
func clean(text string) string {
	return strings.TrimSpace(registers.Original(strings.Map(visible, text)))
}

func visible(r rune) rune {
	switch {
	case r >= '０' && r <= '９', r >= 'Ａ' && r <= 'Ｚ', r >= 'ａ' && r <= 'ｚ':
		return r - '０' + '0'
	case r == '\n' || r == '\t':
		return r
	case unicode.IsSpace(r) && r != '\r':
		return ' '
	}
	return seen(r)
}

// seen drops what nobody sees: control characters and NUL, marks such as a right-to-left override, and what is
// no character at all. Line breaks and tabs stay. So do private ones, in which GB18030 writes rare names.
func seen(r rune) rune {
	if r != '\n' && r != '\t' && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Noncharacter_Code_Point) {
		return -1
	}
	return r
}

// shown is text of the file as reports show it: on one line, without what nobody sees.
func shown(text string) string { return strings.Join(strings.Fields(strings.Map(seen, text)), " ") }

func code(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, norm.NFKC.String(text))
}

// numeral is a decimal number, its thousands perhaps parted by commas, with a currency sign before
// or a unit behind.
var numeral = regexp.MustCompile(`^[¥]?([+-]?)(\d+|\d{1,3}(?:,\d{3})+)(?:\.(\d+))?(?:m2|平方米|平米|平方|平|元|把|套|个|条|枚|户|份|本|张)?$`)

// parseHundredths reads an exact number of hundredths: no floating point, nothing rounded.
func parseHundredths(text string) (int64, *fault.Error) {
	m := numeral.FindStringSubmatch(code(text))
	if m == nil {
		return 0, fault.New(fault.InvalidInput, "“%[1]s”不是数字。", "%[1]q is not a number.", text)
	}
	fraction := strings.TrimRight(m[3], "0")
	if len(fraction) > 2 {
		return 0, fault.New(fault.InvalidInput, "“%[1]s”的小数多于两位。", "%[1]q has more than two decimals.", text)
	}
	fraction += "00"[len(fraction):]
	n, err := strconv.ParseInt(m[1]+strings.ReplaceAll(m[2], ",", "")+fraction, 10, 64)
	if err != nil {
		return 0, fault.New(fault.InvalidInput, "“%[1]s”太大。", "%[1]q is too large.", text)
	}
	return n, nil
}

func parseInt(text string) (int64, *fault.Error) {
	n, wrong := parseHundredths(text)
	if wrong == nil && n%100 != 0 {
		wrong = fault.New(fault.InvalidInput, "“%[1]s”应为整数。", "%[1]q must be a whole number.", text)
	}
	if wrong != nil {
		return 0, wrong
	}
	return n / 100, nil
}

// hundredthsText writes 11327 as 113.27 and 100 as 1.
func hundredthsText(n int64) string {
	return strings.TrimSuffix(registers.Decimal(n), ".00")
}

var dateForms = []*regexp.Regexp{
	regexp.MustCompile(`^(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T]+\d{1,2}:\d{2}(?::\d{2})?)?$`),
	regexp.MustCompile(`^(\d{4})/(\d{1,2})/(\d{1,2})(?: +\d{1,2}:\d{2}(?::\d{2})?)?$`),
	regexp.MustCompile(`^(\d{4})\.(\d{1,2})\.(\d{1,2})$`),
	regexp.MustCompile(`^(\d{4}) ?年 ?(\d{1,2}) ?月 ?(\d{1,2}) ?[日号]$`),
}

func parseDate(text string) (calendar.Day, *fault.Error) {
	plain := norm.NFKC.String(text)
	for _, form := range dateForms {
		m := form.FindStringSubmatch(plain)
		if m == nil {
			continue
		}
		year, _ := strconv.Atoi(m[1]) // the form allows digits only
		month, _ := strconv.Atoi(m[2])
		dayOfMonth, _ := strconv.Atoi(m[3])
		day, ok := calendar.Valid(year, month, dayOfMonth)
		if !ok {
			return day, fault.New(fault.InvalidInput, "没有“%[1]s”这一天。", "There is no such day as %[1]q.", text)
		}
		return sensible(day, text)
	}
	return calendar.Day{}, fault.New(fault.InvalidInput, "“%[1]s”不是日期,请写成 2022-11-02 或 2022年11月2日。",
		"%[1]q is not a date; write 2022-11-02.", text)
}

// fromSerial reads a workbook's date; the time of day behind the point is dropped.
func fromSerial(serial float64, date1904 bool) (calendar.Day, *fault.Error) {
	text := strconv.FormatFloat(serial, 'f', -1, 64)
	const lastDay = 2958465 // 9999-12-31
	if t, err := excelize.ExcelDateToTime(serial, date1904); err == nil && serial <= lastDay {
		return sensible(calendar.DayOf(t), text)
	}
	return sensible(calendar.Day{}, text)
}

func sensible(day calendar.Day, text string) (calendar.Day, *fault.Error) {
	if day.Year() < 1900 || day.Year() > 2100 {
		return calendar.Day{}, fault.New(fault.InvalidInput, "“%[1]s”的年份不对。", "The year of %[1]q is wrong.", text)
	}
	return day, nil
}

var (
	phoneSplit = regexp.MustCompile(`[、,;/\n]+`)
	phoneFill  = regexp.MustCompile(`[ -]`)
	mobile     = regexp.MustCompile(`^(?:\+?86|0086)?(1[3-9]\d{9})$`)
	landline   = regexp.MustCompile(`^(?:(?:(?:\+86|0086)0?|0)[1-9]\d{1,2}[2-9]\d{6,7}|[2-9]\d{6,7}|[48]00\d{7})(?:转\d{1,6})?$`)
	extension  = regexp.MustCompile(`^(.*\d{7,8})(?:-|转|ext\.?)(\d{1,6})$`)
)

// parsePhones reduces mobile numbers to their 11 digits and leaves all else as written.
func parsePhones(text string) (string, bool) {
	if text == "" {
		return "", true
	}
	plausible := true
	parts := phoneSplit.Split(norm.NFKC.String(text), -1)
	for i, part := range parts {
		part = strings.TrimSpace(part)
		digits := strings.NewReplacer("(", "", ")", "").Replace(part)
		if m := extension.FindStringSubmatch(digits); m != nil {
			digits = m[1] + "转" + m[2]
		}
		digits = phoneFill.ReplaceAllString(digits, "")
		if m := mobile.FindStringSubmatch(digits); m != nil {
			part = m[1]
		} else if !landline.MatchString(digits) {
			plausible = false
		}
		parts[i] = part
	}
	return strings.Join(parts, "、"), plausible
}
