package fees

import (
	"io"

	"codeberg.org/go-pdf/fpdf"

	"github.com/steward-pm/steward/internal/typeface"
)

// paper sets text on A4, in millimetres from the upper left corner, with fonts that stand in the file.
type paper struct {
	pdf    *fpdf.Fpdf
	setter *typeface.Setter
}

const (
	pageWidth = 210.0
	margin    = 15.0
)

// columns are where the columns of a notice begin; the last ends at the margin, and is set to the right.
var columns = []float64{margin, 53, 88, 108, 133, 160, 174, pageWidth - margin}

func newPaper() (*paper, error) {
	setter, err := typeface.NewSetter()
	if err != nil {
		return nil, err
	}
	han, err := typeface.Han()
	if err != nil {
		return nil, err
	}
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.SetAutoPageBreak(false, 0)
	pdf.AddUTF8FontFromBytes("han", "", han)
	pdf.AddUTF8FontFromBytes("latin", "", typeface.Latin())
	return &paper{pdf: pdf, setter: setter}, pdf.Error()
}

func (p *paper) page() { p.pdf.AddPage() }

// font is the name of a run's font.
func font(r typeface.Run) string {
	if r.Han {
		return "han"
	}
	return "latin"
}

// width measures a text, and leaves its size set.
func (p *paper) width(runs []typeface.Run, size float64) (w float64) {
	for _, r := range runs {
		p.pdf.SetFont(font(r), "", size)
		w += p.pdf.GetStringWidth(r.Text)
	}
	return w
}

// draw sets a text from x on.
func (p *paper) draw(x, y, size float64, runs []typeface.Run) {
	for _, r := range runs {
		p.pdf.SetFont(font(r), "", size)
		p.pdf.Text(x, y, r.Text)
		x += p.pdf.GetStringWidth(r.Text)
	}
}

// within sets a text that may take so much of a line: smaller, where it is longer.
func (p *paper) within(x, y, size, most float64, text string) {
	runs := p.setter.Runs(text)
	if w := p.width(runs, size); w > most {
		size *= most / w
	}
	p.draw(x, y, size, runs)
}

// left leaves room for what stands on the right of the line.
func (p *paper) left(y, size float64, text string) {
	p.within(margin, y, size, pageWidth-2*margin-60, text)
}

func (p *paper) right(y, size float64, text string) { p.end(pageWidth-margin, y, size, text) }

func (p *paper) end(x, y, size float64, text string) {
	runs := p.setter.Runs(text)
	p.draw(x-p.width(runs, size), y, size, runs)
}

func (p *paper) centre(y, size float64, text string) {
	runs := p.setter.Runs(text)
	w := p.width(runs, size)
	if most := pageWidth - 2*margin; w > most {
		size, w = size*most/w, most
	}
	p.draw((pageWidth-w)/2, y, size, runs)
}

// row is a line of the table, with a rule below it.
func (p *paper) row(y float64, heading bool, cells ...string) {
	for i, c := range cells {
		if i == len(cells)-1 {
			p.end(columns[len(columns)-1], y, 10, c)
			continue
		}
		p.within(columns[i], y, 10, columns[i+1]-columns[i]-2, c)
	}
	p.pdf.SetLineWidth(map[bool]float64{true: 0.4, false: 0.1}[heading])
	p.pdf.Line(margin, y+2, pageWidth-margin, y+2)
}

func (p *paper) write(w io.Writer) error { return p.pdf.Output(w) }
