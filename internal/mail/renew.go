package mail

import (
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/presssubscription"
	"github.com/steward-pm/steward/ent/publication"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/void"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// RenewPressSubscriptionInput is the next period of a subscription.
type RenewPressSubscriptionInput struct {
	SubscriptionID uuid.UUID
	Copies         *int          // nil: as many as before
	FromOn         *calendar.Day // nil: the day after the last
	LastOn         calendar.Day
	PaidReference  *string
}

// Check refuses what is no time.
func (in RenewPressSubscriptionInput) Check() error {
	from := in.LastOn
	if in.FromOn != nil {
		from = *in.FromOn
	}
	return checkTerm(in.Copies, from, in.LastOn, in.PaidReference)
}

// RenewPressSubscriptionPayload is the new period.
type RenewPressSubscriptionPayload struct{ Subscription *ent.PressSubscription }

// Renew records the next period of a subscription, as a row that names the one before (M1).
//
// Errors: NOT_FOUND; CONFLICT if it was voided, ended or renewed before; INVALID_INPUT for a period that begins before the last is over.
var Renew = act.Guarded(act.New("mail.renewSubscription", act.Needs(policy.PressSubscription, policy.Create), act.Clauses("M1"), renew), subscriptionGuard(canRenew))

func renew(tx *act.Tx, in RenewPressSubscriptionInput) (*RenewPressSubscriptionPayload, error) {
	before, err := subscriptionOf(tx, in.SubscriptionID, "subscriptionID")
	if err != nil {
		return nil, err
	}
	if err := canRenew(tx, before); err != nil {
		return nil, err
	}
	next := calendar.DayOf(before.LastOn).AddDays(1)
	from := next
	if in.FromOn != nil {
		from = *in.FromOn
	}
	if from.Before(next) || in.LastOn.Before(from) {
		return nil, fault.Invalid("lastOn", "续订应从 %[1]s 或之后开始,并在其后结束。", "The next period begins on %[1]s or later, and ends after it began.", next.String()).By("M1")
	}
	if err := checkTerm(in.Copies, from, in.LastOn, nil); err != nil { // five years at most, from where it begins
		return nil, err
	}
	p, err := tx.Publication.Query().Where(publication.ID(before.PublicationID)).Only(tx)
	if err != nil {
		return nil, err
	}
	if in.Copies == nil {
		in.Copies = &before.Copies
	}
	s, err := term(tx, p, in.Copies, from, in.LastOn, in.PaidReference).
		SetNillableHouseholdID(before.HouseholdID).SetNillableDepartmentID(before.DepartmentID).SetRenewsID(before.ID).Save(tx)
	return &RenewPressSubscriptionPayload{s}, err
}

// canRenew refuses what was voided, ended, or renewed before.
func canRenew(_ *act.Tx, s *ent.PressSubscription) error {
	if err := void.Refuse(s.VoidedAt); err != nil {
		return err
	}
	if s.EndedAt != nil {
		return endedAlready(s)
	}
	return nil
}

// EndPressSubscriptionInput ends a subscription before its time.
type EndPressSubscriptionInput struct {
	SubscriptionID uuid.UUID
	LastOn         calendar.Day
	Reason         string
}

// Check refuses an empty or endless reason.
func (in EndPressSubscriptionInput) Check() error {
	return wording.CheckText("reason", in.Reason, 1, 500)
}

// EndPressSubscriptionPayload is the subscription with its last day.
type EndPressSubscriptionPayload struct{ Subscription *ent.PressSubscription }

// End ends a subscription before its time, once (M1): nothing is expected for it after its last day.
//
// Errors: NOT_FOUND; CONFLICT if it was voided, ended or renewed, or press came for it later; INVALID_INPUT for a day that is not within it.
var End = act.Guarded(act.New("mail.endSubscription", act.Needs(policy.PressSubscription, policy.Update), act.Clauses("M1"), endSubscription), subscriptionGuard(canRenew))

func endSubscription(tx *act.Tx, in EndPressSubscriptionInput) (*EndPressSubscriptionPayload, error) {
	s, err := subscriptionOf(tx, in.SubscriptionID, "subscriptionID")
	if err != nil {
		return nil, err
	}
	if err := canRenew(tx, s); err != nil {
		return nil, err
	}
	if in.LastOn.Before(calendar.DayOf(s.FromOn)) || !in.LastOn.Before(calendar.DayOf(s.LastOn)) {
		return nil, notWithin("lastOn", s)
	}
	reason := wording.Tidy(in.Reason)
	tx.Because(reason)
	s, err = s.Update().SetLastOn(in.LastOn.UTC()).SetEndReason(reason).SetEndedAt(tx.Now).SetEndedByName(tx.Viewer.Name).Save(tx)
	return &EndPressSubscriptionPayload{s}, err
}

// notWithin refuses a day outside of a subscription.
func notWithin(field string, s *ent.PressSubscription) *fault.Error {
	return fault.Invalid(field, "日期应在订期之内(%[1]s 至 %[2]s)。", "Give a day within the subscription, which is from %[1]s until %[2]s.",
		s.FromOn.Format(time.DateOnly), s.LastOn.Format(time.DateOnly)).By("M1")
}

func endedAlready(s *ent.PressSubscription) *fault.Error {
	return fault.Clash("%[1]s 已提前终止此订阅,请另行订阅。", "%[1]s ended the subscription; record a new one.", s.EndedByName).By("M1")
}

// subscriptionOf finds a subscription and locks it.
func subscriptionOf(tx *act.Tx, id uuid.UUID, field string) (*ent.PressSubscription, error) {
	s, err := tx.PressSubscription.Query().Where(presssubscription.ID(id)).ForUpdate().Only(tx)
	return act.Find(s, err, field)
}

func subscriptionGuard(check func(*act.Tx, *ent.PressSubscription) error) act.Guard[*ent.PressSubscription] {
	return act.Guard[*ent.PressSubscription]{
		Entity: ent.TypePressSubscription,
		ID:     func(s *ent.PressSubscription) uuid.UUID { return s.ID },
		Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.PressSubscription, error) {
			return tx.PressSubscription.Query().Where(presssubscription.IDIn(list...)).All(tx)
		},
		Check: check,
	}
}
