package keys

import (
	"context"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keycabinetopening"
	"github.com/steward-pm/steward/ent/keyholder"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/late"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// OpenKeyCabinetInput says which cabinet is opened, and what for.
type OpenKeyCabinetInput struct {
	CabinetID uuid.UUID
	Purpose   string
	late.Given
}

// Check refuses what is no purpose or reason.
func (in OpenKeyCabinetInput) Check() error {
	if err := wording.CheckText("purpose", in.Purpose, 1, 200); err != nil {
		return err
	}
	return in.Given.Check()
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
	at, reason, err := late.When(tx, in.Given, "K1.2")
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

// mayOpen tells whether the viewer may open the cabinet: the custodian and managers.
func mayOpen(tx *act.Tx, cabinet *ent.KeyHolder) bool {
	return tx.Viewer.Scope(policy.KeyCabinetOpening, policy.Issue).Covers(cabinet.RowScope())
}

// closed refuses to open a cabinet.
func closed() *fault.Error {
	return fault.Denied("钥匙柜只能由钥匙管理员或经理开启,请找他们办理。",
		"Only the custodian or a manager opens the cabinet; ask one of them.").By("K1.2")
}
