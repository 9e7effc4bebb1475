package fulltext_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/fulltext"
)

func termsOf(texts ...string) map[string]int16 {
	t := fulltext.NewTerms()
	for i, text := range texts {
		_ = t.Add(1+i, text)
	}
	return all(t)
}

func all(t *fulltext.Terms) map[string]int16 {
	out := map[string]int16{}
	t.Each(func(term string, page int16) { out[term] = page })
	return out
}

func TestTermsOfATextAreWordsAndPairs(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"物业管理":                  "业管 物业 管理",
		"物业\n  管理":              "业管 物业 管理", // a line ends within
		"物业,管理":                 "物业 管理",
		"张 三":                   "张三",
		"ABC def":               "abc def",
		"ABC Def-12":            "12 abc def",   // full-width
		"⽤⽔":                    "用水",           // Kangxi radicals, as PDFs have them
		"業主 Straße":             "strasse 業主 主", // traditional characters stay
		"3号楼":                   "3 号 号楼",
		"第 3 号楼":                "3 号 号楼 第",
		"A座":                    "a 座",
		"co\u00adope\u200brate": "cooperate",
		"カタカナ 한글":               "カタ タカ カナ ナ한 한글",
		"(①)":                   "1",
		"":                      "",
		"、。!":                   "",
	} {
		got := slices.Sorted(maps.Keys(termsOf(text)))
		wanted := strings.Fields(want)
		slices.Sort(wanted)
		if !slices.Equal(got, wanted) {
			t.Errorf("%q: %q, want %q", text, got, wanted)
		}
	}
}

func TestTermsSayWhereTheyFirstStand(t *testing.T) {
	t.Parallel()
	got := termsOf("装修押金 deposit", "押金退", "还 deposit")
	for term, page := range map[string]int16{"装修": 1, "押金": 1, "deposit": 1, "金退": 2, "退还": 3} { // over the end of a page
		if got[term] != page {
			t.Errorf("%s is on page %d, want %d", term, got[term], page)
		}
	}
}

// Whatever is written in a text is found by it, however it stands beside what else is there.
func TestWhatIsSearchedForIsFoundInWhatIsWritten(t *testing.T) {
	t.Parallel()
	text := termsOf("关于3 号楼A座装修押金(RMB 3,000元)的通知 HT-2024-018:张 三")
	for _, query := range []string{"3号", "3号楼", "A座", "装修押金", "装修 通知", "3,000元", "ht-2024-018", "HT-2024-018", "张三", "押金 RMB", "- 通知"} {
		terms, err := fulltext.Query(query)
		if err != nil {
			t.Errorf("%q: %v", query, err)
		}
		for _, term := range terms {
			if _, found := text[term]; !found {
				t.Errorf("%q: %q is not among %v", query, term, slices.Sorted(maps.Keys(text)))
			}
		}
	}
	for _, query := range []string{"019号", "退押", "通知书", "李四", "18"} {
		terms, _ := fulltext.Query(query)
		if !slices.ContainsFunc(terms, func(term string) bool { _, found := text[term]; return !found }) {
			t.Errorf("%q is found: %v", query, terms)
		}
	}
}

func TestQueriesAreBounded(t *testing.T) {
	t.Parallel()
	for _, query := range []string{"", "  ", "业", "张 三", "a", "。。", "—", "装修 a", strings.Repeat("业主", 51), "一二三四五六七八九十甲乙丙丁戊己庚辛", strings.Repeat("a b", 30), "\x00\x00"} {
		terms, err := fulltext.Query(query)
		if f := fault.From(err); f == nil || f.Code != fault.InvalidInput || f.Field != "text" {
			t.Errorf("%q: %v, %v", query, terms, err)
		}
	}
}

func FuzzTerms(f *testing.F) {
	f.Add("物业 A座 3号楼", "号楼")
	f.Fuzz(func(t *testing.T, text, query string) {
		terms := termsOf(text)
		for term := range terms {
			if term == "" || len([]rune(term)) > 40 {
				t.Errorf("%q has the term %q", text, term)
			}
		}
		if list, err := fulltext.Query(query); err == nil && (len(list) == 0 || len(list) > fulltext.MaxQueryTerms) {
			t.Errorf("%q: %q", query, list)
		}
	})
}
