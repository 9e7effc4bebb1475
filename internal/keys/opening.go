package keys

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keycabinetopening"
	"github.com/steward-pm/steward/ent/keyholder"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

const (
	lateAfter = 10 * time.Minute // from when on recording is late, and says why
	lateUntil = 24 * time.Hour   // and no longer possible
)

// OpenKeyCabinetInput says which cabinet is opened, and what for.
type OpenKeyCabinetInput struct {
	CabinetID  uuid.UUID
	Purpose    string
	OccurredAt *time.Time // nil: now
	LateReason *string    // needed when recorded late
}

// Check refuses what is no purpose or reason.
func (in OpenKeyCabinetInput) Check() error {
	if err := wording.CheckText("purpose", in.Purpose, 1, 200); err != nil {
		return err
	}
	return wording.Optional(func(field, text string) error { return wording.CheckText(field, text, 1, 200) }, "lateReason", in.LateReason)
}

// OpenKeyCabinetPayload is the opening.
type OpenKeyCabinetPayload struct{ Opening *ent.KeyCabinetOpening }

// OpenCabinet records that a cabinet is opened (K1.2), or that somebody asked to who may not: the record of the
// refusal is what the act commits, and the refusal is the answer. So the list shows both.
//
// Errors: NOT_FOUND; INVALID_INPUT for no cabinet, or a time that is to come, too late or late without a reason;
// FORBIDDEN K1.2 for whom may not open it.
var OpenCabinet = opening{act.New("keys.openCabinet", act.Needs(policy.KeyCabinetOpening, policy.Create), act.Clauses("K1.2"), openCabinet)}

type opening struct {
	*act.Act[OpenKeyCabinetInput, *OpenKeyCabinetPayload]
}

// Do performs the act, and refuses after the refusal is on record; on the audit trail it is one, too.
func (o opening) Do(ctx context.Context, in OpenKeyCabinetInput) (*OpenKeyCabinetPayload, error) {
	p, err := o.Act.Do(ctx, in)
	if err != nil || p.Opening.Outcome == keycabinetopening.OutcomeOpened {
		return p, err
	}
	return nil, act.From(ctx).Refuse(ctx, o.Name, p.Opening.EstateID, closed().At("cabinetID"))
}

func openCabinet(tx *act.Tx, in OpenKeyCabinetInput) (*OpenKeyCabinetPayload, error) {
	h, err := tx.KeyHolder.Get(tx, in.CabinetID)
	if h, err = act.Find(h, err, "cabinetID"); err != nil {
		return nil, err
	}
	if h.Kind != keyholder.KindCabinet {
		return nil, fault.Invalid("cabinetID", "请选择钥匙柜。", "Choose a cabinet.").By("K1.2")
	}
	at, reason, err := lately(tx, in)
	if err != nil {
		return nil, err
	}
	outcome := keycabinetopening.OutcomeOpened
	if !mayOpen(tx, h) {
		outcome = keycabinetopening.OutcomeRefused
	}
	o, err := tx.KeyCabinetOpening.Create().SetEstateID(h.EstateID).SetCabinetID(h.ID).SetOutcome(outcome).SetPurpose(wording.Tidy(in.Purpose)).
		SetOpenedByID(tx.Viewer.Account).SetOpenedByName(tx.Viewer.Name).SetOccurredAt(at).SetLateReason(reason).Save(tx)
	return &OpenKeyCabinetPayload{o}, err
}

// lately is when the cabinet was opened, and why that is recorded late.
func lately(tx *act.Tx, in OpenKeyCabinetInput) (at time.Time, reason string, err error) {
	if in.LateReason != nil {
		reason = wording.Tidy(*in.LateReason)
	}
	if in.OccurredAt == nil {
		return tx.Now, reason, nil
	}
	switch late := tx.Now.Sub(*in.OccurredAt); {
	case late < 0, late > lateUntil:
		err = fault.Invalid("occurredAt", "开柜时间应在最近 24 小时内。", "The time of an opening is within the last 24 hours.")
	case late > lateAfter && reason == "":
		err = fault.Invalid("lateReason", "补记请说明原因。", "Say why it is recorded late.")
	}
	return *in.OccurredAt, reason, err
}

// mayOpen tells whether the viewer may open the cabinet: the custodian and managers.
func mayOpen(tx *act.Tx, cabinet *ent.KeyHolder) bool {
	return tx.Viewer.Scope(policy.KeyCabinetOpening, policy.Issue).Covers(cabinet.RowScope())
}

// closed refuses to open a cabinet.
func closed() *fault.Error {
	return fault.Denied("钥匙柜只能由钥匙管理员或经理开启,请找他们办理。",
		"Only the custodian or a manager opens the cabinet; ask one of them.").By("K1.2")
}
