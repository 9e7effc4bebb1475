package vacancy

import (
	"context"
	"fmt"
	"slices"
	"time"

	entgo "entgo.io/ent"
	"entgo.io/ent/dialect/sql"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/intercept"
	"github.com/steward-pm/steward/ent/vacancy"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/policy"
)

// List asks for vacancies; overdue, if it is given, for those of which something is past its day in their estate, or for the other open ones.
func List(db *ent.Client, now time.Time, overdue *bool) *ent.VacancyQuery {
	q := db.Vacancy.Query()
	if overdue != nil {
		q.Where(overdueVacancies(now, *overdue))
	}
	return q
}

// held is the column of withKeys.
const held = "keys_held"

// withKeys adds to each row how many keys of the unit are in a cabinet or at the front desk, by the ledger (K4.1).
func withKeys(q *ent.VacancyQuery) *ent.VacancyQuery {
	q.Modify(func(s *sql.Selector) {
		s.AppendSelectExprAs(sql.Raw(fmt.Sprintf(`(SELECT coalesce(sum(b.count), 0)::bigint
			FROM key_sets k JOIN key_balances b ON b.estate_id = k.estate_id AND b.set_id = k.id JOIN key_holders h ON h.estate_id = b.estate_id AND h.id = b.holder_id
			WHERE k.estate_id = %s AND k.unit_id = %s AND h.kind IN ('CABINET', 'DESK'))`, s.C(vacancy.FieldEstateID), s.C(vacancy.FieldUnitID))), held)
	})
	return q
}

// CountKeys has every query for vacancies, wherever a document names them, count their keys along in its one statement, where that is asked for.
func CountKeys(db *ent.Client, asked func(context.Context) bool) {
	db.Vacancy.Intercept(intercept.TraverseVacancy(func(ctx context.Context, q *ent.VacancyQuery) error {
		if op := entgo.QueryFromContext(ctx); op != nil && slices.Contains([]string{entgo.OpQueryAll, entgo.OpQueryOnly, entgo.OpQueryFirst}, op.Op) && asked(ctx) {
			withKeys(q)
		}
		return nil
	}))
}

// KeysHeld is how many keys of the unit are in a cabinet or at the front desk (V3); nil for who does not see the ledger. What CountKeys
// did not count is asked for.
func KeysHeld(ctx context.Context, v *ent.Vacancy) (*int, error) {
	if !access.From(ctx).Scope(policy.KeyBalance, policy.Read).Covers(access.Row{Estate: v.EstateID}) {
		return nil, nil
	}
	count, err := v.Value(held)
	if err != nil {
		again, err := withKeys(act.From(ctx).DB.Ent.Vacancy.Query().Where(vacancy.ID(v.ID))).Only(ctx)
		if err != nil {
			return nil, err
		}
		if count, err = again.Value(held); err != nil {
			return nil, err
		}
	}
	n, ok := count.(int64)
	if !ok {
		return nil, fmt.Errorf("vacancy: the count of keys is a %T", count)
	}
	keys := int(n)
	return &keys, nil
}
