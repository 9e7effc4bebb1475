package fees

import (
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/feetariff"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// mostRate is the highest rate in a month: 100 000 yuan.
const mostRate = 1_000_000_000

// SetFeeTariffInput says what a kind of unit pays for something.
type SetFeeTariffInput struct {
	EstateID  uuid.UUID
	Fee       string // 物业管理费
	UnitKind  feetariff.UnitKind
	Basis     feetariff.Basis
	Rate      int // hundredths of a fen in a month
	FromOn    calendar.Day
	LastOn    *calendar.Day // nil: until it is ended
	Authority *string       // the contract, or the number of the approval
}

// Check refuses a basis that the kind of unit does not have, and a time that is none.
func (in SetFeeTariffInput) Check() error {
	if err := wording.CheckName("fee", in.Fee); err != nil {
		return err
	}
	switch {
	case in.Basis == feetariff.BasisPerPlace && in.UnitKind != feetariff.UnitKindParking:
		return fault.Invalid("basis", "只有车位可以按车位计费。", "Only parking is paid by the place.").By("F1")
	case in.Basis == feetariff.BasisFixed && in.UnitKind == feetariff.UnitKindParking:
		return fault.Invalid("basis", "车位请按车位或面积计费。", "Parking is paid by the place or the square metre.").By("F1")
	case in.Rate < 1 || in.Rate > mostRate:
		return fault.Invalid("rate", "请填写每月单价,单位为万分之一元,在 1 到 %[1]d 之间。", "Give the rate of a month in hundredths of a fen, between 1 and %[1]d.", mostRate).By("F1")
	case in.FromOn.Year() < 1990:
		return fault.Invalid("fromOn", "日期太早。", "The day is too long ago.").By("F1")
	case in.LastOn != nil && in.LastOn.Before(in.FromOn):
		return fault.Invalid("lastOn", "最后一天不能早于第一天。", "The last day lies before the first.").By("F1")
	}
	return wording.Optional(wording.CheckLine, "authority", in.Authority)
}

// SetFeeTariffPayload is the tariff.
type SetFeeTariffPayload struct{ Tariff *ent.FeeTariff }

// SetTariff sets what a kind of unit pays for something from a day on (F1). One that begins in days that are billed already is made up for
// with the next month.
//
// Errors: NOT_FOUND; CONFLICT F1 if there is a tariff for the fee and kind of unit at that time.
var SetTariff = act.New("fees.setTariff", act.Needs(policy.FeeTariff, policy.Create).SessionOnly(), act.Clauses("F1"), setTariff)

func setTariff(tx *act.Tx, in SetFeeTariffInput) (*SetFeeTariffPayload, error) {
	cal, err := tx.Calendar(in.EstateID)
	if _, err = act.Find(cal, err, "estateID"); err != nil {
		return nil, err
	}
	var until *time.Time
	if in.LastOn != nil {
		day := in.LastOn.AddDays(1).UTC()
		until = &day
	}
	t, err := tx.FeeTariff.Create().SetEstateID(in.EstateID).SetFee(wording.Tidy(in.Fee)).SetUnitKind(in.UnitKind).SetBasis(in.Basis).SetRate(int64(in.Rate)).
		SetFromOn(in.FromOn.UTC()).SetNillableUntilOn(until).SetAuthority(tidy(in.Authority)).
		SetRecordedByID(tx.Viewer.Account).SetRecordedByName(tx.Viewer.Name).Save(tx)
	return &SetFeeTariffPayload{t}, err
}

// EndFeeTariffInput ends a tariff.
type EndFeeTariffInput struct {
	TariffID uuid.UUID
	LastOn   calendar.Day // the day before its first has it never begin
	Reason   string
}

// Check refuses an empty or endless reason.
func (in EndFeeTariffInput) Check() error { return wording.CheckText("reason", in.Reason, 1, 500) }

// EndFeeTariffPayload is the tariff with its end.
type EndFeeTariffPayload struct{ Tariff *ent.FeeTariff }

// EndTariff ends a tariff on a day, so that another can follow it; one that was set by mistake ends before it begins (F1).
//
// Errors: NOT_FOUND; INVALID_INPUT for a day that is not within it; CONFLICT F1 if it was ended before, or later days were billed by it.
var EndTariff = act.Guarded(act.New("fees.endTariff", act.Needs(policy.FeeTariff, policy.Update).SessionOnly(), act.Clauses("F1"), endTariff), act.Guard[*ent.FeeTariff]{
	Entity: ent.TypeFeeTariff,
	ID:     func(t *ent.FeeTariff) uuid.UUID { return t.ID },
	Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.FeeTariff, error) {
		return tx.FeeTariff.Query().Where(feetariff.IDIn(list...)).All(tx)
	},
	Check: canEnd,
})

func endTariff(tx *act.Tx, in EndFeeTariffInput) (*EndFeeTariffPayload, error) {
	t, err := tx.FeeTariff.Query().Where(feetariff.ID(in.TariffID)).ForUpdate().Only(tx)
	if t, err = act.Find(t, err, "tariffID"); err != nil {
		return nil, err
	}
	if err := canEnd(tx, t); err != nil {
		return nil, err
	}
	until := in.LastOn.AddDays(1)
	if until.Before(calendar.DayOf(t.FromOn)) || t.UntilOn != nil && until.After(calendar.DayOf(*t.UntilOn)) {
		return nil, fault.Invalid("lastOn", "最后一天应在该标准执行期内(自 %[1]s 起)。", "Give a last day within the tariff's time, which begins on %[1]s.", calendar.DayOf(t.FromOn)).By("F1")
	}
	reason := wording.Tidy(in.Reason)
	tx.Because(reason)
	t, err = t.Update().SetUntilOn(until.UTC()).SetEndReason(reason).SetEndedAt(tx.Now).SetEndedByName(tx.Viewer.Name).Save(tx)
	return &EndFeeTariffPayload{t}, err
}

func canEnd(_ *act.Tx, t *ent.FeeTariff) error {
	if t.EndedAt != nil {
		return fault.Clash("%[1]s 已终止该收费标准。", "%[1]s ended the tariff before.", t.EndedByName).By("F1")
	}
	return nil
}
