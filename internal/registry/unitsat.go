package registry

import (
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/building"
	"github.com/steward-pm/steward/ent/occupancy"
	"github.com/steward-pm/steward/ent/predicate"
	"github.com/steward-pm/steward/ent/unit"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/intake"
	"github.com/steward-pm/steward/internal/wording"
)

// Place is a unit as papers name it.
type Place struct{ Building, Entrance, Number string }

// PlaceOf reads a place from the columns building, entrance and room of a spreadsheet.
func PlaceOf(rec *intake.Record) Place {
	return Place{wording.Code(rec.Code("building")), wording.Code(rec.Code("entrance")), wording.Code(rec.Code("room"))}
}

// UnitsAt finds the units at places, with their owners' occupancies now and those households, in three
// statements. Places without a unit are left out.
func UnitsAt(tx *act.Tx, estate uuid.UUID, places []Place) (map[Place]*ent.Unit, error) {
	codes := make([]string, len(places))
	for i, p := range places {
		codes[i] = p.Building
	}
	buildings, err := tx.Building.Query().Where(building.EstateID(estate), building.CodeIn(codes...)).All(tx)
	if err != nil {
		return nil, err
	}
	byCode, codeBy := map[string]uuid.UUID{}, map[uuid.UUID]string{}
	for _, b := range buildings {
		byCode[b.Code], codeBy[b.ID] = b.ID, b.Code
	}
	var in []uuid.UUID
	var entrances, numbers []string
	for _, p := range places {
		if id, ok := byCode[p.Building]; ok {
			in, entrances, numbers = append(in, id), append(entrances, p.Entrance), append(numbers, p.Number)
		}
	}
	units, err := tx.Unit.Query().Where(unit.EstateID(estate), atPlaces(in, entrances, numbers)).
		WithOccupancies(func(q *ent.OccupancyQuery) {
			q.Where(occupancy.UntilOnIsNil(), occupancy.CapacityEQ(occupancy.CapacityOwner)).WithHousehold()
		}).All(tx)
	out := make(map[Place]*ent.Unit, len(units))
	for _, u := range units {
		out[Place{codeBy[u.BuildingID], u.Entrance, u.Number}] = u
	}
	return out, err
}

// atPlaces are the units at the places, given as three lists of one length: building, entrance, number.
func atPlaces(buildings []uuid.UUID, entrances, numbers []string) predicate.Unit {
	return func(s *sql.Selector) {
		s.Where(sql.P(func(b *sql.Builder) {
			b.WriteString("(").Ident(s.C(unit.FieldBuildingID)).Comma().Ident(s.C(unit.FieldEntrance)).Comma().Ident(s.C(unit.FieldNumber)).
				WriteString(") IN (SELECT * FROM unnest(").Arg(buildings).WriteString("::uuid[], ").Arg(entrances).WriteString("::text[], ").
				Arg(numbers).WriteString("::text[]))")
		}))
	}
}
