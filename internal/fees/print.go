package fees

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/feebook"
	"github.com/steward-pm/steward/ent/feenotice"
	"github.com/steward-pm/steward/internal/registers"
)

// Sheet is what stands on every notice that is printed.
type Sheet struct {
	Say    func(zh, en string) string
	Estate string
	At     time.Time
	Zone   *time.Location // of times that stand on it

	payAt string
	total map[string]int // notices by building
}

// linesOfSheet is how many lines of a notice one sheet holds.
const linesOfSheet = 26

// Print writes the notices of a time as one PDF (F2): each on a sheet of its own, or on more where it is long, in walking order, and before those of
// each building a sheet that separates them.
func Print(ctx context.Context, w io.Writer, db *ent.Client, of Within, s Sheet) error {
	if err := s.read(ctx, db, of); err != nil {
		return err
	}
	p, err := newPaper()
	if err != nil {
		return err
	}
	building, first := "", true
	for n, err := range noticeRows(ctx, db, of, withLines) {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if of.Household == nil && (first || n.Building != building) {
			s.separate(p, n.Building)
		}
		building, first = n.Building, false
		s.notice(p, n)
	}
	if first {
		p.page()
		p.centre(60, 14, s.Say("没有收费通知单。", "There are no notices."))
	}
	return p.write(w)
}

// read asks what stands on every sheet.
func (s *Sheet) read(ctx context.Context, db *ent.Client, of Within) error {
	book, err := db.FeeBook.Query().Where(feebook.EstateID(of.Estate)).Only(ctx)
	if err != nil && !ent.IsNotFound(err) {
		return err
	}
	if book != nil {
		s.payAt = book.PayAt
	}
	var rows []struct {
		Building string `json:"building"`
		Count    int    `json:"count"`
	}
	s.total = map[string]int{}
	err = db.FeeNotice.Query().Where(feenotice.EstateID(of.Estate), of.home, of.days(feenotice.FieldMonth)).GroupBy(feenotice.FieldBuilding).Aggregate(ent.Count()).Scan(ctx, &rows)
	for _, r := range rows {
		s.total[r.Building] = r.Count
	}
	return err
}

// separate is the sheet before a building's notices.
func (s *Sheet) separate(p *paper, building string) {
	p.page()
	p.centre(110, 40, building)
	p.centre(135, 14, s.Estate)
	p.centre(147, 14, fmt.Sprintf(s.Say("收费通知单 %d 份", "%d fee notices"), s.total[building]))
}

// notice is a household's notice.
func (s *Sheet) notice(p *paper, n *ent.FeeNotice) {
	lines := n.Edges.Lines
	for sheet := 0; sheet == 0 || len(lines) > 0; sheet++ {
		here := lines[:min(len(lines), linesOfSheet)]
		lines = lines[len(here):]
		s.head(p, n, sheet)
		y := 64.0
		p.row(y, true, s.Say("房号", "Unit"), s.Say("项目", "Fee"), s.Say("单价/月", "Rate"), s.Say("数量", "Quantity"), s.Say("计费期间", "Period"), s.Say("天数", "Days"), s.Say("金额(元)", "Yuan"))
		for _, l := range here {
			y += 7
			p.row(y, false, l.UnitLabel, l.Fee, rateWords(l.Rate), quantityWords(s.Say, l.Basis, l.QuantityHundredths),
				l.FromOn.Format("01.02")+"–"+l.UntilOn.AddDate(0, 0, -1).Format("01.02"), fmt.Sprintf("%d/%d", l.Days, l.OfDays), registers.Decimal(l.Amount))
		}
		if len(lines) > 0 {
			p.right(y+12, 11, s.Say("续下页", "continued"))
			continue
		}
		s.foot(p, n, y+12)
	}
}

func (s *Sheet) head(p *paper, n *ent.FeeNotice, sheet int) {
	p.page()
	p.centre(24, 20, s.Say("收费通知单", "Notice of fees"))
	p.centre(32, 11, s.Estate)
	number := n.Number
	if sheet > 0 {
		number += fmt.Sprintf(" (%d)", sheet+1)
	}
	p.left(42, 11, s.Say("业户:", "Household: ")+n.HouseholdName)
	p.right(42, 11, s.Say("单号:", "Number: ")+number)
	p.left(49, 11, s.Say("房号:", "Units: ")+n.Address)
	p.right(49, 11, s.Say("月份:", "Month: ")+n.Month.Format("2006-01"))
	p.left(56, 11, s.Say("开单日期:", "Issued: ")+n.IssuedOn.Format(time.DateOnly))
	p.right(56, 11, s.Say("付款期限:", "Pay by: ")+n.PayBy.Format(time.DateOnly))
}

// foot is what the notice comes to, and where it is paid (F5).
func (s *Sheet) foot(p *paper, n *ent.FeeNotice, y float64) {
	p.right(y, 12, s.Say("本月合计:", "In all: ")+registers.Decimal(n.Amount)+s.Say(" 元", " yuan"))
	if n.Settled > 0 {
		y += 7
		p.right(y, 11, s.Say("已结(预收、付款或冲减):", "Settled already: ")+registers.Decimal(n.Settled)+s.Say(" 元", " yuan"))
		y += 7
		p.right(y, 12, s.Say("应付:", "To pay: ")+registers.Decimal(n.Amount-n.Settled)+s.Say(" 元", " yuan"))
	}
	if s.payAt != "" {
		p.left(y+10, 11, s.Say("付款地点:", "Pay at: ")+s.payAt)
	}
	p.left(y+18, 9, s.Say("按天计费:首月、末月及中途变更按实际天数占当月天数计算,各段之和等于整月。", "By the day: parts of a month are its days' share, and are together the whole month."))
}
