package registry

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/obligation"
	"github.com/steward-pm/steward/ent/staff"
	"github.com/steward-pm/steward/internal/access"
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
// a colleague (the rulebook, "Staff who leave"). It is a person's act, for it ends grants.
//
// Errors: NOT_FOUND; FORBIDDEN for oneself, and, unless the general manager asks, for auditors and general managers;
// RULE K2.3 while keys are out in the person's name that are not recorded lost; CONFLICT if they left before, or
// leave something open that nobody takes over.
var EndEmployment = act.Guarded(act.New("registry.endEmployment", act.Needs(policy.Staff, policy.Update).SessionOnly(), act.Clauses("K2.3"), endEmployment), leaveGuard)

func endEmployment(tx *act.Tx, in EndEmploymentInput) (*EndEmploymentPayload, error) {
	s, err := tx.Staff.Query().Where(staff.ID(in.StaffID)).ForUpdate().Only(tx) // a loan to the person waits, and then finds them gone
	if s, err = act.Find(s, err, "staffID"); err != nil {
		return nil, err
	}
	tx.About(ent.TypeStaff, s.ID, s.RowScope())
	who, err := leavers(tx, s)
	if err != nil {
		return nil, err
	}
	if err := canLeave(tx, who[0]); err != nil {
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
	if err != nil {
		return today, err
	}
	day := today
	if given != nil {
		day = *given
	}
	switch {
	case day.After(today):
		return day, fault.Invalid("lastDay", "离职当日再办理:账号会立即停用。", "Do this on the last day: the account ends at once.")
	case day.UTC().Before(s.EmployedFrom):
		return day, fault.Invalid("lastDay", "离职日期早于入职日期。", "The last day is before the first.")
	}
	return day, nil
}

// passOn gives what is open in the person's name to a colleague.
func passOn(tx *act.Tx, s *ent.Staff, to *uuid.UUID) ([]*ent.Obligation, error) {
	heir, err := heirOf(tx, s, to)
	if err != nil || s.AccountID == nil {
		return nil, err
	}
	open, err := tx.Obligation.Query().Where(obligation.EstateID(s.EstateID), obligation.AccountID(*s.AccountID), obligation.MetAtIsNil(),
		obligation.StateNEQ(obligation.StateCancelled)).Order(obligation.ByDueAt()).ForUpdate().All(tx)
	switch {
	case err != nil || len(open) == 0:
		return nil, err
	case heir == nil:
		return nil, fault.Clash("还有 %[1]d 项未办事项,请指定接手人。", "%[1]d matters are open in this person's name; say who takes them over.", len(open)).
			At("reassignTo").With("open", len(open))
	case heir.AccountID == nil:
		return nil, fault.Invalid("reassignTo", "接手人没有账号,收不到提醒。", "Who takes over has no account, and would not be reminded.")
	}
	for i, o := range open {
		if open[i], err = o.Update().SetAccountID(*heir.AccountID).Save(tx); err != nil {
			return nil, err
		}
	}
	return open, nil
}

// heirOf finds the colleague who is to take over, if one is named: also where nothing turns out to be open.
//
// Errors: NOT_FOUND at reassignTo.
func heirOf(tx *act.Tx, s *ent.Staff, to *uuid.UUID) (*ent.Staff, error) {
	if to == nil {
		return nil, nil
	}
	heir, err := tx.Staff.Query().Where(staff.ID(*to), staff.EstateID(s.EstateID), staff.EmployedUntilIsNil(), staff.IDNEQ(s.ID)).Only(tx)
	return act.Find(heir, err, "reassignTo")
}

// lockOut ends what the person's account holds. A manager ends the grants of this estate; the general manager
// ends all, but where the person is on the staff of another estate only those of this one.
func lockOut(tx *act.Tx, s *ent.Staff) (ended account.Ended, err error) {
	if s.AccountID == nil {
		return ended, nil
	}
	reach, estate := "{"+s.EstateID.String()+"}", s.EstateID
	if access.RuleFrom(tx).Scope.Whole() {
		reach = "*"
		elsewhere, err := tx.Staff.Query().Where(staff.AccountID(*s.AccountID), staff.EstateIDNEQ(s.EstateID), staff.EmployedUntilIsNil()).Count(tx)
		if err != nil {
			return ended, err
		}
		if elsewhere == 0 {
			estate = uuid.Nil
		}
	}
	err = within(tx, reach, func() error {
		ended, err = tx.Runtime().Accounts.EndAll(tx, tx.Raw, *s.AccountID, tx.Viewer.Account, estate)
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

// leaver is a member of staff with what may keep them from leaving.
type leaver struct {
	*ent.Staff
	keysOut  int  // in their name
	reserved bool // audits, or manages the portfolio
}

// leavers asks for people, in a constant number of statements.
func leavers(tx *act.Tx, people ...*ent.Staff) ([]leaver, error) {
	var list, accounts []uuid.UUID
	for _, p := range people {
		list = append(list, p.ID)
		if p.AccountID != nil {
			accounts = append(accounts, *p.AccountID)
		}
	}
	out, err := keyring.Out(tx, list)
	if err != nil {
		return nil, err
	}
	standings, err := tx.Runtime().Accounts.Standings(tx, tx.Raw, accounts)
	who := make([]leaver, len(people))
	for i, p := range people {
		who[i] = leaver{p, out[p.ID], p.AccountID != nil && standings[*p.AccountID].Reserved > 0}
	}
	return who, err
}

var leaveGuard = act.Guard[leaver]{
	Entity: ent.TypeStaff,
	ID:     func(l leaver) uuid.UUID { return l.ID },
	Load: func(tx *act.Tx, list []uuid.UUID) ([]leaver, error) {
		people, err := tx.Staff.Query().Where(staff.IDIn(list...)).All(tx)
		if err != nil {
			return nil, err
		}
		return leavers(tx, people...)
	},
	Check: canLeave,
}

// canLeave refuses who left, who ends their own account, whom only the general manager ends, and who has keys
// out that are not recorded lost.
func canLeave(tx *act.Tx, l leaver) error {
	switch {
	case l.EmployedUntil != nil:
		return fault.Clash("%[1]s 已于 %[2]s 离职。", "%[1]s left on %[2]s.", l.Name, calendar.DayOf(*l.EmployedUntil))
	case l.AccountID != nil && *l.AccountID == tx.Viewer.Account:
		return account.OwnDenied().At("staffID")
	case l.reserved && !access.RuleFrom(tx).Scope.Whole():
		return fault.Denied("%[1]s 是审计人员或总经理,请由总经理办理离职。",
			"%[1]s is an auditor or general manager; ask the general manager to do this.", l.Name).At("staffID")
	case l.keysOut > 0:
		return fault.Rule("K2.3", "%[1]s 名下还有 %[2]d 把钥匙未还,请先归还,或登记遗失。", "%[2]d keys are out in the name of %[1]s; have them returned, or record them lost.",
			l.Name, l.keysOut).With("keysOut", fmt.Sprint(l.keysOut))
	}
	return nil
}
