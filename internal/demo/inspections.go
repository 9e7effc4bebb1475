package demo

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	entdefect "github.com/steward-pm/steward/ent/defect"
	"github.com/steward-pm/steward/ent/inspectionitem"
	"github.com/steward-pm/steward/ent/inspectionresult"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/vacancy"
)

// Of the units at the end of the way the last two weeks left some out: forgotten, which are overdue since; missed, which were due yesterday; and
// behind, which were inspected a day after the others and are due today.
const forgotten, missed, behind = 4, 3, 3

// weekly is what is done in each vacant unit every week, monthly what besides once a month (V4).
var weekly, monthly = []string{"VENTILATION", "LEAKS", "FACILITIES", "HAZARDS"}, []string{"CLEANING"}

// inspections are the weekly rounds through all that stands empty (V4.1, V4.4): described first, since an import does not know since when; on
// one of them cleaned, too. The last two left a few units out.
func (h *history) inspections() map[int][]func() error {
	visits := func(from, leave int, codes ...string) []func() error {
		return []func() error{func() error {
			list, err := h.standingEmpty()
			if err != nil {
				return err
			}
			if from == 0 {
				from = len(list)
			}
			for _, id := range list[len(list)-from : len(list)-leave] {
				if err := h.inspects(id, codes); err != nil {
					return err
				}
			}
			return nil
		}}
	}
	return map[int][]func() error{
		30: {h.writesUp},
		29: visits(0, 0, weekly...), 22: visits(0, 0, slices.Concat(weekly, monthly)...), 15: visits(0, 0, weekly...),
		8: visits(0, behind+forgotten, weekly...), 7: visits(behind+forgotten, forgotten, weekly...), 1: visits(0, missed+behind+forgotten, weekly...),
	}
}

// writesUp says of all that stands empty in what condition it is, and since when (V3).
func (h *history) writesUp() error {
	list, err := h.standingEmpty()
	if err != nil {
		return err
	}
	conditions := []string{"毛坯,门窗完好", "精装,家电已断电", "简装,墙面有轻微裂纹", "精装,无人居住痕迹"}
	for _, id := range list {
		if err := h.describesFirst(id, conditions[h.r.IntN(len(conditions))], 1+h.r.IntN(60)); err != nil {
			return err
		}
	}
	return nil
}

// inspects records a visit at which all is in order.
func (h *history) inspects(id uuid.UUID, codes []string) error {
	items, err := h.planned()
	if err != nil {
		return err
	}
	in := vacancy.RecordInspectionInput{VacancyID: id}
	for _, code := range codes {
		in.Results = append(in.Results, &vacancy.InspectionResultInput{ItemID: items[code], Result: inspectionresult.ResultNormal})
	}
	_, err = vacancy.Record.Do(h.officer, in)
	return err
}

// finds records a visit at which one item is not in order, and returns the defect that it opened.
func (h *history) finds(id uuid.UUID, code, finding string, department uuid.UUID) (defect uuid.UUID, err error) {
	items, err := h.planned()
	if err != nil {
		return defect, err
	}
	p, err := vacancy.Record.Do(h.officer, vacancy.RecordInspectionInput{VacancyID: id, Results: []*vacancy.InspectionResultInput{
		{ItemID: items[code], Result: inspectionresult.ResultAbnormal, Finding: &finding, DepartmentID: &department},
	}})
	if err != nil {
		return defect, err
	}
	list, err := act.From(h.system).DB.Ent.Defect.Query().Where(entdefect.HasInspectionResultWith(inspectionresult.InspectionID(p.Inspection.ID))).IDs(h.system)
	if err != nil || len(list) != 1 {
		return defect, fmt.Errorf("%d defects of %s: %w", len(list), finding, err)
	}
	return list[0], nil
}

// planned are the items of the estate's plan, by code.
func (h *history) planned() (map[string]uuid.UUID, error) {
	if h.items != nil {
		return h.items, nil
	}
	list, err := act.From(h.system).DB.Ent.InspectionItem.Query().Where(inspectionitem.EstateID(h.estate.ID)).All(h.system)
	if err != nil {
		return nil, err
	}
	h.items = map[string]uuid.UUID{}
	for _, i := range list {
		h.items[i.Code] = i.ID
	}
	return h.items, nil
}
