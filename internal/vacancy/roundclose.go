package vacancy

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/inspectionround"
	"github.com/steward-pm/steward/ent/inspectionroundline"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/signature"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// V4: who walked a round signs that it is done.
var roundCeremony = signature.Declare(signature.Ceremony{Kind: "vacancy.round", Clause: "V4.1", Capacities: []string{"walker"}})

// CloseInspectionRoundInput ends a round, signed by who walked it; of each unit that was not visited it says why.
type CloseInspectionRoundInput struct {
	RoundID   uuid.UUID
	Skips     []*InspectionRoundSkipInput
	Signature *signature.Input
}

// InspectionRoundSkipInput says why a unit was passed by.
type InspectionRoundSkipInput struct {
	VacancyID uuid.UUID
	Reason    string
}

// Check refuses no reason, and a unit that is given twice.
func (in CloseInspectionRoundInput) Check() error {
	if len(in.Skips) > mostUnits {
		return fault.Invalid("skips", "最多 %[1]d 套房。", "Give at most %[1]d units.", mostUnits).By("V4.1")
	}
	seen := map[uuid.UUID]bool{}
	for i, s := range in.Skips {
		at := fmt.Sprintf("skips.%d.", i)
		if seen[s.VacancyID] {
			return fault.Invalid(at+"vacancyID", "房屋重复,请去掉一行。", "The unit is given twice; leave one out.").By("V4.1")
		}
		seen[s.VacancyID] = true
		if err := wording.CheckText(at+"reason", s.Reason, 1, 200); err != nil {
			return err
		}
	}
	return nil
}

// Prepare proves the signature of who walked.
func (in CloseInspectionRoundInput) Prepare(ctx context.Context) error {
	return in.Signature.Prove(ctx, signature.Who{Viewer: true}, "signature")
}

// CloseInspectionRoundPayload is the round as it stands after.
type CloseInspectionRoundPayload struct{ Round *ent.InspectionRound }

// CloseRound ends a round once its keys are back (V4, K2.1).
//
// Errors: NOT_FOUND; INVALID_INPUT for a signature that is none; FORBIDDEN for another than who walked; RULE V4.1 while keys of its units are out with
// who walks, noted on it or not, or a unit was neither visited nor passed by for a reason; CONFLICT if it is not under way.
var CloseRound = act.Guarded(act.New("vacancy.closeRound", act.Needs(policy.InspectionRound, policy.Update), act.Clauses("V4.1", "V4.2", "V4.3", "V4.4", "V4.5"), closeRound), roundGuard(canWalk))

func closeRound(tx *act.Tx, in CloseInspectionRoundInput) (*CloseInspectionRoundPayload, error) {
	r, err := roundOf(tx, in.RoundID)
	if err != nil {
		return nil, err
	}
	if err := canWalk(tx, r); err != nil {
		return nil, err
	}
	lines, err := tx.InspectionRoundLine.Query().Where(inspectionroundline.RoundID(r.ID)).WithUnit().WithInspection().Order(ent.Asc(inspectionroundline.FieldPosition)).All(tx)
	if err != nil {
		return nil, err
	}
	of := map[uuid.UUID]*ent.InspectionRoundLine{}
	for _, l := range lines {
		of[l.VacancyID] = l
	}
	reasons := map[uuid.UUID]string{}
	for i, s := range in.Skips {
		at := fmt.Sprintf("skips.%d.vacancyID", i)
		l := of[s.VacancyID]
		if l == nil {
			return nil, fault.Missing().At(at)
		}
		if l.InspectionID != nil {
			return nil, visitedAlready().At(at)
		}
		reasons[l.ID] = wording.Tidy(s.Reason)
		if err := l.Update().SetSkipReason(reasons[l.ID]).Exec(tx); err != nil {
			return nil, err
		}
	}
	r, err = r.Update().SetState(inspectionround.StateClosed).SetEndedAt(tx.Now).Save(tx)
	if err != nil {
		return nil, err
	}
	content := signedRound{r.PlannedOn.Format(time.DateOnly), nil}
	for _, l := range lines {
		line := signedStop{Unit: l.Edges.Unit.Label, Skipped: reasons[l.ID]}
		if i := l.Edges.Inspection; i != nil {
			at := i.InspectedAt.UTC()
			line.InspectedAt = &at
		}
		content.Stops = append(content.Stops, line)
	}
	if _, err := roundCeremony.Sign(tx, signature.Signing{Capacity: "walker", Estate: r.EstateID, Subject: r.ID, By: in.Signature, Content: content, Field: "signature"}); err != nil {
		return nil, err
	}
	return &CloseInspectionRoundPayload{r}, dueRound.Meet(tx, r.ID)
}

// signedRound is what who walked signs.
type signedRound struct {
	PlannedOn string       `json:"plannedOn"`
	Stops     []signedStop `json:"stops"`
}

type signedStop struct {
	Unit        string     `json:"unit"`
	InspectedAt *time.Time `json:"inspectedAt,omitempty"`
	Skipped     string     `json:"skipped,omitempty"`
}

// CancelInspectionRoundInput names a round that is not walked, and says why.
type CancelInspectionRoundInput struct {
	RoundID uuid.UUID
	Reason  string
}

// Check refuses an empty or endless reason.
func (in CancelInspectionRoundInput) Check() error {
	return wording.CheckText("reason", in.Reason, 1, 500)
}

// CancelInspectionRoundPayload is the round as it stands after.
type CancelInspectionRoundPayload struct{ Round *ent.InspectionRound }

// CancelRound cancels a round on which nothing was visited; its units are free for another (V4).
//
// Errors: NOT_FOUND; RULE V4.1 while keys are out; CONFLICT if it is over, or a unit was visited.
var CancelRound = act.Guarded(act.New("vacancy.cancelRound", act.Needs(policy.InspectionRound, policy.Update), act.Clauses("V4.1"), cancelRound), roundGuard(canCancel))

func cancelRound(tx *act.Tx, in CancelInspectionRoundInput) (*CancelInspectionRoundPayload, error) {
	r, err := roundOf(tx, in.RoundID)
	if err != nil {
		return nil, err
	}
	if err := canCancel(tx, r); err != nil {
		return nil, err
	}
	reason := wording.Tidy(in.Reason)
	tx.Because(reason)
	if r, err = r.Update().SetState(inspectionround.StateCancelled).SetEndedAt(tx.Now).SetCancelReason(reason).Save(tx); err != nil {
		return nil, err
	}
	return &CancelInspectionRoundPayload{r}, dueRound.Cancel(tx, r.ID)
}

func canCancel(_ *act.Tx, r *ent.InspectionRound) error {
	if r.EndedAt != nil {
		return otherWay()
	}
	return nil
}
