package obligation

import (
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/act"
)

// raise tells the kinds that keep it what rose to the leaders by these steps, once a kind.
func raise(tx *act.Tx, steps []step) error {
	raised := map[string][]uuid.UUID{}
	for _, s := range steps {
		if k := kinds[s.o.Kind]; len(s.leaders) > 0 && k != nil && k.Raised != nil {
			raised[s.o.Kind] = append(raised[s.o.Kind], s.o.SubjectID)
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(raised)) {
		if err := kinds[kind].Raised(tx, raised[kind]); err != nil {
			return err
		}
	}
	return nil
}
