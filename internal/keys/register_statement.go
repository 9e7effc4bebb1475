package keys

import (
	"context"
	"iter"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keymovement"
	"github.com/steward-pm/steward/ent/keystatementline"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/registers"
)

// MonthRow is a line of a month's statistics.
type MonthRow struct {
	Month *KeyMonth
	Line  *ent.KeyStatementLine
}

// MonthRegister is 钥匙月度统计表 (K4.2); say chooses the language of its words.
func MonthRegister(say func(zh, en string) string) registers.Register[MonthRow] {
	figure := func(zh, en string, of func(*ent.KeyStatementLine) int) registers.Column[MonthRow] {
		return registers.Column[MonthRow]{ZH: zh, EN: en, Kind: registers.Int, Value: func(r MonthRow) any { return of(r.Line) }}
	}
	return registers.Register[MonthRow]{
		Name: "keys-statistics", ZH: "钥匙月度统计表", EN: "Key statistics by month",
		Columns: []registers.Column[MonthRow]{
			{ZH: "月份", EN: "Month", Value: func(r MonthRow) any { return r.Month.Month.UTC().Format("2006-01") }},
			{ZH: "区域", EN: "Area", Value: func(r MonthRow) any { return r.Line.Area }},
			{ZH: "类别", EN: "Kind", Value: func(r MonthRow) any {
				if r.Line.Kind == keystatementline.KindPublicArea {
					return say("公共区域", "Public areas")
				}
				return say("房屋", "Units")
			}},
			figure("期初", "Opening", func(l *ent.KeyStatementLine) int { return l.Opening }),
			figure("验收", "Accepted", func(l *ent.KeyStatementLine) int { return l.Accepted }),
			figure("更换", "Replaced", func(l *ent.KeyStatementLine) int { return l.Replaced }),
			figure("复制", "Copied", func(l *ent.KeyStatementLine) int { return l.Copied }),
			figure("收回", "Taken back", func(l *ent.KeyStatementLine) int { return l.TakenBack }),
			figure("找回", "Found", func(l *ent.KeyStatementLine) int { return l.Found }),
			figure("工程交回", "From engineering", func(l *ent.KeyStatementLine) int { return l.FromEngineering }),
			figure("移交", "Handed over", func(l *ent.KeyStatementLine) int { return l.HandedOver }),
			figure("遗失", "Lost", func(l *ent.KeyStatementLine) int { return l.Lost }),
			figure("报废", "Scrapped", func(l *ent.KeyStatementLine) int { return l.Scrapped }),
			figure("换锁停用", "Retired", func(l *ent.KeyStatementLine) int { return l.Retired }),
			figure("交工程", "To engineering", func(l *ent.KeyStatementLine) int { return l.ToEngineering }),
			figure("调整", "Adjusted", func(l *ent.KeyStatementLine) int { return l.Adjusted }),
			figure("期末保管", "Closing", func(l *ent.KeyStatementLine) int { return l.Closing }),
			figure("业户签收", "With households", func(l *ent.KeyStatementLine) int { return l.WithHouseholds }),
			figure("换锁", "Locks changed", func(l *ent.KeyStatementLine) int { return l.LockChanges }),
			{ZH: "状态", EN: "State", Value: func(r MonthRow) any {
				if r.Month.Closed {
					return say("已结账", "Closed")
				}
				return say("未结账", "Open")
			}},
			{ZH: "结账人", EN: "Closed by", Value: func(r MonthRow) any { return r.Month.ClosedByName }},
		},
	}
}

// MonthRows reads the months from that of from (zero: the last twelve) until that of the moment before until, but no month
// before the ledger's first or to come; the first first.
func MonthRows(ctx context.Context, db *ent.Client, estate uuid.UUID, zone *time.Location, from, until, now time.Time) iter.Seq2[MonthRow, error] {
	if until.IsZero() || until.After(now) {
		until = now.Add(1)
	}
	last := monthIn(zone, until.Add(-1))
	month := calendar.Date(last.Year()-1, last.Month()+1, 1)
	if !from.IsZero() {
		month = monthIn(zone, from)
	}
	return func(yield func(MonthRow, error) bool) {
		first, err := db.KeyMovement.Query().Where(keymovement.EstateID(estate)).Order(keymovement.ByOccurredAt(), keymovement.ByID()).First(ctx)
		if ent.IsNotFound(err) {
			return
		}
		if err != nil {
			yield(MonthRow{}, err)
			return
		}
		if begun := monthIn(zone, first.OccurredAt); month.Before(begun) {
			month = begun
		}
		for ; !month.After(last); month = calendar.Date(month.Year(), month.Month()+1, 1) {
			m, err := monthOf(ctx, db, estate, month)
			if err != nil {
				yield(MonthRow{}, err)
				return
			}
			for _, line := range m.Lines {
				if !yield(MonthRow{m, line}, nil) {
					return
				}
			}
		}
	}
}

// monthIn is the month of a moment in the zone.
func monthIn(zone *time.Location, at time.Time) calendar.Day {
	return firstOf(calendar.DayOf(at.In(zone)))
}
