package vacancy

import (
	"strings"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/vacancy"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// DescribeVacancyInput says in what condition a vacant unit is; what is nil stays.
type DescribeVacancyInput struct {
	ID              uuid.UUID
	ExpectedVersion int
	Condition       *string
	SinceOn         *calendar.Day // puts right since when it stands empty: an import does not know
}

// Check refuses an endless text.
func (in DescribeVacancyInput) Check() error {
	return wording.Optional(wording.CheckRemark, "condition", in.Condition)
}

// DescribeVacancyPayload is the vacancy as it stands after.
type DescribeVacancyPayload struct{ Vacancy *ent.Vacancy }

// Describe says in what condition a vacant unit is, and puts right since when it stands empty (V3).
//
// Errors: NOT_FOUND; CONFLICT if somebody described it meanwhile, or has moved in; INVALID_INPUT for a day to come, or when somebody
// had the unit.
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
		today, err := tx.Today(v.EstateID)
		if err != nil {
			return nil, err
		}
		if in.SinceOn.After(today) {
			return nil, fault.Invalid("sinceOn", "空置起始日期不能晚于今天。", "A unit stands empty since today or earlier.").By("V3")
		}
		u.SetSinceOn(in.SinceOn.UTC())
	}
	if _, err := u.Save(tx); err != nil {
		return nil, err
	}
	v, err = tx.Vacancy.Get(tx, v.ID) // what is due follows in the database
	return &DescribeVacancyPayload{v}, err
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
