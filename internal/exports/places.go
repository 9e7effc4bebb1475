package exports

import (
	"context"
	"iter"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/unit"
	"github.com/steward-pm/steward/internal/registers"
)

// unitRegister is the list of an estate's units.
func unitRegister(say func(zh, en string) string) registers.Register[*ent.Unit] {
	return registers.Register[*ent.Unit]{
		Name: "units", ZH: "房屋一览表", EN: "Units",
		Columns: []registers.Column[*ent.Unit]{
			{ZH: "区域", EN: "Area", Value: func(u *ent.Unit) any {
				if b := u.Edges.Building; b != nil && b.Edges.Area != nil {
					return b.Edges.Area.Name
				}
				return nil
			}},
			{ZH: "楼栋", EN: "Building", Value: func(u *ent.Unit) any {
				if b := u.Edges.Building; b != nil {
					return b.Code
				}
				return nil
			}},
			{ZH: "单元", EN: "Entrance", Value: func(u *ent.Unit) any { return u.Entrance }},
			{ZH: "房号", EN: "Number", Value: func(u *ent.Unit) any { return u.Number }},
			{ZH: "房屋", EN: "Unit", Width: 20, Value: func(u *ent.Unit) any { return u.Label }},
			{ZH: "类型", EN: "Kind", Value: func(u *ent.Unit) any { return kindWord(say, u.Kind) }},
			{ZH: "状态", EN: "State", Value: func(u *ent.Unit) any { return stateWord(say, u.State) }},
			{ZH: "建筑面积(平方米)", EN: "Area (m²)", Kind: registers.Hundredths, Value: func(u *ent.Unit) any { return u.AreaHundredths }},
			{ZH: "备注", EN: "Remark", Width: 24, Value: func(u *ent.Unit) any { return u.Remark }},
		},
	}
}

func kindWord(say func(zh, en string) string, k unit.Kind) string {
	switch k {
	case unit.KindFlat:
		return say("住宅", "Flat")
	case unit.KindShop:
		return say("商铺", "Shop")
	case unit.KindParking:
		return say("车位", "Parking")
	case unit.KindPublicArea:
		return say("公共区域", "Public area")
	}
	return string(k)
}

func stateWord(say func(zh, en string) string, s unit.State) string {
	switch s {
	case unit.StateVacant:
		return say("空置", "Vacant")
	case unit.StateAwaitingMoveIn:
		return say("待入伙", "Awaiting move-in")
	case unit.StateOccupied:
		return say("已入住", "Occupied")
	case unit.StateRenovating:
		return say("装修中", "Renovating")
	}
	return string(s)
}

// unitRows reads the units of an estate in natural order.
func unitRows(ctx context.Context, db *ent.Client, estate uuid.UUID) iter.Seq2[*ent.Unit, error] {
	var last *ent.Unit
	return registers.Pages(func() ([]*ent.Unit, bool, error) {
		q := db.Unit.Query().Where(unit.EstateID(estate)).Order(unit.BySortKey(), unit.ByID()).Limit(registers.PageSize).
			WithBuilding(func(q *ent.BuildingQuery) { q.WithArea() })
		if last != nil {
			q.Where(registers.After(unit.FieldSortKey, last.SortKey, last.ID))
		}
		rows, err := q.All(ctx)
		if err != nil || len(rows) == 0 {
			return nil, false, err
		}
		last = rows[len(rows)-1]
		return rows, len(rows) == registers.PageSize, nil
	})
}
