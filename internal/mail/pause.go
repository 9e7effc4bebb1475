package mail

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/presspause"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/void"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// PausePressSubscriptionInput is a time in which a subscriber wants nothing.
type PausePressSubscriptionInput struct {
	SubscriptionID uuid.UUID
	FromOn, LastOn calendar.Day
	Reason         *string
}

// Check refuses what is no time.
func (in PausePressSubscriptionInput) Check() error {
	if in.LastOn.Before(in.FromOn) {
		return fault.Invalid("lastOn", "最后一天不能早于第一天。", "The last day lies before the first.").By("M1")
	}
	return wording.Optional(wording.CheckLine, "reason", in.Reason)
}

// PausePressSubscriptionPayload is the pause and its subscription.
type PausePressSubscriptionPayload struct {
	Pause        *ent.PressPause
	Subscription *ent.PressSubscription
}

// Pause records a time in which nothing is expected for a subscription (M1).
//
// Errors: NOT_FOUND; CONFLICT if the subscription was voided or is paused then, or press came for it already; INVALID_INPUT for days
// outside of it.
var Pause = act.Guarded(act.New("mail.pauseSubscription", act.Needs(policy.PressSubscription, policy.Update), act.Clauses("M1"), pause), subscriptionGuard(canPause))

func pause(tx *act.Tx, in PausePressSubscriptionInput) (*PausePressSubscriptionPayload, error) {
	s, err := subscriptionOf(tx, in.SubscriptionID, "subscriptionID")
	if err != nil {
		return nil, err
	}
	if err := canPause(tx, s); err != nil {
		return nil, err
	}
	switch {
	case in.FromOn.Before(calendar.DayOf(s.FromOn)):
		return nil, notWithin("fromOn", s)
	case in.LastOn.After(calendar.DayOf(s.LastOn)):
		return nil, notWithin("lastOn", s)
	}
	p, err := tx.PressPause.Create().SetEstateID(s.EstateID).SetSubscriptionID(s.ID).SetNillableHouseholdID(s.HouseholdID).
		SetFromOn(in.FromOn.UTC()).SetLastOn(in.LastOn.UTC()).SetReason(tidy(in.Reason)).
		SetRecordedByID(tx.Viewer.Account).SetRecordedByName(tx.Viewer.Name).Save(tx)
	return &PausePressSubscriptionPayload{p, s}, err
}

func canPause(_ *act.Tx, s *ent.PressSubscription) error { return void.Refuse(s.VoidedAt) }

// ResumePressSubscriptionInput has press delivered again before a pause is over.
type ResumePressSubscriptionInput struct {
	PauseID uuid.UUID
	On      calendar.Day // the first day with press again
}

// ResumePressSubscriptionPayload is the pause as it is now.
type ResumePressSubscriptionPayload struct{ Pause *ent.PressPause }

// Resume shortens a pause (M1). One that should not have begun is voided instead.
//
// Errors: NOT_FOUND; CONFLICT if it was voided; INVALID_INPUT for a day that is not within the pause, after its first.
var Resume = act.New("mail.resumeSubscription", act.Needs(policy.PressPause, policy.Update), act.Clauses("M1"), resume)

func resume(tx *act.Tx, in ResumePressSubscriptionInput) (*ResumePressSubscriptionPayload, error) {
	p, err := tx.PressPause.Query().Where(presspause.ID(in.PauseID)).ForUpdate().Only(tx)
	if p, err = act.Find(p, err, "pauseID"); err != nil {
		return nil, err
	}
	if err := void.Refuse(p.VoidedAt); err != nil {
		return nil, err
	}
	if !in.On.After(calendar.DayOf(p.FromOn)) || in.On.After(calendar.DayOf(p.LastOn)) {
		return nil, fault.Invalid("on", "恢复日期应在停送期第一天之后、期满之前;不应停送的请作废。",
			"Give a day after the first of the pause and not after its last; void a pause that should not have begun.").By("M1")
	}
	p, err = p.Update().SetLastOn(in.On.AddDays(-1).UTC()).SetResumedByName(tx.Viewer.Name).Save(tx)
	return &ResumePressSubscriptionPayload{p}, err
}
