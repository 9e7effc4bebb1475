package exports

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/emergencycontact"
	"github.com/steward-pm/steward/ent/household"
	"github.com/steward-pm/steward/ent/occupancy"
	"github.com/steward-pm/steward/ent/resident"
	"github.com/steward-pm/steward/internal/contact"
	"github.com/steward-pm/steward/internal/registers"
)

// householdRegister is the list of an estate's households with whom to call, each number as far as the
// viewer may see it.
func householdRegister(say func(zh, en string) string) registers.Register[*ent.Household] {
	return registers.Register[*ent.Household]{
		Name: "households", ZH: "业户一览表", EN: "Households",
		Columns: []registers.Column[*ent.Household]{
			{ZH: "业户编号", EN: "Household no.", Value: func(h *ent.Household) any { return h.Code }},
			{ZH: "业户", EN: "Household", Width: 20, Value: func(h *ent.Household) any { return h.Name }},
			{ZH: "房屋", EN: "Units", Width: 24, Value: func(h *ent.Household) any {
				return joined(h.Edges.Occupancies, func(o *ent.Occupancy) string { return o.UnitLabel })
			}},
			{ZH: "身份", EN: "Capacity", Value: func(h *ent.Household) any {
				return joined(h.Edges.Occupancies, func(o *ent.Occupancy) string { return capacityWord(say, o.Capacity) })
			}},
			{ZH: "联系人", EN: "Contact", Value: func(h *ent.Household) any { return head(h).Name }},
			{ZH: "联系电话", EN: "Phone", Kind: registers.Contact, Value: func(h *ent.Household) any { return head(h).Phone }},
			{ZH: "人数", EN: "Persons", Kind: registers.Int, Value: func(h *ent.Household) any { return len(h.Edges.Residents) }},
			{ZH: "紧急联系人", EN: "In an emergency", Value: func(h *ent.Household) any {
				return joined(h.Edges.EmergencyContacts, func(c *ent.EmergencyContact) string { return c.Name })
			}},
			{ZH: "紧急联系电话", EN: "Emergency phone", Kind: registers.Contact, Value: func(h *ent.Household) any { return phonesOf(h.Edges.EmergencyContacts) }},
		},
	}
}

// head is the head of the household, else whoever of it was recorded first.
func head(h *ent.Household) ent.Resident {
	for _, r := range h.Edges.Residents {
		if r.Relation == resident.RelationHead {
			return *r
		}
	}
	if len(h.Edges.Residents) > 0 {
		return *h.Edges.Residents[0]
	}
	return ent.Resident{}
}

// phones are several numbers in one cell, each shown as far as it was revealed.
type phones []contact.Phone

// String implements fmt.Stringer.
func (list phones) String() string { return joined(list, contact.Phone.String) }

func phonesOf(people []*ent.EmergencyContact) (list phones) {
	for _, p := range people {
		list = append(list, p.Phone)
	}
	return list
}

func capacityWord(say func(zh, en string) string, c occupancy.Capacity) string {
	switch c {
	case occupancy.CapacityOwner:
		return say("业主", "Owner")
	case occupancy.CapacityTenant:
		return say("租户", "Tenant")
	case occupancy.CapacityUser:
		return say("使用人", "User")
	}
	return string(c)
}

// joined lists the texts that differ.
func joined[T any](list []T, text func(T) string) string {
	var parts []string
	for _, item := range list {
		if s := text(item); !slices.Contains(parts, s) {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, "、")
}

// householdRows reads the households of an estate by name, in pinyin order.
func householdRows(ctx context.Context, db *ent.Client, estate uuid.UUID) iter.Seq2[*ent.Household, error] {
	var last *ent.Household
	return registers.Pages(func() ([]*ent.Household, bool, error) {
		q := db.Household.Query().Where(household.EstateID(estate)).Order(household.BySortKey(), household.ByID()).Limit(registers.PageSize).
			WithOccupancies(func(q *ent.OccupancyQuery) { q.Where(occupancy.UntilOnIsNil()).Order(occupancy.ByID()) }).
			WithResidents(func(q *ent.ResidentQuery) { q.Order(resident.ByID()) }).
			WithEmergencyContacts(func(q *ent.EmergencyContactQuery) { q.Order(emergencycontact.ByID()) })
		if last != nil {
			q.Where(registers.After(household.FieldSortKey, last.SortKey, last.ID))
		}
		page, err := q.All(ctx)
		if err != nil || len(page) == 0 {
			return nil, false, err
		}
		last = page[len(page)-1]
		return page, len(page) == registers.PageSize, nil
	})
}
