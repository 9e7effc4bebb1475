package vacancy

import (
	"slices"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/defect"
	"github.com/steward-pm/steward/ent/defectevent"
	"github.com/steward-pm/steward/ent/department"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/void"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// What customer service does with a defect, other than to inspect it again: give it to another department, or more time, or void it.

// ReassignDefectInput names the department that is concerned after all.
type ReassignDefectInput struct {
	ID, DepartmentID uuid.UUID
	Reason           string
}

// Check refuses an empty or endless reason.
func (in ReassignDefectInput) Check() error { return wording.CheckText("reason", in.Reason, 1, 500) }

// ReassignDefectPayload is the defect as it stands after.
type ReassignDefectPayload struct{ Defect *ent.Defect }

// ReassignDefect passes a defect to another department, which is notified anew and has the whole time (V5).
//
// Errors: NOT_FOUND; FORBIDDEN for who is not of customer service; CONFLICT once it is resolved; INVALID_INPUT for the department that has it.
var ReassignDefect = act.Guarded(act.New("vacancy.reassignDefect", act.Needs(policy.Defect, policy.Settle), act.Clauses("V5"), reassignDefect), guardDefect(canReassign))

func reassignDefect(tx *act.Tx, in ReassignDefectInput) (*ReassignDefectPayload, error) {
	d, err := defectOf(tx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := canReassign(tx, d); err != nil {
		return nil, err
	}
	to, err := tx.Department.Query().Where(department.ID(in.DepartmentID), department.EstateID(d.EstateID)).Only(tx)
	if to, err = act.Find(to, err, "departmentID"); err != nil {
		return nil, err
	}
	if to.ID == d.DepartmentID {
		return nil, fault.Invalid("departmentID", "这条异常已在该部门。", "The department has it already.").By("V5")
	}
	acknowledge, resolve, err := terms(tx, d.EstateID)
	if err != nil {
		return nil, err
	}
	reason := wording.Tidy(in.Reason)
	tx.Because(reason)
	if err := step(tx, d, defectevent.KindReassigned).SetDepartmentID(to.ID).SetNote(reason).SetAcknowledgeBy(acknowledge.at).SetDueAt(resolve.at).Exec(tx); err != nil {
		return nil, err
	}
	if err := nothingDue(tx, d); err != nil {
		return nil, err
	}
	if d, err = tx.Defect.Get(tx, d.ID); err != nil {
		return nil, err
	}
	return &ReassignDefectPayload{d}, passOn(tx, d, acknowledge, resolve)
}

func canReassign(tx *act.Tx, d *ent.Defect) error {
	if err := ofCustomerService(tx, d, policy.Settle); err != nil {
		return err
	}
	return stateIn(d, defect.StateReported, defect.StateAcknowledged, defect.StateReopened)
}

// nothingDue ends what is due about a defect.
func nothingDue(tx *act.Tx, d *ent.Defect) error {
	for _, kind := range []*obligation.Kind{dueAcknowledgement, dueResolution, dueReinspection} {
		if err := kind.Cancel(tx, d.ID); err != nil {
			return err
		}
	}
	return nil
}

// ExtendDefectTermInput gives a defect more time.
type ExtendDefectTermInput struct {
	ID     uuid.UUID
	Until  calendar.Day // the last day
	Reason string
}

// Check refuses an empty or endless reason.
func (in ExtendDefectTermInput) Check() error { return wording.CheckText("reason", in.Reason, 1, 500) }

// ExtendDefectTermPayload is the defect as it stands after.
type ExtendDefectTermPayload struct{ Defect *ent.Defect }

// ExtendDefectTerm gives the department until a later day: the supervisor of customer service does, or a manager, who is not of the department and did not
// propose it (V5). What counts as breached stays so.
//
// Errors: NOT_FOUND; FORBIDDEN for who does not lead customer service; CONFLICT once it is resolved; INVALID_INPUT for a day that is not later than it has,
// or too late; RULE V5 for who proposed it, and for the department itself: who acknowledged it, or holds a role in it.
var ExtendDefectTerm = act.Guarded(act.New("vacancy.extendDefectTerm", act.Needs(policy.Defect, policy.Approve).SessionOnly(), act.Clauses("V5"), extendDefectTerm), guardDefect(canExtend))

func extendDefectTerm(tx *act.Tx, in ExtendDefectTermInput) (*ExtendDefectTermPayload, error) {
	d, err := defectOf(tx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := canExtend(tx, d); err != nil {
		return nil, err
	}
	until, err := later(tx, d, in.Until)
	if err != nil {
		return nil, err
	}
	reason := wording.Tidy(in.Reason)
	tx.Because(reason)
	if err := step(tx, d, defectevent.KindExtended).SetNote(reason).SetDueAt(until).Exec(tx); err != nil {
		return nil, err
	}
	if err := dueResolution.Move(tx, d.ID, until); err != nil {
		return nil, err
	}
	place, err := placeOf(tx, d)
	if err != nil {
		return nil, err
	}
	day := in.Until.String()
	if err := tellDepartment(tx, d, notice{
		kind: "vacancy.defect.extend", titleZH: "处理期限延至 " + day + ":" + place.unit, titleEN: "More time, until " + day + ": " + place.unit,
		bodyZH: tx.Viewer.Name + " 同意延期:" + reason + "(V5)。", bodyEN: tx.Viewer.Name + " gives it: " + reason + " (V5).",
	}); err != nil {
		return nil, err
	}
	d, err = tx.Defect.Get(tx, d.ID)
	return &ExtendDefectTermPayload{d}, err
}

func canExtend(tx *act.Tx, d *ent.Defect) error {
	if err := ofCustomerService(tx, d, policy.Approve); err != nil {
		return err
	}
	if d.AcknowledgedByID != nil && *d.AcknowledgedByID == tx.Viewer.Account ||
		slices.ContainsFunc(tx.Viewer.Grants, func(g access.Grant) bool { return g.Department == d.DepartmentID }) {
		return ownTerm()
	}
	return stateIn(d, defect.StateReported, defect.StateAcknowledged, defect.StateReopened)
}

// ownTerm refuses the department that would give itself more time; who all is of it the database knows.
func ownTerm() *fault.Error {
	return fault.Rule("V5", "不能给自己部门延期,请由其他部门的主管或经理决定。", "Nobody gives the own department more time; a supervisor of another or a manager does.")
}

// VoidDefectInput names a defect that was reported by mistake, and says why.
type VoidDefectInput struct{ void.Input }

// VoidDefectPayload is the defect, voided.
type VoidDefectPayload struct{ Defect *ent.Defect }

// VoidDefect voids a defect that was reported by mistake, while the department has not acknowledged it: afterwards only a re-inspection closes it (V5).
//
// Errors: NOT_FOUND; FORBIDDEN for who neither reported it just now nor leads; CONFLICT if it was voided, or acknowledged, or the
// inspection that it comes from stands.
var VoidDefect = act.Guarded(act.New("vacancy.voidDefect", act.Needs(policy.Defect, policy.Void), act.Clauses("V5"), voidDefect), guardDefect(canVoidDefect))

func voidDefect(tx *act.Tx, in VoidDefectInput) (*VoidDefectPayload, error) {
	d, err := defectOf(tx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := canVoidDefect(tx, d); err != nil {
		return nil, err
	}
	if err := void.Mark(tx, d.Update(), in.Reason).Exec(tx); err != nil {
		return nil, err
	}
	if err := nothingDue(tx, d); err != nil {
		return nil, err
	}
	place, err := placeOf(tx, d)
	if err != nil {
		return nil, err
	}
	reason := wording.Tidy(in.Reason)
	if err := tellDepartment(tx, d, notice{
		kind: "vacancy.defect.void", titleZH: "异常通知作废:" + place.unit, titleEN: "No defect after all: " + place.unit,
		bodyZH: tx.Viewer.Name + " 作废了这条异常,无需处理:" + reason + "(V5)。", bodyEN: tx.Viewer.Name + " voided it; there is nothing to do: " + reason + " (V5).",
	}); err != nil {
		return nil, err
	}
	if d, err = tx.Defect.Get(tx, d.ID); err != nil {
		return nil, err
	}
	return &VoidDefectPayload{d}, void.Tell(tx, void.Notice{
		Clause: "V5", Estate: d.EstateID, Subject: d.ID, WhatZH: place.unit + " 的异常通知", WhatEN: "defect of " + place.unit, Why: in.Reason,
	})
}

func canVoidDefect(tx *act.Tx, d *ent.Defect) error {
	if d.State != defect.StateReported {
		return inHand()
	}
	department, err := obligation.CustomerService(tx, d.EstateID)
	if err != nil {
		return err
	}
	leads := tx.Viewer.Scope(policy.Defect, policy.Approve).Covers(access.Row{Estate: d.EstateID, Department: department})
	return void.May(tx, void.Recorded{Clause: "V5", By: d.ReportedByID, At: d.CreatedAt, Leads: leads})
}
