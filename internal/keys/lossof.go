package keys

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/keyholder"
	"github.com/steward-pm/steward/ent/keyloan"
	"github.com/steward-pm/steward/ent/keyloanline"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
)

// lost is what is lost, and by whom; line and loan are locked, and nil where the keys were not lent.
type lost struct {
	set    *ent.KeySet
	holder *ent.KeyHolder
	loan   *ent.KeyLoan
	line   *ent.KeyLoanLine
}

// whatIsLost finds it by the line, or by the set and its holder. What borrowers hold is of a line of a loan,
// also if it is reported by the holder: the oldest that has so many out.
//
// Errors: NOT_FOUND; CONFLICT if fewer keys are out; INVALID_INPUT for a holder who cannot lose keys.
func whatIsLost(tx *act.Tx, in ReportKeyLossInput) (lost, error) {
	if in.LoanLineID != nil {
		return ofLine(tx, *in.LoanLineID, in.Count, "loanLineID")
	}
	set, err := tx.KeySet.Get(tx, *in.SetID)
	if set, err = act.Find(set, err, "setID"); err != nil {
		return lost{}, err
	}
	h, err := tx.KeyHolder.Query().Where(keyholder.ID(*in.HolderID), keyholder.EstateID(set.EstateID)).Only(tx)
	if h, err = act.Find(h, err, "holderID"); err != nil {
		return lost{}, err
	}
	switch h.Kind {
	case keyholder.KindSource, keyholder.KindLost, keyholder.KindScrapped:
		return lost{}, fault.Invalid("holderID", "请选择实际持有钥匙的人或处所。", "Choose who or what really had the keys.").By("K2.3")
	case keyholder.KindStaff, keyholder.KindResident, keyholder.KindExternal:
		lines, err := tx.KeyLoanLine.Query().Where(keyloanline.SetID(set.ID),
			keyloanline.HasLoanWith(keyloan.BorrowerID(h.ID), keyloan.StateEQ(keyloan.StateOpen))).Order(keyloanline.ByID()).All(tx)
		if err != nil {
			return lost{}, err
		}
		at := slices.IndexFunc(lines, func(l *ent.KeyLoanLine) bool { return Outstanding(l) >= in.Count })
		if at < 0 {
			return lost{}, tooMany()
		}
		return ofLine(tx, lines[at].ID, in.Count, "holderID")
	}
	return lost{set: set, holder: h}, nil
}

// ofLine locks the loan of the line, so that a return and a report of the same keys follow one another.
func ofLine(tx *act.Tx, id uuid.UUID, count int, field string) (lost, error) {
	line, err := tx.KeyLoanLine.Get(tx, id)
	if line, err = act.Find(line, err, field); err != nil {
		return lost{}, err
	}
	loan, err := tx.KeyLoan.Query().Where(keyloan.ID(line.LoanID)).ForUpdate().Only(tx)
	if err != nil {
		return lost{}, err
	}
	if line, err = tx.KeyLoanLine.Query().Where(keyloanline.ID(id)).WithSet().Only(tx); err != nil {
		return lost{}, err
	}
	if count > Outstanding(line) {
		return lost{}, tooMany()
	}
	h, err := loan.QueryBorrower().Only(tx)
	return lost{set: line.Edges.Set, holder: h, loan: loan, line: line}, err
}

// tooMany refuses to lose more keys than are there: they are back, or reported lost before.
func tooMany() *fault.Error {
	return fault.Clash("未还的钥匙没有这么多,可能已归还或已报失,请重新读取。",
		"Not so many keys are there: some came back or were reported lost before. Read again.").By("K2.3").At("count")
}

// when is the time of the loss: not to come, and not before the keys were lent, or a year ago.
func (l lost) when(tx *act.Tx, given *time.Time) (time.Time, error) {
	if given == nil {
		return tx.Now, nil
	}
	since := tx.Now.AddDate(-1, 0, 0)
	if l.loan != nil {
		since = l.loan.LentAt
	}
	if given.After(tx.Now) || given.Before(since) {
		return *given, fault.Invalid("occurredAt", "遗失时间应在借出(一年内)之后、现在之前。",
			"The time of a loss is after the keys were lent, within a year, and not to come.").By("K2.3")
	}
	return *given, nil
}

// departmentOf is the department concerned: that of the member of staff who had the keys, or customer service.
func departmentOf(tx *act.Tx, h *ent.KeyHolder) (uuid.UUID, error) {
	if h.StaffID == nil {
		return obligation.CustomerService(tx, h.EstateID)
	}
	s, err := tx.Staff.Get(tx, *h.StaffID)
	if err != nil {
		return uuid.Nil, err
	}
	return s.DepartmentID, nil
}
