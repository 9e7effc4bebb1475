package mail

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/mailday"
	"github.com/steward-pm/steward/ent/predicate"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
)

// M5: at the end of the estate's day everything of it is explained; the leaders hear of a day that is not closed by then.
var dueClose = obligation.Declare(obligation.Kind{Name: "mail.closeDay", Clause: "M5", TitleZH: "邮件日清:", TitleEN: "Close the day's mail: "})

// openDay is the day's row; its first mail makes it, or what was left before, and with it what is due. Errors: NOT_FOUND.
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
	if d, err = tx.MailDay.Create().SetEstateID(estate).SetDay(day.UTC()).SetOpenedAt(tx.Now).Save(tx); err != nil {
		return nil, err
	}
	return d, expectClosing(tx, d)
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
		FROM mail_day_figures($1, $2)`, c.Day.EstateID, c.Day.ID).
		Scan(&c.Listed, &c.Matched, &c.Missing, &c.MissingOpen, &c.Unknown, &c.Doubled, &c.AlreadyDelivered, &c.ScansOpen, &c.Undelivered, &c.UndeliveredOpen, &c.Miscounted, &c.MiscountedOpen)
}

// Missing are the items of a day's list, or those of all open days, that were not scanned, with those that were explained or without (M2).
func Missing(dayID *uuid.UUID, unexplained *bool) predicate.MailItem {
	return ofDay("mail_missing", dayID, unexplained)
}

// Undelivered are the items that are still here at the end of a day, or of the open days, or now, with those that were excused or without (M5).
func Undelivered(dayID *uuid.UUID, unexplained *bool) predicate.MailItem {
	return ofDay("mail_undelivered", dayID, unexplained)
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

// canWork refuses what is to be explained of a day that is closed. Errors: CONFLICT.
func canWork(d *ent.MailDay) error {
	if d.State == mailday.StateOpen {
		return nil
	}
	return dayClosed()
}

// dayClosed refuses more of a day that is closed.
func dayClosed() *fault.Error {
	return fault.Clash("当天邮件已日清,不能再登记、刷码或说明;确有需要请主管重新打开当天。",
		"The day's mail is closed, and nothing more is recorded of it; where it has to be, a supervisor opens the day again.").By("M5")
}
