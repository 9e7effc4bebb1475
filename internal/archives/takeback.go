package archives

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/archiveloan"
	"github.com/steward-pm/steward/ent/staff"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/late"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/signature"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// ReturnArchiveInput says what comes back of a loan, and who brings it.
type ReturnArchiveInput struct {
	late.Given
	LoanID     uuid.UUID
	Documents  []*ReturnedDocumentInput // none: all that is out, with every page
	ReturnedBy *string                  // by name; nil: the borrower, or
	StaffID    *uuid.UUID               // the member of staff
	Signature  *signature.Input         // of who brings it
}

// ReturnedDocumentInput is how a document comes back.
type ReturnedDocumentInput struct {
	DocumentID uuid.UUID
	Pages      int     // as counted
	Remark     *string // its condition; needed where pages are missing
}

// Check refuses what cannot come back whatever the loan says.
func (in ReturnArchiveInput) Check() error {
	if in.ReturnedBy != nil && in.StaffID != nil {
		return fault.Invalid("returnedBy", "归还人是员工的,请只选择员工,不要填写姓名。", "Of a member of staff give the id alone, and no name.").By("A5")
	}
	for i, d := range in.Documents {
		field := fmt.Sprintf("documents.%d.", i)
		if slices.ContainsFunc(in.Documents[:i], func(o *ReturnedDocumentInput) bool { return o.DocumentID == d.DocumentID }) {
			return fault.Invalid(field+"documentID", "文件重复,请去掉一个。", "The document is named twice; leave one out.").By("A5")
		}
		if d.Pages < 0 {
			return fault.Invalid(field+"pages", "页数不能是负数。", "Pages are not fewer than none.").By("A5")
		}
		if err := wording.Optional(wording.CheckRemark, field+"remark", d.Remark); err != nil {
			return err
		}
	}
	return cmp.Or(in.Given.Check(), wording.Optional(wording.CheckName, "returnedBy", in.ReturnedBy))
}

// Prepare proves the signature of who brings it: the borrower's own, or another's, who is attested if without an account.
func (in ReturnArchiveInput) Prepare(ctx context.Context) error {
	l, err := act.From(ctx).DB.Ent.ArchiveLoan.Query().Where(archiveloan.ID(in.LoanID)).WithRequest().Only(ctx)
	if l, err = act.Find(l, err, "loanID"); err != nil {
		return err
	}
	who := asker(l.Edges.Request)
	switch {
	case in.StaffID != nil:
		who = signature.Who{Staff: in.StaffID, Field: "staffID"}
	case in.ReturnedBy != nil:
		who = signature.Who{Name: wording.Tidy(*in.ReturnedBy), Field: "returnedBy"}
	}
	return in.Signature.Prove(ctx, who, "signature")
}

// ReturnArchivePayload is the return, and its loan as it stands after.
type ReturnArchivePayload struct {
	ArchiveReturn *ent.ArchiveReturn
	Loan          *ent.ArchiveLoan
}

// Return takes lent paper back, all or some documents of it: its pages are counted, both sign, and the leaders hear of what is missing (A5).
//
// Errors: NOT_FOUND for a document that is not out; INVALID_INPUT for a wrong password, more pages than were lent, or missing ones without a
// remark; RULE A5 if who brings it is who takes it; CONFLICT if nothing of the loan is out.
var Return = act.Guarded(act.New("archives.return", act.Needs(policy.ArchiveReturn, policy.Create), act.Clauses("A5"), takeBack), loanGuard(isOut))

func takeBack(tx *act.Tx, in ReturnArchiveInput) (*ReturnArchivePayload, error) {
	at, why, err := late.When(tx, in.Given, "A5")
	if err != nil {
		return nil, err
	}
	l, err := lockLoan(tx, in.LoanID, "loanID", isOut)
	if err != nil {
		return nil, err
	}
	if at.Before(l.LentAt) {
		return nil, fault.Invalid("occurredAt", "归还时间不能早于借出时间。", "It does not come back before it was lent.").By("A5")
	}
	back, missing, err := whatReturns(in.Documents, l.Edges.Lines)
	if err != nil {
		return nil, err
	}
	by, err := in.by(tx, l)
	if err != nil {
		return nil, err
	}
	r, err := tx.ArchiveReturn.Create().SetEstateID(l.EstateID).SetLoanID(l.ID).SetNillableDepartmentID(l.DepartmentID).SetAccountID(l.AccountID).
		SetReturnedBy(by).SetReceivedByID(tx.Viewer.Account).SetReceivedByName(tx.Viewer.Name).SetReturnedAt(at).SetLateReason(why).SetMissing(missing).Save(tx)
	if err != nil {
		return nil, err
	}
	signed := signedReturn{l.ID, by, make([]signedDocument, len(back)), at.UTC()}
	for i, b := range back {
		if err := b.line.Update().SetOpen(false).SetReturnID(r.ID).SetPagesBack(b.pages).SetRemark(b.remark).Exec(tx); err != nil {
			return nil, err
		}
		signed.Documents[i] = signedDocument{b.line.DocumentID, b.pages}
	}
	if err := returnCeremony.SignBoth(tx, signature.Signing{ // A5: both sign
		Estate: l.EstateID, Subject: r.ID, By: in.Signature, Field: "signature", Content: signed,
	}); err != nil {
		return nil, err
	}
	if l, err = settle(tx, l, len(back)); err != nil {
		return nil, err
	}
	return &ReturnArchivePayload{r, l}, tellMissing(tx, l, missing)
}

// by is the name of who brings it.
func (in ReturnArchiveInput) by(tx *act.Tx, l *ent.ArchiveLoan) (string, error) {
	switch {
	case in.StaffID != nil:
		s, err := tx.Staff.Query().Where(staff.ID(*in.StaffID), staff.EstateID(l.EstateID)).Only(tx)
		if s, err = act.Find(s, err, "staffID"); err != nil {
			return "", err
		}
		return s.Name, nil
	case in.ReturnedBy != nil:
		return wording.Tidy(*in.ReturnedBy), nil
	}
	return l.BorrowerName, nil
}

// returning is a document of a loan, as it comes back.
type returning struct {
	line   *ent.ArchiveLoanLine
	pages  int
	remark string
}

// whatReturns matches the input with what is out, and counts the pages that are missing.
func whatReturns(in []*ReturnedDocumentInput, lines []*ent.ArchiveLoanLine) (back []returning, missing int, err error) {
	if len(in) == 0 {
		for _, l := range lines {
			if l.Open {
				back = append(back, returning{line: l, pages: l.Pages})
			}
		}
		return back, 0, nil
	}
	for i, d := range in {
		field := fmt.Sprintf("documents.%d.", i)
		at := slices.IndexFunc(lines, func(l *ent.ArchiveLoanLine) bool { return l.DocumentID == d.DocumentID && l.Open })
		if at < 0 {
			return nil, 0, fault.Missing().At(field + "documentID")
		}
		switch l := lines[at]; {
		case d.Pages > l.Pages:
			return nil, 0, fault.Invalid(field+"pages", "借出的只有 %[1]d 页。", "Only %[1]d pages were lent.", l.Pages).By("A5")
		case d.Pages < l.Pages && remark(d.Remark) == "":
			return nil, 0, fault.Invalid(field+"remark", "缺页请写明情况。", "Pages are missing: say what happened.").By("A5")
		default:
			back, missing = append(back, returning{l, d.Pages, remark(d.Remark)}), missing+l.Pages-d.Pages
		}
	}
	slices.SortFunc(back, func(a, b returning) int { return slices.Compare(a.line.ID[:], b.line.ID[:]) })
	return back, missing, nil
}

// signedReturn is what who brings paper and who takes it sign.
type signedReturn struct {
	LoanID     uuid.UUID        `json:"loanID"`
	ReturnedBy string           `json:"returnedBy"`
	Documents  []signedDocument `json:"documents"`
	ReturnedAt time.Time        `json:"returnedAt"`
}

// settle closes the loan when nothing of it is out any more: with the last that came back, which what is recorded late may not be.
func settle(tx *act.Tx, l *ent.ArchiveLoan, back int) (*ent.ArchiveLoan, error) {
	for _, line := range l.Edges.Lines {
		if line.Open {
			back--
		}
	}
	if back < 0 {
		return l, nil
	}
	returns, err := l.QueryReturns().All(tx)
	if err != nil {
		return nil, err
	}
	var at time.Time
	for _, r := range returns {
		if r.VoidedAt == nil {
			at = later(at, r.ReturnedAt)
		}
	}
	if l, err = l.Update().SetState(archiveloan.StateReturned).SetReturnedAt(at).Save(tx); err != nil {
		return nil, err
	}
	return l, dueBack.MeetAt(tx, l.ID, at)
}

// tellMissing puts into the leaders' inboxes that pages did not come back; of what, only the loan says.
func tellMissing(tx *act.Tx, l *ent.ArchiveLoan, missing int) error {
	if missing == 0 {
		return nil
	}
	department, err := leadersOf(tx, l)
	if err != nil {
		return err
	}
	return obligation.Tell(tx, department, account.Message{
		Estate: l.EstateID, Kind: "archives.missing", Subject: l.ID,
		TitleZH: fmt.Sprintf("档案缺页:%s,%d 页", l.Code, missing), TitleEN: fmt.Sprintf("Pages missing: %s, %d", l.Code, missing),
		BodyZH: l.BorrowerName + " 借阅的档案归还时缺页,请处理(A5)。", BodyEN: "What " + l.BorrowerName + " borrowed came back without them; see to it (A5).",
	})
}

// leadersOf is the department whose leaders hear of a loan: who decided upon it, or customer service.
func leadersOf(tx *act.Tx, l *ent.ArchiveLoan) (uuid.UUID, error) {
	if l.DepartmentID != nil {
		return *l.DepartmentID, nil
	}
	return obligation.CustomerService(tx, l.EstateID)
}
