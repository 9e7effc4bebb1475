package mail

import (
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/mailday"
	"github.com/steward-pm/steward/ent/pressclaim"
	"github.com/steward-pm/steward/ent/pressdelivery"
	"github.com/steward-pm/steward/ent/presspause"
	"github.com/steward-pm/steward/ent/pressreceipt"
	"github.com/steward-pm/steward/ent/pressrecovery"
	"github.com/steward-pm/steward/ent/publication"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/void"
	"github.com/steward-pm/steward/policy"
)

// voiding refuses what was voided before, and who may not void it. Errors: CONFLICT; FORBIDDEN.
func voiding(tx *act.Tx, on policy.Resource, estate uuid.UUID, voidedAt *time.Time, by void.Recorded) (err error) {
	if err := void.Refuse(voidedAt); err != nil {
		return err
	}
	if by.Leads, err = leads(tx, on, policy.Approve, estate); err != nil {
		return err
	}
	return void.May(tx, by)
}

// tell has the leaders hear of a void.
func tell(tx *act.Tx, clause string, estate, subject uuid.UUID, zh, en, why string) error {
	return void.Tell(tx, void.Notice{Clause: clause, Estate: estate, Subject: subject, WhatZH: zh, WhatEN: en, Why: why})
}

// VoidPublicationInput names a publication that was added by mistake, and says why.
type VoidPublicationInput struct{ void.Input }

// VoidPublicationPayload is the publication, voided.
type VoidPublicationPayload struct{ Publication *ent.Publication }

// VoidPublication voids a publication to which nobody subscribes (M1): its name is free again.
//
// Errors: NOT_FOUND; FORBIDDEN for who neither recorded it just now nor leads; CONFLICT if it was voided, or subscriptions stand.
var VoidPublication = act.New("mail.voidPublication", act.Needs(policy.Publication, policy.Void).SessionOnly(), act.Clauses("M1"), voidPublication)

func voidPublication(tx *act.Tx, in VoidPublicationInput) (*VoidPublicationPayload, error) {
	p, err := tx.Publication.Query().Where(publication.ID(in.ID)).ForUpdate().Only(tx)
	if p, err = act.Find(p, err, "id"); err != nil {
		return nil, err
	}
	if err := voiding(tx, policy.Publication, p.EstateID, p.VoidedAt, void.Recorded{Clause: "M1", By: p.RecordedByID, At: p.CreatedAt}); err != nil {
		return nil, err
	}
	if p, err = void.Mark(tx, p.Update(), in.Reason).Save(tx); err != nil {
		return nil, err
	}
	return &VoidPublicationPayload{p}, tell(tx, "M1", p.EstateID, p.ID, "报刊 "+p.Name, "publication "+p.Name, in.Reason)
}

// VoidPressSubscriptionInput names a subscription that was recorded by mistake, and says why.
type VoidPressSubscriptionInput struct{ void.Input }

// VoidPressSubscriptionPayload is the subscription, voided.
type VoidPressSubscriptionPayload struct{ Subscription *ent.PressSubscription }

// VoidSubscription voids a subscription for which no press came (M1); one for which some came is ended.
//
// Errors: NOT_FOUND; FORBIDDEN for who neither recorded it just now nor leads; CONFLICT if it was voided or renewed, or press came for it.
var VoidSubscription = act.Guarded(act.New("mail.voidSubscription", act.Needs(policy.PressSubscription, policy.Void).SessionOnly(), act.Clauses("M1"), voidSubscription),
	subscriptionGuard(canVoidSubscription))

func voidSubscription(tx *act.Tx, in VoidPressSubscriptionInput) (*VoidPressSubscriptionPayload, error) {
	s, err := subscriptionOf(tx, in.ID, "id")
	if err != nil {
		return nil, err
	}
	if err := canVoidSubscription(tx, s); err != nil {
		return nil, err
	}
	if s, err = void.Mark(tx, s.Update(), in.Reason).Save(tx); err != nil {
		return nil, err
	}
	return &VoidPressSubscriptionPayload{s}, tell(tx, "M1", s.EstateID, s.ID, "报刊订阅 "+s.PublicationName, "subscription to "+s.PublicationName, in.Reason)
}

func canVoidSubscription(tx *act.Tx, s *ent.PressSubscription) error {
	return voiding(tx, policy.PressSubscription, s.EstateID, s.VoidedAt, void.Recorded{Clause: "M1", By: s.RecordedByID, At: s.CreatedAt})
}

// VoidPressPauseInput names a pause that was recorded by mistake, and says why.
type VoidPressPauseInput struct{ void.Input }

// VoidPressPausePayload is the pause, voided.
type VoidPressPausePayload struct{ Pause *ent.PressPause }

// VoidPause voids a pause that was recorded by mistake (M1): what comes from now on is expected again.
//
// Errors: NOT_FOUND; FORBIDDEN for who neither recorded it just now nor leads; CONFLICT if it was voided.
var VoidPause = act.New("mail.voidPause", act.Needs(policy.PressPause, policy.Void).SessionOnly(), act.Clauses("M1"), voidPause)

func voidPause(tx *act.Tx, in VoidPressPauseInput) (*VoidPressPausePayload, error) {
	p, err := tx.PressPause.Query().Where(presspause.ID(in.ID)).ForUpdate().Only(tx)
	if p, err = act.Find(p, err, "id"); err != nil {
		return nil, err
	}
	if err := voiding(tx, policy.PressPause, p.EstateID, p.VoidedAt, void.Recorded{Clause: "M1", By: p.RecordedByID, At: p.CreatedAt}); err != nil {
		return nil, err
	}
	if p, err = void.Mark(tx, p.Update(), in.Reason).Save(tx); err != nil {
		return nil, err
	}
	return &VoidPressPausePayload{p}, tell(tx, "M1", p.EstateID, p.ID, "报刊停送", "pause of a subscription", in.Reason)
}

// VoidPressDeliveryInput names a count of an issue that was recorded by mistake, and says why.
type VoidPressDeliveryInput struct{ void.Input }

// VoidPressDeliveryPayload is the delivery, voided.
type VoidPressDeliveryPayload struct{ Delivery *ent.PressDelivery }

// VoidPressDelivery voids what was counted of an issue, and with it who got how many and its claim, so that it can be counted anew (M7). Where
// there is a claim, or the day's mail is closed, who leads does, and not who counted.
//
// Errors: NOT_FOUND; FORBIDDEN for who neither counted it just now nor leads; CONFLICT if it was voided, or something of its claim
// was recovered or written off; RULE M7 for who counted what is claimed.
var VoidPressDelivery = act.New("mail.voidPressDelivery", act.Needs(policy.PressDelivery, policy.Void).SessionOnly(), act.Clauses("M7"), voidPressDelivery)

func voidPressDelivery(tx *act.Tx, in VoidPressDeliveryInput) (*VoidPressDeliveryPayload, error) {
	d, err := tx.PressDelivery.Query().Where(pressdelivery.ID(in.ID)).ForUpdate().Only(tx)
	if d, err = act.Find(d, err, "id"); err != nil {
		return nil, err
	}
	r, err := tx.PressReceipt.Query().Where(pressreceipt.ID(d.ReceiptID)).Only(tx)
	if err != nil {
		return nil, err
	}
	claim, err := tx.PressClaim.Query().Where(pressclaim.DeliveryID(d.ID)).All(tx)
	if err != nil {
		return nil, err
	}
	if err := canVoidCount(tx, d, r, claim); err != nil {
		return nil, err
	}
	if d, err = void.Mark(tx, d.Update(), in.Reason).Save(tx); err != nil {
		return nil, err
	}
	for _, c := range claim {
		if err := dueClaim.Cancel(tx, c.ID); err != nil {
			return nil, err
		}
	}
	return &VoidPressDeliveryPayload{d}, tell(tx, "M7", d.EstateID, d.ID, d.Day.Format(time.DateOnly)+" 的报刊清点", "count of press of "+d.Day.Format(time.DateOnly), in.Reason)
}

// canVoidCount has who counted put a slip right at once, but for one that gives up a claim, or is of a day that is closed.
func canVoidCount(tx *act.Tx, d *ent.PressDelivery, r *ent.PressReceipt, claim []*ent.PressClaim) error {
	by := void.Recorded{Clause: "M7", By: r.ReceivedByID, At: r.CreatedAt}
	closed, err := tx.MailDay.Query().Where(mailday.EstateID(d.EstateID), mailday.Day(d.Day), mailday.StateEQ(mailday.StateClosed)).Exist(tx)
	if err != nil {
		return err
	}
	if len(claim) > 0 || closed {
		by.By = uuid.Nil
	}
	if err := voiding(tx, policy.PressDelivery, d.EstateID, d.VoidedAt, by); err != nil {
		return err
	}
	if len(claim) > 0 && r.ReceivedByID == tx.Viewer.Account {
		return notOwnShort()
	}
	return nil
}

// notOwnShort refuses who counted what came short to give up its claim.
func notOwnShort() *fault.Error {
	return fault.Rule("M7", "少送的清点由另一位主管或经理作废。", "A count that came short is voided by another supervisor or manager than counted it.")
}

// VoidPressRecoveryInput names a recovery that was recorded by mistake, and says why.
type VoidPressRecoveryInput struct{ void.Input }

// VoidPressRecoveryPayload is the recovery, voided, and the claim, open again.
type VoidPressRecoveryPayload struct {
	Recovery *ent.PressRecovery
	Claim    *ent.PressClaim
}

// VoidRecovery voids the last recovery of a claim: its copies are missing again, and due (M7).
//
// Errors: NOT_FOUND; FORBIDDEN for who neither recorded it just now nor leads; CONFLICT if it was voided, is not the last, or the rest was
// written off since.
var VoidRecovery = act.New("mail.voidRecovery", act.Needs(policy.PressRecovery, policy.Void).SessionOnly(), act.Clauses("M7"), voidRecovery)

func voidRecovery(tx *act.Tx, in VoidPressRecoveryInput) (*VoidPressRecoveryPayload, error) {
	r, err := tx.PressRecovery.Query().Where(pressrecovery.ID(in.ID)).ForUpdate().Only(tx)
	if r, err = act.Find(r, err, "id"); err != nil {
		return nil, err
	}
	if err := voiding(tx, policy.PressRecovery, r.EstateID, r.VoidedAt, void.Recorded{Clause: "M7", By: r.RecordedByID, At: r.CreatedAt}); err != nil {
		return nil, err
	}
	before, err := tx.PressClaim.Query().Where(pressclaim.ID(r.ClaimID)).WithPublication().Only(tx)
	if err != nil {
		return nil, err
	}
	if r, err = void.Mark(tx, r.Update(), in.Reason).Save(tx); err != nil {
		return nil, err
	}
	c, err := tx.PressClaim.Get(tx, r.ClaimID)
	if err != nil {
		return nil, err
	}
	if before.State == pressclaim.StateRecovered {
		if err := openClaim(tx, c, before.Edges.Publication.Name); err != nil {
			return nil, err
		}
	}
	return &VoidPressRecoveryPayload{r, c}, tell(tx, "M7", c.EstateID, r.ID, "报刊追回记录", "recovery of press", in.Reason)
}
