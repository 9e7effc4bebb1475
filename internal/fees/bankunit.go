package fees

import (
	"regexp"
	"strings"

	"github.com/google/uuid"
	"golang.org/x/text/unicode/norm"
)

var (
	// unitText is a unit as people write it: 1栋1单元101室, 1-1-101, A座 1203.
	unitText = regexp.MustCompile(`[A-Za-z]{0,2}\d+[A-Za-z]?(?:(?:号楼|单元|[栋幢座楼号室房#\-_/ ])+[A-Za-z]{0,2}\d+[A-Za-z]?)+|[A-Za-z]+[栋幢座楼\-_/ ]+\d+[A-Za-z]?`)
	unitPart = regexp.MustCompile(`[A-Za-z]*\d+[A-Za-z]?|[A-Za-z]+`)
)

// unitIndex finds units in what people write.
type unitIndex struct {
	parts map[string][]named // by the parts of the label: 1-1-101
	plain map[string][]named // by the label itself, where it has one part only
}

func newUnitIndex() *unitIndex { return &unitIndex{map[string][]named{}, map[string][]named{}} }

// add knows a unit, and who pays for it.
func (x *unitIndex) add(label string, home uuid.UUID) {
	text := strings.ToUpper(norm.NFKC.String(label))
	n := named{home, label}
	if parts := unitPart.FindAllString(text, -1); len(parts) > 1 {
		key := strings.Join(parts, "-")
		x.parts[key] = append(x.parts[key], n)
	} else if text = plainText(text); len([]rune(text)) > 2 {
		x.plain[text] = append(x.plain[text], n)
	}
}

// in finds the units that a memo names. One that two share names both, and so nobody.
func (x *unitIndex) in(memo string) (list []named) {
	memo = strings.ToUpper(memo)
	for _, text := range unitText.FindAllString(memo, -1) {
		if found := x.parts[keyOf(text)]; found != nil {
			list = append(list, found...)
			continue
		}
		for _, word := range strings.Fields(text) { // a month may stand beside it
			list = append(list, x.parts[keyOf(word)]...)
		}
	}
	memo = plainText(memo)
	for label, found := range x.plain {
		if at := strings.Index(memo, label); at >= 0 && !digit(memo, at-1) && !digit(memo, at+len(label)) {
			list = append(list, found...)
		}
	}
	return list
}

// keyOf is the parts of a unit: 1-1-101.
func keyOf(text string) string { return strings.Join(unitPart.FindAllString(text, -1), "-") }

func digit(text string, at int) bool {
	return at >= 0 && at < len(text) && text[at] >= '0' && text[at] <= '9'
}
