package keys

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/signature"
)

// K2.1: both sign, who borrows and who lends, who brings keys and who takes them; nobody is both.
var (
	lendCeremony = signature.Declare(signature.Ceremony{
		Kind: "keys.lend", Clause: "K2.1", Capacities: []string{"borrower", "handler"}, Distinct: [][2]string{{"borrower", "handler"}},
	})
	returnCeremony = signature.Declare(signature.Ceremony{
		Kind: "keys.return", Clause: "K2.1", Capacities: []string{"returner", "handler"}, Distinct: [][2]string{{"returner", "handler"}},
	})
)

// signedLoan is what borrower and handler sign.
type signedLoan struct {
	Borrower string       `json:"borrower"`
	Purpose  string       `json:"purpose"`
	Lines    []signedLine `json:"lines"`
	LentAt   time.Time    `json:"lentAt"`
	DueAt    time.Time    `json:"dueAt"`
}

// signedLine is so many keys of a set.
type signedLine struct {
	SetID uuid.UUID `json:"setID"`
	Label string    `json:"label"`
	Count int       `json:"count"`
}

func signedLines(sets []setLine) []signedLine {
	lines := make([]signedLine, len(sets))
	for i, l := range sets {
		lines[i] = signedLine{l.set.ID, l.set.Label, l.count}
	}
	return lines
}

func signLoan(tx *act.Tx, loan *ent.KeyLoan, sets []setLine, by *signature.Input) error {
	return lendCeremony.SignBoth(tx, signature.Signing{
		Estate: loan.EstateID, Subject: loan.ID, Household: loan.HouseholdID, By: by, Field: "signature",
		Content: signedLoan{loan.BorrowerName, loan.Purpose, signedLines(sets), loan.LentAt.UTC(), loan.DueAt.UTC()},
	})
}

// who is who signs for the borrower: staff and residents by themselves, others as attested by who lends.
//
// Errors: NOT_FOUND at the person; INVALID_INPUT where there is none.
func (in BorrowerInput) who(ctx context.Context) (signature.Who, error) {
	switch {
	case in.StaffID != nil:
		return signature.Who{Staff: in.StaffID, Field: in.field()}, nil
	case in.ResidentID != nil:
		return signature.Who{Resident: in.ResidentID, Field: in.field()}, nil
	case in.ExternalPersonID != nil:
		p, err := act.From(ctx).DB.Ent.ExternalPerson.Get(ctx, *in.ExternalPersonID)
		if p, err = act.Find(p, err, "borrower.externalPersonID"); err != nil {
			return signature.Who{}, err
		}
		return signature.Who{Name: externalName(p)}, nil
	}
	return signature.Who{}, noBorrower()
}

// externalName is how somebody from outside is written: 李工(某某公司).
func externalName(p *ent.ExternalPerson) string { return p.Name + "(" + p.Company + ")" }

func noBorrower() *fault.Error {
	return fault.Invalid("borrower", "请指明借用人。", "Say who borrows.")
}
