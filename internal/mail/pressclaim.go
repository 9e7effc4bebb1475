package mail

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/pressclaim"
	"github.com/steward-pm/steward/ent/pressdelivery"
	"github.com/steward-pm/steward/ent/pressreceipt"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// RecoverPressClaimInput is copies of a claim that came.
type RecoverPressClaimInput struct {
	ClaimID   uuid.UUID
	Copies    int
	Deliverer string // for the post office: a person's name
}

// Check refuses what is no number of copies, and no name.
func (in RecoverPressClaimInput) Check() error {
	if in.Copies < 1 || in.Copies > most {
		return fault.Invalid("copies", "请填写 1 到 %[1]d 之间的份数。", "Give a number of copies between 1 and %[1]d.", most).By("M7")
	}
	return wording.CheckName("deliverer", in.Deliverer)
}

// RecoverPressClaimPayload is what came, and the claim as it stands after.
type RecoverPressClaimPayload struct {
	Recovery *ent.PressRecovery
	Claim    *ent.PressClaim
}

// Recover records copies that the post office made good: they go to who went short, as if they had come with the delivery. With the
// last of them the claim is closed (M7).
//
// Errors: NOT_FOUND; CONFLICT for a claim that is not open; INVALID_INPUT for more copies than are missing.
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
		err = dueClaim.Meet(tx, c.ID)
	}
	return &RecoverPressClaimPayload{r, c}, err
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

// WriteOff closes a claim of which the rest is given up, as a supervisor or manager who did not count the delivery (M7).
//
// Errors: NOT_FOUND; CONFLICT for a claim that is not open; RULE M7 for who counted the delivery.
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

// canWriteOff refuses a claim that is closed, and who counted what came short.
func canWriteOff(tx *act.Tx, c *ent.PressClaim) error {
	if err := canRecover(tx, c); err != nil {
		return err
	}
	own, err := tx.PressReceipt.Query().Where(pressreceipt.ReceivedByID(tx.Viewer.Account), pressreceipt.HasDeliveriesWith(pressdelivery.ID(c.DeliveryID))).Exist(tx)
	if err == nil && own {
		err = notOwnCount()
	}
	return err
}

func notOwnCount() *fault.Error {
	return fault.Rule("M7", "不能核销自己清点的报刊,请由另一位主管或经理核销。", "Nobody writes off what they counted; another supervisor or manager does.")
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
