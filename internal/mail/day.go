package mail

import (
	"context"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/mailday"
	"github.com/steward-pm/steward/ent/mailitem"
	"github.com/steward-pm/steward/ent/predicate"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
)

// M5: at the end of the estate's day everything of it is explained; the leaders hear of a day that is not closed by then.
var dueClose = obligation.Declare(obligation.Kind{Name: "mail.closeDay", Clause: "M5", TitleZH: "邮件日清:", TitleEN: "Close the day's mail: "})

// openDay is the day's row; its first mail makes it, or what was left before, and with it what is due. Errors: NOT_FOUND; CONFLICT for a day
// before one that is closed.
func openDay(tx *act.Tx, estate uuid.UUID, day calendar.Day) (*ent.MailDay, error) {
	find := func() (*ent.MailDay, error) {
		return tx.MailDay.Query().Where(mailday.EstateID(estate), mailday.Day(day.UTC())).Only(tx)
	}
	d, err := find()
	if !ent.IsNotFound(err) {
		return d, err
	}
	// Two that are first at once wait for each other here.
	if _, err := tx.Raw.Exec(tx, `SELECT pg_advisory_xact_lock(hashtextextended('mail day ' || $1 || $2, 0))`, estate.String(), day.String()); err != nil {
		return nil, err
	}
	if d, err = find(); !ent.IsNotFound(err) {
		return d, err
	}
	later, err := tx.MailDay.Query().Where(mailday.EstateID(estate), mailday.DayGT(day.UTC()), mailday.StateEQ(mailday.StateClosed)).Exist(tx)
	switch {
	case err != nil:
		return nil, err
	case later:
		return nil, laterClosed()
	}
	if d, err = tx.MailDay.Create().SetEstateID(estate).SetDay(day.UTC()).SetOpenedAt(tx.Now).Save(tx); err != nil {
		return nil, err
	}
	return d, expectClosing(tx, d)
}

// laterClosed refuses to begin a day over one that is closed.
func laterClosed() *fault.Error {
	return fault.Clash("之后的一天已日清,不能再开始更早的一天:请按今天登记。", "A later day is closed, and no day begins before it; record it of today.").By("M5").At("occurredAt")
}

// expectClosing has the day due at its end.
func expectClosing(tx *act.Tx, d *ent.MailDay) error {
	cal, err := tx.Calendar(d.EstateID)
	if err != nil {
		return err
	}
	day := calendar.DayOf(d.Day)
	return dueClose.Open(tx, obligation.Due{About: day.String(), Estate: d.EstateID, Subject: d.ID, At: cal.EndOfDay(day)})
}

// MailDayCheck is how a day stands: what its list and its scans say, and what of that is not explained yet.
type MailDayCheck struct {
	Day                                           *ent.MailDay
	Listed, Matched, Missing, MissingOpen         int
	Unknown, Doubled, AlreadyDelivered, ScansOpen int
	Undelivered, UndeliveredOpen                  int
	Miscounted, MiscountedOpen                    int
	Counts                                        []*MailDayCount
	Uncounted                                     int // publications
}

// CheckDay tells how a day stands now (M2, M5). Of a closed day see the day itself, too, which keeps how it was closed.
//
// Errors: NOT_FOUND at dayID.
func CheckDay(ctx context.Context, dayID uuid.UUID) (*MailDayCheck, error) {
	d, err := act.From(ctx).DB.Ent.MailDay.Get(ctx, dayID)
	if d, err = act.Find(d, err, "dayID"); err != nil {
		return nil, err
	}
	c := &MailDayCheck{Day: d}
	err = act.From(ctx).DB.As(ctx, func(tx pgx.Tx) error {
		if c.Counts, err = countsOf(ctx, tx, d); err != nil {
			return err
		}
		return c.read(ctx, tx)
	})
	return c, err
}

// rower reads one row; a transaction of whatever kind.
type rower interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

func (c *MailDayCheck) read(ctx context.Context, tx rower) error {
	return tx.QueryRow(ctx, `SELECT listed, matched, missing, missing_open, unknown, doubled, already_delivered, scans_open, undelivered, undelivered_open, miscounted, miscounted_open
			, (SELECT count(*) FROM mail_press_uncounted($1, $3))
		FROM mail_day_figures($1, $2)`, c.Day.EstateID, c.Day.ID, c.Day.Day).
		Scan(&c.Listed, &c.Matched, &c.Missing, &c.MissingOpen, &c.Unknown, &c.Doubled, &c.AlreadyDelivered, &c.ScansOpen, &c.Undelivered, &c.UndeliveredOpen, &c.Miscounted, &c.MiscountedOpen, &c.Uncounted)
}

// Missing are the items of a day's list, or those of all open days, that were not scanned, with those that were explained or without (M2).
func Missing(dayID *uuid.UUID, unexplained *bool) predicate.MailItem {
	return ofDay("mail_missing", dayID, unexplained)
}

// Undelivered are the items that are still here at the end of a day, or of the open days, or now, with those that were excused or without (M5).
func Undelivered(dayID *uuid.UUID, unexplained *bool) predicate.MailItem {
	if dayID != nil {
		return ofDay("mail_undelivered", dayID, unexplained)
	}
	return mailitem.Or(ofDay("mail_undelivered", nil, unexplained), here(unexplained))
}

// here are the items that are here now, whether or not a day is open; unexplained, without those that were excused on the last day that there was.
func here(unexplained *bool) predicate.MailItem {
	return func(s *sql.Selector) {
		s.Where(sql.P(func(b *sql.Builder) {
			b.Ident(s.C("id")).WriteString(` IN (SELECT i.id FROM mail_items i WHERE i.voided_at IS NULL AND i.state NOT IN ('DELIVERED', 'RETURNED') AND NOT (`).
				Arg(unexplained != nil && *unexplained).WriteString(`::boolean AND EXISTS (SELECT FROM mail_excuses x JOIN mail_days d ON d.estate_id = x.estate_id AND d.id = x.day_id
					WHERE x.estate_id = i.estate_id AND x.item_id = i.id AND x.kind = 'UNDELIVERED' AND d.day = (SELECT max(l.day) FROM mail_days l WHERE l.estate_id = i.estate_id))))`)
		}))
	}
}

func ofDay(function string, dayID *uuid.UUID, unexplained *bool) predicate.MailItem {
	return func(s *sql.Selector) {
		s.Where(sql.P(func(b *sql.Builder) {
			b.Ident(s.C("id")).WriteString(` IN (SELECT ` + function + `(d.estate_id, d.id, `).Arg(unexplained != nil && *unexplained).
				WriteString(`) FROM mail_days d WHERE `)
			if dayID == nil {
				b.WriteString(`d.state = 'OPEN')`)
				return
			}
			b.WriteString(`d.id = `).Arg(*dayID).WriteString(`)`)
		}))
	}
}

// dayTakes refuses what is delivered, or taken back, on a day that is closed. Errors: CONFLICT.
func dayTakes(tx *act.Tx, estate uuid.UUID, at time.Time) error {
	cal, err := tx.Calendar(estate)
	if err != nil {
		return err
	}
	closed, err := tx.MailDay.Query().Where(mailday.EstateID(estate), mailday.Day(cal.Today(at).UTC()), mailday.StateEQ(mailday.StateClosed)).Exist(tx)
	if err == nil && closed {
		return dayClosed()
	}
	return err
}

// canWork refuses what is to be explained of a day that is closed. Errors: CONFLICT.
func canWork(d *ent.MailDay) error {
	if d.State == mailday.StateOpen {
		return nil
	}
	return dayClosed()
}

// dayClosed refuses more of a day that is closed.
func dayClosed() *fault.Error {
	return fault.Clash("当天邮件已日清,不能再登记、刷码、投递或说明;确有需要请主管重新打开当天。",
		"The day's mail is closed, and nothing more is recorded of it; where it has to be, a supervisor opens the day again.").By("M5")
}
