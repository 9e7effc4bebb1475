package act

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/audit"
	"github.com/steward-pm/steward/internal/fault"
)

// AppendMisses puts on the read chain who asked for watched rows by their ids and was told that there are none (A6): on the chain of the
// estate whose they are, or of the portfolio if there are none. Either is done by the same statements, so that the time it takes
// does not tell which.
func (rt *Runtime) AppendMisses(ctx context.Context, misses []access.Read) error {
	slices.SortFunc(misses, func(a, b access.Read) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	var entries []audit.Entry
	for _, m := range misses {
		e := entry(ctx, rt, "archives.read")
		e.Outcome, e.Estate, e.SubjectType, e.Subject, e.Reason = audit.Refused, audit.Portfolio, m.Type, m.ID, string(fault.NotFound)
		if rt.counted(&e) {
			entries = append(entries, e)
		}
	}
	if len(entries) == 0 {
		return nil
	}
	return rt.DB.System(context.WithoutCancel(ctx), func(ctx context.Context, tx pgx.Tx) error {
		if err := whose(ctx, tx, entries); err != nil {
			return err
		}
		// In one order, so that two answers over the same estates do not wait for each other.
		slices.SortStableFunc(entries, func(a, b audit.Entry) int { return bytes.Compare(a.Estate[:], b.Estate[:]) })
		return audit.AppendReads(ctx, tx, entries)
	})
}

// whose finds out whose the rows are that were asked for; a statement for each type.
func whose(ctx context.Context, tx pgx.Tx, entries []audit.Entry) error {
	of := map[string][]uuid.UUID{}
	for _, e := range entries {
		of[e.SubjectType] = append(of[e.SubjectType], e.Subject)
	}
	for kind, list := range of {
		entity := ent.Entities[kind]
		column := func(name string) string {
			if name == "" {
				return "NULL::uuid"
			}
			return pgx.Identifier{name}.Sanitize()
		}
		sql := fmt.Sprintf("SELECT id, %s, %s FROM %s WHERE id = ANY($1)", column(entity.Estate), column(entity.Household), pgx.Identifier{entity.Table}.Sanitize())
		rows, err := tx.Query(ctx, sql, list)
		if err != nil {
			return err
		}
		var id, estate, household uuid.NullUUID
		if _, err := pgx.ForEachRow(rows, []any{&id, &estate, &household}, func() error {
			for i := range entries {
				if entries[i].SubjectType == kind && entries[i].Subject == id.UUID {
					entries[i].Estate, entries[i].Household = estate.UUID, household.UUID
				}
			}
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}
