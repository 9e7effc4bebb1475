package demo

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/complaint"
	"github.com/steward-pm/steward/ent/correspondence"
	"github.com/steward-pm/steward/ent/household"
	"github.com/steward-pm/steward/ent/renovation"
	"github.com/steward-pm/steward/ent/violation"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/archives"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/policy"
)

// records are what comes into the files of a few households (A1.4): violations and arrears, complaints, letters, works. One complaint waits
// for its answer, and of one renovation the deposit is held.
func (h *history) records() map[int][]func() error {
	var homes []uuid.UUID
	var works, painting, noise, lamp, doors *uuid.UUID
	find := func() (err error) {
		homes, err = act.From(h.system).DB.Ent.Household.Query().Where(household.EstateID(h.estate.ID), household.HasOccupancies()).
			Order(ent.Asc(household.FieldCode)).Limit(6).IDs(h.system)
		return err
	}
	return map[int][]func() error{
		28: {find, func() error { return h.applies(&works, homes[1], "厨房、卫生间改造", "顺达装饰") }, func() error { return h.applies(&painting, homes[2], "客厅墙面翻新", "自行施工") }},
		27: {func() error { return h.pays(*works, 300000) }, func() error { return h.pays(*painting, 100000) }, func() error { return h.goes(*works, renovation.StateApproved, renovation.StateUnderWay) }},
		26: {func() error { return h.goes(*painting, renovation.StateApproved, renovation.StateUnderWay) }},
		21: {func() error { return h.complains(&noise, homes[0], "楼上凌晨拖动家具", complaint.WayTelephone) }},
		20: {func() error {
			return h.answers(*noise, "已上门劝导楼上住户,加装静音垫;投诉人表示满意")
		}},
		18: {func() error { return h.breaks(&doors, homes[3], violation.KindViolation, "楼道堆放鞋柜", 0) }},
		16: {func() error {
			return h.writes(homes[4], correspondence.DirectionReceived, "申请在车位安装充电桩", true)
		}, func() error {
			return h.writes(homes[4], correspondence.DirectionSent, "关于电梯大修的通知", false)
		}},
		12: {func() error {
			_, err := archives.ResolveViolation.Do(h.officer, archives.ResolveViolationInput{FindingInput: archives.FindingInput{ID: *doors, Finding: "业主已自行清理,现场复查合格"}})
			return err
		}, func() error { return h.goes(*painting, renovation.StateInspected) }, func() error { return h.returns(*painting, 88000, 12000, "搬运损坏电梯轿厢木板") }},
		9: {func() error { return h.goes(*painting, renovation.StateClosed) }},
		5: {func() error { return h.breaks(nil, homes[5], violation.KindArrears, "上季度物业服务费", 86400) }},
		4: {func() error {
			return h.complains(&lamp, homes[3], "重复登记:单元门禁失灵", complaint.WayInPerson)
		}, func() error {
			_, err := archives.VoidComplaint.Do(h.officer, archives.VoidComplaintInput{Input: mistaken(*lamp, "与前一条重复")})
			return err
		}},
		1: {func() error { return h.complains(nil, homes[2], "地下车库照明昏暗", complaint.WayElectronic) }},
	}
}

// thatDay is the day that it is in the story.
func (h *history) thatDay() calendar.Day { return calendar.DayOf(h.clock.Now().In(h.zone)) }

// keep remembers what was recorded, for what happens to it later.
func keep(to **uuid.UUID, id uuid.UUID) {
	if to != nil {
		*to = &id
	}
}

// applies begins a renovation, that lasts beyond today.
func (h *history) applies(to **uuid.UUID, home uuid.UUID, works, contractor string) error {
	day := h.thatDay()
	p, err := archives.ApplyRenovation.Do(h.officer, archives.ApplyRenovationInput{
		HouseholdID: home, Title: works, Dated: day, Contractor: &contractor, BeginsOn: day.AddDays(2), EndsOn: day.AddDays(60),
	})
	if err == nil {
		keep(to, p.Renovation.ID)
	}
	return err
}

func (h *history) pays(works uuid.UUID, amount int) error {
	receipt := "收据已交业主"
	_, err := archives.PayDeposit.Do(h.officer, archives.PayRenovationDepositInput{ID: works, Amount: amount, Currency: "CNY", Note: &receipt})
	return err
}

func (h *history) returns(works uuid.UUID, amount, kept int, why string) error {
	_, err := archives.ReturnDeposit.Do(h.officer, archives.ReturnRenovationDepositInput{ID: works, Returned: amount, Deducted: &kept, Reason: &why})
	return err
}

// goes takes a renovation through its states.
func (h *history) goes(works uuid.UUID, states ...renovation.State) error {
	for _, s := range states {
		note := map[renovation.State]string{renovation.StateApproved: "图纸齐全,未动承重墙", renovation.StateInspected: "墙面合格,电梯轿厢有一处损坏"}[s]
		if _, err := archives.AdvanceRenovation.Do(h.officer, archives.AdvanceRenovationInput{ID: works, To: s, Note: &note}); err != nil {
			return err
		}
	}
	return nil
}

func (h *history) complains(to **uuid.UUID, home uuid.UUID, what string, way complaint.Way) error {
	p, err := archives.RecordComplaint.Do(h.officer, archives.RecordComplaintInput{HouseholdID: home, Title: what, Dated: h.thatDay(), Way: way})
	if err == nil {
		keep(to, p.Complaint.ID)
	}
	return err
}

// answers has the supervisor answer a complaint.
func (h *history) answers(id uuid.UUID, finding string) error {
	_, err := archives.AnswerComplaint.Do(h.as(policy.Supervisor), archives.AnswerComplaintInput{FindingInput: archives.FindingInput{ID: id, Finding: finding}})
	return err
}

func (h *history) breaks(to **uuid.UUID, home uuid.UUID, kind violation.Kind, what string, amount int) error {
	in := archives.RecordViolationInput{HouseholdID: home, Kind: kind, Title: what, Dated: h.thatDay()}
	if amount > 0 {
		yuan := "CNY"
		in.Amount, in.Currency = &amount, &yuan
	}
	p, err := archives.RecordViolation.Do(h.officer, in)
	if err == nil {
		keep(to, p.Violation.ID)
	}
	return err
}

func (h *history) writes(home uuid.UUID, direction correspondence.Direction, what string, awaits bool) error {
	_, err := archives.RecordCorrespondence.Do(h.officer, archives.RecordCorrespondenceInput{
		HouseholdID: home, Direction: direction, Way: correspondence.WayLetter, Title: what, Dated: h.thatDay(), Awaits: &awaits,
	})
	return err
}
