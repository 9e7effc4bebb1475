package fees

import (
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/feebankline"
	"github.com/steward-pm/steward/ent/feebankstatement"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/audit"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/void"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// VoidFeeBankStatementInput names a statement that was imported by mistake, and says why.
type VoidFeeBankStatementInput struct{ void.Input }

// VoidFeeBankStatementPayload is the statement, voided.
type VoidFeeBankStatementPayload struct {
	Statement *ent.FeeBankStatement
	Ignored   int // how many lines awaited somebody
}

// VoidStatement takes back a statement of the bank of which nothing is booked (F5): its lines stay, ignored for the reason given, and give up the bank's numbers, so that
// the right file, or the same, may be imported. The leaders of finance hear of it.
//
// Errors: NOT_FOUND; CONFLICT F5 if some of it is booked, or it was voided before.
var VoidStatement = act.Guarded(act.New("fees.voidBankStatement", act.Needs(policy.FeeBankStatement, policy.Update).SessionOnly(), act.Clauses("F5"), voidStatement), act.Guard[*ent.FeeBankStatement]{
	Entity: ent.TypeFeeBankStatement,
	ID:     func(s *ent.FeeBankStatement) uuid.UUID { return s.ID },
	Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.FeeBankStatement, error) {
		return tx.FeeBankStatement.Query().Where(feebankstatement.IDIn(list...)).All(tx)
	},
	Check: canVoidStatement,
})

func voidStatement(tx *act.Tx, in VoidFeeBankStatementInput) (*VoidFeeBankStatementPayload, error) {
	s, err := tx.FeeBankStatement.Get(tx, in.ID)
	if s, err = act.Find(s, err, "id"); err != nil {
		return nil, err
	}
	tx.About(ent.TypeFeeBankStatement, s.ID, s.RowScope())
	if err := canVoidStatement(tx, s); err != nil {
		return nil, err
	}
	reason := wording.Tidy(in.Reason)
	tx.Because(reason)
	out := &VoidFeeBankStatementPayload{}
	if err := tx.Raw.QueryRow(tx, `SELECT fee_bank_void($1, $2, $3, $4, $5, $6)`, s.EstateID, s.ID, tx.Now, tx.Viewer.Account, tx.Viewer.Name, reason).Scan(&out.Ignored); err != nil {
		return nil, err
	}
	if err := noteVoided(tx, s, out.Ignored); err != nil {
		return nil, err
	}
	if out.Statement, err = tx.FeeBankStatement.Get(tx, s.ID); err != nil {
		return nil, err
	}
	department, err := finance(tx, s.EstateID)
	if err != nil {
		return nil, err
	}
	return out, void.Tell(tx, void.Notice{
		Clause: "F5", Estate: s.EstateID, Subject: s.ID, Department: department, Why: in.Reason,
		WhatZH: fmt.Sprintf("银行对账单 %s(%d 笔)", s.FileName, s.Lines), WhatEN: fmt.Sprintf("bank statement %s of %d lines", s.FileName, s.Lines),
	})
}

// noteVoided puts on the audit trail that a statement is void, and how many of its lines were ignored with it.
func noteVoided(tx *act.Tx, s *ent.FeeBankStatement, ignored int) error {
	c := audit.Change{Type: ent.TypeFeeBankStatement, ID: s.ID, Op: audit.Update}
	for _, f := range []struct {
		name          string
		before, after any
	}{{"voided", false, true}, {"ignored", nil, ignored}} {
		field, err := audit.Plain(f.name, f.before, f.after)
		if err != nil {
			return err
		}
		c.Fields = append(c.Fields, field)
	}
	return tx.Note(s.EstateID, c)
}

// Voided tells whether a statement was voided: it has given up its file's hash.
func Voided(s *ent.FeeBankStatement) bool { return strings.HasPrefix(s.Sha256, "void ") }

func canVoidStatement(tx *act.Tx, s *ent.FeeBankStatement) error {
	if Voided(s) {
		return voidedStatement()
	}
	booked, err := tx.FeeBankLine.Query().Where(feebankline.EstateID(s.EstateID), feebankline.StatementID(s.ID), feebankline.StateEQ(feebankline.StateConfirmed)).Exist(tx)
	if err == nil && booked {
		err = bookedStatement()
	}
	return err
}

func voidedStatement() *fault.Error {
	return fault.Clash("这份对账单已作废;请重新导入。", "The statement was voided; import it again.").By("F5")
}

func bookedStatement() *fault.Error {
	return fault.Clash("这份对账单已有流水入账;请先冲销其收款,或只忽略其余流水。", "Some of the statement is booked; reverse those payments first, or ignore the other lines only.").By("F5")
}

func init() {
	act.Explain("fee_bank_statements_voided", voidedStatement())
	act.Explain("fee_bank_statements_booked", bookedStatement())
}
