package intake

import (
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/steward-pm/steward/internal/fault"
)

// readHeading takes the first line that is not blank for the heading.
func (s *Sheet) readHeading() error {
	for {
		r, err := s.source.next()
		switch {
		case errors.Is(err, io.EOF):
			return fault.New(fault.InvalidInput, "文件是空的,第一行应为表头。", "The file is empty; its first line must be the heading.")
		case err != nil:
			return err
		case r.broken != nil:
			return r.broken
		case blank(r.cells):
			s.skipped = append(s.skipped, r.line)
			continue
		}
		for _, cell := range trimRight(r.cells) {
			s.headings = append(s.headings, shown(cell))
		}
		return s.match()
	}
}

// match finds the cell of every column.
func (s *Sheet) match() error {
	s.at = make(map[string]int, len(s.columns))
	var missing []string
	for _, c := range s.columns {
		found := s.find(c)
		if len(found) > 1 {
			return fault.New(fault.InvalidInput, "表头“%[1]s”和“%[2]s”是同一列,请只留一列。",
				"The headings %[1]q and %[2]q mean the same column; keep one.", s.headings[found[0]], s.headings[found[1]])
		}
		if len(found) == 1 {
			s.at[c.Name] = found[0]
		} else if c.Required {
			missing = append(missing, c.Headings[0])
		}
	}
	if len(missing) > 0 {
		return fault.New(fault.InvalidInput, "表头缺少:%[1]s。第一行应为表头。",
			"The heading lacks: %[1]s. The first line must be the heading.", strings.Join(missing, "、"))
	}
	return nil
}

// find lists the cells of the column: those with its full wording, else those that differ by a unit only.
func (s *Sheet) find(c Column) []int {
	for _, reduce := range []func(string) string{fold, bare} {
		wanted := make([]string, len(c.Headings))
		for i, h := range c.Headings {
			wanted[i] = reduce(h)
		}
		var found []int
		for i, h := range s.headings {
			if slices.Contains(wanted, reduce(h)) {
				found = append(found, i)
			}
		}
		if len(found) > 0 {
			return found
		}
	}
	return nil
}

// fold reduces a heading to what its writer meant: 面积 (㎡) and 面积（m²） are one.
func fold(heading string) string {
	text := strings.ToLower(norm.NFKC.String(clean(heading)))
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r == '*' || r == ':' {
			return -1
		}
		return r
	}, text)
}

var unitSuffix = regexp.MustCompile(`(?:[(\[【/]?(?:m2|平方米|平米|平方|元|把|套|个|yyyy.mm.dd)[)\]】]?|[(\[【](?:必填|选填|可选)[)\]】])$`)

// bare is fold without a unit or a remark of the form at the end: 建筑面积 for 建筑面积(平方米).
func bare(heading string) string {
	text := fold(heading)
	for {
		cut := unitSuffix.ReplaceAllString(text, "")
		if cut == "" || cut == text {
			return text
		}
		text = cut
	}
}

func blank(cells []string) bool { return len(trimRight(cells)) == 0 }

// total tells whether the line sums up others: 合计, 总 计, 小计:, 合计432户.
func total(cells []string) bool {
	for _, cell := range cells {
		text := fold(cell)
		if text == "" {
			continue
		}
		for _, word := range []string{"合计", "总计", "小计"} {
			if rest, ok := strings.CutPrefix(text, word); ok {
				return rest == "" || strings.ContainsAny(rest[:1], "0123456789(")
			}
		}
		return false
	}
	return false
}

func trimRight(cells []string) []string {
	for len(cells) > 0 && clean(cells[len(cells)-1]) == "" {
		cells = cells[:len(cells)-1]
	}
	return cells
}
