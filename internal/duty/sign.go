package duty

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/dutyhandover"
	"github.com/steward-pm/steward/ent/dutyhandoverline"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/signature"
	"github.com/steward-pm/steward/policy"
)

// ceremony is signed by who goes off duty (交班人) and who is on duty then (接班人), over the whole sheet.
var ceremony = signature.Declare(signature.Ceremony{
	Kind: "duty.handover", Clause: handing, Capacities: []string{"outgoing", "incoming"}, Distinct: [][2]string{{"outgoing", "incoming"}},
	Certificate: true, Subject: ent.TypeDutyHandover,
})

// SignDutyHandoverInput is one side's signature.
type SignDutyHandoverInput struct {
	HandoverID uuid.UUID
	Signature  *signature.Input
}

// Prepare verifies the signer's own password.
func (in SignDutyHandoverInput) Prepare(ctx context.Context) error {
	return in.Signature.Prove(ctx, signature.Who{Viewer: true}, "signature")
}

// SignDutyHandoverPayload is the sheet as it stands after.
type SignDutyHandoverPayload struct{ Handover *ent.DutyHandover }

// Sign signs a sheet for the viewer's side, by the roster; the second signature has it signed, with a certificate, and moves who answers for what was accepted
// to the incoming side (D2).
//
// Errors: NOT_FOUND; INVALID_INPUT for a wrong password; RULE D2 for who is on neither side, for the same person twice, and while a line is not decided; CONFLICT D2
// if that side has signed, or the sheet was cancelled.
var Sign = act.Guarded(act.New("duty.signSheet", act.Needs(policy.DutyHandover, policy.Update), act.Clauses(handing), sign), sheetGuard(need{policy.DutyHandover, policy.Update}, isOpen))

func sign(tx *act.Tx, in SignDutyHandoverInput) (*SignDutyHandoverPayload, error) {
	h, of, err := sheetOf(tx, need{policy.DutyHandover, policy.Update}, in.HandoverID, nil, "")
	if err != nil {
		return nil, err
	}
	if err := isOpen(tx, h); err != nil {
		return nil, err
	}
	capacity, me, err := sideOf(tx, h)
	if err != nil {
		return nil, err
	}
	lines := make([]*ent.DutyHandoverLine, 0, len(of))
	for _, l := range of {
		if l.State == dutyhandoverline.StatePending {
			return nil, undecided()
		}
		lines = append(lines, l)
	}
	slices.SortFunc(lines, func(a, b *ent.DutyHandoverLine) int { return cmp.Compare(a.Position, b.Position) })
	content := contentOf(h, lines)
	if _, err := ceremony.Sign(tx, signature.Signing{Capacity: capacity, Estate: h.EstateID, Subject: h.ID, By: in.Signature, Content: content, Field: "signature"}); err != nil {
		return nil, err
	}
	u := h.Update()
	if capacity == "outgoing" {
		u.SetOutgoingID(me.ID).SetOutgoingSignedAt(tx.Now)
	} else {
		u.SetIncomingID(me.ID).SetIncomingSignedAt(tx.Now)
	}
	if (h.OutgoingID == nil) == (h.IncomingID == nil) { // the first of both
		h, err = u.Save(tx)
		return &SignDutyHandoverPayload{h}, err
	}
	if _, err := ceremony.Certify(tx, h.EstateID, h.ID, "交接班表", "Sheet of a shift change", content); err != nil {
		return nil, err
	}
	disputed := 0
	for _, l := range lines {
		if l.State == dutyhandoverline.StateDisputed {
			disputed++
		}
	}
	if h, err = u.SetState(dutyhandover.StateSigned).SetSignedAt(tx.Now).SetLate(tx.Now.After(h.DueAt)).SetAccepted(len(lines) - disputed).SetDisputed(disputed).Save(tx); err != nil {
		return nil, err
	}
	if disputed > 0 {
		if err := tellDisputed(tx, h); err != nil {
			return nil, err
		}
	}
	return &SignDutyHandoverPayload{h}, dueSheet.Meet(tx, h.ID)
}

// sideOf is in what capacity the viewer signs: for the outgoing side unless that has signed.
func sideOf(tx *act.Tx, h *ent.DutyHandover) (string, *ent.Staff, error) {
	if h.OutgoingID == nil {
		if me, err := onSide(tx, h, true); err == nil || !fault.Is(err, fault.RuleBroken) {
			return "outgoing", me, err
		}
	}
	me, err := onSide(tx, h, false)
	if err != nil && h.OutgoingID != nil {
		if _, again := onSide(tx, h, true); again == nil {
			return "", nil, signedAlready()
		}
	}
	if err == nil && h.IncomingID != nil {
		return "", nil, signedAlready()
	}
	return "incoming", me, err
}

func signedAlready() *fault.Error {
	return fault.Clash("您这一方已签字。", "Your side has signed.").By(handing).At("handoverID")
}

func undecided() *fault.Error {
	return fault.Rule(handing, "还有未接受也未提出异议的行,请接班人逐行处理后再签字。", "Some lines are neither accepted nor disputed; the incoming side decides upon each before the sheet is signed.").At("handoverID")
}

// signedSheet is what both sign: the whole sheet.
type signedSheet struct {
	Sheet    uuid.UUID    `json:"sheet"`
	EndedAt  time.Time    `json:"endedAt"`
	Outgoing string       `json:"outgoing"`
	Incoming string       `json:"incoming"`
	Remark   string       `json:"remark"`
	Lines    []signedLine `json:"lines"`
}

type signedLine struct {
	Source  string     `json:"source"`
	Subject *uuid.UUID `json:"subject"`
	Text    string     `json:"text"`
	Counted int        `json:"counted"`
	Remark  string     `json:"remark"`
	State   string     `json:"state"`
	Reason  string     `json:"reason"`
}

func contentOf(h *ent.DutyHandover, lines []*ent.DutyHandoverLine) signedSheet {
	s := signedSheet{h.ID, h.EndedAt.UTC(), h.OutgoingNames, h.IncomingNames, h.Remark, make([]signedLine, len(lines))}
	for i, l := range lines {
		s.Lines[i] = signedLine{l.Source, l.SubjectID, l.Text, l.Counted, l.Remark, string(l.State), l.DisputeReason}
	}
	return s
}

// tellDisputed tells who leads the department what the incoming side does not take over.
func tellDisputed(tx *act.Tx, h *ent.DutyHandover) error {
	cal, err := tx.Calendar(h.EstateID)
	if err != nil {
		return err
	}
	at := clockTime(cal, h.EndedAt)
	return obligation.Tell(tx, h.DepartmentID, account.Message{
		Estate: h.EstateID, Kind: "duty.disputed", Subject: h.ID, TitleZH: "交接有异议:" + at, TitleEN: "Disputed at the shift change of " + at,
		BodyZH: fmt.Sprintf("%s → %s,%d 项未接。", h.OutgoingNames, h.IncomingNames, h.Disputed),
		BodyEN: fmt.Sprintf("%s to %s, %d not taken over.", h.OutgoingNames, h.IncomingNames, h.Disputed),
	})
}
