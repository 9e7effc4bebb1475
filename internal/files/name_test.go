package files

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestNamesAreMadeSafe(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"业户资料.csv":                             "业户资料.csv",
		"../../etc/passwd":                     "passwd",
		`C:\Users\x\清单.xlsx`:                   "清单.xlsx",
		"invoice\u202efdp.exe":                 "invoicefdp.exe",
		"a\u200bb\x00c\r\n.csv":                "abc.csv",
		"CON:stream?.csv":                      "CON_stream_.csv",
		" .hidden. ":                           "hidden",
		"..":                                   "file",
		"\u202e":                               "file",
		"e\u0301.csv":                          "é.csv",
		"e\x00\u0301.csv":                      "é.csv",
		strings.Repeat("长", 100) + ".xlsx":     strings.Repeat("长", 65) + ".xlsx",
		"a." + strings.Repeat("x", 300):        "a." + strings.Repeat("x", 198),
		string([]byte{0xff, 'a', 0xfe}) + ".c": "a.c",
	} {
		if got := safeName(given); got != want {
			t.Errorf("%q became %q, want %q", given, got, want)
		}
	}
}

func TestSafeNamesStaySafe(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name := safeName(rapid.String().Draw(t, "name"))
		if name == "" || len(name) > maxName || !utf8.ValidString(name) || strings.ContainsAny(name, "/\\\x00\n\u202e") || safeName(name) != name {
			t.Fatalf("%q", name)
		}
	})
}
