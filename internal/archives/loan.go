package archives

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/archiveloan"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/signature"
)

// A5: who borrows and who lends sign, who brings the paper and who takes it; nobody is both.
var (
	lendCeremony = signature.Declare(signature.Ceremony{
		Kind: "archives.lend", Clause: "A5", Capacities: []string{"borrower", "archivist"}, Subject: ent.TypeArchiveLoan, Distinct: [][2]string{{"borrower", "archivist"}},
	})
	returnCeremony = signature.Declare(signature.Ceremony{
		Kind: "archives.return", Clause: "A5", Capacities: []string{"returner", "archivist"}, Distinct: [][2]string{{"returner", "archivist"}},
	})
)

// dueBack is the obligation that a loan opens, and its end meets: the archivist's who lent it (A5).
var dueBack = obligation.Declare(obligation.Kind{Name: "archives.return", Clause: "A5", TitleZH: "收回借出的档案:", TitleEN: "Take back what was lent: ", Of: ent.TypeArchiveLoan})

func init() {
	act.Explain("archive_loans_given", fault.Rule("A5", "没有相符的借用批准,请先申请借用。", "No approval lends these documents to this person for this time; ask to borrow them first."))
	act.Explain("archive_loan_lines_open", fault.Clash("文件已借出,请等归还。", "The document is lent; wait until it is back.").By("A5").At("documentIDs"))
	act.Explain("archive_loans_paper", fault.Clash("文件刚有变动,请重新读取。", "The document was changed meanwhile; read it again.").By("A5").At("documentIDs"))
	act.Explain("archive_loans_ordered", fault.Rule("A7", "文件已列入销毁,不能借出。", "The document is on an order to be destroyed, and is not lent.").At("documentIDs"))
	act.Explain("archive_loans_whole", fault.Clash("借阅记录刚有变动,请重新读取。", "The loan was changed meanwhile; read it again.").By("A5"))
	act.Explain("archive_documents_lent", lentOut())
	act.Explain("archive_requests_withdrawn", fault.Clash("申请刚有变动,请重新提交。", "The request was changed meanwhile; do it again.").By("A5"))
	act.Explain("archiveloan_estate_id_code", fault.Clash("同时有另一笔借阅,请重新提交。", "Another loan came at the same time; do it again.").By("A5"))
}

// lentOut refuses what cannot be done with paper that is not there.
func lentOut() *fault.Error {
	return fault.Rule("A5", "文件的纸质件已借出,请先收回。", "The paper of the document is lent; take it back first.")
}

// Overdue tells whether something of the loan is out although it is due (A5): the end of a day is no longer in time.
func Overdue(l *ent.ArchiveLoan, now time.Time) bool {
	return l.State == archiveloan.StateOpen && !now.Before(l.DueAt)
}

// OverdueOnly narrows a list to the loans that are overdue, or to the others; nil leaves it as it is.
func OverdueOnly(q *ent.ArchiveLoanQuery, overdue *bool, now time.Time) *ent.ArchiveLoanQuery {
	if overdue == nil {
		return q
	}
	late := archiveloan.And(archiveloan.StateEQ(archiveloan.StateOpen), archiveloan.DueAtLTE(now))
	if !*overdue {
		late = archiveloan.Not(late)
	}
	return q.Where(late)
}

// expect opens the obligation that the paper comes back: the archivist's who lent it, who is reminded first.
func expect(tx *act.Tx, l *ent.ArchiveLoan) error {
	return dueBack.Open(tx, obligation.Due{
		About: l.Code + "(" + l.BorrowerName + ")", AboutEN: l.Code + " (" + l.BorrowerName + ")", Estate: l.EstateID, Subject: l.ID, At: l.DueAt, Account: l.LentByID,
	})
}

// lockLoan finds a loan with its lines, locked, and asks whether the act may. Errors: NOT_FOUND, those of check.
func lockLoan(tx *act.Tx, id uuid.UUID, field string, check func(*act.Tx, *ent.ArchiveLoan) error) (*ent.ArchiveLoan, error) {
	l, err := tx.ArchiveLoan.Query().Where(archiveloan.ID(id)).ForUpdate().Only(tx)
	if l, err = act.Find(l, err, field); err != nil {
		return nil, err
	}
	if l.Edges.Lines, err = l.QueryLines().Order(ent.Asc("id")).All(tx); err != nil {
		return nil, err
	}
	return l, check(tx, l)
}

func loanGuard(check func(*act.Tx, *ent.ArchiveLoan) error) act.Guard[*ent.ArchiveLoan] {
	return act.Guard[*ent.ArchiveLoan]{
		Entity: ent.TypeArchiveLoan,
		ID:     func(l *ent.ArchiveLoan) uuid.UUID { return l.ID },
		Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.ArchiveLoan, error) {
			return tx.ArchiveLoan.Query().Where(archiveloan.IDIn(list...)).WithLines().All(tx)
		},
		Check: check,
	}
}

// isOut refuses a loan of which nothing is out.
func isOut(_ *act.Tx, l *ent.ArchiveLoan) error {
	if l.State == archiveloan.StateOpen {
		return nil
	}
	return fault.Clash("这笔借阅已归还或作废。", "The loan was returned, or voided.").By("A5")
}

// nextLoan is the number of the estate's next loan; two at once wait for each other.
func nextLoan(tx *act.Tx, estate uuid.UUID) (string, error) {
	if _, err := tx.Raw.Exec(tx, `SELECT pg_advisory_xact_lock(hashtextextended('archive_loans ' || $1::text, 0))`, estate); err != nil {
		return "", err
	}
	n, err := tx.ArchiveLoan.Query().Where(archiveloan.EstateID(estate)).Count(tx)
	return fmt.Sprintf("AL-%04d", n+1), err
}
