package mail

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/mailevent"
	"github.com/steward-pm/steward/ent/mailitem"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/void"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// DecideMailInput is what a superior decides upon a doubtful item: it is sorted for somebody, or goes back as dead.
type DecideMailInput struct {
	ItemID                    uuid.UUID
	To                        mailitem.State // sorted or dead
	HouseholdID, DepartmentID *uuid.UUID     // whom it is for, if sorted; neither: as it was registered
	Reason                    string
}

// Check refuses what is no decision.
func (in DecideMailInput) Check() error {
	addressed := in.HouseholdID != nil || in.DepartmentID != nil
	switch {
	case in.To != mailitem.StateSorted && in.To != mailitem.StateDead:
		return fault.Invalid("to", "请决定分拣(SORTED)或按死信退回(DEAD)。", "Decide that it is sorted (SORTED), or goes back as dead (DEAD).").By("M4")
	case addressed && in.To == mailitem.StateDead:
		return fault.Invalid("to", "死信没有收件方。", "What is dead is for nobody here.").By("M4")
	case in.HouseholdID != nil && in.DepartmentID != nil:
		return fault.Invalid("departmentID", "收件方只能是业户或部室之一。", "It is for a household or for a department, not for both.").By("M4")
	}
	return wording.CheckText("reason", in.Reason, 1, 500)
}

// DecideMailPayload is the item as it stands after.
type DecideMailPayload struct{ Item *ent.MailItem }

// Decide is the superior's decision upon a doubtful item: a supervisor's or manager's who did not raise it (M4).
//
// Errors: NOT_FOUND; FORBIDDEN for the supervisor of another department; CONFLICT for an item that is not doubtful; RULE M4 for who raised
// it, and to sort what is for nobody known.
var Decide = act.Guarded(act.New("mail.decide", act.Needs(policy.MailItem, policy.Approve).SessionOnly(), act.Clauses("M4"), decide), guard(canDecide))

func decide(tx *act.Tx, in DecideMailInput) (*DecideMailPayload, error) {
	item, err := itemOf(tx, in.ItemID, "itemID")
	if err != nil {
		return nil, err
	}
	households, departments, err := addressees(tx, item.EstateID, []MailItemInput{{HouseholdID: in.HouseholdID, DepartmentID: in.DepartmentID}})
	switch {
	case err != nil:
		return nil, err
	case in.HouseholdID != nil && !households[*in.HouseholdID]:
		return nil, fault.Missing().At("householdID")
	case in.DepartmentID != nil && !departments[*in.DepartmentID]:
		return nil, fault.Missing().At("departmentID")
	}
	if err := canDecide(tx, item); err != nil {
		return nil, err
	}
	reason := wording.Tidy(in.Reason)
	tx.Because(reason)
	if err := decision(tx, item, in).SetReason(reason).Exec(tx); err != nil {
		return nil, err
	}
	if err := dueDecision.Meet(tx, item.ID); err != nil {
		return nil, err
	}
	if in.To == mailitem.StateDead {
		if err := today(tx, dueReturn, item); err != nil {
			return nil, err
		}
	}
	item, err = after(tx, item)
	return &DecideMailPayload{item}, err
}

// decision is the event: whom it is for is decided with it.
func decision(tx *act.Tx, item *ent.MailItem, in DecideMailInput) *ent.MailEventCreate {
	to := *item
	if in.HouseholdID != nil || in.DepartmentID != nil {
		to.HouseholdID, to.DepartmentID = in.HouseholdID, in.DepartmentID
	}
	return event(tx, &to, mailevent.State(in.To))
}

// canDecide refuses what is not doubtful, who does not lead in customer service, and who raised it.
func canDecide(tx *act.Tx, item *ent.MailItem) error {
	if err := void.Refuse(item.VoidedAt); err != nil {
		return err
	}
	if err := in(item, mailitem.StateDoubtful); err != nil {
		return err
	}
	if err := ofCustomerService(tx, policy.MailItem, policy.Approve, item.EstateID, "M4"); err != nil {
		return err
	}
	raised, err := tx.MailEvent.Query().Where(mailevent.ItemID(item.ID), mailevent.StateEQ(mailevent.StateDoubtful)).Order(mailevent.ByActedAt(), mailevent.ByID()).All(tx)
	if err == nil && len(raised) > 0 && raised[len(raised)-1].ActedByID == tx.Viewer.Account {
		return notOwnDoubt()
	}
	return err
}
