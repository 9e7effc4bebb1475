package intake

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/registers"
)

func TestNumbers(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{
		"89": 8900, " 113.27 ㎡": 11327, "１１３．２７": 11327, "1,234.5": 123450, "-62.5": -6250, "+1": 100, "96.40平方米": 9640, "¥12": 1200, "￥ 1,000.00元": 100000,
		"62.500": 6250, "128m²": 12800, "5把": 500, "0": 0, "007": 700,
	} {
		if got, wrong := parseHundredths(clean(text)); wrong != nil || got != want {
			t.Errorf("%q: %d, %v; want %d", text, got, wrong, want)
		}
	}
	for _, text := range []string{"约九十", "1.234", "1,23", "12,34.5", "1 或 2", "1e5", "0x10", ".5", "1.", "--1", "99999999999999999999", "NaN", "m2", "1.2.3"} {
		if got, wrong := parseHundredths(clean(text)); wrong == nil {
			t.Errorf("%q was read as %d", text, got)
		}
	}
	if _, wrong := parseInt("1.5"); wrong == nil {
		t.Error("1.5 was read as a whole number")
	}
}

func TestNumberProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64().Draw(t, "hundredths")
		text := registers.Decimal(n)
		if rapid.Bool().Draw(t, "full width") {
			text = fullWidth(text)
		}
		text = rapid.SampledFrom([]string{"", " ", "　"}).Draw(t, "before") + text + rapid.SampledFrom([]string{"", "㎡", " m²", "元"}).Draw(t, "after")
		if got, wrong := parseHundredths(clean(text)); wrong != nil || got != n {
			t.Fatalf("%q: %d, %v; want %d", text, got, wrong, n)
		}
	})
}

func fullWidth(text string) string {
	return strings.Map(func(r rune) rune { return r - '!' + '！' }, text)
}

func TestDates(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]calendar.Day{
		"2022-11-02": calendar.Date(2022, 11, 2), "2022/7/3": calendar.Date(2022, 7, 3), "2018.07.28": calendar.Date(2018, 7, 28), "2025年10月13日": calendar.Date(2025, 10, 13),
		"２０２４年２月２９日": calendar.Date(2024, 2, 29), "2022/7/3 0:00": calendar.Date(2022, 7, 3), "2022-11-02 08:30:00": calendar.Date(2022, 11, 2), "2025 年 3 月 9 号": calendar.Date(2025, 3, 9),
	} {
		if got, wrong := parseDate(clean(text)); wrong != nil || got != want {
			t.Errorf("%q: %v, %v; want %v", text, got, wrong, want)
		}
	}
	for _, text := range []string{"2021-02-30", "2023年2月29日", "2022-13-01", "2022-00-10", "22-1-1", "2022/7-3", "44867", "1822-01-01", "去年", "2022-11-021", "2022年11月"} {
		if got, wrong := parseDate(clean(text)); wrong == nil {
			t.Errorf("%q was read as %v", text, got)
		}
	}
}

func TestDateProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		year, month, day := rapid.IntRange(1900, 2100).Draw(t, "year"), rapid.IntRange(0, 13).Draw(t, "month"), rapid.IntRange(0, 32).Draw(t, "day")
		style := rapid.SampledFrom([]string{"%04d-%02d-%02d", "%d/%d/%d", "%d.%02d.%02d", "%d年%d月%d日", "%d-%d-%d"}).Draw(t, "style")
		got, wrong := parseDate(fmt.Sprintf(style, year, month, day))
		there := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
		exists := there.Year() == year && there.Month() == time.Month(month) && there.Day() == day
		if exists != (wrong == nil) || exists && got != calendar.DayOf(there) {
			t.Fatalf("%d-%d-%d: %v, %v", year, month, day, got, wrong)
		}
	})
}

func TestSerialDates(t *testing.T) {
	t.Parallel()
	for serial, want := range map[float64]string{1: "1900-01-01", 59: "1900-02-28", 61: "1900-03-01", 44867: "2022-11-02", 44867.75: "2022-11-02"} {
		if got, wrong := fromSerial(serial, false); wrong != nil || got.String() != want {
			t.Errorf("%v: %v, %v; want %s", serial, got, wrong, want)
		}
	}
	if got, wrong := fromSerial(43405, true); wrong != nil || got.String() != "2022-11-02" {
		t.Errorf("since 1904: %v, %v", got, wrong)
	}
	for _, serial := range []float64{20221102, 1e18, 500000} {
		if got, wrong := fromSerial(serial, false); wrong == nil {
			t.Errorf("%v was read as %v", serial, got)
		}
	}
}

func TestPhones(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", "13809722233": "13809722233", "138 0972 2233": "13809722233", "+86 138-0972-2233": "13809722233", "１３８０９７２２２３３": "13809722233",
		"0755-26001234": "0755-26001234", "(0755)26001234": "(0755)26001234", "010-62345678-802": "010-62345678-802", "26001234": "26001234", "400-800-1234": "400-800-1234",
		"13809722233/0755-26001234": "13809722233、0755-26001234", "13809722233，13809722234": "13809722233、13809722234",
	} {
		if got, plausible := parsePhones(clean(text)); !plausible || got != want {
			t.Errorf("%q: %q, %t; want %q", text, got, plausible, want)
		}
	}
	for _, text := range []string{"1380000", "1380972223", "138097222333", "12809722233", "无", "13809722233 张三", "0755"} {
		if got, plausible := parsePhones(clean(text)); plausible {
			t.Errorf("%q passed as %q", text, got)
		}
	}
}

// TestNothingPanics feeds the readers what people type by mistake.
func TestNothingPanics(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := clean(rapid.StringOf(rapid.RuneFrom([]rune("0123456789.,-/年月日 ㎡+￥号转()'=\t\n０Ａ\u200b"))).Draw(t, "text"))
		if again := clean(text); !strings.HasPrefix(text, "'") && again != text {
			t.Fatalf("cleaning %q twice gives %q", text, again)
		}
		parseHundredths(text)
		parsePhones(text)
		if day, wrong := parseDate(text); wrong != nil && !day.IsZero() {
			t.Fatalf("%q is both %v and wrong", text, day)
		}
	})
}
