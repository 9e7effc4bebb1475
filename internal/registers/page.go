package registers

import (
	"bufio"
	"fmt"
	"html"
	"io"
	"time"
)

// printStyle is the style sheet of a printed register; it stands in the page, which fetches nothing.
const printStyle = `@page{size:A4 landscape;margin:12mm 10mm}` +
	`body{font:10pt/1.4 "Noto Sans CJK SC","Source Han Sans SC","Microsoft YaHei",SimSun,sans-serif;margin:1em;color:#000}` +
	`h1{font-size:15pt;text-align:center;margin:0 0 .2em}p{margin:.2em 0 .6em}` +
	`table{border-collapse:collapse;width:100%}thead{display:table-header-group}tr{break-inside:avoid}` +
	`th,td{border:1px solid #444;padding:2px 5px;text-align:left;vertical-align:top;overflow-wrap:anywhere}th{background:#eee}` +
	`.n{text-align:right;font-variant-numeric:tabular-nums}.sign{margin-top:2em;display:flex;gap:4em}`

// page writes a register as HTML to be printed: the headings stand on every sheet of paper, and the signatures of who made
// and who checked it can be put below.
type page struct {
	out  *bufio.Writer
	form form
	text csvWriter // a cell as text is the same
}

func newPage(w io.Writer, f form) (*page, error) {
	p := &page{out: bufio.NewWriter(w), form: f, text: csvWriter{form: f}}
	fmt.Fprintf(p.out, "<!doctype html>\n<html lang=%q><head><meta charset=\"utf-8\"><title>%s</title><style>%s</style></head>\n<body><h1>%s</h1><p>%s</p>\n<table><thead><tr>",
		f.lang, html.EscapeString(f.title), printStyle, html.EscapeString(f.title), html.EscapeString(f.line))
	for _, c := range f.columns {
		fmt.Fprintf(p.out, "<th>%s</th>", html.EscapeString(c.heading))
	}
	_, err := p.out.WriteString("</tr></thead><tbody>\n")
	return p, err
}

func (p *page) row(cells []any) error {
	_, _ = p.out.WriteString("<tr>")
	for i, cell := range cells {
		class := ""
		if k := p.form.columns[i].kind; k == Int || k == Hundredths {
			class = ` class="n"`
		}
		fmt.Fprintf(p.out, "<td%s>%s</td>", class, html.EscapeString(p.cell(p.form.columns[i].kind, cell)))
	}
	_, err := p.out.WriteString("</tr>\n") // it remembers the first error
	return err
}

// cell is text as it is: on paper nothing is a formula.
func (p *page) cell(kind Kind, cell any) string {
	switch v := cell.(type) {
	case string:
		return v
	case time.Time:
		return v.In(p.form.zone).Format(minute)
	}
	return p.text.text(kind, cell)
}

func (p *page) finish() error {
	fmt.Fprintf(p.out, "</tbody></table>\n<div class=\"sign\"><span>%s________________</span><span>%s________________</span></div>\n</body></html>\n",
		html.EscapeString(p.form.maker), html.EscapeString(p.form.checker))
	return p.out.Flush()
}

func (p *page) close() error { return nil }
