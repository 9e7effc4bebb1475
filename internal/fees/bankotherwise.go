package fees

import (
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/obligation"
)

// tellOtherwise tells the leaders of finance which payments were booked for another household than they seem to be of (F5): whose money it was is not to be told by one person.
func tellOtherwise(tx *act.Tx, lines []*ent.FeeBankLine, homes []uuid.UUID) error {
	var numbers []string
	for i, l := range lines {
		if l.ProposedHouseholdID != nil && *l.ProposedHouseholdID != homes[i] {
			numbers = append(numbers, l.TransactionID)
		}
	}
	if len(numbers) == 0 {
		return nil
	}
	department, err := finance(tx, lines[0].EstateID)
	if err != nil {
		return err
	}
	names := strings.Join(numbers[:min(len(numbers), mostNamed)], ", ")
	if len(numbers) > mostNamed {
		names += " …"
	}
	return obligation.Tell(tx, department, account.Message{
		Estate: lines[0].EstateID, Kind: "fees.bankOtherwise", Subject: lines[0].StatementID, TitleZH: "银行流水记入了另一业户:" + names, TitleEN: "Booked for another household than it seems to be of: " + names,
		BodyZH: fmt.Sprintf("%s 把 %d 笔银行流水记入了与识别结果不同的业户,请核对(F5)。", tx.Viewer.Name, len(numbers)),
		BodyEN: fmt.Sprintf("%s booked %d payments of the bank for another household than they seem to be of; see whether that is right (F5).", tx.Viewer.Name, len(numbers)),
	})
}
