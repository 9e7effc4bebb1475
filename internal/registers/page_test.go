package registers_test

import (
	"bytes"
	"strings"
	"testing"

	"golang.org/x/text/language"

	"github.com/steward-pm/steward/internal/registers"
)

// What people entered is text on the page, whatever it looks like.
func TestPageToPrint(t *testing.T) {
	t.Parallel()
	evil := `<script>alert(1)</script>"&'`
	var b bytes.Buffer
	rows := func(yield func(loan, error) bool) {
		_ = yield(two[0], nil) && yield(loan{area: evil, note: &evil}, nil)
	}
	if err := loans.Write(t.Context(), &b, registers.HTML, language.Chinese, head, rows); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	for _, want := range []string{
		`<html lang="zh">`, "<h1>钥匙借用登记表</h1>", "小区:翠湖花园", "<th>领用区域</th>", `<td class="n">113.27</td>`, "<td>2025-10-13 07:05</td>",
		"<td>=HYPERLINK(&#34;http://127.0.0.1&#34;,&#34;x&#34;)</td>", "&lt;script&gt;", "制表:", "</html>", "display:table-header-group",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if strings.Contains(page, "<script") {
		t.Error("what was entered became part of the page")
	}
	if n := strings.Count(page, "<tr>"); n != 3 {
		t.Errorf("%d rows with the headings, want 3", n)
	}
}
