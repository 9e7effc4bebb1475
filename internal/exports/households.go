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

// householdRow is a household with the units it has now, its people, and whom to call in an emergency.
type householdRow struct {
	*ent.Household
	people []*ent.Resident
	others []*ent.EmergencyContact
}

// householdRegister is the list of an estate's households with whom to call, each number as far as the
// viewer may see it.
func householdRegister(say func(zh, en string) string) registers.Register[householdRow] {
	return registers.Register[householdRow]{
		Name: "households", ZH: "业户一览表", EN: "Households",
		Columns: []registers.Column[householdRow]{
			{ZH: "业户编号", EN: "Household no.", Value: func(h householdRow) any { return h.Code }},
			{ZH: "业户", EN: "Household", Width: 20, Value: func(h householdRow) any { return h.Name }},
			{ZH: "房屋", EN: "Units", Width: 24, Value: func(h householdRow) any {
				return joined(h.Edges.Occupancies, func(o *ent.Occupancy) string { return o.UnitLabel })
			}},
			{ZH: "身份", EN: "Capacity", Value: func(h householdRow) any {
				return joined(h.Edges.Occupancies, func(o *ent.Occupancy) string { return capacityWord(say, o.Capacity) })
			}},
			{ZH: "联系人", EN: "Contact", Value: func(h householdRow) any { return h.head().Name }},
			{ZH: "联系电话", EN: "Phone", Kind: registers.Contact, Value: func(h householdRow) any { return h.head().Phone }},
			{ZH: "人数", EN: "Persons", Kind: registers.Int, Value: func(h householdRow) any { return len(h.people) }},
			{ZH: "紧急联系人", EN: "In an emergency", Value: func(h householdRow) any {
				return joined(h.others, func(c *ent.EmergencyContact) string { return c.Name })
			}},
			{ZH: "紧急联系电话", EN: "Emergency phone", Kind: registers.Contact, Value: func(h householdRow) any { return phonesOf(h.others) }},
		},
	}
}

// head is the head of the household, else whoever of it was recorded first.
func (h householdRow) head() ent.Resident {
	for _, r := range h.people {
		if r.Relation == resident.RelationHead {
			return *r
		}
	}
	if len(h.people) > 0 {
		return *h.people[0]
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
func householdRows(ctx context.Context, db *ent.Client, estate uuid.UUID) iter.Seq2[householdRow, error] {
	var last *ent.Household
	return registers.Pages(func() ([]householdRow, bool, error) {
		q := db.Household.Query().Where(household.EstateID(estate)).Order(household.BySortKey(), household.ByID()).Limit(registers.PageSize).
			WithOccupancies(func(q *ent.OccupancyQuery) { q.Where(occupancy.UntilOnIsNil()).Order(occupancy.ByID()) })
		if last != nil {
			q.Where(after(household.FieldSortKey, last.SortKey, last.ID))
		}
		page, err := q.All(ctx)
		if err != nil || len(page) == 0 {
			return nil, false, err
		}
		last = page[len(page)-1]
		rows, err := withPeople(ctx, db, estate, page)
		return rows, len(page) == registers.PageSize, err
	})
}

// withPeople loads those whose numbers the register shows, by queries of their own: what is loaded along
// with another entity is not revealed to anybody.
func withPeople(ctx context.Context, db *ent.Client, estate uuid.UUID, page []*ent.Household) ([]householdRow, error) {
	rows, at, list := make([]householdRow, len(page)), make(map[uuid.UUID]int, len(page)), make([]uuid.UUID, len(page))
	for i, h := range page {
		rows[i].Household, at[h.ID], list[i] = h, i, h.ID
	}
	people, err := db.Resident.Query().Where(resident.EstateID(estate), resident.HouseholdIDIn(list...)).Order(resident.ByID()).All(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range people {
		row := &rows[at[p.HouseholdID]]
		row.people = append(row.people, p)
	}
	others, err := db.EmergencyContact.Query().Where(emergencycontact.EstateID(estate), emergencycontact.HouseholdIDIn(list...)).Order(emergencycontact.ByID()).All(ctx)
	for _, c := range others {
		row := &rows[at[c.HouseholdID]]
		row.others = append(row.others, c)
	}
	return rows, err
}
