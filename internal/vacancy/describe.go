package vacancy

import (
	"strings"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/vacancy"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// DescribeVacancyInput says in what condition a vacant unit is; what is nil stays.
type DescribeVacancyInput struct {
	ID              uuid.UUID
	ExpectedVersion int
	Condition       *string
	SinceOn         *calendar.Day // puts right since when it stands empty: an import does not know
	Reason          *string       // why since a later day than was on record, once something was due or inspected
}

// Check refuses an endless text.
func (in DescribeVacancyInput) Check() error {
	if err := wording.Optional(func(field, text string) error { return wording.CheckText(field, text, 1, 500) }, "reason", in.Reason); err != nil {
		return err
	}
	return wording.Optional(wording.CheckRemark, "condition", in.Condition)
}

// DescribeVacancyPayload is the vacancy as it stands after.
type DescribeVacancyPayload struct{ Vacancy *ent.Vacancy }

// Describe says in what condition a vacant unit is, and puts right since when it stands empty (V3).
//
// Errors: NOT_FOUND; CONFLICT if somebody described it meanwhile, or has moved in; INVALID_INPUT for a day to come, or when somebody
// had the unit; RULE V4.1 for a later day than was on record once something was due or inspected, but by who leads, with a reason.
var Describe = act.Guarded(act.New("vacancy.describe", act.Needs(policy.Vacancy, policy.Update), act.Clauses("V3"), describe), describeGuard)

func describe(tx *act.Tx, in DescribeVacancyInput) (*DescribeVacancyPayload, error) {
	v, err := tx.Vacancy.Query().Where(vacancy.ID(in.ID)).ForUpdate().Only(tx)
	if v, err = act.Find(v, err, "id"); err != nil {
		return nil, err
	}
	if err := isOpen(tx, v); err != nil {
		return nil, err
	}
	if err := tx.Expect(v, v.Version, in.ExpectedVersion); err != nil {
		return nil, err
	}
	u := v.Update().SetDescribedByID(tx.Viewer.Account).SetDescribedByName(tx.Viewer.Name).SetDescribedAt(tx.Now)
	if in.Condition != nil {
		u.SetCondition(strings.TrimSpace(*in.Condition))
	}
	if in.SinceOn != nil {
		if err := since(tx, v, u, *in.SinceOn, wording.Tidy(value(in.Reason))); err != nil {
			return nil, err
		}
	}
	if _, err := u.Save(tx); err != nil {
		return nil, err
	}
	v, err = tx.Vacancy.Get(tx, v.ID) // what is due follows in the database
	return &DescribeVacancyPayload{v}, err
}

// since puts right since when the unit stands empty. A later day undoes what was due before: the reason of who leads is kept, and told, and without
// one the database refuses what was due already (V4.1).
func since(tx *act.Tx, v *ent.Vacancy, u *ent.VacancyUpdateOne, day calendar.Day, reason string) error {
	today, err := tx.Today(v.EstateID)
	if err != nil {
		return err
	}
	if day.After(today) {
		return fault.Invalid("sinceOn", "空置起始日期不能晚于今天。", "A unit stands empty since today or earlier.").By("V3")
	}
	before := calendar.DayOf(v.SinceOn)
	if !day.After(before) || !tx.Viewer.Scope(policy.Inspection, policy.Approve).Covers(v.RowScope()) {
		reason = ""
	}
	u.SetSinceOn(day.UTC()).SetSinceReason(reason)
	if reason == "" {
		return nil
	}
	tx.Because(reason)
	department, err := obligation.CustomerService(tx, v.EstateID)
	if err != nil {
		return err
	}
	place, err := tx.Unit.Get(tx, v.UnitID)
	if err != nil {
		return err
	}
	return obligation.Tell(tx, department, account.Message{
		Estate: v.EstateID, Kind: "vacancy.since", Subject: v.ID, TitleZH: "空置起始日期改晚:" + place.Label, TitleEN: "Empty since later: " + place.Label,
		BodyZH: tx.Viewer.Name + " 将空置起始日期由 " + before.String() + " 改为 " + day.String() + ":" + reason + "(V4.1)。",
		BodyEN: tx.Viewer.Name + " says that it stands empty since " + day.String() + ", not " + before.String() + ": " + reason + " (V4.1).",
	})
}

var describeGuard = act.Guard[*ent.Vacancy]{
	Entity: ent.TypeVacancy,
	ID:     func(v *ent.Vacancy) uuid.UUID { return v.ID },
	Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.Vacancy, error) {
		return tx.Vacancy.Query().Where(vacancy.IDIn(list...)).All(tx)
	},
	Check: isOpen,
}

// isOpen refuses a vacancy that is over.
func isOpen(_ *act.Tx, v *ent.Vacancy) error {
	if v.State == vacancy.StateClosed {
		return ended()
	}
	return nil
}
