package fulltext_test

import (
	"archive/zip"
	"bytes"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/steward-pm/steward/internal/demo"
	"github.com/steward-pm/steward/internal/fulltext"
)

const (
	pdf  = "application/pdf"
	docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
)

func read(t *testing.T, content []byte, media string) (fulltext.State, map[string]int16) {
	t.Helper()
	terms := fulltext.NewTerms()
	state, err := fulltext.Read(t.Context(), bytes.NewReader(content), int64(len(content)), media, terms)
	if err != nil {
		t.Fatal(err)
	}
	return state, all(terms)
}

// zipped is an office document of the parts.
func zipped(t *testing.T, parts ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(parts); i += 2 {
		w, err := z.Create(parts[i])
		if err == nil {
			_, err = io.WriteString(w, parts[i+1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const (
	begin = `<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="x"><w:body>`
	end   = `</w:body></w:document>`
)

func word(t *testing.T, body string) []byte {
	return zipped(t, "[Content_Types].xml", "<Types/>", "word/document.xml", begin+body+end)
}

func workbook(t *testing.T) []byte {
	t.Helper()
	f := excelize.NewFile()
	for cell, v := range map[string]any{"A1": "缴费清单", "B2": 86400, "C3": "欠费"} {
		if err := f.SetCellValue("Sheet1", cell, v); err != nil {
			t.Fatal(err)
		}
	}
	b, err := f.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestTextIsRead(t *testing.T) {
	t.Parallel()
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(strings.Repeat("a", 9000) + "\n楼栋,房号\n一栋,一〇一\n")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		content []byte
		media   string
		want    map[string]int16
	}{
		"pdf":     {demo.PDF("装修申请书\n物业 Unit 0042", "第二页押金"), pdf, map[string]int16{"装修": 1, "0042": 1, "unit": 1, "押金": 2, "书物": 1}},
		"docx":    {word(t, `<w:p><w:r><w:t>装</w:t></w:r><w:r><w:t>修 Dep</w:t></w:r><w:r><w:t>osit</w:t></w:r><w:del><w:delText>删去</w:delText></w:del></w:p><w:p><w:t>押金 &amp; AT&#84;</w:t></w:p>`), docx, map[string]int16{"装修": 1, "deposit": 1, "押金": 1, "att": 1, "删去": 0, "at": 0}},
		"xlsx":    {workbook(t), xlsx, map[string]int16{"缴费": 1, "86400": 1, "欠费": 1, "单欠": 0}},
		"pptx":    {zipped(t, "ppt/slides/slide10.xml", "<a><t>末页</t></a>", "ppt/slides/slide2.xml", "<a><p>首页</p></a>"), "application/zip", map[string]int16{"末页": 10, "首页": 2}},
		"odt":     {zipped(t, "mimetype", "application/vnd.oasis.opendocument.text", "content.xml", begin+"<text:p>合同</text:p>"+end), "application/zip", map[string]int16{"合同": 1}},
		"utf8":    {[]byte("\ufeff楼栋,房号\n"), "text/csv", map[string]int16{"楼栋": 1, "房号": 1, "栋房": 0}},
		"gb18030": {[]byte(gb), "text/plain", map[string]int16{"楼栋": 1, "一〇": 1}},
		"utf16":   {[]byte("\xff\xfeN\x00o\x00"), "text/plain", map[string]int16{"no": 1}},
	} {
		state, got := read(t, c.content, c.media)
		if state != fulltext.Indexed {
			t.Errorf("%s: %s", name, state)
		}
		for term, page := range c.want {
			if got[term] != page {
				t.Errorf("%s: %q is on page %d, want %d: %v", name, term, got[term], page, got)
			}
		}
	}
}

// bomb deflates so many megabytes of a text that repeats.
func bomb(megabytes int, text string) []byte {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	chunk := []byte(strings.Repeat(text, 1<<20/len(text)))
	for range megabytes {
		_, _ = w.Write(chunk)
	}
	_ = w.Close()
	return b.Bytes()
}

// pdfOf is a PDF of one page whose content is deflated.
func pdfOf(content []byte) []byte {
	whole := string(demo.PDF(""))
	at := strings.LastIndex(whole, "5 0 obj")
	return []byte(whole[:at] + fmt.Sprintf("5 0 obj\n<< /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream\nendobj\ntrailer << /Size 6 /Root 1 0 R >>\n%%%%EOF\n", len(content), content))
}

// Whatever anybody makes a file of, it is read within its bounds, and said to be what it is.
func TestHostileFilesAreBounded(t *testing.T) {
	defer fulltext.Within(5 * time.Second)()
	entities := `<!DOCTYPE x [<!ENTITY a "` + strings.Repeat("业", 1000) + `"><!ENTITY b "` + strings.Repeat("&a;", 1000) + `">]>`
	many := make([]string, 0, 12_000)
	for i := range 6_000 {
		many = append(many, fmt.Sprintf("x/%d", i), "")
	}
	for name, c := range map[string]struct {
		content []byte
		media   string
		want    []fulltext.State
	}{
		"zip bomb":           {word(t, strings.Repeat("<w:p></w:p>", 30<<20)), docx, []fulltext.State{fulltext.Unreadable}},
		"one endless tag":    {word(t, "<w:p "+strings.Repeat("a", 64<<20)+">"), docx, []fulltext.State{fulltext.Unreadable}},
		"one endless text":   {word(t, "<w:p>"+strings.Repeat("业主", 8<<20)+"</w:p>"), docx, []fulltext.State{fulltext.Unreadable, fulltext.Partly}},
		"attributes":         {word(t, `<w:p a="`+strings.Repeat(">", 64<<20)+`">`), docx, []fulltext.State{fulltext.Unreadable}},
		"a comment":          {word(t, `<!-- `+strings.Repeat("<", 64<<20)+` -->`), docx, []fulltext.State{fulltext.Unreadable}},
		"XML entities":       {zipped(t, "word/document.xml", entities+begin+"&b;&b;"+end), docx, []fulltext.State{fulltext.Unreadable}},
		"depth":              {word(t, "业主"+strings.Repeat("<w:p>", 1<<20)), docx, []fulltext.State{fulltext.Partly}},
		"many parts":         {zipped(t, many...), "application/zip", []fulltext.State{fulltext.Unreadable}},
		"no office document": {zipped(t, "a.txt", "业主"), "application/zip", []fulltext.State{fulltext.Unreadable}},
		"no zip":             {[]byte("PK\x03\x04 and nothing"), docx, []fulltext.State{fulltext.Unreadable}},
		"endless plain text": {[]byte(strings.Repeat("业主 委员会\n", 1<<20)), "text/plain", []fulltext.State{fulltext.Partly}},
		"no pdf":             {[]byte("%PDF-1.7 and nothing"), pdf, []fulltext.State{fulltext.Unreadable}},
		"half a pdf":         {demo.PDF("业主")[:200], pdf, []fulltext.State{fulltext.Unreadable}},
		"a scan":             {demo.PDF("", ""), pdf, []fulltext.State{fulltext.Unreadable}},
		"pdf memory bomb":    {pdfOf(bomb(600, " ")), pdf, []fulltext.State{fulltext.Unreadable}},
		"pdf text bomb":      {pdfOf(bomb(10, "BT /F 12 Tf <4E1A4E3B> Tj ET\n")), pdf, []fulltext.State{fulltext.Unreadable, fulltext.Partly, fulltext.Indexed}},
		"pdf time bomb":      {pdfOf(bomb(80, "q 0 0 m 9 9 l S Q\n")), pdf, []fulltext.State{fulltext.Unreadable}},
		"a picture":          {[]byte("\x89PNG"), "image/png", []fulltext.State{fulltext.Unreadable}},
	} {
		start := time.Now()
		state, _ := read(t, c.content, c.media)
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		t.Logf("%-20s %-10s %8d bytes %6d ms, %d MB", name, state, len(c.content), time.Since(start).Milliseconds(), m.HeapInuse>>20)
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("%s took %v", name, took)
		}
		found := false
		for _, s := range c.want {
			found = found || s == state
		}
		if !found {
			t.Errorf("%s: %s, want %v", name, state, c.want)
		}
	}
}

// broken is a store that fails.
type broken struct{ io.ReadSeeker }

func (broken) Read([]byte) (int, error) { return 0, errors.New("the store does not answer") }

// What the store fails with says nothing of the file: it is read another time.
func TestAStoreThatFailsIsNoStateOfTheFile(t *testing.T) {
	t.Parallel()
	for _, media := range []string{pdf, docx, "text/plain"} {
		state, err := fulltext.Read(context.Background(), broken{bytes.NewReader(demo.PDF("业主"))}, 900, media, fulltext.NewTerms())
		if err == nil {
			t.Errorf("%s: %s", media, state)
		}
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	content := demo.PDF("业主")
	if state, err := fulltext.Read(ended, bytes.NewReader(content), int64(len(content)), pdf, fulltext.NewTerms()); err == nil {
		t.Errorf("%s without time", state)
	}
}
