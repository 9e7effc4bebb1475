package stewardtest

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent/inspectionitem"
	"github.com/steward-pm/steward/ent/inspectionresult"
	"github.com/steward-pm/steward/ent/meterreading"
	entvacancy "github.com/steward-pm/steward/ent/vacancy"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/ids"
	"github.com/steward-pm/steward/internal/vacancy"
	"github.com/steward-pm/steward/policy"
)

// seedVacancy reads a meter of the unit that stands empty, and looks for leaks; that it does is on record by itself (V3, V4).
func seedVacancy(s *seeder, estate, unit uuid.UUID) {
	if s.err != nil {
		return
	}
	table, err := policy.Load()
	if err != nil {
		s.err = err
		return
	}
	officer := access.Viewer{Account: uuid.New(), Name: "客服", Grants: []access.Grant{{Role: policy.CSOfficer, Estate: estate}}}
	s.ctx = access.With(s.ctx, access.New(table, officer))
	v, err := act.From(s.ctx).DB.Ent.Vacancy.Query().Where(entvacancy.UnitID(unit)).OnlyID(s.ctx)
	if err != nil {
		s.err = err
		return
	}
	do(s, vacancy.ReadMeters, vacancy.ReadMetersInput{VacancyID: v, Readings: []*vacancy.MeterReadingInput{{Meter: meterreading.MeterElectricity, ValueHundredths: 120050}}})
	item, err := act.From(s.ctx).DB.Ent.InspectionItem.Query().Where(inspectionitem.EstateID(estate), inspectionitem.Code("LEAKS")).OnlyID(s.ctx)
	if err != nil {
		s.err = err
		return
	}
	do(s, vacancy.Record, vacancy.RecordInspectionInput{VacancyID: v, Results: []*vacancy.InspectionResultInput{{ItemID: item, Result: inspectionresult.ResultNormal}}})
}

// queueSnapshot makes a photo of what was found, as an upload would.
func (b *batch) queueSnapshot(estate uuid.UUID) {
	b.queue(`INSERT INTO inspection_photos (id, created_at, estate_id, result_id, content_type, size, sha256)
		SELECT $1, created_at, estate_id, id, 'image/jpeg', 1, $3 FROM inspection_results WHERE estate_id = $2`, ids.New(0x0707), estate, fmt.Sprintf("%064d", 7))
}
