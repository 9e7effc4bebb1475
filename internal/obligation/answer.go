package obligation

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/act"
)

// answer finds whom each of the obligations is reported to: the leaders, unless others answer for its kind.
func answer(tx *act.Tx, list []*ent.Obligation, all leaders) (func(*ent.Obligation) []uuid.UUID, error) {
	subjects, found := map[string][]uuid.UUID{}, map[string]map[uuid.UUID][]uuid.UUID{}
	for _, o := range list {
		if k := kinds[o.Kind]; k != nil && k.Answer != nil {
			subjects[o.Kind] = append(subjects[o.Kind], o.SubjectID)
		}
	}
	for kind, of := range subjects {
		var err error
		if found[kind], err = kinds[kind].Answer(tx, of); err != nil {
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
