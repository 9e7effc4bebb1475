package vacancy

import (
	"cmp"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/meterreading"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/late"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// ReadMetersInput says what meters of a vacant unit showed.
type ReadMetersInput struct {
	VacancyID uuid.UUID
	Readings  []*MeterReadingInput
	late.Given
}

// MeterReadingInput is what one meter showed.
type MeterReadingInput struct {
	Meter           meterreading.Meter
	ValueHundredths int
	ChangeReason    *string // why the meter was changed, if this is the first reading of a new one
}

// maxReading is more than any household's meter shows, in hundredths.
const maxReading = 10_000_000_00

// Check refuses what no meter shows, and two readings of one meter.
func (in ReadMetersInput) Check() error {
	if len(in.Readings) == 0 {
		return fault.Invalid("readings", "请填写至少一项读数。", "Give one reading at least.").By("V3")
	}
	seen := map[meterreading.Meter]bool{}
	for _, r := range in.Readings {
		if r.ValueHundredths < 0 || r.ValueHundredths > maxReading {
			return fault.Invalid("readings", "读数以百分之一为单位,应在 0 到 %[1]d 之间。", "A reading, in hundredths, is between 0 and %[1]d.", maxReading).By("V3")
		}
		if seen[r.Meter] {
			return fault.Invalid("readings", "同一块表请只填写一项读数。", "Give one reading of each meter.").By("V3")
		}
		seen[r.Meter] = true
		if err := wording.Optional(func(field, text string) error { return wording.CheckText(field, text, 1, 200) }, "readings", r.ChangeReason); err != nil {
			return err
		}
	}
	return in.Given.Check()
}

// ReadMetersPayload is the readings, and the vacancy as it stands after.
type ReadMetersPayload struct {
	Readings []*ent.MeterReading
	Vacancy  *ent.Vacancy
}

// ReadMeters records what the meters of a vacant unit showed (V3). The database refuses a reading that is less than the one before, or
// more than the one after, unless the meter was changed.
//
// Errors: NOT_FOUND; RULE V3 for a reading that does not fit; INVALID_INPUT for a time that is not in time; CONFLICT once somebody has
// moved in.
var ReadMeters = act.New("vacancy.readMeters", act.Needs(policy.MeterReading, policy.Create), act.Clauses("V3"), readMeters)

func readMeters(tx *act.Tx, in ReadMetersInput) (*ReadMetersPayload, error) {
	v, err := tx.Vacancy.Get(tx, in.VacancyID)
	if v, err = act.Find(v, err, "vacancyID"); err != nil {
		return nil, err
	}
	at, why, err := late.When(tx, in.Given, "V3")
	if err != nil {
		return nil, err
	}
	out := &ReadMetersPayload{}
	for _, r := range in.Readings {
		row, err := tx.MeterReading.Create().SetEstateID(v.EstateID).SetVacancyID(v.ID).SetUnitID(v.UnitID).SetMeter(r.Meter).
			SetValueHundredths(int64(r.ValueHundredths)).SetChangeReason(wording.Tidy(value(r.ChangeReason))).SetReadAt(at).SetLateReason(why).
			SetRecordedByID(tx.Viewer.Account).SetRecordedByName(tx.Viewer.Name).Save(tx)
		if err != nil {
			return nil, err
		}
		out.Readings = append(out.Readings, row)
	}
	out.Vacancy, err = tx.Vacancy.Get(tx, v.ID)
	return out, err
}

func value(text *string) string { return *cmp.Or(text, new(string)) }
