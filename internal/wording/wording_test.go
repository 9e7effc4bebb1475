package wording_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/wording"
)

func TestWhatIsStored(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"": "", "张三": "张三", " 张\t三\n": "张 三", "a\u3000 b": "a b", " \u00a0 ": ""} {
		if got := wording.Tidy(text); got != want {
			t.Errorf("Tidy(%q) is %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]string{"Ａ－１": "A-1", " 1 栋 ": "1栋", "１０１\u200b": "101", "": ""} {
		if got := wording.Code(text); got != want {
			t.Errorf("Code(%q) is %q, want %q", text, got, want)
		}
	}
}

func TestWhatIsRefused(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("字", 100)
	for name, c := range map[string]struct {
		check func(field, text string) error
		text  string
		says  string // part of the refusal; empty: none
	}{
		"a name":                         {wording.CheckName, "张三", ""},
		"100 characters, 300 bytes":      {wording.CheckName, " " + long + " ", ""},
		"101 characters":                 {wording.CheckName, long + "字", "1 到 100"},
		"no name":                        {wording.CheckName, " \u3000\n", "请填写"},
		"a name with a NUL":              {wording.CheckName, "张\x00三", "不可见"},
		"a name with an override":        {wording.CheckName, "张\u202e三", "不可见"},
		"a name with a zero-width space": {wording.CheckName, "张\u200b三", "不可见"},
		"a name of a shapeless letter":   {wording.CheckName, "张\u3164", "不可见"},
		"a character that was lost":      {wording.CheckName, "张\ufffd", "无法识别"},
		"a remark with a lost character": {wording.CheckRemark, "一\ufffd", "无法识别"},
		"a rare ideograph's variant":     {wording.CheckName, "葛\U000e0100", ""},
		"a variant of a variant":         {wording.CheckName, "葛\U000e0100\ufe00", "不可见"},
		"a letter's variant":             {wording.CheckName, "zhang\ufe00", "不可见"},
		"a name of braille without dots": {wording.CheckName, "张\u2800", "不可见"},
		"a heart":                        {wording.CheckRemark, "❤\ufe0f", ""},
		"broken UTF-8":                   {wording.CheckName, "张\xff", "不可见"},
		"an empty line":                  {wording.CheckLine, "", ""},
		"a long line":                    {wording.CheckLine, long + "字", "0 到 100"},
		"a code":                         {wording.CheckCode, "Ａ－１", ""},
		"a code of space":                {wording.CheckCode, " ", "请填写"},
		"a long code":                    {wording.CheckCode, strings.Repeat("1", 41), "1 到 40"},
		"a remark of lines":              {wording.CheckRemark, "一\r\n二\t三\n", ""},
		"a remark with a NUL":            {wording.CheckRemark, "一\x00", "不可见"},
		"a long remark":                  {wording.CheckRemark, strings.Repeat("字", 2001), "0 到 2000"},
	} {
		f := fault.From(c.check("name", c.text))
		switch {
		case c.says == "" && f != nil:
			t.Errorf("%s is refused: %v", name, f)
		case c.says != "" && (f == nil || f.Code != fault.InvalidInput || f.Field != "name" || !strings.Contains(f.ZH, c.says) || f.EN == ""):
			t.Errorf("%s: %+v, want a refusal of %q", name, f, c.says)
		}
	}
	if err := wording.Optional(wording.CheckName, "name", nil); err != nil {
		t.Errorf("what is not given is refused: %v", err)
	}
	if empty := ""; wording.Optional(wording.CheckName, "name", &empty) == nil {
		t.Error("an empty name that is given passes")
	}
}

// What passes can be stored and shown: tidied it stays as it is, within the length, with nothing in it that
// nobody sees.
func TestWhatPassesIsFitToStore(t *testing.T) {
	t.Parallel()
	texts := rapid.OneOf(rapid.String(), rapid.StringOf(rapid.RuneFrom([]rune("ab张Ａ １\u3000\t\n\x00\x1b\u202e\u200b\u2066\ufeff\u0085"))))
	rapid.Check(t, func(t *rapid.T) {
		least := rapid.IntRange(0, 3).Draw(t, "least")
		most := rapid.IntRange(least, 12).Draw(t, "most")
		text := texts.Draw(t, "text")
		stored := wording.Tidy(text)
		if again := wording.Tidy(stored); again != stored {
			t.Fatalf("tidied twice %q is %q", stored, again)
		}
		first, second := wording.CheckText("x", text, least, most), wording.CheckText("x", stored, least, most)
		if (first == nil) != (second == nil) {
			t.Fatalf("%q: %v, but as stored %v", text, first, second)
		}
		if n := utf8.RuneCountInString(stored); first == nil && (n < least || n > most || strings.ContainsAny(stored, "\x00\x1b\u202e\u200b\u2066\ufeff\t\n")) {
			t.Fatalf("%q passes", stored)
		}
		if code := wording.Code(text); wording.CheckCode("x", text) == nil && (wording.Code(code) != code || strings.ContainsAny(code, " \t\n")) {
			t.Fatalf("code %q of %q is none", code, text)
		}
	})
}
