package archives

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent/archivedocument"
	"github.com/steward-pm/steward/ent/archiveretention"
	"github.com/steward-pm/steward/ent/estate"
	entobligation "github.com/steward-pm/steward/ent/obligation"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/policy"
)

// proposalDays is how long the archivist has to propose what is past its retention, or to have it held or kept longer.
const proposalDays = 30

// retentionOver is due from when documents of a category are past their retention until none waits (A7). Its subject is the
// category's line of the schedule: a row per document, decades ahead, would be wrong with each change of the schedule.
var retentionOver = obligation.Declare(obligation.Kind{
	Name: "archives.retention", Clause: "A7", TitleZH: "提出销毁到期档案:", TitleEN: "Propose for destruction what is past its retention: ", Answer: whoPropose,
})

// RetentionFalls opens, in every estate, what is due about documents past their retention, and meets it where none waits any more. The
// viewer in ctx is the system. It may run anywhere, at any time, twice at once.
//
// Errors: those of single estates, joined; the others are done nevertheless.
func RetentionFalls(ctx context.Context, rt *act.Runtime) (changed int, err error) {
	defer fault.Wrap(&err, "retention falls")
	estates, err := rt.DB.Ent.Estate.Query().Order(estate.ByCode()).IDs(ctx)
	if err != nil {
		return 0, err
	}
	var failed []error
	for _, e := range estates {
		done, err := retentionFalls.Do(ctx, retentionFallsInput{e})
		switch {
		case fault.Is(err, fault.Conflict): // nothing is otherwise than it was
		case err != nil:
			failed = append(failed, fmt.Errorf("estate %s: %w", e, err))
		default:
			changed += done.Changed
		}
	}
	return changed, errors.Join(failed...)
}

type retentionFallsInput struct{ Estate uuid.UUID }

// retentionFell tells how many categories have something due now that had not, or the other way round.
type retentionFell struct{ Changed int }

// retentionFalls is the program's own act.
var retentionFalls = act.New("archives.retentionFalls", act.Needs(policy.ArchiveRetention, policy.Update), act.Clauses("A7"), func(tx *act.Tx, in retentionFallsInput) (*retentionFell, error) {
	n, err := followRetention(tx, in.Estate)
	if err == nil && n == 0 {
		return nil, fault.Clash("没有变化。", "Nothing is otherwise than it was.")
	}
	return &retentionFell{n}, err
})

// followRetention makes what is due say what waits, category by category, under a lock of the schedule's lines.
func followRetention(tx *act.Tx, estate uuid.UUID) (changed int, err error) {
	lines, err := tx.ArchiveRetention.Query().Where(archiveretention.EstateID(estate)).Order(archiveretention.ByID()).ForUpdate().All(tx)
	if err != nil {
		return 0, err
	}
	waiting, err := tx.ArchiveDocument.Query().Where(archivedocument.EstateID(estate), RetentionDue(tx.Now)).GroupBy(archivedocument.FieldCategory).Strings(tx)
	if err != nil {
		return 0, err
	}
	open, err := tx.Obligation.Query().Where(entobligation.EstateID(estate), entobligation.Kind(retentionOver.Name),
		entobligation.MetAtIsNil(), entobligation.StateNEQ(entobligation.StateCancelled)).All(tx)
	if err != nil {
		return 0, err
	}
	cal, err := tx.Calendar(estate)
	if err != nil {
		return 0, err
	}
	waits, due := map[string]bool{}, map[uuid.UUID]bool{}
	for _, category := range waiting {
		waits[category] = true
	}
	for _, o := range open {
		due[o.SubjectID] = true
	}
	for _, l := range lines {
		if waits[string(l.Category)] == due[l.ID] {
			continue
		}
		changed++
		if due[l.ID] {
			err = retentionOver.Meet(tx, l.ID)
		} else {
			err = retentionOver.Open(tx, obligation.Due{About: l.Basis, Estate: estate, Subject: l.ID, At: cal.EndOfDay(cal.Today(tx.Now).AddDays(proposalDays))})
		}
		if err != nil {
			return 0, err
		}
	}
	return changed, nil
}

// whoPropose are the archivists of each line's estate.
func whoPropose(tx *act.Tx, subjects []uuid.UUID) (map[uuid.UUID][]uuid.UUID, error) {
	list, err := tx.ArchiveRetention.Query().Where(archiveretention.IDIn(subjects...)).All(tx)
	if err != nil {
		return nil, err
	}
	out := make(map[uuid.UUID][]uuid.UUID, len(list))
	for _, l := range list {
		if out[l.ID], err = archivists(tx, l.EstateID); err != nil {
			return nil, err
		}
	}
	return out, nil
}
