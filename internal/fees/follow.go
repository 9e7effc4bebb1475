package fees

import (
	"fmt"
	"strings"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/feedunning"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/audit"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/policy"
)

// mostNamed is how many notices a message names; the list shows all.
const mostNamed = 20

// follow puts on the audit trail what the database did to dunning notices as something was settled in this act (F6): withdrawn, replaced or settled. Customer service hears
// of those that it has, so that they are not brought. No households: all of the estate.
func follow(tx *act.Tx, estate uuid.UUID, homes ...uuid.UUID) error {
	q := tx.FeeDunning.Query().Where(feedunning.EstateID(estate), writtenHere, feedunning.Or(feedunning.And(feedunning.EndedAt(tx.Now), feedunning.EndedByIDIsNil()),
		feedunning.SettledAt(tx.Now), feedunning.And(feedunning.CreatedAt(tx.Now), feedunning.RevisionGT(1))))
	if len(homes) > 0 {
		q.Where(feedunning.HouseholdIDIn(homes...))
	}
	list, err := q.Order(feedunning.ByNumber(), feedunning.ByRevision(), feedunning.ByID()).All(tx)
	if err != nil {
		return err
	}
	var made []uuid.UUID
	var held []*ent.FeeDunning
	for _, d := range list {
		switch {
		case d.State == feedunning.StateDraft:
			made = append(made, d.ID)
			continue
		case d.EndedAt != nil && d.HandedAt != nil:
			held = append(held, d)
		}
		if err := noteState(tx, d, before(d)); err != nil {
			return err
		}
	}
	if err := noteDunnings(tx, estate, made); err != nil {
		return err
	}
	return tellHolders(tx, held)
}

// writtenHere are the rows that this transaction wrote: others may have been at the very same time.
func writtenHere(s *sql.Selector) { s.Where(sql.ExprP("xmin = pg_current_xact_id()::xid")) }

// before is how a notice stood that was ended or settled now.
func before(d *ent.FeeDunning) feedunning.State {
	switch {
	case d.DeliveredAt != nil:
		return feedunning.StateDelivered
	case d.DispatchedAt != nil:
		return feedunning.StateDispatched
	case d.HandedAt != nil:
		return feedunning.StateHanded
	case d.StampedAt != nil:
		return feedunning.StateStamped
	case d.ReviewedAt != nil:
		return feedunning.StateReviewed
	}
	return feedunning.StateDraft
}

// noteState puts on the audit trail that the database moved a notice.
func noteState(tx *act.Tx, d *ent.FeeDunning, from feedunning.State) error {
	c := audit.Change{Type: ent.TypeFeeDunning, ID: d.ID, Op: audit.Update}
	state, err := audit.Plain("state", from, d.State)
	if err != nil {
		return err
	}
	if c.Fields = append(c.Fields, state); d.EndReason != "" {
		why, err := audit.Plain("end_reason", "", d.EndReason)
		if err != nil {
			return err
		}
		c.Fields = append(c.Fields, why)
	}
	return tx.Note(d.EstateID, c)
}

// settledOf are a household's dunning notices that were paid.
func settledOf(tx *act.Tx, estate, household uuid.UUID) ([]uuid.UUID, error) {
	return tx.FeeDunning.Query().Where(feedunning.EstateID(estate), feedunning.HouseholdID(household), feedunning.StateEQ(feedunning.StateSettled)).Order(feedunning.ByID()).IDs(tx)
}

// reopened puts on the audit trail which of the notices that were paid are not any more.
func reopened(tx *act.Tx, paid []uuid.UUID) error {
	list, err := tx.FeeDunning.Query().Where(feedunning.IDIn(paid...), feedunning.StateNEQ(feedunning.StateSettled)).Order(feedunning.ByID()).All(tx)
	if err != nil {
		return err
	}
	for _, d := range list {
		if err := noteState(tx, d, feedunning.StateSettled); err != nil {
			return err
		}
	}
	return nil
}

// tellHolders tells customer service that dunning notices which it has are not to be brought (F6): its officers and its supervisor.
func tellHolders(tx *act.Tx, list []*ent.FeeDunning) error {
	if len(list) == 0 {
		return nil
	}
	d := list[0]
	department, err := obligation.CustomerService(tx, d.EstateID)
	if err != nil {
		return err
	}
	today, err := tx.Today(d.EstateID)
	if err != nil {
		return err
	}
	rows, err := tx.Raw.Query(tx, `SELECT DISTINCT account FROM identity.holders($1, $2) WHERE (role = $3 OR role = $4 AND department = $5) AND account <> $6 ORDER BY 1`,
		d.EstateID, today, string(policy.CSOfficer), string(policy.Supervisor), department, tx.Viewer.Account)
	if err != nil {
		return err
	}
	told, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return err
	}
	var names []string
	for _, d := range list[:min(len(list), mostNamed)] {
		names = append(names, dunningNumber(d))
	}
	numbers := strings.Join(names, ", ")
	if len(list) > mostNamed {
		numbers += " …"
	}
	messages := make([]account.Message, len(told))
	for i, id := range told {
		messages[i] = account.Message{
			AccountID: id, Estate: d.EstateID, Kind: "fees.dunningEnded", Subject: d.ID,
			TitleZH: "催缴通知单不再派发:" + numbers, TitleEN: "Dunning notices are not to be brought: " + numbers,
			BodyZH: fmt.Sprintf("客服部持有的 %d 份催缴通知单已撤回或由新版本代替,请勿送达,并退回财务(F6)。", len(list)),
			BodyEN: fmt.Sprintf("%d dunning notices that customer service has were withdrawn, or replaced by another version: do not bring them, and give them back to finance (F6).", len(list)),
		}
	}
	return tx.Runtime().Accounts.Post(tx, tx.Raw, messages...)
}
