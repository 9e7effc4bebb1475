package demo

import (
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/building"
	"github.com/steward-pm/steward/ent/keyacceptancecheck"
	"github.com/steward-pm/steward/ent/keyseal"
	"github.com/steward-pm/steward/ent/keyset"
	"github.com/steward-pm/steward/ent/unit"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/keys"
	"github.com/steward-pm/steward/internal/registry"
	"github.com/steward-pm/steward/policy"
)

// acceptance is how keys are taken over from engineering: step by step on sheets, one of which is in draft still (K1.1), those of
// public areas sealed with security but for one (K1.3), and all in their order on hooks (K1.2).
func (h *history) acceptance() map[int][]func() error {
	var rooms []uuid.UUID
	return map[int][]func() error{
		30: {func() (err error) {
			rooms, err = h.publicAreas("B1配电房", "B1水泵房", "RF电梯机房")
			return err
		},
			func() error { return h.accept(rooms[:2]) }, h.hang},
		25: {func() error { return h.changeSeal(rooms[0], "封条破损") }},
		17: {func() error { return h.breakSeal(rooms[1]) }},
		1:  {func() error { _, err := h.draft(rooms[2:]); return err }},
	}
}

// publicAreas adds rooms to the first building.
func (h *history) publicAreas(numbers ...string) (rooms []uuid.UUID, err error) {
	first, err := act.From(h.system).DB.Ent.Building.Query().Where(building.EstateID(h.estate.ID)).Order(ent.Asc(building.FieldSortKey)).FirstID(h.system)
	if err != nil {
		return nil, err
	}
	kind := unit.KindPublicArea
	for _, number := range numbers {
		p, err := registry.CreateUnit.Do(h.manager, registry.CreateUnitInput{BuildingID: first, Number: number, Kind: &kind})
		if err != nil {
			return nil, err
		}
		rooms = append(rooms, p.Unit.ID)
	}
	return rooms, nil
}

// draft puts down what engineering is to deliver: five keys of each room.
func (h *history) draft(rooms []uuid.UUID) (*ent.KeyAcceptance, error) {
	in := keys.DraftKeyAcceptanceInput{EstateID: h.estate.ID, Deliverer: mechanicName}
	for _, room := range rooms {
		in.Lines = append(in.Lines, keys.KeyAcceptanceLineInput{UnitID: room, Place: "机房门", Due: 5})
	}
	p, err := keys.DraftAcceptance.Do(h.custodian, in)
	if err != nil {
		return nil, err
	}
	return p.Acceptance, nil
}

// accept checks a sheet, of whose last line a key is faulty, and has it signed by engineering and by security.
func (h *history) accept(rooms []uuid.UUID) error {
	sheet, err := h.draft(rooms)
	if err != nil {
		return err
	}
	lines, err := act.From(h.system).DB.Ent.KeyAcceptanceCheck.Query().Where(keyacceptancecheck.AcceptanceID(sheet.ID)).Order(keyacceptancecheck.ByID()).IDs(h.system)
	if err != nil {
		return err
	}
	check := keys.CheckKeyAcceptanceLinesInput{AcceptanceID: sheet.ID}
	sign := keys.SignKeyAcceptanceInput{
		AcceptanceID: sheet.ID, Engineering: &keys.KeyDelivererInput{StaffID: &h.mechanics[h.estate.ID][0]}, Signature: attested(),
		Security: &keys.SealedWithInput{StaffID: *h.colleagues[h.estate.ID][policy.Security].staff, Signature: h.password(policy.Security)},
	}
	for i, line := range lines {
		checked := keys.CheckedKeyLineInput{CheckID: line, Delivered: 5}
		if i == len(lines)-1 {
			remark := "一把齿口不符,退回工程部重配"
			checked.Delivered, checked.Faulty, checked.Remark = 4, 1, &remark
		}
		check.Lines = append(check.Lines, checked)
		sign.Seals = append(sign.Seals, keys.AcceptedKeySealInput{CheckID: line, Number: []string{"F-001", "F-002"}[i]})
	}
	if _, err := keys.CheckAcceptanceLines.Do(h.custodian, check); err != nil {
		return err
	}
	h.clock.Advance(15 * time.Minute)
	_, err = keys.SignAcceptance.Do(h.custodian, sign)
	return err
}

// hang numbers hooks of the cabinet, and hangs some sets.
func (h *history) hang() error {
	p, err := keys.CreateHooks.Do(h.custodian, keys.CreateKeyHooksInput{CabinetID: h.cabinet, Numbers: []string{"A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8", "A9", "A10", "A11", "A12"}})
	if err != nil {
		return err
	}
	for i, set := range h.kept {
		if _, err := keys.Hang.Do(h.custodian, keys.HangKeysInput{SetID: set, HookID: p.Hooks[i].ID}); err != nil {
			return err
		}
	}
	return nil
}

func (h *history) changeSeal(room uuid.UUID, reason string) error {
	seal, err := h.sealOf(room)
	if err != nil {
		return err
	}
	_, err = keys.ChangeSeal.Do(h.custodian, keys.ChangeKeySealInput{
		SealID: seal, Number: "F-003", Reason: reason,
		SecurityStaffID: *h.colleagues[h.estate.ID][policy.Security].staff, Signature: h.password(policy.Security),
	})
	return err
}

// breakSeal takes the keys of a room out at night, and seals them again the custodian's way: with security's signature.
func (h *history) breakSeal(room uuid.UUID) error {
	seal, err := h.sealOf(room)
	if err != nil {
		return err
	}
	p, err := keys.BreakSeal.Do(h.custodian, keys.BreakKeySealInput{SealID: seal, Reason: "水泵故障抢修", ToID: h.cabinet})
	if err != nil {
		return err
	}
	h.clock.Advance(2 * time.Hour)
	_, err = keys.Seal.Do(h.custodian, keys.SealKeysInput{
		SetID: p.Seal.SetID, Count: p.Seal.Count, Number: "F-004",
		SecurityStaffID: *h.colleagues[h.estate.ID][policy.Security].staff, Signature: h.password(policy.Security),
	})
	return err
}

// sealOf is the seal of the keys of a room.
func (h *history) sealOf(room uuid.UUID) (uuid.UUID, error) {
	return act.From(h.system).DB.Ent.KeySeal.Query().Where(keyseal.StateEQ(keyseal.StateSealed), keyseal.HasSetWith(keyset.UnitID(room))).OnlyID(h.system)
}
