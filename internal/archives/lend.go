package archives

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/archivedocument"
	"github.com/steward-pm/steward/ent/archiveloanline"
	"github.com/steward-pm/steward/ent/archiverequest"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/late"
	"github.com/steward-pm/steward/internal/signature"
	"github.com/steward-pm/steward/policy"
)

// LendArchiveInput says by which request what is lent, and until when.
type LendArchiveInput struct {
	late.Given
	RequestID   uuid.UUID
	DocumentIDs []uuid.UUID      // of those that the approval names; none: all that are on paper
	Until       *calendar.Day    // the last day; nil: as long as it was approved
	Signature   *signature.Input // the borrower's
}

// Check refuses documents named twice, and a bad reason.
func (in LendArchiveInput) Check() error {
	return cmp.Or(checkNamed(in.DocumentIDs, 0), in.Given.Check())
}

// Prepare proves the borrower's signature: who asked, with the own password; of a member of staff without account the archivist attests it.
func (in LendArchiveInput) Prepare(ctx context.Context) error {
	r, err := act.From(ctx).DB.Ent.ArchiveRequest.Get(ctx, in.RequestID)
	if r, err = act.Find(r, err, "requestID"); err != nil {
		return err
	}
	return in.Signature.Prove(ctx, asker(r), "signature")
}

// asker is who signs for what was asked for.
func asker(r *ent.ArchiveRequest) signature.Who {
	if r.AskedByStaffID != nil {
		return signature.Who{Staff: r.AskedByStaffID}
	}
	return signature.Who{Account: r.AccountID, Name: r.AskedByName}
}

// LendArchivePayload is the loan.
type LendArchivePayload struct{ Loan *ent.ArchiveLoan }

// Lend hands the paper of documents to who asked to borrow them, as it was approved: to that person, these documents, and never beyond the
// time; both sign (A5). Whoever reads without asking asks to borrow all the same.
//
// Errors: NOT_FOUND; INVALID_INPUT for a wrong password, or a day before today; RULE A5 if it was not given, is no request to borrow, is over,
// names other documents, or if borrower and archivist are one person; A7 for what is to be destroyed; CONFLICT for what is lent.
var Lend = act.Guarded(act.New("archives.lend", act.Needs(policy.ArchiveLoan, policy.Create), act.Clauses("A5"), lend), requestGuard(canLend))

func lend(tx *act.Tx, in LendArchiveInput) (*LendArchivePayload, error) {
	at, why, err := late.When(tx, in.Given, "A5")
	if err != nil {
		return nil, err
	}
	r, err := requested(tx, in.RequestID, "requestID")
	if err != nil {
		return nil, err
	}
	if _, err := documentsOf(tx, r, in.DocumentIDs); err != nil {
		return nil, err
	}
	if err := canLend(tx, r); err != nil {
		return nil, err
	}
	due, err := dueOf(tx, r, in.Until, at)
	if err != nil {
		return nil, err
	}
	list, err := lendable(tx, r, in.DocumentIDs)
	if err != nil {
		return nil, err
	}
	code, err := nextLoan(tx, r.EstateID)
	if err != nil {
		return nil, err
	}
	l, err := tx.ArchiveLoan.Create().SetEstateID(r.EstateID).SetCode(code).SetRequestID(r.ID).SetNillableDepartmentID(r.DepartmentID).SetAccountID(r.AccountID).
		SetBorrowerName(r.AskedByName).SetLentByID(tx.Viewer.Account).SetLentByName(tx.Viewer.Name).SetLentAt(at).SetLateReason(why).SetDueAt(due).Save(tx)
	if err != nil {
		return nil, err
	}
	lines := make([]signedDocument, len(list))
	for i, d := range list {
		if err := lendDocument(tx, l, d); err != nil {
			return nil, err
		}
		lines[i] = signedDocument{DocumentID: d.ID, Pages: d.Pages}
	}
	if err := lendCeremony.SignBoth(tx, signature.Signing{ // A5: both sign
		Estate: l.EstateID, Subject: l.ID, By: in.Signature, Field: "signature",
		Content: signedLoan{l.Code, r.Code, l.BorrowerName, lines, at.UTC(), due.UTC()},
	}); err != nil {
		return nil, err
	}
	return &LendArchivePayload{l}, expect(tx, l)
}

// signedLoan is what borrower and archivist sign; documents by their ids alone, since what is destroyed is told nowhere (A7).
type signedLoan struct {
	Loan      string           `json:"loan"`
	Request   string           `json:"request"`
	Borrower  string           `json:"borrower"`
	Documents []signedDocument `json:"documents"`
	LentAt    time.Time        `json:"lentAt"`
	DueAt     time.Time        `json:"dueAt"`
}

// signedDocument is so many pages of a document.
type signedDocument struct {
	DocumentID uuid.UUID `json:"documentID"`
	Pages      int       `json:"pages"`
}

// canLend refuses what was not given to be borrowed, and what is over, or has not begun.
func canLend(tx *act.Tx, r *ent.ArchiveRequest) error {
	switch {
	case r.Kind != archiverequest.KindBorrow:
		return fault.Rule("A5", "这份申请不是借用;请另行申请借用。", "This request is not to borrow; ask to borrow the paper.").At("requestID")
	case r.State == archiverequest.StateWaiting:
		return fault.Rule("A5", "尚未批准,不能借出。", "It is not approved yet, and nothing is lent.").At("requestID")
	case r.State != archiverequest.StateGiven:
		return fault.Rule("A5", "没有获得批准或已撤回,不能借出。", "It was not approved, or was withdrawn, and nothing is lent.").At("requestID")
	case !tx.Now.Before(r.ValidUntil):
		return fault.Rule("A5", "批准的期限已过,请重新申请。", "The time that was approved is over; ask again.").At("requestID")
	case tx.Now.Before(r.ValidFrom):
		return fault.Rule("A5", "批准的期限还没有开始。", "The time that was approved has not begun.").At("requestID")
	}
	return nil
}

// dueOf is until when it is lent: what was approved, or an earlier day. Errors: INVALID_INPUT and RULE A5 at until.
func dueOf(tx *act.Tx, r *ent.ArchiveRequest, until *calendar.Day, from time.Time) (time.Time, error) {
	if from.Before(r.ValidFrom) {
		return from, fault.Invalid("occurredAt", "借出时间不能早于批准的期限。", "It is not lent before the time that was approved.").By("A5")
	}
	if until == nil {
		return r.ValidUntil, nil
	}
	cal, err := tx.Calendar(r.EstateID)
	if err != nil {
		return from, err
	}
	switch end := cal.EndOfDay(*until); {
	case !end.After(tx.Now):
		return end, fault.Invalid("until", "归还日期不能早于今天。", "It comes back today or later.").By("A5")
	case end.After(r.ValidUntil):
		return end, fault.Rule("A5", "归还日期超过了批准的期限。", "It would be lent for longer than was approved.").At("until")
	default:
		return end, nil
	}
}

// lendable finds the documents that are lent, in the order of their ids, as the database locks them: named by the request, on paper, and there.
func lendable(tx *act.Tx, r *ent.ArchiveRequest, wanted []uuid.UUID) ([]*ent.ArchiveDocument, error) {
	all := make([]uuid.UUID, len(r.Edges.Named))
	for i, n := range r.Edges.Named {
		all[i] = n.DocumentID
	}
	for i, id := range wanted {
		if !slices.Contains(all, id) {
			return nil, fault.Rule("A5", "批准中没有这份文件,请另行申请。", "The approval does not name this document; ask for it.").At(fmt.Sprintf("documentIDs.%d", i))
		}
	}
	if len(wanted) > 0 {
		all = wanted
	}
	found, err := tx.ArchiveDocument.Query().Where(archivedocument.IDIn(all...), archivedocument.EstateID(r.EstateID)).WithVolume().Order(archivedocument.ByID()).All(tx)
	if err != nil {
		return nil, err
	}
	if len(wanted) == 0 {
		var why *fault.Error // for want of any
		found = slices.DeleteFunc(found, func(d *ent.ArchiveDocument) bool {
			f := there(d)
			if f != nil && (why == nil || d.LentUntil != nil) {
				why = f
			}
			return f != nil
		})
		if len(found) == 0 {
			return nil, why.At("requestID")
		}
		return found, nil
	}
	for _, d := range found {
		if f := there(d); f != nil {
			return nil, f.At(fmt.Sprintf("documentIDs.%d", slices.Index(wanted, d.ID)))
		}
	}
	return found, nil
}

// there refuses what is not on paper in its place.
func there(d *ent.ArchiveDocument) *fault.Error {
	switch {
	case d.State != archivedocument.StateInbox && d.State != archivedocument.StateBound:
		return fault.Rule("A5", "文件已作废或已销毁。", "The document was voided or destroyed.")
	case d.Pages == 0:
		return fault.Rule("A5", "文件没有纸质件,请申请查阅或复制。", "The document is not on paper; ask to view it, or for a copy.")
	case d.LentUntil != nil:
		return fault.Clash("文件已借出,请等归还。", "The document is lent; wait until it is back.").By("A5")
	}
	return nil
}

func lendDocument(tx *act.Tx, l *ent.ArchiveLoan, d *ent.ArchiveDocument) error {
	c := tx.ArchiveLoanLine.Create().SetEstateID(l.EstateID).SetLoanID(l.ID).SetDocumentID(d.ID).SetNillableDepartmentID(l.DepartmentID).SetAccountID(l.AccountID).
		SetCategory(archiveloanline.Category(d.Category)).SetPages(d.Pages)
	if v := d.Edges.Volume; v != nil {
		c.SetVolumeCode(v.Code)
	}
	return c.Exec(tx)
}
