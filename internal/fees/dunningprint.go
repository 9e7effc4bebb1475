package fees

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/feebook"
	"github.com/steward-pm/steward/ent/feedunning"
	"github.com/steward-pm/steward/internal/registers"
)

// PrintDunnings writes the dunning notices of a time as one PDF (F6): each on a sheet of its own, or on more where it is long, in walking order, and before those
// of each building a sheet that separates them. What ended is left out; what is not stamped yet says so.
func PrintDunnings(ctx context.Context, w io.Writer, db *ent.Client, of Within, s Sheet) error {
	if err := s.readBook(ctx, db, of); err != nil {
		return err
	}
	p, err := newPaper()
	if err != nil {
		return err
	}
	standing := func(q *ent.FeeDunningQuery) {
		q.Where(feedunning.EndedAtIsNil())
		withDemands(q)
	}
	total := map[string]int{}
	if of.Household == nil {
		var rows []struct {
			Building string `json:"building"`
			Count    int    `json:"count"`
		}
		if err := db.FeeDunning.Query().Where(feedunning.EstateID(of.Estate), of.days(feedunning.FieldDraftedOn), feedunning.EndedAtIsNil()).
			GroupBy(feedunning.FieldBuilding).Aggregate(ent.Count()).Scan(ctx, &rows); err != nil {
			return err
		}
		for _, r := range rows {
			total[r.Building] = r.Count
		}
	}
	building, first := "", true
	for d, err := range dunningRows(ctx, db, of, standing) {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if of.Household == nil && (first || d.Building != building) {
			s.before(p, d.Building, fmt.Sprintf(s.Say("催缴通知单 %d 份", "%d dunning notices"), total[d.Building]))
		}
		building, first = d.Building, false
		s.dunning(p, d)
	}
	if first {
		p.page()
		p.centre(60, 14, s.Say("没有催缴通知单。", "There are no dunning notices."))
	}
	return p.write(w)
}

// readBook asks where households pay.
func (s *Sheet) readBook(ctx context.Context, db *ent.Client, of Within) error {
	book, err := db.FeeBook.Query().Where(feebook.EstateID(of.Estate)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil
	}
	if err == nil {
		s.payAt = book.PayAt
	}
	return err
}

// before is the sheet before a building's notices.
func (s *Sheet) before(p *paper, building, many string) {
	p.page()
	p.centre(110, 40, building)
	p.centre(135, 14, s.Estate)
	p.centre(147, 14, many)
}

// dunning is a household's dunning notice.
func (s *Sheet) dunning(p *paper, d *ent.FeeDunning) {
	lines := d.Edges.Lines
	for sheet := 0; sheet == 0 || len(lines) > 0; sheet++ {
		here := lines[:min(len(lines), linesOfSheet)]
		lines = lines[len(here):]
		s.dunningHead(p, d, sheet)
		y := 70.0
		p.row(y, true, s.Say("通知单号", "Notice"), s.Say("月份", "Month"), s.Say("应收", "Asked"), s.Say("已付", "Paid"), s.Say("付款期限", "Due"), "", s.Say("催缴金额(元)", "Yuan"))
		for _, l := range here {
			y += 7
			p.row(y, false, l.Number, l.Month.Format("2006-01"), registers.Decimal(l.Asked), registers.Decimal(l.Settled), l.PayBy.Format(time.DateOnly), "", registers.Decimal(l.Amount))
		}
		if len(lines) > 0 {
			p.right(y+12, 11, s.Say("续下页", "continued"))
			continue
		}
		s.dunningFoot(p, d, y+12)
	}
}

func (s *Sheet) dunningHead(p *paper, d *ent.FeeDunning, sheet int) {
	p.page()
	p.centre(24, 20, s.Say("催缴通知单", "Dunning notice"))
	p.centre(32, 11, s.Estate)
	number := dunningNumber(d)
	if sheet > 0 {
		number += fmt.Sprintf(" (%d)", sheet+1)
	}
	p.left(42, 11, s.Say("业户:", "Household: ")+d.HouseholdName)
	p.right(42, 11, s.Say("单号:", "Number: ")+number)
	p.left(49, 11, s.Say("房号:", "Units: ")+d.Address)
	p.right(49, 11, s.Say("催缴:", "Notice: ")+levelWords(s.Say, d.Level))
	p.left(56, 11, s.Say("以下费用已逾期,请尽快缴清:", "What follows is past due; please pay it now:"))
	p.right(56, 11, s.Say("填写日期:", "Drafted: ")+d.DraftedOn.Format(time.DateOnly))
}

// dunningFoot is what the notice comes to, where it is paid, who answers for it, and where it is signed for (F7, F8).
func (s *Sheet) dunningFoot(p *paper, d *ent.FeeDunning, y float64) {
	p.right(y, 12, s.Say("合计:", "In all: ")+registers.Decimal(d.Amount)+s.Say(" 元", " yuan"))
	if s.payAt != "" {
		y += 9
		p.left(y, 11, s.Say("付款地点:", "Pay at: ")+s.payAt)
	}
	y += 12
	if d.StampedAt == nil {
		p.left(y, 14, s.Say("未盖章,不得派发", "Not stamped: not to be dispatched"))
	} else {
		p.left(y, 11, s.Say("审核:", "Reviewed: ")+d.ReviewedByName+" "+d.ReviewedAt.In(s.zone()).Format(time.DateOnly))
		p.right(y, 11, s.Say("财务盖章:", "Stamped: ")+d.StampedByName+" "+d.StampedAt.In(s.zone()).Format(time.DateOnly))
		p.within(margin, y+7, 8, pageWidth-2*margin, s.Say("盖章内容摘要(SHA-256):", "SHA-256 of what was stamped: ")+d.ContentHash)
	}
	p.left(y+24, 11, s.Say("签收人:______________  与业户关系:__________", "Received by: ______________  relation: __________"))
	p.right(y+24, 11, s.Say("日期:__________", "on: __________"))
}

// zone is the estate's.
func (s *Sheet) zone() *time.Location {
	if s.Zone == nil {
		return time.UTC
	}
	return s.Zone
}
