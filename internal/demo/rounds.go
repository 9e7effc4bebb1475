package demo

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/inspectionresult"
	"github.com/steward-pm/steward/ent/inspectionroundline"
	"github.com/steward-pm/steward/ent/keybalance"
	"github.com/steward-pm/steward/ent/keyset"
	"github.com/steward-pm/steward/ent/staff"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/keys"
	"github.com/steward-pm/steward/internal/vacancy"
	"github.com/steward-pm/steward/policy"
)

// rounds are those through what the weekly inspections left out (V4.1): one through the forgotten units, which nobody walked and which is
// overdue; yesterday's, which is walked this morning; and today's, which is not begun.
func (h *history) rounds() map[int][]func() error {
	plan := func(days int, keep *uuid.UUID) func() error {
		return func() error {
			walker, err := h.walker()
			if err != nil {
				return err
			}
			p, err := vacancy.PlanRound.Do(h.officer, vacancy.PlanInspectionRoundInput{EstateID: h.estate.ID, PlannedOn: h.thatDay().AddDays(days), WalkerID: walker})
			if err == nil && keep != nil {
				*keep = p.Round.ID
			}
			return err
		}
	}
	return map[int][]func() error{4: {plan(1, nil)}, 2: {plan(1, &h.round)}, 1: {plan(1, nil)}}
}

// walker is the CS officer as a member of the estate's staff.
func (h *history) walker() (uuid.UUID, error) {
	officer := h.colleagues[h.estate.ID][policy.CSOfficer]
	return act.From(h.system).DB.Ent.Staff.Query().Where(staff.EstateID(h.estate.ID), staff.AccountID(officer.viewer.Account)).OnlyID(h.system)
}

// setsOut has the CS officer borrow the keys of the round's units, begin it, and visit the first.
func (h *history) setsOut() error {
	db := act.From(h.system).DB.Ent
	walker, err := h.walker()
	if err != nil {
		return err
	}
	lines, err := db.InspectionRoundLine.Query().Where(inspectionroundline.RoundID(h.round)).Order(ent.Asc(inspectionroundline.FieldPosition)).All(h.system)
	if err != nil {
		return err
	}
	if _, err := keys.OpenCabinet.Do(h.custodian, keys.OpenKeyCabinetInput{CabinetID: h.cabinet, Purpose: "空置房巡查"}); err != nil {
		return err
	}
	in := keys.LendKeysInput{Borrower: keys.BorrowerInput{StaffID: &walker}, Purpose: "空置房巡查", FromID: &h.cabinet, Signature: h.password(policy.CSOfficer)}
	var units []uuid.UUID
	for _, l := range lines {
		units = append(units, l.UnitID)
	}
	sets, err := db.KeySet.Query().Where(keyset.EstateID(h.estate.ID), keyset.UnitIDIn(units...), keyset.ConditionEQ(keyset.ConditionInUse),
		keyset.HasBalancesWith(keybalance.HolderID(h.cabinet), keybalance.CountGTE(1))).Order(ent.Asc(keyset.FieldSortKey)).IDs(h.system)
	if err != nil {
		return err
	}
	for _, set := range sets {
		in.Lines = append(in.Lines, keys.LendLineInput{SetID: set, Count: 1})
	}
	loan, err := keys.Lend.Do(h.custodian, in)
	if err != nil {
		return err
	}
	if _, err := vacancy.StartRound.Do(h.officer, vacancy.StartInspectionRoundInput{RoundID: h.round, LoanIDs: []uuid.UUID{loan.Loan.ID}}); err != nil {
		return err
	}
	items, err := h.planned()
	if err != nil {
		return err
	}
	visit := vacancy.RoundInspectionInput{Key: uuid.NewString(), VacancyID: lines[0].VacancyID, InspectedAt: h.clock.Now()}
	for _, code := range weekly {
		visit.Results = append(visit.Results, &vacancy.InspectionResultInput{ItemID: items[code], Result: inspectionresult.ResultNormal})
	}
	_, err = vacancy.RecordRound.Do(h.officer, vacancy.RecordRoundInspectionsInput{RoundID: h.round, Lines: []*vacancy.RoundInspectionInput{&visit}})
	return err
}
