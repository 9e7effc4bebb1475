package keys

import (
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/obligation"
)

// dueBack is the obligation that a loan opens, and its end meets.
const dueBack = "keys.return"

// expect opens the obligation that the keys come back: the handler's, who is reminded first (K2.2).
func expect(tx *act.Tx, loan *ent.KeyLoan) error {
	return obligation.Open(tx, obligation.Due{
		Kind: dueBack, Clause: "K2.2", TitleZH: "收回钥匙:" + loan.BorrowerName, TitleEN: "Take keys back from " + loan.BorrowerName,
		Estate: loan.EstateID, Subject: loan.ID, At: loan.DueAt, Account: loan.LentByID, Household: loan.HouseholdID,
	})
}
