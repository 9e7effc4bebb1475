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
	e.Outcome, e.Estate, e.Reason = audit.Refused, estate, string(f.Code)
	return errors.Join(f, rt.AppendRead(ctx, e))
}
