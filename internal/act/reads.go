package act

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/audit"
	"github.com/steward-pm/steward/internal/fault"
)

// Refuse is the answer of a confidential read that is not allowed (a download, an export): like an act's
// refusal, it is on the read chain before it is given. estate is where it was tried, as far as known.
func (rt *Runtime) Refuse(ctx context.Context, action string, estate uuid.UUID, f *fault.Error) error {
	e := entry(ctx, rt, action)
	e.Estate = estate
	return rt.RefuseEntry(ctx, e, f)
}

// RefuseEntry is Refuse where the entry says already where it was tried, and of what.
func (rt *Runtime) RefuseEntry(ctx context.Context, e audit.Entry, f *fault.Error) error {
	e.Outcome, e.Clause, e.Reason = audit.Refused, f.Clause, string(f.Code)
	return errors.Join(f, rt.appendRefusal(ctx, e))
}

// AppendReads puts what an answer was made from on the read chain before it leaves (A6): an entry for each household whose file
// was read, and one for what is an estate's; of a single row the entry says which. What residents read of their own is theirs.
func (rt *Runtime) AppendReads(ctx context.Context, reads []access.Read) error {
	viewer, of := access.From(ctx), map[access.Row][]access.Read{}
	for _, r := range reads {
		if whose := (access.Row{Estate: r.Row.Estate, Household: r.Row.Household, Self: r.Row.Self}); !viewer.LivesIn(whose.Household) {
			of[whose] = append(of[whose], r)
		}
	}
	if len(of) == 0 {
		return nil
	}
	var entries []audit.Entry
	for whose, rows := range of {
		e := entry(ctx, rt, "archives.read")
		e.Outcome, e.Estate, e.Household = audit.Viewed, whose.Estate, whose.Household
		if e.SubjectType, e.Subject = rows[0].Type, rows[0].ID; len(rows) > 1 {
			e.SubjectType, e.Subject, e.Reason = "", uuid.Nil, counted(rows)
		}
		if len(rows) > 1 && whose.Household != uuid.Nil {
			e.SubjectType, e.Subject = ent.TypeHousehold, whose.Household
		}
		entries = append(entries, e)
	}
	// In one order, so that two answers over the same estates do not wait for each other.
	slices.SortFunc(entries, func(a, b audit.Entry) int { return bytes.Compare(a.Estate[:], b.Estate[:]) })
	return rt.DB.System(context.WithoutCancel(ctx), func(ctx context.Context, tx pgx.Tx) error { return audit.AppendReads(ctx, tx, entries) })
}

// counted says how many rows of each type were read.
func counted(rows []access.Read) string {
	n := map[string]int{}
	for _, r := range rows {
		n[r.Type]++
	}
	var list []string
	for _, t := range slices.Sorted(maps.Keys(n)) {
		list = append(list, fmt.Sprintf("%d × %s", n[t], t))
	}
	return strings.Join(list, ", ")
}
