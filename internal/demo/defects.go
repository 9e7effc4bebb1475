package demo

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent/department"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/vacancy"
	"github.com/steward-pm/steward/policy"
)

// defects are what the rounds found to be wrong (V5): two that are closed, one of them at the second inspection; one that has more time, one
// that waits to be inspected again, one that customer service resolved itself, one that is new, one that nobody took note of and is overdue, and one that was reported by mistake.
func (h *history) defects() map[int][]func() error {
	var empty []uuid.UUID
	departments := map[department.Kind]uuid.UUID{}
	var leak, alarm, railing, tiles uuid.UUID
	find := func() (err error) {
		if empty, err = h.standingEmpty(); err != nil {
			return err
		}
		list, err := act.From(h.system).DB.Ent.Department.Query().Where(department.EstateID(h.estate.ID)).All(h.system)
		for _, d := range list {
			departments[d.Kind] = d.ID
		}
		return err
	}
	found := func(defect *uuid.UUID, unit int, code, finding string, to department.Kind) func() error {
		return func() (err error) {
			*defect, err = h.finds(empty[unit], code, finding, departments[to])
			return err
		}
	}
	var fresh, missed, litter uuid.UUID
	return map[int][]func() error{
		22: {find, found(&leak, 4, "LEAKS", "厨房水槽下水管渗水", department.KindEngineering)},
		21: {func() error { return h.acknowledges(policy.Engineering, leak) }},
		19: {func() error {
			return h.resolves(policy.Engineering, leak, "更换下水管密封圈,试水一小时无渗漏")
		}},
		18: {func() error { return h.checksAgain(policy.CSOfficer, leak, "") }},
		15: {found(&alarm, 7, "FACILITIES", "门磁报警器失灵,无法布防", department.KindSecurity)},
		14: {func() error { return h.acknowledges(policy.Security, alarm) }},
		13: {func() error { return h.resolves(policy.Security, alarm, "更换电池") }},
		12: {func() error { return h.checksAgain(policy.CSOfficer, alarm, "布防后仍不报警") }},
		11: {found(&missed, 9, "LEAKS", "卫生间顶板有水渍,疑楼上渗漏", department.KindEngineering)},
		10: {func() error { return h.resolves(policy.Security, alarm, "更换门磁主机并重新布防") }},
		9:  {func() error { return h.checksAgain(policy.Supervisor, alarm, "") }},
		8:  {found(&railing, 11, "HAZARDS", "阳台栏杆一处焊点开裂", department.KindEngineering)},
		7:  {func() error { return h.acknowledges(policy.Engineering, railing) }},
		6: {
			found(&tiles, 13, "HAZARDS", "外窗上方瓷砖空鼓,有脱落危险", department.KindEngineering),
			func() error { return h.moreTime(railing, 20, "厂家定制栏杆,约两周到货") },
			found(&litter, 6, "HAZARDS", "阳台堆放前业主遗留杂物", department.KindCustomerService),
		},
		5: {func() error { return h.acknowledges(policy.Engineering, tiles) }, func() error { return h.acknowledges(policy.CSOfficer, litter) }},
		4: {func() error { return h.resolves(policy.CSOfficer, litter, "联系前业主后清运") }, func() error { return h.checksAgain(policy.Supervisor, litter, "") }},
		3: {func() error { return h.reportsWrongly(empty[5], departments[department.KindEngineering]) }},
		2: {func() error { return h.resolves(policy.Engineering, tiles, "铲除空鼓瓷砖,已做防护") }},
		1: {found(&fresh, 15, "LEAKS", "水表前阀门滴水", department.KindEngineering)},
	}
}

func (h *history) acknowledges(role policy.Role, defect uuid.UUID) error {
	_, err := vacancy.AcknowledgeDefect.Do(h.as(role), vacancy.AcknowledgeDefectInput{ID: defect})
	return err
}

func (h *history) resolves(role policy.Role, defect uuid.UUID, did string) error {
	_, err := vacancy.ResolveDefect.Do(h.as(role), vacancy.ResolveDefectInput{ID: defect, Resolution: did})
	return err
}

// checksAgain inspects a resolved defect again; wrong says what is not put right, if it is not.
func (h *history) checksAgain(role policy.Role, defect uuid.UUID, wrong string) error {
	in := vacancy.ReinspectDefectInput{ID: defect, Resolved: wrong == ""}
	if wrong != "" {
		in.Finding = &wrong
	}
	_, err := vacancy.ReinspectDefect.Do(h.as(role), in)
	return err
}

// moreTime has engineering propose a later day, which the supervisor of customer service gives.
func (h *history) moreTime(defect uuid.UUID, days int, reason string) error {
	until := h.thatDay().AddDays(days)
	if _, err := vacancy.ProposeDefectTerm.Do(h.as(policy.Engineering), vacancy.ProposeDefectTermInput{ID: defect, Until: until, Reason: reason}); err != nil {
		return err
	}
	_, err := vacancy.ExtendDefectTerm.Do(h.as(policy.Supervisor), vacancy.ExtendDefectTermInput{ID: defect, Until: until, Reason: "同意,期间设警示带"})
	return err
}

func (h *history) reportsWrongly(id, department uuid.UUID) error {
	p, err := vacancy.ReportDefect.Do(h.officer, vacancy.ReportDefectInput{VacancyID: id, DepartmentID: department, Finding: "入户门锁舌卡滞"})
	if err != nil {
		return err
	}
	_, err = vacancy.VoidDefect.Do(h.officer, vacancy.VoidDefectInput{Input: mistaken(p.Defect.ID, "看错房号")})
	return err
}
