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

// queueSnapshot makes a finding that went to engineering, and photos of what was found, as uploads would.
func (b *batch) queueSnapshot(estate uuid.UUID) {
	b.queue(`INSERT INTO inspection_results (id, created_at, estate_id, inspection_id, vacancy_id, item_id, result, finding, department_id, done_on)
		SELECT new_id(x'0706'::int), i.created_at, i.estate_id, i.id, i.vacancy_id, p.id, 'ABNORMAL', '门锁松动', d.id, i.inspected_on
		FROM inspections i JOIN inspection_items p ON p.estate_id = i.estate_id AND p.code = 'HAZARDS' JOIN departments d ON d.estate_id = i.estate_id AND d.kind = 'ENGINEERING'
		WHERE i.estate_id = $1`, estate)
	b.queue(`INSERT INTO inspection_photos (id, created_at, estate_id, result_id, content_type, size, sha256)
		SELECT new_id(x'0707'::int), created_at, estate_id, id, 'image/jpeg', 1, $2 FROM inspection_results WHERE estate_id = $1`, estate, fmt.Sprintf("%064d", 7))
}
