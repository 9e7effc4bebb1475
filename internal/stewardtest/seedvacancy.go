package stewardtest

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent/meterreading"
	entvacancy "github.com/steward-pm/steward/ent/vacancy"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/vacancy"
	"github.com/steward-pm/steward/policy"
)

// seedVacancy reads a meter of the unit that stands empty; that it does is on record by itself (V3).
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
}
