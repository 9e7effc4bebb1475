package obligation

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/act"
)

// answerable finds who is reminded of what is due about the subjects, in a constant number of statements.
type answerable func(tx *act.Tx, subjects []uuid.UUID) (map[uuid.UUID][]uuid.UUID, error)

var answerableFor = map[string]answerable{}

// Answer says who is reminded of obligations of a kind, in place of the leaders of their department: those who may
// decide a question, say. Call it from a package-level init.
func Answer(kind string, who func(tx *act.Tx, subjects []uuid.UUID) (map[uuid.UUID][]uuid.UUID, error)) {
	answerableFor[kind] = who
}

// answer finds whom each of the obligations is reported to: the leaders, unless others answer for its kind.
func answer(tx *act.Tx, list []*ent.Obligation, all leaders) (func(*ent.Obligation) []uuid.UUID, error) {
	subjects, found := map[string][]uuid.UUID{}, map[string]map[uuid.UUID][]uuid.UUID{}
	for _, o := range list {
		if answerableFor[o.Kind] != nil {
			subjects[o.Kind] = append(subjects[o.Kind], o.SubjectID)
		}
	}
	for kind, of := range subjects {
		var err error
		if found[kind], err = answerableFor[kind](tx, of); err != nil {
			return nil, err
		}
	}
	return func(o *ent.Obligation) []uuid.UUID {
		if who := found[o.Kind][o.SubjectID]; len(who) > 0 {
			return who
		}
		return all.of(o)
	}, nil
}
