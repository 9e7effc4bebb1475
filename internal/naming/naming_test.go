package naming_test

import (
	"math/big"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"github.com/steward-pm/steward/internal/naming"
)

func TestNaturalOrder(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("9", 200)
	for _, want := range [][]string{
		{"1栋", "2栋", "10栋", "12栋", "100栋"},
		{"A", "A-1", "A-01", "A-2", "A-10", "A-10a", "B-1"},
		{"1", "1-1", "1-2", "1-10", "2-1"},
		{"1栋/1单元/101", "1栋/1单元/1101", "1栋/2单元/103", "10栋/1单元/101"},
		{"0", "00", "1", "9", "10", "0010", long, long + "0"},
		{"a1", "A2", "a3"},
		{"", "5", "A", "地下室2", "地下室10"},
	} {
		got := slices.Clone(want)
		slices.Reverse(got)
		slices.SortFunc(got, natural)
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestFullWidthIsTheSame(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{{"１３０２", "1302"}, {"Ａ－２", "A-2"}, {" 1栋　", "1栋"}, {"1\u200b栋", "1栋"}, {"（一）", "(一)"}} {
		if naming.Natural(pair[0]) != naming.Natural(pair[1]) {
			t.Errorf("%q and %q differ", pair[0], pair[1])
		}
	}
}

func natural(a, b string) int { return strings.Compare(naming.Natural(a), naming.Natural(b)) }

var codes = rapid.OneOf(rapid.String(), rapid.StringOf(rapid.RuneFrom([]rune("0019AaＡ９-栋 \x00\x01ß\u0301ǅ"))), rapid.StringMatching(`[AB]?-?[0-9]{0,30}栋?`))

func TestNaturalIsATotalOrderOfNormalTexts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := codes.Draw(t, "a"), codes.Draw(t, "b")
		if same := naming.Normal(a) == naming.Normal(b); same != (natural(a, b) == 0) {
			t.Fatalf("%q and %q: same text %t, keys %q and %q", a, b, same, naming.Natural(a), naming.Natural(b))
		}
		if natural(a, b) != -natural(b, a) {
			t.Fatalf("%q and %q are not in one order", a, b)
		}
		if once := naming.Normal(a); naming.Normal(once) != once || naming.Natural(once) != naming.Natural(a) {
			t.Fatalf("normalising %q twice changes it", a)
		}
		for _, key := range []string{naming.Natural(a), naming.Pinyin(a)} {
			if !utf8.ValidString(key) || strings.ContainsRune(key, 0) {
				t.Fatalf("%q has a key that no database stores: %q", a, key)
			}
		}
	})
}

func TestNumbersCompareAsNumbers(t *testing.T) {
	t.Parallel()
	number := rapid.StringMatching(`[0-9]{1,40}|[0-9]{90,120}`)
	rapid.Check(t, func(t *rapid.T) {
		before, after := rapid.SampledFrom([]string{"", "A-", "楼"}).Draw(t, "before"), rapid.SampledFrom([]string{"", "栋", "-7", "b", " "}).Draw(t, "after")
		a, b := number.Draw(t, "a"), number.Draw(t, "b")
		x, _ := new(big.Int).SetString(a, 10)
		y, _ := new(big.Int).SetString(b, 10)
		if want := x.Cmp(y); want != 0 && natural(before+a+after, before+b+after) != want {
			t.Fatalf("%s and %s are out of order", a, b)
		}
		// Whatever follows an equal number decides, and never the number's leading zeros.
		if natural(before+a+"x1", before+"0"+a+"x2") >= 0 || natural(before+"0"+a+"x1", before+a+"x2") >= 0 {
			t.Fatalf("%s: leading zeros decide before the text behind them", a)
		}
	})
}

func TestPinyinOrder(t *testing.T) {
	t.Parallel()
	want := []string{"Adam", "安娜", "陈二2", "陈二10", "陈一", "吕布", "单雄信", "解珍", "尉迟恭", "乐毅", "岳飞", "曾国藩", "张飞", "张三", "章太炎", "长孙无忌"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, func(a, b string) int { return strings.Compare(naming.Pinyin(a), naming.Pinyin(b)) })
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPinyinKeys(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"单雄信": "shan4单xiong2雄xin4信", "王单": "wang2王dan1单", "万俟卨": "mo4万qi2俟xie4卨", "万伟": "wan4万wei3伟",
		"吕": "lv3吕", "李Ｓ": "li3李s\x01\x01S", "": "",
	} {
		if got := naming.Pinyin(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestPinyinTellsNamesApart(t *testing.T) {
	t.Parallel()
	names := rapid.OneOf(rapid.StringOfN(rapid.RuneFrom([]rune("张章单解曾乐长孙吕着A1a01 ·")), 0, 4, -1), codes)
	rapid.Check(t, func(t *rapid.T) {
		a, b := names.Draw(t, "a"), names.Draw(t, "b")
		if same := naming.Normal(a) == naming.Normal(b); same != (naming.Pinyin(a) == naming.Pinyin(b)) {
			t.Fatalf("%q and %q: same text %t, keys %q and %q", a, b, same, naming.Pinyin(a), naming.Pinyin(b))
		}
	})
	if !norm.NFC.IsNormalString(naming.Normal("e\u0301")) {
		t.Error("not composed")
	}
}
