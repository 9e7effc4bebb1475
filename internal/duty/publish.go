package duty

import (
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/dutyroster"
	"github.com/steward-pm/steward/ent/staff"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/policy"
)

// PublishDutyRosterInput names a draft that is ready.
type PublishDutyRosterInput struct {
	RosterID        uuid.UUID
	ExpectedVersion *int // nil: whatever it is
}

// PublishDutyRosterPayload is the roster as it stands after.
type PublishDutyRosterPayload struct{ Roster *ent.DutyRoster }

// Publish publishes a roster with which nothing is wrong, and tells everybody on it; one that comes after its month began is marked late, and the
// leaders of customer service hear of it (D1.1).
//
// Errors: NOT_FOUND; RULE D1.1 if nobody is on it, and, with the problems, while something is wrong with it; CONFLICT if it was published, or changed meanwhile.
var Publish = act.Guarded(act.New("duty.publishRoster", act.Needs(policy.DutyRoster, policy.Approve), act.Clauses(roster), publish), rosterGuard(need{policy.DutyRoster, policy.Approve}, isDraft))

func publish(tx *act.Tx, in PublishDutyRosterInput) (*PublishDutyRosterPayload, error) {
	r, err := rosterOf(tx, in.RosterID, need{policy.DutyRoster, policy.Approve})
	if err != nil {
		return nil, err
	}
	if err := isDraft(tx, r); err != nil {
		return nil, err
	}
	if in.ExpectedVersion != nil {
		if err := tx.Expect(r, r.Version, *in.ExpectedVersion); err != nil {
			return nil, err
		}
	}
	if err := sound(tx, r); err != nil {
		return nil, err
	}
	if on, err := onRoster(tx, r); err != nil {
		return nil, err
	} else if len(on) == 0 {
		return nil, nobodyOn()
	}
	late := !tx.Now.Before(r.DueAt)
	if r, err = r.Update().SetState(dutyroster.StatePublished).SetPublishedAt(tx.Now).SetPublishedByID(tx.Viewer.Account).SetPublishedByName(tx.Viewer.Name).
		SetLate(late).Save(tx); err != nil {
		return nil, err
	}
	if err := dueRoster.Meet(tx, r.ID); err != nil {
		return nil, err
	}
	if late {
		if err := tellLate(tx, r); err != nil {
			return nil, err
		}
	}
	return &PublishDutyRosterPayload{r}, tellRostered(tx, r)
}

// sound refuses a roster with which something is wrong, and lists it. The database refuses it, too.
func sound(tx *act.Tx, r *ent.DutyRoster) error {
	cal, err := tx.Calendar(r.EstateID)
	if err != nil {
		return err
	}
	list, err := problems(tx, tx.Raw, r, cal.Today(tx.Now))
	if err != nil || len(list) == 0 {
		return err
	}
	return refuseProblems(tx, r, list, unsound())
}

// refuseProblems is the refusal with what is wrong, the first fifty of it.
func refuseProblems(tx *act.Tx, r *ent.DutyRoster, list []*DutyProblem, f *fault.Error) error {
	cal, err := tx.Calendar(r.EstateID)
	if err != nil {
		return err
	}
	if err := named(tx, tx.Client(), r, cal, list); err != nil {
		return err
	}
	said := make([]string, 0, 50)
	for _, p := range list[:min(len(list), 50)] {
		said = append(said, p.Message)
	}
	return f.With("problems", said).With("count", len(list))
}

func nobodyOn() *fault.Error {
	return fault.Rule(roster, "值班表上还没有人,不能发布。", "Nobody is on the roster: put people down before it is published.").At("rosterID")
}

func unsound() *fault.Error {
	return fault.Rule(roster, "值班表还有问题,不能发布:请按检查结果(dutyProblems)逐项处理。", "Something is wrong with the roster still; see to what the check lists (dutyProblems) before it is published.").At("rosterID")
}

// tellLate tells who leads the department that the roster came late.
func tellLate(tx *act.Tx, r *ent.DutyRoster) error {
	month := r.Month.Format("2006-01")
	return obligation.Tell(tx, r.DepartmentID, account.Message{
		Estate: r.EstateID, Kind: "duty.rosterLate", Subject: r.ID,
		TitleZH: month + " 值班表逾期发布", TitleEN: "The duty roster of " + month + " was published late",
		BodyZH: "值班表应在当月开始前发布(D1.1)。", BodyEN: "It is to be published before its month begins (D1.1).",
	})
}

// tellRostered tells everybody who is on a roster and has an account that it is there.
func tellRostered(tx *act.Tx, r *ent.DutyRoster) error {
	on, err := onRoster(tx, r)
	if err != nil {
		return err
	}
	people, err := tx.Staff.Query().Where(staff.EstateID(r.EstateID), staff.AccountIDNotNil(), staff.IDIn(on...)).All(tx)
	if err != nil {
		return err
	}
	month := r.Month.Format("2006-01")
	var list []account.Message
	for _, m := range people {
		list = append(list, account.Message{
			AccountID: *m.AccountID, Estate: r.EstateID, Kind: "duty.rosterPublished", Subject: r.ID,
			TitleZH: month + " 值班表已发布", TitleEN: "The duty roster of " + month + " is published",
			BodyZH: "请查看您的班次。", BodyEN: "See when you are on duty.",
		})
	}
	return tx.Runtime().Accounts.Post(tx, tx.Raw, list...)
}

// onRoster are the members of staff who are on a roster.
func onRoster(tx *act.Tx, r *ent.DutyRoster) ([]uuid.UUID, error) {
	rows, err := tx.Raw.Query(tx, `SELECT DISTINCT staff_id FROM duty_assignments WHERE estate_id = $1 AND roster_id = $2 AND removed_at IS NULL`, r.EstateID, r.ID)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}
