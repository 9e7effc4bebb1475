package demo

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent/meterreading"
	entvacancy "github.com/steward-pm/steward/ent/vacancy"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/vacancy"
)

// vacancies are a few units of 空置房登记表 (V3): described, their meters read, one meter changed, one reading recorded by mistake.
func (h *history) vacancies() map[int][]func() error {
	var empty []uuid.UUID
	find := func() (err error) {
		empty, err = h.standingEmpty()
		return err
	}
	return map[int][]func() error{
		24: {find, func() error { return h.describes(empty[0], "毛坯,门窗完好,水电已关") }, func() error { return h.describes(empty[1], "精装,主卧窗锁松动") }},
		23: {func() error { return h.reads(empty[0], 10250, 88030, 1500, "") }, func() error { return h.reads(empty[1], 45600, 230410, 9800, "") }},
		9:  {func() error { return h.reads(empty[0], 10250, 88190, 1500, "") }, func() error { return h.reads(empty[1], 20, 231000, 9800, "水表停走,已换新表") }},
		3:  {func() error { return h.readsWrongly(empty[2]) }},
	}
}

// standingEmpty are the estate's units that stand empty, in natural order.
func (h *history) standingEmpty() ([]uuid.UUID, error) {
	return act.From(h.system).DB.Ent.Vacancy.Query().Where(entvacancy.EstateID(h.estate.ID), entvacancy.StateEQ(entvacancy.StateOpen)).
		Order(entvacancy.BySortKey(), entvacancy.ByID()).IDs(h.system)
}

// describes says in what condition a vacant unit is by now.
func (h *history) describes(id uuid.UUID, condition string) error {
	_, err := vacancy.Describe.Do(h.officer, vacancy.DescribeVacancyInput{ID: id, ExpectedVersion: 2, Condition: &condition})
	return err
}

// describesFirst says so for the first time, and since how many days it stands empty.
func (h *history) describesFirst(id uuid.UUID, condition string, days int) error {
	since := h.thatDay().AddDays(-days)
	_, err := vacancy.Describe.Do(h.officer, vacancy.DescribeVacancyInput{ID: id, ExpectedVersion: 1, Condition: &condition, SinceOn: &since})
	return err
}

// reads records what the meters showed; changed says why the water meter is a new one, if it is.
func (h *history) reads(id uuid.UUID, water, electricity, gas int, changed string) error {
	in := []*vacancy.MeterReadingInput{
		{Meter: meterreading.MeterWater, ValueHundredths: water}, {Meter: meterreading.MeterElectricity, ValueHundredths: electricity}, {Meter: meterreading.MeterGas, ValueHundredths: gas},
	}
	if changed != "" {
		in[0].ChangeReason = &changed
	}
	_, err := vacancy.ReadMeters.Do(h.officer, vacancy.ReadMetersInput{VacancyID: id, Readings: in})
	return err
}

func (h *history) readsWrongly(id uuid.UUID) error {
	p, err := vacancy.ReadMeters.Do(h.officer, vacancy.ReadMetersInput{VacancyID: id, Readings: []*vacancy.MeterReadingInput{{Meter: meterreading.MeterGas, ValueHundredths: 780000}}})
	if err != nil {
		return err
	}
	_, err = vacancy.VoidReading.Do(h.officer, vacancy.VoidMeterReadingInput{Input: mistaken(p.Readings[0].ID, "抄成了隔壁的气表")})
	return err
}
