package registry

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/obligation"
	"github.com/steward-pm/steward/ent/staff"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/audit"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/policy"
)

// EndEmploymentInput says who leaves, and who takes over.
type EndEmploymentInput struct {
	StaffID    uuid.UUID
	LastDay    *calendar.Day // nil: today
	ReassignTo *uuid.UUID    // the member of staff who takes over what is open
}

// EndEmploymentPayload is the member of staff, what they left open, now another's, and what ended with them.
type EndEmploymentPayload struct {
	Staff         *ent.Staff
	Obligations   []*ent.Obligation
	EndedGrants   int
	EndedSessions int
	EndedTokens   int
	OtherGrants   int // still in force in other estates: for who manages those
}

// EndEmployment ends somebody's employment: grants, sessions and tokens end at once, what is open goes to
// a colleague (RULEBOOK, "Staff who leave").
//
// Errors: NOT_FOUND; RULE K2.3 while keys are out in the person's name that are not recorded lost; CONFLICT if
// they left before, or leave something open that nobody takes over.
var EndEmployment = act.Guarded(act.New("registry.endEmployment", act.Needs(policy.Staff, policy.Update), act.Clauses("K2.3"), endEmployment), leaveGuard)

func endEmployment(tx *act.Tx, in EndEmploymentInput) (*EndEmploymentPayload, error) {
	s, err := tx.Staff.Query().Where(staff.ID(in.StaffID)).ForUpdate().Only(tx) // a loan to the person waits, and then finds them gone
	if s, err = act.Find(s, err, "staffID"); err != nil {
		return nil, err
	}
	tx.About(ent.TypeStaff, s.ID, s.RowScope())
	out, err := keyring.Out(tx, []uuid.UUID{s.ID})
	if err != nil {
		return nil, err
	}
	if err := canLeave(tx, leaver{s, out[s.ID]}); err != nil {
		return nil, err
	}
	day, err := lastDay(tx, s, in.LastDay)
	if err != nil {
		return nil, err
	}
	open, err := passOn(tx, s, in.ReassignTo)
	if err != nil {
		return nil, err
	}
	if s, err = s.Update().SetEmployedUntil(day.UTC()).Save(tx); err != nil {
		return nil, err
	}
	ended, err := lockOut(tx, s)
	return &EndEmploymentPayload{s, open, ended.Grants, ended.Sessions, ended.Tokens, ended.Elsewhere}, err
}

// lastDay is the day given, or today; somebody who still works is not locked out yet.
func lastDay(tx *act.Tx, s *ent.Staff, given *calendar.Day) (calendar.Day, error) {
	today, err := tx.Today(s.EstateID)
	if err != nil || given == nil {
		return today, err
	}
	switch {
	case given.After(today):
		return *given, fault.Invalid("lastDay", "离职当日再办理:账号会立即停用。", "Do this on the last day: the account ends at once.")
	case given.UTC().Before(s.EmployedFrom):
		return *given, fault.Invalid("lastDay", "离职日期早于入职日期。", "The last day is before the first.")
	}
	return *given, nil
}

// passOn gives what is open in the person's name to a colleague.
func passOn(tx *act.Tx, s *ent.Staff, to *uuid.UUID) ([]*ent.Obligation, error) {
	if s.AccountID == nil {
		return nil, nil
	}
	open, err := tx.Obligation.Query().Where(obligation.EstateID(s.EstateID), obligation.AccountID(*s.AccountID), obligation.MetAtIsNil(),
		obligation.StateNEQ(obligation.StateCancelled)).Order(obligation.ByDueAt()).ForUpdate().All(tx)
	if err != nil || len(open) == 0 {
		return nil, err
	}
	if to == nil {
		return nil, fault.Clash("还有 %[1]d 项未办事项,请指定接手人。", "%[1]d matters are open in this person's name; say who takes them over.", len(open)).
			At("reassignTo").With("open", len(open))
	}
	heir, err := tx.Staff.Query().Where(staff.ID(*to), staff.EstateID(s.EstateID), staff.EmployedUntilIsNil(), staff.IDNEQ(s.ID)).Only(tx)
	if heir, err = act.Find(heir, err, "reassignTo"); err != nil {
		return nil, err
	}
	if heir.AccountID == nil {
		return nil, fault.Invalid("reassignTo", "接手人没有账号,收不到提醒。", "Who takes over has no account, and would not be reminded.")
	}
	for i, o := range open {
		if open[i], err = o.Update().SetAccountID(*heir.AccountID).Save(tx); err != nil {
			return nil, err
		}
	}
	return open, nil
}

// lockOut ends the grants, sessions and tokens of the person's account: where they work elsewhere too, only
// the grants of this estate, for the others are another manager's to end.
func lockOut(tx *act.Tx, s *ent.Staff) (ended account.Ended, err error) {
	if s.AccountID == nil {
		return ended, nil
	}
	elsewhere, err := tx.Staff.Query().Where(staff.AccountID(*s.AccountID), staff.EstateIDNEQ(s.EstateID), staff.EmployedUntilIsNil()).Count(tx)
	if err != nil {
		return ended, err
	}
	reach := tx.Viewer.Settings().EstateIDs
	if elsewhere > 0 || !tx.Viewer.Scope(policy.Staff, policy.Update).Portfolio {
		reach = "{" + s.EstateID.String() + "}"
	}
	err = within(tx, reach, func() error {
		ended, err = tx.Runtime().Accounts.EndAll(tx, tx.Raw, *s.AccountID, tx.Viewer.Account)
		if fault.Is(err, fault.NotFound) { // never had a grant here
			return nil
		}
		return err
	})
	if err != nil || ended == (account.Ended{}) {
		return ended, err
	}
	var fields []audit.Field
	for name, n := range map[string]int{"endedGrants": ended.Grants, "endedSessions": ended.Sessions, "endedTokens": ended.Tokens} {
		f, err := audit.Plain(name, nil, n)
		if err != nil {
			return ended, err
		}
		fields = append(fields, f)
	}
	return ended, tx.Note(s.EstateID, audit.Change{Type: "Account", ID: *s.AccountID, Op: audit.Update, Fields: fields})
}

// within runs f while row-level security shows the given estates only: the viewer's settings hold every
// estate where the viewer has any role, and a manager of one may be a clerk in another.
func within(tx *act.Tx, estates string, f func() error) error {
	set := func(ctx context.Context, list string) error {
		_, err := tx.Raw.Exec(ctx, `SELECT set_config('app.estate_ids', $1, true)`, list)
		return err
	}
	if err := set(tx, estates); err != nil {
		return err
	}
	if err := f(); err != nil {
		return err // the transaction is rolled back, and the setting with it
	}
	return set(tx, tx.Viewer.Settings().EstateIDs)
}

// leaver is a member of staff with the keys out in their name.
type leaver struct {
	*ent.Staff
	keysOut int
}

var leaveGuard = act.Guard[leaver]{
	Entity: ent.TypeStaff,
	ID:     func(l leaver) uuid.UUID { return l.ID },
	Load: func(tx *act.Tx, list []uuid.UUID) ([]leaver, error) {
		people, err := tx.Staff.Query().Where(staff.IDIn(list...)).All(tx)
		if err != nil {
			return nil, err
		}
		out, err := keyring.Out(tx, list)
		leavers := make([]leaver, len(people))
		for i, p := range people {
			leavers[i] = leaver{p, out[p.ID]}
		}
		return leavers, err
	},
	Check: canLeave,
}

// canLeave refuses who left, and who has keys out that are not recorded lost.
func canLeave(_ *act.Tx, l leaver) error {
	switch {
	case l.EmployedUntil != nil:
		return fault.Clash("%[1]s 已于 %[2]s 离职。", "%[1]s left on %[2]s.", l.Name, calendar.DayOf(*l.EmployedUntil))
	case l.keysOut > 0:
		return fault.Rule("K2.3", "%[1]s 名下还有 %[2]d 把钥匙未还,请先归还,或登记遗失。", "%[2]d keys are out in the name of %[1]s; have them returned, or record them lost.",
			l.Name, l.keysOut).With("keysOut", fmt.Sprint(l.keysOut))
	}
	return nil
}
