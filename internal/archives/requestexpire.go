package archives

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/archiverequest"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/policy"
)

// expiries is how many requests one run ends.
const expiries = 500

// RequestsExpire ends every request whose time is over unanswered, and returns how many: alike whether documents were named for it or not, since
// who asked does not learn from what becomes of it that there are any (A5). Each is an act of its own; several servers may run it at once.
func RequestsExpire(ctx context.Context, rt *act.Runtime) (n int, err error) {
	defer fault.Wrap(&err, "requests expire")
	ctx = act.With(ctx, rt)
	list, err := rt.DB.Ent.ArchiveRequest.Query().Where(archiverequest.StateEQ(archiverequest.StateWaiting), archiverequest.ValidUntilLTE(rt.Clock.Now())).
		Order(archiverequest.ByID()).Limit(expiries).IDs(ctx)
	if err != nil {
		return 0, err
	}
	var failed error
	for _, id := range list {
		switch _, err := expireRequest.Do(ctx, expireRequestInput{id}); {
		case err == nil:
			n++
		case !fault.Is(err, fault.Conflict): // else it was answered meanwhile
			failed = errors.Join(failed, err)
		}
	}
	return n, failed
}

type expireRequestInput struct{ ID uuid.UUID }

// expireRequest is the program's own act, though policy would let managers do it.
var expireRequest = act.New("archives.expireRequest", act.Needs(policy.ArchiveRequest, policy.Update), act.Clauses("A5"), func(tx *act.Tx, in expireRequestInput) (*ent.ArchiveRequest, error) {
	r, err := requested(tx, in.ID, "requestID")
	if err != nil {
		return nil, err
	}
	if r.State != archiverequest.StateWaiting || tx.Now.Before(r.ValidUntil) {
		return nil, fault.Clash("申请已办结或期限未到。", "The request was answered, or its time is not over.").By("A5")
	}
	return r, answer(tx, r, archiverequest.StateExpired, "", "", uuid.Nil)
})
