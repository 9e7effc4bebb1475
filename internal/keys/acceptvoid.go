package keys

import (
	"slices"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keyacceptance"
	"github.com/steward-pm/steward/ent/keyacceptanceline"
	"github.com/steward-pm/steward/ent/keymovement"
	"github.com/steward-pm/steward/ent/keyseal"
	entsignature "github.com/steward-pm/steward/ent/signature"
	"github.com/steward-pm/steward/ent/staff"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/void"
	"github.com/steward-pm/steward/policy"
)

// VoidKeyAcceptanceInput says which sheet is voided, and why.
type VoidKeyAcceptanceInput struct{ void.Input }

// VoidKeyAcceptancePayload is the sheet as it stands after.
type VoidKeyAcceptancePayload struct{ Acceptance *ent.KeyAcceptance }

// VoidAcceptance counters a sheet that took effect by mistake, while its keys are where they came to: they go back to where
// they came from, its seals end, and engineering owes what the sheet before said (K1.1).
//
// Errors: NOT_FOUND; CONFLICT if it is voided already or still in draft, or if keys of it went on; RULE K1.1 for a sheet
// that was imported, and for who signed it.
var VoidAcceptance = act.Guarded(act.New("keys.voidAcceptance", act.Needs(policy.KeyAcceptance, policy.Void).SessionOnly(), act.Clauses("K1.1", "K4.1"), voidAcceptance), voidAcceptanceGuard)

func init() { act.Explain("key_acceptances_voided_by_another", signedIt()) }

var voidAcceptanceGuard = act.Guard[signedBefore]{
	Entity: ent.TypeKeyAcceptance,
	ID:     func(s signedBefore) uuid.UUID { return s.ID },
	Load:   signedSheets,
	Check:  canVoidAcceptance,
}

// signedBefore is a sheet, and whether the viewer signed it, be it by another account of the same member of staff.
type signedBefore struct {
	*ent.KeyAcceptance
	own bool
}

func signedSheets(tx *act.Tx, list []uuid.UUID) ([]signedBefore, error) {
	sheets, err := tx.KeyAcceptance.Query().Where(keyacceptance.IDIn(list...)).All(tx)
	if err != nil {
		return nil, err
	}
	signed, err := tx.Signature.Query().Where(entsignature.SubjectIDIn(list...), entsignature.Kind(accepting.Kind),
		entsignature.Or(entsignature.AccountID(tx.Viewer.Account), entsignature.HasStaffWith(staff.AccountID(tx.Viewer.Account)))).All(tx)
	out := make([]signedBefore, len(sheets))
	for i, s := range sheets {
		out[i] = signedBefore{s, slices.ContainsFunc(signed, func(g *ent.Signature) bool { return g.SubjectID == s.ID })}
	}
	return out, err
}

func voidAcceptance(tx *act.Tx, in VoidKeyAcceptanceInput) (*VoidKeyAcceptancePayload, error) {
	sheet, err := tx.KeyAcceptance.Query().Where(keyacceptance.ID(in.ID)).ForUpdate().Only(tx)
	if sheet, err = act.Find(sheet, err, "id"); err != nil {
		return nil, err
	}
	found, err := signedSheets(tx, []uuid.UUID{sheet.ID})
	if err != nil {
		return nil, err
	}
	if err := canVoidAcceptance(tx, found[0]); err != nil {
		return nil, err
	}
	lines, err := tx.KeyAcceptanceLine.Query().Where(keyacceptanceline.AcceptanceID(sheet.ID)).IDs(tx)
	if err != nil {
		return nil, err
	}
	moves, err := tx.KeyMovement.Query().Where(keymovement.AcceptanceLineIDIn(lines...)).Order(keymovement.ByID(sql.OrderDesc())).All(tx) // back as they came: the last first
	if err != nil {
		return nil, err
	}
	if err := unsealAll(tx, lines, moves, in.Reason); err != nil {
		return nil, err
	}
	rows := make([]*ent.KeyMovementCreate, len(moves))
	for i, m := range moves {
		rows[i] = counterOf(tx, m, in.Reason)
	}
	if err := tx.KeyMovement.CreateBulk(rows...).Exec(tx); act.RefusedBy(err, "key_balances_enough") {
		return nil, movedOn().Because(err)
	} else if err != nil {
		return nil, err
	}
	if sheet, err = void.Mark(tx, sheet.Update().SetState(keyacceptance.StateVoided), in.Reason).Save(tx); err != nil {
		return nil, err
	}
	return &VoidKeyAcceptancePayload{sheet}, void.Tell(tx, void.Notice{
		Clause: "K1.1", Estate: sheet.EstateID, Subject: sheet.ID, WhatZH: sheet.Deliverer + " 交来钥匙的验收表", WhatEN: "sheet of keys delivered by " + sheet.Deliverer, Why: in.Reason,
	})
}

// canVoidAcceptance refuses a sheet that did not take effect here, or is voided already, and who signed it.
func canVoidAcceptance(_ *act.Tx, sheet signedBefore) error {
	switch {
	case sheet.State == keyacceptance.StateDraft, sheet.State == keyacceptance.StateCancelled:
		return fault.Clash("这张验收表没有生效,无需作废。", "The sheet did not take effect, so there is nothing to void.").By("K1.1").At("id")
	case sheet.SourceFile != "":
		return fault.Rule("K1.1", "导入的清单请用更正后的清单重新导入,不能作废。", "An imported list is not voided; import a corrected one.").At("id")
	}
	if err := void.Refuse(sheet.VoidedAt); err != nil || !sheet.own {
		return err
	}
	return signedIt()
}

// signedIt refuses to void what one signed for.
func signedIt() *fault.Error {
	return fault.Rule("K1.1", "签字的人不能作废自己签过的验收表,请由其他主管或经理作废。", "Who signed a sheet does not void it; another supervisor or manager does.").At("id")
}

// unsealAll ends the seals of the sheet's keys: each packet that it made is with security still, under whatever number.
func unsealAll(tx *act.Tx, lines []uuid.UUID, moves []*ent.KeyMovement, reason string) error {
	packets := 0
	for _, m := range moves {
		if m.Reason == keymovement.ReasonSealed {
			packets++
		}
	}
	broken, err := breakSeals(tx, keyseal.AcceptanceLineIDIn(lines...), reason)
	if err == nil && len(broken) != packets {
		return movedOn()
	}
	return err
}

// movedOn refuses to void a sheet whose keys are not where they came to.
func movedOn() *fault.Error {
	return fault.Clash("这张验收表的钥匙已转走或拆封,请先作废后面的登记,或把钥匙放回。",
		"Keys of the sheet have gone on, or were unsealed; void the later entries first, or put the keys back.").By("K1.1").At("id")
}
