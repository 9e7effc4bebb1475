package duty

import (
	"fmt"
	"regexp"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/dutyshift"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// DutyNeedInput is how many a shift takes on each day of the week.
type DutyNeedInput struct {
	Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday int
}

func (n DutyNeedInput) check() error {
	for i, count := range []int{n.Monday, n.Tuesday, n.Wednesday, n.Thursday, n.Friday, n.Saturday, n.Sunday} {
		if count < 0 || count > 50 {
			day := [...]string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}[i]
			return fault.Invalid("needed."+day, "每班人数为 0 到 50。", "A shift takes 0 to 50 people.").By(roster)
		}
	}
	return nil
}

// AddDutyShiftInput says when a shift begins and ends, and how many it takes.
type AddDutyShiftInput struct {
	EstateID    uuid.UUID
	Name        string
	Short       *string // nil: the name's first letter
	Begins      string  // 08:00
	Ends        string  // on the next day if not after Begins
	RestMinutes *int    // nil: eleven hours
	Needed      DutyNeedInput
}

var clock = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]$`)

// Check refuses times that are none, and more people than a department has.
func (in AddDutyShiftInput) Check() error {
	if err := wording.CheckText("name", in.Name, 1, 20); err != nil {
		return err
	}
	if err := checkShort(in.Short, in.RestMinutes); err != nil {
		return err
	}
	for field, text := range map[string]string{"begins": in.Begins, "ends": in.Ends} {
		if !clock.MatchString(text) {
			return fault.Invalid(field, "时间请写作 08:00。", "Write the time as 08:00.").By(roster)
		}
	}
	return in.Needed.check()
}

func checkShort(short *string, rest *int) error {
	if rest != nil && (*rest < 0 || *rest > 2880) {
		return fault.Invalid("restMinutes", "班后休息为 0 到 2880 分钟。", "The rest after a shift is 0 to 2880 minutes.").By(roster)
	}
	return wording.Optional(func(field, text string) error { return wording.CheckText(field, text, 1, 4) }, "short", short)
}

// AddDutyShiftPayload is the shift.
type AddDutyShiftPayload struct{ Shift *ent.DutyShift }

// AddShift adds a kind of shift to customer service (D1.1).
//
// Errors: NOT_FOUND; CONFLICT D1.1 if there is one of that name.
var AddShift = act.New("duty.addShift", act.Needs(policy.DutyShift, policy.Create), act.Clauses(roster), func(tx *act.Tx, in AddDutyShiftInput) (*AddDutyShiftPayload, error) {
	d, err := department(tx, in.EstateID, "estateID")
	if err != nil {
		return nil, err
	}
	name := wording.Tidy(in.Name)
	short := tidy(in.Short)
	if short == "" {
		short = string([]rune(name)[:1])
	}
	c := tx.DutyShift.Create().SetEstateID(in.EstateID).SetDepartmentID(d).SetName(name).SetShort(short).SetBegins(in.Begins).SetEnds(in.Ends).
		SetMonday(in.Needed.Monday).SetTuesday(in.Needed.Tuesday).SetWednesday(in.Needed.Wednesday).SetThursday(in.Needed.Thursday).
		SetFriday(in.Needed.Friday).SetSaturday(in.Needed.Saturday).SetSunday(in.Needed.Sunday).SetNillableRestMinutes(in.RestMinutes)
	s, err := c.Save(tx)
	return &AddDutyShiftPayload{s}, err
})

// ChangeDutyShiftInput changes what of a shift may change; what is not given stays. Its times stay: another shift has others.
type ChangeDutyShiftInput struct {
	ShiftID         uuid.UUID
	ExpectedVersion int
	Name, Short     *string
	RestMinutes     *int
	Needed          *DutyNeedInput
}

// Check refuses what AddShift does.
func (in ChangeDutyShiftInput) Check() error {
	if err := wording.Optional(func(field, text string) error { return wording.CheckText(field, text, 1, 20) }, "name", in.Name); err != nil {
		return err
	}
	if err := checkShort(in.Short, in.RestMinutes); err != nil || in.Needed == nil {
		return err
	}
	return in.Needed.check()
}

// ChangeDutyShiftPayload is the shift as it stands after.
type ChangeDutyShiftPayload struct{ Shift *ent.DutyShift }

// ChangeShift changes a shift's name, its rest, and how many it takes; what is rostered keeps its times and its rest (D1.1).
//
// Errors: NOT_FOUND; CONFLICT D1.1 for an older version, a name that is taken, or a shift that was given up.
var ChangeShift = act.Guarded(act.New("duty.changeShift", act.Needs(policy.DutyShift, policy.Update), act.Clauses(roster), changeShift), shiftGuard)

func changeShift(tx *act.Tx, in ChangeDutyShiftInput) (*ChangeDutyShiftPayload, error) {
	s, err := shiftOf(tx, in.ShiftID)
	if err != nil {
		return nil, err
	}
	if err := tx.Expect(s, s.Version, in.ExpectedVersion); err != nil {
		return nil, err
	}
	u := s.Update().SetNillableRestMinutes(in.RestMinutes)
	if in.Name != nil {
		u.SetName(wording.Tidy(*in.Name))
	}
	if in.Short != nil {
		u.SetShort(wording.Tidy(*in.Short))
	}
	if n := in.Needed; n != nil {
		u.SetMonday(n.Monday).SetTuesday(n.Tuesday).SetWednesday(n.Wednesday).SetThursday(n.Thursday).SetFriday(n.Friday).SetSaturday(n.Saturday).SetSunday(n.Sunday)
	}
	s, err = u.Save(tx)
	return &ChangeDutyShiftPayload{s}, err
}

// RetireDutyShiftInput names a shift that is worked no more.
type RetireDutyShiftInput struct{ ShiftID uuid.UUID }

// RetireDutyShiftPayload is the shift as it stands after.
type RetireDutyShiftPayload struct{ Shift *ent.DutyShift }

// RetireShift gives a shift up: no roster takes it any more, and what is rostered stays (D1.1).
//
// Errors: NOT_FOUND; CONFLICT D1.1 if it was given up before.
var RetireShift = act.Guarded(act.New("duty.retireShift", act.Needs(policy.DutyShift, policy.Update), act.Clauses(roster), func(tx *act.Tx, in RetireDutyShiftInput) (*RetireDutyShiftPayload, error) {
	s, err := shiftOf(tx, in.ShiftID)
	if err != nil {
		return nil, err
	}
	s, err = s.Update().SetRetiredAt(tx.Now).Save(tx)
	return &RetireDutyShiftPayload{s}, err
}), shiftGuard)

// shiftOf finds a shift that is worked, and locks it.
func shiftOf(tx *act.Tx, id uuid.UUID) (*ent.DutyShift, error) {
	s, err := tx.DutyShift.Query().Where(dutyshift.ID(id)).ForUpdate().Only(tx)
	if s, err = find(tx, changesShift, s, err, "shiftID"); err != nil {
		return nil, err
	}
	return s, isWorked(tx, s)
}

func isWorked(_ *act.Tx, s *ent.DutyShift) error {
	if s.RetiredAt != nil {
		return fault.Clash("班次“%[1]s”已停用。", "The shift %[1]q was given up.", s.Name).By(roster)
	}
	return nil
}

var changesShift = need{policy.DutyShift, policy.Update}

var shiftGuard = act.Guard[*ent.DutyShift]{
	Entity: ent.TypeDutyShift,
	ID:     func(s *ent.DutyShift) uuid.UUID { return s.ID },
	Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.DutyShift, error) {
		rows, err := tx.DutyShift.Query().Where(dutyshift.IDIn(list...)).All(tx)
		return among(tx, changesShift, rows), err
	},
	Check: isWorked,
}

// shiftsOf finds shifts by id. Errors: NOT_FOUND at the field of the first that is not there.
func shiftsOf(tx *act.Tx, estate uuid.UUID, lines []DutyLineInput, field string) (map[uuid.UUID]*ent.DutyShift, error) {
	list := make([]uuid.UUID, len(lines))
	for i, l := range lines {
		list[i] = l.ShiftID
	}
	found, err := tx.DutyShift.Query().Where(dutyshift.EstateID(estate), dutyshift.IDIn(list...)).All(tx)
	if err != nil {
		return nil, err
	}
	of := map[uuid.UUID]*ent.DutyShift{}
	for _, s := range found {
		of[s.ID] = s
	}
	for i, id := range list {
		if of[id] == nil {
			return nil, fault.Missing().At(fmt.Sprintf("%s.%d.shiftID", field, i))
		}
	}
	return of, nil
}
