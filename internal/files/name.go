package files

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const maxName = 200 // bytes

// safeName makes a file's name one that can be shown and saved anywhere: without folders, control
// characters and invisible marks (a right-to-left override makes "fdp.exe" read "exe.pdf"), and not endless.
func safeName(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	// Composed last: what is dropped may have stood between a letter and its accent.
	name = norm.NFC.String(strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Cf, r), unicode.IsControl(r), r == utf8.RuneError, r == '\u2028', r == '\u2029':
			return -1
		case strings.ContainsRune(`:*?"<>|`, r): // what a Windows client cannot save
			return '_'
		}
		return r
	}, strings.ToValidUTF8(name, "")))
	name = shorten(strings.Trim(name, " ."))
	if name == "" {
		return "file"
	}
	return name
}

// shorten cuts the middle of a name that is too long, and keeps its extension.
func shorten(name string) string {
	if len(name) <= maxName {
		return name
	}
	ext := ""
	if dot := strings.LastIndexByte(name, '.'); dot >= 0 && len(name)-dot <= 16 {
		ext = name[dot:]
	}
	cut := maxName - len(ext)
	for !utf8.RuneStart(name[cut]) {
		cut--
	}
	return strings.TrimRight(name[:cut], " .") + ext
}
