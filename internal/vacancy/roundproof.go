package vacancy

import (
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/ent/inspection"
	"github.com/steward-pm/steward/ent/inspectionphoto"
	"github.com/steward-pm/steward/ent/inspectionresult"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/wording"
)

// proofs are what tells that the visits of a batch can have been: keys, times and pictures. The database holds each of them
// (00080_vacancies_held.sql); asked before, they refuse one line and not the batch.
type proofs struct {
	keyless  map[*RoundInspectionInput]bool   // no key of the unit was lent for the round then
	instants map[int64]bool                   // at which units of the round were inspected, in microseconds as the database keeps them
	pictures map[string]*RoundInspectionInput // the line that has the picture, by its SHA-256
}

// proofsOf reads what there is for the lines, in two statements.
func (b *batch) proofsOf(tx *act.Tx, lines []*RoundInspectionInput) (proofs, error) {
	p := proofs{map[*RoundInspectionInput]bool{}, map[int64]bool{}, map[string]*RoundInspectionInput{}}
	visits, err := tx.Inspection.Query().Where(inspection.EstateID(b.round.EstateID), inspection.RoundID(b.round.ID), inspection.VoidedAtIsNil()).All(tx)
	if err != nil {
		return p, err
	}
	for _, i := range visits {
		p.instants[i.InspectedAt.UnixMicro()] = true
	}
	units, times := make([]uuid.UUID, len(lines)), make([]time.Time, len(lines))
	for i, l := range lines {
		if v := b.lines[l.VacancyID]; v != nil {
			units[i] = v.UnitID
		}
		times[i] = l.InspectedAt
	}
	rows, err := tx.Raw.Query(tx, `SELECT l.n - 1 FROM unnest($3::uuid[], $4::timestamptz[]) WITH ORDINALITY l(unit, at, n) WHERE NOT inspection_round_opens($1, $2, l.unit, l.at)`,
		b.round.EstateID, b.round.ID, units, times)
	if err != nil {
		return p, err
	}
	places, err := pgx.CollectRows(rows, pgx.RowTo[int])
	for _, n := range places {
		p.keyless[lines[n]] = true
	}
	return p, err
}

// wasThere refuses a visit at the time of another, and one without a key that does not say how the unit was entered.
func (b *batch) wasThere(line *RoundInspectionInput) error {
	if err := wording.Optional(func(field, text string) error { return wording.CheckText(field, text, 1, 200) }, "withoutKeyReason", line.WithoutKeyReason); err != nil {
		return err
	}
	switch {
	case b.instants[line.InspectedAt.UnixMicro()]:
		return elsewhere()
	case b.keyless[line] && line.WithoutKeyReason == nil:
		return noKey().At("withoutKeyReason")
	}
	return nil
}

// withoutKey is how the unit was entered; nothing where a key was lent.
func (b *batch) withoutKey(line *RoundInspectionInput) string {
	if !b.keyless[line] {
		return ""
	}
	return wording.Tidy(value(line.WithoutKeyReason))
}

// shown refuses pictures that are those of another visit, be it a line before; sums are by upload.
func (b *batch) shown(tx *act.Tx, line *RoundInspectionInput, sums map[uuid.UUID]string) error {
	var all []string
	for _, sum := range sums {
		all = append(all, sum)
	}
	used, err := tx.InspectionPhoto.Query().Where(inspectionphoto.EstateID(b.round.EstateID), inspectionphoto.Sha256In(all...),
		inspectionphoto.HasResultWith(inspectionresult.Voided(false))).Select(inspectionphoto.FieldSha256).Strings(tx)
	if err != nil {
		return err
	}
	for _, sum := range used {
		b.proofs.pictures[sum] = &RoundInspectionInput{} // of no line of this batch
	}
	for i, r := range line.Results {
		for n, id := range r.PhotoIDs {
			if of := b.proofs.pictures[sums[id]]; of != nil && of != line {
				return pictureElsewhere().At(fmt.Sprintf("results.%d.photoIDs.%d", i, n))
			}
		}
	}
	for _, sum := range all { // of a line that is taken
		b.proofs.pictures[sum] = line
	}
	return nil
}
