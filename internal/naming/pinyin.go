package naming

import (
	"strings"
	"unicode"

	"github.com/mozillazg/go-pinyin"
)

// Pinyin is the key of a person's name in the order of a Chinese telephone book: character by
// character, by syllable, tone, and then the character itself, so that all 张 stand together and
// before all 章. A surname is read as a surname (单 is shàn, 曾 is zēng); other text sorts in natural
// order among the syllables. Names that Normal tells apart have different keys.
func Pinyin(name string) string {
	text := Normal(name)
	var key, other strings.Builder
	flush := func() {
		key.WriteString(Natural(other.String()))
		other.Reset()
	}
	surname := readSurname(text)
	for i, r := range []rune(text) {
		syllable := ""
		if i < len(surname) {
			syllable = surname[i]
		} else if unicode.Is(unicode.Han, r) {
			syllable = read(r)
		}
		if syllable == "" {
			other.WriteRune(r)
			continue
		}
		flush()
		key.WriteString(syllable)
		key.WriteRune(r)
	}
	flush()
	return key.String()
}

// read is the usual reading of a character, with the tone as a digit behind it (5 for none); empty
// if the character has none.
func read(r rune) string {
	readings := pinyin.SinglePinyin(r, pinyin.Args{Style: pinyin.Tone3})
	if len(readings) == 0 {
		return ""
	}
	syllable := strings.ReplaceAll(readings[0], "ü", "v")
	if !strings.ContainsAny(syllable[len(syllable)-1:], "1234") {
		syllable += "5"
	}
	return syllable
}

// readSurname is the reading of the surname at the start of the name, if the usual reading of its
// characters would be wrong.
func readSurname(name string) []string {
	runes := []rune(name)
	for _, length := range []int{2, 1} {
		if len(runes) >= length {
			if reading, ok := surnames[string(runes[:length])]; ok {
				return strings.Fields(reading)
			}
		}
	}
	return nil
}

// surnames holds the surnames whose characters are read otherwise than usual.
var surnames = map[string]string{
	"万俟": "mo4 qi2", "尉迟": "yu4 chi2", "单于": "chan2 yu2", "长孙": "zhang3 sun1", "令狐": "ling2 hu2",
	"澹台": "tan2 tai2", "宰父": "zai3 fu3", "亓官": "qi2 guan1", "夏侯": "xia4 hou2", "诸葛": "zhu1 ge3",
	"单": "shan4", "解": "xie4", "曾": "zeng1", "仇": "qiu2", "区": "ou1", "查": "zha1", "朴": "piao2", "盖": "ge3",
	"任": "ren2", "华": "hua4", "纪": "ji3", "宁": "ning2", "覃": "qin2", "燕": "yan1", "缪": "miao4", "乐": "yue4",
	"黑": "he4", "秘": "bi4", "员": "yun4", "种": "chong2", "冼": "xian3", "洗": "xian3", "翟": "zhai2", "折": "she2",
	"召": "shao4", "祭": "zhai4", "繁": "po2", "宓": "mi4", "逄": "pang2", "郇": "xun2", "隗": "wei3", "车": "che1",
	"过": "guo1", "应": "ying1", "占": "zhan1", "於": "yu1", "阚": "kan4", "佴": "nai4", "葛": "ge3", "沈": "shen3",
	"那": "na1", "哈": "ha3", "晁": "chao2",
	"曲": "qu1", "卜": "bu3", "都": "du1", "干": "gan1",
	"薄": "bo2", "贾": "jia3", "贲": "ben1", "郗": "chi1",
	"能": "nai4", "长": "zhang3", "藏": "zang4",
}
