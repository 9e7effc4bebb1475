package act

import (
	"context"
	"errors"

	"github.com/google/uuid"
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
