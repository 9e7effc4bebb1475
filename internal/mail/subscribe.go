package mail

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/publication"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/void"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// mostCopies is how many copies one subscription is for; more is a slip of the finger.
const mostCopies = 100

// SubscribePressInput is a subscription of a household or a department.
type SubscribePressInput struct {
	PublicationID             uuid.UUID
	HouseholdID, DepartmentID *uuid.UUID // one of them
	Copies                    *int       // nil: one
	FromOn, LastOn            calendar.Day
	PaidReference             *string
}

// Check refuses what is for nobody or for both, and a time that is none.
func (in SubscribePressInput) Check() error {
	if (in.HouseholdID == nil) == (in.DepartmentID == nil) {
		return fault.Invalid("householdID", "请填写业户或部室之一。", "Give the household or the department, one of them.").By("M1")
	}
	return checkTerm(in.Copies, in.FromOn, in.LastOn, in.PaidReference)
}

func checkTerm(copies *int, from, last calendar.Day, paid *string) error {
	switch {
	case copies != nil && (*copies < 1 || *copies > mostCopies):
		return fault.Invalid("copies", "请填写 1 到 %[1]d 之间的份数。", "Give a number of copies between 1 and %[1]d.", mostCopies).By("M1")
	case last.Before(from):
		return fault.Invalid("lastOn", "最后一天不能早于第一天。", "The last day lies before the first.").By("M1")
	case last.Sub(from) > 5*366:
		return tooLong()
	}
	return wording.Optional(wording.CheckLine, "paidReference", paid)
}

func tooLong() *fault.Error {
	return fault.Invalid("lastOn", "订期最长五年。", "A subscription is for five years at most.").By("M1")
}

// SubscribePressPayload is the subscription.
type SubscribePressPayload struct{ Subscription *ent.PressSubscription }

// Subscribe records that a household or a department subscribes to a publication for a time (M1): 业户订阅邮件一览表.
//
// Errors: NOT_FOUND; CONFLICT if the publication was voided, or the subscriber has it already in that time.
var Subscribe = act.New("mail.subscribe", act.Needs(policy.PressSubscription, policy.Create), act.Clauses("M1"), subscribe)

func subscribe(tx *act.Tx, in SubscribePressInput) (*SubscribePressPayload, error) {
	p, err := tx.Publication.Query().Where(publication.ID(in.PublicationID)).Only(tx)
	if p, err = act.Find(p, err, "publicationID"); err != nil {
		return nil, err
	}
	if err := void.Refuse(p.VoidedAt); err != nil {
		return nil, err
	}
	households, departments, err := addressees(tx, p.EstateID, []MailItemInput{{HouseholdID: in.HouseholdID, DepartmentID: in.DepartmentID}})
	switch {
	case err != nil:
		return nil, err
	case in.HouseholdID != nil && !households[*in.HouseholdID]:
		return nil, fault.Missing().At("householdID")
	case in.DepartmentID != nil && !departments[*in.DepartmentID]:
		return nil, fault.Missing().At("departmentID")
	}
	s, err := term(tx, p, in.Copies, in.FromOn, in.LastOn, in.PaidReference).
		SetNillableHouseholdID(in.HouseholdID).SetNillableDepartmentID(in.DepartmentID).Save(tx)
	return &SubscribePressPayload{s}, err
}

// term is a subscription to a publication for a time, recorded by the viewer.
func term(tx *act.Tx, p *ent.Publication, copies *int, from, last calendar.Day, paid *string) *ent.PressSubscriptionCreate {
	n := 1
	if copies != nil {
		n = *copies
	}
	return tx.PressSubscription.Create().SetEstateID(p.EstateID).SetPublicationID(p.ID).SetPublicationName(p.Name).SetCopies(n).
		SetFromOn(from.UTC()).SetLastOn(last.UTC()).SetPaidReference(tidy(paid)).
		SetRecordedByID(tx.Viewer.Account).SetRecordedByName(tx.Viewer.Name)
}
