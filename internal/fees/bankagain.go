package fees

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/feebankline"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/audit"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/policy"
)

// mostAgain is how many lines are looked at again at once: those of a statement, and as many besides.
const mostAgain = 2 * mostBankLines

// MatchFeeBankLinesInput names an estate whose lines are looked at again.
type MatchFeeBankLinesInput struct{ EstateID uuid.UUID }

// MatchFeeBankLinesPayload is how many lines await somebody, of how many somebody seems to be known, and of how many that is new.
type MatchFeeBankLinesPayload struct{ Lines, Proposed, Changed int }

// MatchLines looks again for whose the lines are that nobody has decided (F5): a household may have another name by now, and another bill.
//
// Errors: NOT_FOUND.
var MatchLines = act.New("fees.matchBankLines", act.Needs(policy.FeeBankLine, policy.Update).SessionOnly(), act.Clauses("F5"), matchLines)

func matchLines(tx *act.Tx, in MatchFeeBankLinesInput) (*MatchFeeBankLinesPayload, error) {
	e, err := tx.Estate.Get(tx, in.EstateID)
	if e, err = act.Find(e, err, "estateID"); err != nil {
		return nil, err
	}
	tx.About(ent.TypeEstate, e.ID, e.RowScope())
	today, err := tx.Today(e.ID)
	if err != nil {
		return nil, err
	}
	rows, err := tx.FeeBankLine.Query().Where(feebankline.EstateID(e.ID), feebankline.StateEQ(feebankline.StateProposed)).Order(feebankline.ByID()).Limit(mostAgain).ForUpdate().All(tx)
	if err != nil {
		return nil, err
	}
	lines := make([]*bankLine, len(rows))
	for i, l := range rows {
		lines[i] = &bankLine{paidOn: calendar.DayOf(l.PaidOn), amount: l.Amount, payer: l.Payer, memo: l.Memo, id: l.TransactionID, match: feebankline.MatchNothing}
	}
	if err := propose(tx, e.ID, today, lines); err != nil {
		return nil, err
	}
	out, found := &MatchFeeBankLinesPayload{Lines: len(rows)}, newMatches{}
	for i, l := range lines {
		if l.home != nil {
			out.Proposed++
		}
		if seems(rows[i], l) {
			continue
		}
		out.Changed++
		if err := found.add(tx, rows[i], l); err != nil {
			return nil, err
		}
	}
	return out, found.write(tx, e.ID)
}

// newMatches are lines with whose they seem to be now, column by column.
type newMatches struct {
	lines, homes   []*uuid.UUID
	match, matched []string
}

// add notes a line, on the audit trail, too.
func (m *newMatches) add(tx *act.Tx, was *ent.FeeBankLine, is *bankLine) error {
	m.lines, m.homes, m.match, m.matched = append(m.lines, &was.ID), append(m.homes, is.home), append(m.match, string(is.match)), append(m.matched, is.matched)
	c := audit.Change{Type: ent.TypeFeeBankLine, ID: was.ID, Op: audit.Update}
	for _, f := range []struct {
		name          string
		before, after any
	}{{"proposed_household_id", was.ProposedHouseholdID, is.home}, {"match", was.Match, is.match}, {"matched", was.Matched, is.matched}} {
		field, err := audit.Plain(f.name, f.before, f.after)
		if err != nil {
			return err
		}
		c.Fields = append(c.Fields, field)
	}
	return tx.Note(was.EstateID, c)
}

// write has the lines say it, in one statement.
func (m *newMatches) write(tx *act.Tx, estate uuid.UUID) error {
	if len(m.lines) == 0 {
		return nil
	}
	_, err := tx.Raw.Exec(tx, `UPDATE fee_bank_lines l SET proposed_household_id = w.home, match = w.match, matched = w.matched
		FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[]) w(id, home, match, matched) WHERE l.estate_id = $1 AND l.id = w.id`, estate, m.lines, m.homes, m.match, m.matched)
	return err
}

// seems tells whether a line seems to be whose it seemed to be, for the same reason.
func seems(was *ent.FeeBankLine, is *bankLine) bool {
	same := (was.ProposedHouseholdID == nil) == (is.home == nil) && (is.home == nil || *was.ProposedHouseholdID == *is.home)
	return same && was.Match == is.match && was.Matched == is.matched
}
