package vacancy

import (
	"context"
	"iter"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/vacancy"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/registers"
)

// Row is a line of 空置房登记表: a vacancy with its unit, building and area, and how many keys are held; nil for who does not see that.
type Row struct {
	*ent.Vacancy
	Keys *int
}

// Register is 空置房登记表 (V3): the units that stand empty.
var Register = registers.Register[Row]{
	Name: "vacancies", ZH: "空置房登记表", EN: "Vacant units",
	Columns: []registers.Column[Row]{
		{ZH: "区域", EN: "Area", Value: Row.area},
		{ZH: "房屋", EN: "Unit", Width: 20, Value: func(r Row) any { return r.Edges.Unit.Label }},
		{ZH: "建筑面积(平方米)", EN: "Area (m²)", Kind: registers.Hundredths, Value: func(r Row) any { return r.Edges.Unit.AreaHundredths }},
		{ZH: "空置起始", EN: "Since", Kind: registers.Date, Value: func(r Row) any { return day(&r.SinceOn) }},
		{ZH: "房屋状况", EN: "Condition", Width: 30, Value: func(r Row) any { return r.Condition }},
		{ZH: "水表读数", EN: "Water", Kind: registers.Hundredths, Value: func(r Row) any { return r.WaterHundredths }},
		{ZH: "水表抄表时间", EN: "Water read", Kind: registers.Time, Value: func(r Row) any { return r.WaterReadAt }},
		{ZH: "电表读数", EN: "Electricity", Kind: registers.Hundredths, Value: func(r Row) any { return r.ElectricityHundredths }},
		{ZH: "电表抄表时间", EN: "Electricity read", Kind: registers.Time, Value: func(r Row) any { return r.ElectricityReadAt }},
		{ZH: "气表读数", EN: "Gas", Kind: registers.Hundredths, Value: func(r Row) any { return r.GasHundredths }},
		{ZH: "气表抄表时间", EN: "Gas read", Kind: registers.Time, Value: func(r Row) any { return r.GasReadAt }},
		{ZH: "在管钥匙", EN: "Keys held", Kind: registers.Int, Value: func(r Row) any { return r.Keys }},
		{ZH: "上次通风", EN: "Ventilated", Kind: registers.Date, Value: func(r Row) any { return day(r.VentilatedOn) }},
		{ZH: "下次通风", EN: "Ventilation due", Kind: registers.Date, Value: func(r Row) any { return day(r.VentilationDueOn) }},
		{ZH: "上次清扫", EN: "Cleaned", Kind: registers.Date, Value: func(r Row) any { return day(r.CleanedOn) }},
		{ZH: "下次清扫", EN: "Cleaning due", Kind: registers.Date, Value: func(r Row) any { return day(r.CleaningDueOn) }},
	},
}

// area names the area; empty where there is none.
func (r Row) area() any {
	if b := r.Edges.Unit.Edges.Building; b != nil && b.Edges.Area != nil {
		return b.Edges.Area.Name
	}
	return nil
}

// day is a civil date of the database, or none.
func day(t *time.Time) any {
	if t == nil {
		return nil
	}
	return calendar.DayOf(*t)
}

// Rows reads the units of an estate that stand empty, in natural order.
func Rows(ctx context.Context, db *ent.Client, estate uuid.UUID) iter.Seq2[Row, error] {
	var last *ent.Vacancy
	return registers.Pages(func() ([]Row, bool, error) {
		q := withKeys(db.Vacancy.Query()).Where(vacancy.EstateID(estate), vacancy.StateEQ(vacancy.StateOpen)).
			Order(vacancy.BySortKey(), vacancy.ByID()).Limit(registers.PageSize).
			WithUnit(func(q *ent.UnitQuery) { q.WithBuilding(func(q *ent.BuildingQuery) { q.WithArea() }) })
		if last != nil {
			q.Where(registers.After(vacancy.FieldSortKey, last.SortKey, last.ID))
		}
		list, err := q.All(ctx)
		if err != nil || len(list) == 0 {
			return nil, false, err
		}
		last = list[len(list)-1]
		rows := make([]Row, len(list))
		for i, v := range list {
			keys, err := KeysHeld(ctx, v)
			if err != nil {
				return nil, false, err
			}
			rows[i] = Row{v, keys}
		}
		return rows, len(list) == registers.PageSize, nil
	})
}
