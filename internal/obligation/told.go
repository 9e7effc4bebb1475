package obligation

import (
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/predicate"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
)

func init() { access.NarrowToSubject(ent.TypeObligation, subjects) }

// subjects are the entities of what obligations are about, by kind, where that is not told to everybody who may read obligations.
func subjects() map[string]access.Entity {
	of := map[string]access.Entity{}
	for _, k := range kinds {
		if k.Of != "" {
			of[k.Name] = ent.Entities[k.Of]
		}
	}
	return of
}

// told are the obligations that the viewer may read, in an act, which reads all.
func told(tx *act.Tx) predicate.Obligation {
	return predicate.Obligation(access.Narrowed(ent.TypeObligation, tx.Viewer))
}

// person finds who is answerable in person and may still read what the obligation is about: who has another post by now is not told of it.
func person(tx *act.Tx, estate uuid.UUID, today calendar.Day, list []*ent.Obligation) (func(*ent.Obligation) *uuid.UUID, error) {
	readers := map[string][]uuid.UUID{}
	for _, o := range list {
		k := kinds[o.Kind]
		if k == nil || k.Of == "" || o.AccountID == nil || readers[k.Of] != nil {
			continue
		}
		rows, err := tx.Raw.Query(tx, `SELECT DISTINCT account FROM identity.holders($1, $2) WHERE role = ANY ($3)`,
			estate, today, tx.Viewer.Readers(ent.Entities[k.Of].Resource()))
		if err != nil {
			return nil, err
		}
		if readers[k.Of], err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID]); err != nil {
			return nil, err
		}
	}
	return func(o *ent.Obligation) *uuid.UUID {
		if k := kinds[o.Kind]; k != nil && k.Of != "" && o.AccountID != nil && !slices.Contains(readers[k.Of], *o.AccountID) {
			return nil
		}
		return o.AccountID
	}, nil
}
