package mail

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/pressclaim"
	"github.com/steward-pm/steward/ent/pressdelivery"
	"github.com/steward-pm/steward/ent/pressreceipt"
	"github.com/steward-pm/steward/ent/pressrecovery"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/signature"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// M7: what comes later is counted with who brings it, as what came in time was, and both sign.
var recoverCeremony = signature.Declare(signature.Ceremony{
	Kind: "mail.recover", Clause: "M7", Capacities: []string{"deliverer", "receptionist"}, Distinct: [][2]string{{"deliverer", "receptionist"}},
})

// RecoverPressClaimInput is copies of a claim that came.
type RecoverPressClaimInput struct {
	ClaimID   uuid.UUID
	Copies    int
	Deliverer string           // for the post office: a person's name
	Signature *signature.Input // the deliverer's
}

// Check refuses what is no number of copies, and no name.
func (in RecoverPressClaimInput) Check() error {
	if in.Copies < 1 || in.Copies > most {
		return fault.Invalid("copies", "请填写 1 到 %[1]d 之间的份数。", "Give a number of copies between 1 and %[1]d.", most).By("M7")
	}
	return wording.CheckName("deliverer", in.Deliverer)
}

// Prepare has the receptionist attest the deliverer's signature.
func (in RecoverPressClaimInput) Prepare(ctx context.Context) error {
	return in.Signature.Prove(ctx, signature.Who{Name: in.Deliverer, Field: "deliverer"}, "signature")
}

// RecoverPressClaimPayload is what came, and the claim as it stands after.
type RecoverPressClaimPayload struct {
	Recovery *ent.PressRecovery
	Claim    *ent.PressClaim
}

// Recover records copies that the post office made good, signed by who brings them and who takes them over: they go to who went short, as
// if they had come with the delivery. With the last of them the claim is closed (M7).
//
// Errors: NOT_FOUND; CONFLICT for a claim that is not open; INVALID_INPUT for more copies than are missing; RULE M7 if who brings them
// is who takes them over.
var Recover = act.Guarded(act.New("mail.recoverClaim", act.Needs(policy.PressRecovery, policy.Create), act.Clauses("M7"), recoverClaim), claimGuard(canRecover))

func recoverClaim(tx *act.Tx, in RecoverPressClaimInput) (*RecoverPressClaimPayload, error) {
	c, err := claimOf(tx, in.ClaimID)
	if err != nil {
		return nil, err
	}
	if err := canRecover(tx, c); err != nil {
		return nil, err
	}
	if in.Copies > c.Short-c.Recovered {
		return nil, tooMany(c.Short - c.Recovered)
	}
	today, err := tx.Today(c.EstateID)
	if err != nil {
		return nil, err
	}
	r, err := tx.PressRecovery.Create().SetEstateID(c.EstateID).SetClaimID(c.ID).SetCopies(in.Copies).SetDeliveredBy(wording.Tidy(in.Deliverer)).
		SetRecoveredOn(today.UTC()).SetRecordedByID(tx.Viewer.Account).SetRecordedByName(tx.Viewer.Name).Save(tx)
	if err != nil {
		return nil, err
	}
	if c, err = tx.PressClaim.Get(tx, c.ID); err != nil {
		return nil, err
	}
	if c.State == pressclaim.StateRecovered {
		if err := dueClaim.Meet(tx, c.ID); err != nil {
			return nil, err
		}
	}
	return &RecoverPressClaimPayload{r, c}, recoverCeremony.SignBoth(tx, signature.Signing{
		Estate: c.EstateID, Subject: r.ID, By: in.Signature, Field: "signature", Content: signedRecovery{r.DeliveredBy, c.ID, c.Day.Format(time.DateOnly), r.Copies},
	})
}

// signedRecovery is what both sign.
type signedRecovery struct {
	Deliverer string    `json:"deliverer"`
	Claim     uuid.UUID `json:"claim"`
	Day       string    `json:"day"`
	Copies    int       `json:"copies"`
}

func tooMany(missing int) *fault.Error {
	return fault.Invalid("copies", "还差 %[1]d 份,追回的不能更多。", "%[1]d copies are missing; no more of them are recovered.", missing).By("M7")
}

// WriteOffPressClaimInput gives up what is missing of a claim.
type WriteOffPressClaimInput struct {
	ClaimID uuid.UUID
	Reason  string
}

// Check refuses an empty or endless reason.
func (in WriteOffPressClaimInput) Check() error {
	return wording.CheckText("reason", in.Reason, 1, 500)
}

// WriteOffPressClaimPayload is the claim, closed.
type WriteOffPressClaimPayload struct{ Claim *ent.PressClaim }

// WriteOff closes a claim of which the rest is given up, as a supervisor or manager who neither counted the delivery nor recorded what was
// recovered (M7).
//
// Errors: NOT_FOUND; FORBIDDEN for the supervisor of another department; CONFLICT for a claim that is not open; RULE M7 for who counted
// the delivery, or recorded a recovery.
var WriteOff = act.Guarded(act.New("mail.writeOffClaim", act.Needs(policy.PressClaim, policy.Approve).SessionOnly(), act.Clauses("M7"), writeOff), claimGuard(canWriteOff))

func writeOff(tx *act.Tx, in WriteOffPressClaimInput) (*WriteOffPressClaimPayload, error) {
	c, err := claimOf(tx, in.ClaimID)
	if err != nil {
		return nil, err
	}
	if err := canWriteOff(tx, c); err != nil {
		return nil, err
	}
	reason := wording.Tidy(in.Reason)
	tx.Because(reason)
	if c, err = c.Update().SetWriteOffReason(reason).SetWrittenOffByID(tx.Viewer.Account).SetWrittenOffByName(tx.Viewer.Name).SetClosedAt(tx.Now).Save(tx); err != nil {
		return nil, err
	}
	return &WriteOffPressClaimPayload{c}, dueClaim.Meet(tx, c.ID)
}

// claimOf finds a claim and locks it.
func claimOf(tx *act.Tx, id uuid.UUID) (*ent.PressClaim, error) {
	c, err := tx.PressClaim.Query().Where(pressclaim.ID(id)).ForUpdate().Only(tx)
	return act.Find(c, err, "claimID")
}

// canRecover refuses a claim that is closed.
func canRecover(_ *act.Tx, c *ent.PressClaim) error {
	if c.State == pressclaim.StateOpen {
		return nil
	}
	return claimClosed()
}

func claimClosed() *fault.Error {
	return fault.Clash("这项追索已结清、核销或作废。", "The claim was recovered, written off or voided.").By("M7")
}

// canWriteOff refuses a claim that is closed, and who counted what came short, or what was recovered of it.
func canWriteOff(tx *act.Tx, c *ent.PressClaim) error {
	if err := ofCustomerService(tx, policy.PressClaim, policy.Approve, c.EstateID, "M7"); err != nil {
		return err
	}
	if err := canRecover(tx, c); err != nil {
		return err
	}
	own, err := tx.PressReceipt.Query().Where(pressreceipt.ReceivedByID(tx.Viewer.Account), pressreceipt.HasDeliveriesWith(pressdelivery.ID(c.DeliveryID))).Exist(tx)
	if err == nil && !own {
		own, err = tx.PressRecovery.Query().Where(pressrecovery.EstateID(c.EstateID), pressrecovery.ClaimID(c.ID), pressrecovery.RecordedByID(tx.Viewer.Account), pressrecovery.VoidedAtIsNil()).Exist(tx)
	}
	if err == nil && own {
		err = notOwnCount()
	}
	return err
}

func notOwnCount() *fault.Error {
	return fault.Rule("M7", "不能核销自己清点或登记追回的报刊,请由另一位主管或经理核销。", "Nobody writes off what they counted, or recorded a recovery of; another supervisor or manager does.")
}

func claimGuard(check func(*act.Tx, *ent.PressClaim) error) act.Guard[*ent.PressClaim] {
	return act.Guard[*ent.PressClaim]{
		Entity: ent.TypePressClaim,
		ID:     func(c *ent.PressClaim) uuid.UUID { return c.ID },
		Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.PressClaim, error) {
			return tx.PressClaim.Query().Where(pressclaim.IDIn(list...)).All(tx)
		},
		Check: check,
	}
}
