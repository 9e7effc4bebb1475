package archives

import (
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	entapproval "github.com/steward-pm/steward/ent/approval"
	"github.com/steward-pm/steward/ent/archiverequest"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/approval"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// showing is the consent of who answers for the documents (A5): by policy the project manager, or the supervisor of their department.
var showing = approval.Declare(approval.Kind{
	Name: "archives.show", Clause: "A5", Resource: policy.ArchiveRequest, Lapses: longest * 24 * time.Hour, Kept: true, Undue: true,
})

func init() { showing.May, showing.Decided = mayShow, shown }

// mayShow refuses who is to be shown the documents, though the archivist asks for them.
func mayShow(tx *act.Tx, a *ent.Approval) error {
	r, err := tx.ArchiveRequest.Query().Where(archiverequest.ID(a.SubjectID)).Only(tx)
	if err != nil {
		return err
	}
	own := r.AccountID == tx.Viewer.Account
	if !own && r.AskedByStaffID != nil {
		s, err := tx.Staff.Get(tx, *r.AskedByStaffID)
		if err != nil {
			return err
		}
		own = s.AccountID != nil && *s.AccountID == tx.Viewer.Account
	}
	if own {
		return approval.Own("A5")
	}
	return nil
}

// answers are what becomes of a request with its approval.
var answers = map[entapproval.State]archiverequest.State{
	entapproval.StateGiven: archiverequest.StateGiven, entapproval.StateDeclined: archiverequest.StateDeclined,
	entapproval.StateWithdrawn: archiverequest.StateWithdrawn,
}

// shown ends the request as its approval has ended: given, the person reads the documents that it names for the time that it names.
func shown(tx *act.Tx, a *ent.Approval) error {
	r, err := requested(tx, a.SubjectID, "approvalID")
	if err != nil || r.State != archiverequest.StateWaiting || a.State == entapproval.StateExpired { // it expires as one does for which nothing was named
		return err
	}
	note := a.DecisionNote
	if a.State == entapproval.StateWithdrawn {
		note = a.WithdrawReason
	}
	if a.State != entapproval.StateGiven {
		return answer(tx, r, answers[a.State], "", note, a.AskedByID)
	}
	rows := make([]*ent.ArchivePermitCreate, len(r.Edges.Named))
	for i, n := range r.Edges.Named {
		rows[i] = tx.ArchivePermit.Create().SetEstateID(r.EstateID).SetRequestID(r.ID).SetNillableDepartmentID(r.DepartmentID).SetSubjectID(n.DocumentID).
			SetAccountID(r.AccountID).SetValidFrom(r.ValidFrom).SetValidUntil(r.ValidUntil).SetCopies(r.Kind == archiverequest.KindCopy)
	}
	if err := tx.ArchivePermit.CreateBulk(rows...).Exec(tx); err != nil {
		return err
	}
	if err := answer(tx, r, archiverequest.StateGiven, a.DecidedByName, note, a.AskedByID); err != nil {
		return err
	}
	_, err = showing.Use(tx, a.ID, "approvalID") // what was given ends by itself, or is withdrawn (withdraw.go)
	return err
}

// answer records what became of the request, and tells who asked, unless the approval does. What another than who asked withdraws is declined
// to who asked, unless it was given before: only what documents were named for can be withdrawn by others (A5).
func answer(tx *act.Tx, r *ent.ArchiveRequest, state archiverequest.State, by, note string, toldAlready uuid.UUID) error {
	if state == archiverequest.StateWithdrawn && r.State == archiverequest.StateWaiting && r.AccountID != tx.Viewer.Account {
		state = archiverequest.StateDeclined
	}
	if err := r.Update().SetState(state).SetAnsweredAt(tx.Now).SetAnsweredByName(by).SetAnswer(note).Exec(tx); err != nil {
		return err
	}
	if err := toAnswer.Meet(tx, r.ID); err != nil {
		return err
	}
	if r.AccountID == tx.Viewer.Account || r.AccountID == toldAlready {
		return nil
	}
	words := map[archiverequest.State][2]string{
		archiverequest.StateGiven: {"已批准:", "Given: "}, archiverequest.StateDeclined: {"未批准:", "Declined: "},
		archiverequest.StateWithdrawn: {"已撤回:", "Withdrawn: "}, archiverequest.StateExpired: {"已过期:", "Expired: "},
	}[state]
	return tx.Runtime().Accounts.Post(tx, tx.Raw, account.Message{
		AccountID: r.AccountID, Estate: r.EstateID, Kind: "archives.answered", Subject: r.ID,
		TitleZH: words[0] + "调阅申请 " + r.Code, TitleEN: words[1] + "request " + r.Code, BodyZH: "答复见申请。", BodyEN: "The request has the answer.",
	})
}

// DeclineArchiveRequestInput says why a request is not put to anybody.
type DeclineArchiveRequestInput struct {
	RequestID uuid.UUID
	Note      string
}

// Check refuses an empty or endless note.
func (in DeclineArchiveRequestInput) Check() error { return wording.CheckText("note", in.Note, 1, 500) }

// DeclineArchiveRequestPayload is the request, declined.
type DeclineArchiveRequestPayload struct{ Request *ent.ArchiveRequest }

// DeclineRequest answers a request for which the archivist names nothing (A5): who asked reads what they would read if it were not approved.
//
// Errors: NOT_FOUND; RULE A5 if it was answered; CONFLICT once documents are named for it, and the approver decides.
var DeclineRequest = act.Guarded(act.New("archives.declineRequest", act.Needs(policy.ArchiveRequestDocument, policy.Create), act.Clauses("A5"), declineRequest),
	requestGuard(canDecline))

func declineRequest(tx *act.Tx, in DeclineArchiveRequestInput) (*DeclineArchiveRequestPayload, error) {
	r, err := requested(tx, in.RequestID, "requestID")
	if err != nil {
		return nil, err
	}
	if err := canDecline(tx, r); err != nil {
		return nil, err
	}
	if err := answer(tx, r, archiverequest.StateDeclined, "", wording.Tidy(in.Note), uuid.Nil); err != nil {
		return nil, err
	}
	r, err = tx.ArchiveRequest.Get(tx, r.ID)
	return &DeclineArchiveRequestPayload{r}, err
}

// canDecline refuses what is answered, and what waits for the approver.
func canDecline(tx *act.Tx, r *ent.ArchiveRequest) error {
	if r.State == archiverequest.StateWaiting && len(r.Edges.Named) == 0 {
		return nil // though its time is over: it is answered all the same
	}
	if err := canName(tx, r); err != nil {
		return err
	}
	return nil
}
