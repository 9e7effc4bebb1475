// Package registry knows the estates: their places, their staff, and who lives where (the rulebook, "Who may do
// what", "Who lives where"), and reads all that from the office's spreadsheets.
//
// estate.go, place.go, unit.go places · department.go, staff.go, leave.go staff · household.go, people.go, external.go
// people · notice.go, movein.go, moveout.go, deem.go, payer.go occupancies (F1) · importunits.go 业户资料
package registry

import (
	"context"

	"github.com/google/uuid"
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
)

func init() {
	act.Explain("estate_code", fault.Clash("小区代码已被使用。", "Another estate has this code.").At("code"))
	act.Explain("area_estate_id_code", fault.Clash("区域代码已被使用。", "Another area has this code.").At("code"))
	act.Explain("building_estate_id_code", fault.Clash("楼栋代码已被使用。", "Another building has this code.").At("code"))
	act.Explain("unit_estate_id_building_id_entrance_number", fault.Clash("这个房号已经存在。", "There is a unit of this number already.").At("number"))
	act.Explain("department_estate_id_name", fault.Clash("部门名称已被使用。", "Another department has this name.").At("name"))
	act.Explain("staff_estate_id_account_id", fault.Clash("这个账号已属于另一名员工。", "The account belongs to another member of staff.").At("accountID"))
	act.Explain("staffs_period", fault.Invalid("lastDay", "离职日期早于入职日期。", "The last day is before the first."))
	act.Explain("household_estate_id_code", fault.Clash("业户编号已被使用。", "Another household has this number.").At("code"))
	act.Explain("occupancies_capacity", fault.Clash("该房在这段时间已有同一身份的业户,请先办理迁出。",
		"The unit has a household of this capacity at that time; move it out first.").At("unitID"))
	act.Explain("occupancies_payer", fault.Clash("该房在这段时间已有缴费业户。", "Another household pays for the unit at that time.").At("payer"))
}

// Keyring is what the registry asks of the chapter of keys, which knows the registry and not the other
// way round.
type Keyring interface {
	// Furnish gives a new estate its holders of keys.
	Furnish(tx *act.Tx, estate uuid.UUID) error
	// Out counts the keys out on loan in the names of members of staff; those without are left out.
	// Lost keys that are recorded lost are out no more.
	Out(tx *act.Tx, staff []uuid.UUID) (map[uuid.UUID]int, error)
	// Relabel follows a unit's new label.
	Relabel(tx *act.Tx, unit *ent.Unit) error
}

var keyring Keyring

// UseKeyring tells who answers for keys; the chapter of keys calls it when the program starts.
func UseKeyring(k Keyring) { keyring = k }

// edit finds the row that is edited, locked, and compares the version that the actor saw.
//
// Errors: NOT_FOUND at id; CONFLICT at expectedVersion, which shows the newer state.
func edit[T act.Versioned](tx *act.Tx, expected int, find func(context.Context) (T, error), version func(T) int) (T, error) {
	row, err := find(tx)
	if row, err = act.Find(row, err, "id"); err != nil {
		return row, err
	}
	return row, tx.Expect(row, version(row), expected)
}

// estateOf finds the estate that something is created in. Errors: NOT_FOUND at estateID.
func estateOf(tx *act.Tx, id uuid.UUID) (*ent.Estate, error) {
	e, err := tx.Estate.Get(tx, id)
	return act.Find(e, err, "estateID")
}
