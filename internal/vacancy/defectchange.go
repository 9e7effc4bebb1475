package vacancy

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/defect"
	"github.com/steward-pm/steward/ent/defectevent"
	"github.com/steward-pm/steward/ent/unit"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/void"
	"github.com/steward-pm/steward/policy"
)

// How many days a department has to resolve a defect, and customer service to inspect again what was resolved.
const (
	resolveWithin   = 7
	reinspectWithin = 3
)

// V5: a defect is acknowledged and resolved by its department, and then inspected again. What is overdue rises to the project manager.
var (
	dueAcknowledgement = dueOf("acknowledge", "确认空置房异常:", "Acknowledge a defect: ")
	dueResolution      = dueOf("resolve", "处理空置房异常:", "Resolve a defect: ")
	dueReinspection    = dueOf("reinspect", "复检空置房异常:", "Inspect again: ")
)

func dueOf(step, zh, en string) *obligation.Kind {
	return obligation.Declare(obligation.Kind{Name: "vacancy.defect." + step, Clause: "V5", TitleZH: zh, TitleEN: en, Of: ent.TypeDefect, Raised: escalated, Counted: defectsMove})
}

// defectsMove has defects say by when they are to be acknowledged and resolved by the calendar as it is now: the database sets it, as all of their times.
func defectsMove(tx *act.Tx, estate uuid.UUID, due map[uuid.UUID]time.Time) error {
	_, err := tx.Raw.Exec(tx, `SELECT defects_move($1, $2)`, estate, slices.Collect(maps.Keys(due)))
	return err
}

// escalated puts it on a defect's record that it rose to the project manager.
func escalated(tx *act.Tx, subjects []uuid.UUID) error {
	list, err := tx.Defect.Query().Where(defect.IDIn(subjects...), defect.StateNEQ(defect.StateClosed), defect.VoidedAtIsNil()).Order(defect.ByID()).All(tx)
	if err != nil {
		return err
	}
	rows := make([]*ent.DefectEventCreate, len(list))
	for i, d := range list {
		rows[i] = tx.DefectEvent.Create().SetEstateID(d.EstateID).SetDefectID(d.ID).SetDepartmentID(d.DepartmentID).SetKind(defectevent.KindEscalated).
			SetActedByName(tx.Viewer.Name).SetActedAt(tx.Now)
	}
	return tx.DefectEvent.CreateBulk(rows...).Exec(tx)
}

// defectOf locks a defect that is to be changed. Errors: NOT_FOUND at id, also for who may not read it; CONFLICT if it was voided.
func defectOf(tx *act.Tx, id uuid.UUID) (*ent.Defect, error) {
	d, err := tx.Defect.Query().Where(defect.ID(id)).ForUpdate().Only(tx)
	if d, err = act.Find(d, err, "id"); err != nil {
		return nil, err
	}
	if !within(tx, policy.Read, d.RowScope()) {
		return nil, fault.Missing().At("id")
	}
	return d, void.Refuse(d.VoidedAt)
}

// within tells whether the viewer may do this in the department, as who may in the whole estate may; whether in the estate at all is asked by the walls.
func within(tx *act.Tx, action policy.Action, row access.Row) bool {
	scope := tx.Viewer.Scope(policy.Defect, action)
	return scope.Covers(row) || !slices.ContainsFunc(scope.Departments, func(p access.Place) bool { return p.Estate == row.Estate })
}

// stateIn refuses a defect that is in none of the states. Errors: CONFLICT.
func stateIn(d *ent.Defect, states ...defect.State) error {
	if slices.Contains(states, d.State) {
		return nil
	}
	return fault.Clash("这条异常现为“%[1]s”,不能这样办理。", "The defect is %[2]s; this is no way from there.", stateZH(d.State), stateEN(d.State)).By("V5")
}

// ofDepartment refuses who is not of the department that the defect was passed to. Errors: FORBIDDEN.
func ofDepartment(tx *act.Tx, d *ent.Defect) error {
	if within(tx, policy.Update, d.RowScope()) {
		return nil
	}
	return fault.Denied("只有接到通知的部门可以确认、处理这条异常。", "The department that it was passed to acknowledges and resolves it.").By("V5")
}

// ofCustomerService refuses who may not do this in customer service, as the supervisor of another department. Errors: FORBIDDEN.
func ofCustomerService(tx *act.Tx, d *ent.Defect, action policy.Action) error {
	department, err := obligation.CustomerService(tx, d.EstateID)
	if err != nil {
		return err
	}
	if within(tx, action, access.Row{Estate: d.EstateID, Department: department}) {
		return nil
	}
	return fault.Denied("这一步由客服部办理。", "Customer service does this.").By("V5")
}

// step is what is done with the defect by the viewer and now; its department stays unless it is set.
func step(tx *act.Tx, d *ent.Defect, kind defectevent.Kind) *ent.DefectEventCreate {
	return tx.DefectEvent.Create().SetEstateID(d.EstateID).SetDefectID(d.ID).SetDepartmentID(d.DepartmentID).SetKind(kind).
		SetActedByID(tx.Viewer.Account).SetActedByName(tx.Viewer.Name).SetActedAt(tx.Now)
}

// place is where a defect is, in words.
type place struct{ unit string }

func placeOf(tx *act.Tx, d *ent.Defect) (place, error) {
	u, err := tx.Unit.Query().Where(unit.ID(d.UnitID)).Only(tx)
	if err != nil {
		return place{}, err
	}
	return place{u.Label}, nil
}

// due is a step of the defect's department.
func (p place) due(d *ent.Defect, t term) obligation.Due {
	return obligation.Due{About: p.unit, Estate: d.EstateID, Subject: d.ID, At: t.at, Term: t.Term, Department: d.DepartmentID}
}

// notice is what people are told of a defect.
type notice struct{ kind, titleZH, titleEN, bodyZH, bodyEN string }

func (n notice) of(d *ent.Defect) account.Message {
	return account.Message{Estate: d.EstateID, Kind: n.kind, Subject: d.ID, TitleZH: n.titleZH, TitleEN: n.titleEN, BodyZH: n.bodyZH, BodyEN: n.bodyEN}
}

// tellDepartment puts a notice into the inboxes of the staff of the defect's department.
func tellDepartment(tx *act.Tx, d *ent.Defect, n notice) error {
	return tellStaff(tx, d.DepartmentID, n.of(d))
}

// tellCustomerService puts a notice into the inboxes of the staff of customer service.
func tellCustomerService(tx *act.Tx, d *ent.Defect, n notice) error {
	department, err := obligation.CustomerService(tx, d.EstateID)
	if err != nil {
		return err
	}
	return tellStaff(tx, department, n.of(d))
}

// tellLeadersOfService puts a notice into the inboxes of who leads customer service.
func tellLeadersOfService(tx *act.Tx, d *ent.Defect, n notice) error {
	department, err := obligation.CustomerService(tx, d.EstateID)
	if err != nil {
		return err
	}
	return obligation.Tell(tx, department, n.of(d))
}

// tellStaff puts a message into the inboxes of all who hold a role of the department, of which customer service's officers' names none; where nobody
// does, into those of who leads. Who acts is not told of the own act.
func tellStaff(tx *act.Tx, department uuid.UUID, m account.Message) error {
	today, err := tx.Today(m.Estate)
	if err != nil {
		return err
	}
	service, err := obligation.CustomerService(tx, m.Estate)
	if err != nil {
		return err
	}
	rows, err := tx.Raw.Query(tx, `SELECT DISTINCT account FROM identity.holders($1, $2) WHERE department = $3 OR role = $4 AND $3 = $5 ORDER BY 1`,
		m.Estate, today, department, string(policy.CSOfficer), service)
	if err != nil {
		return err
	}
	staff, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return fmt.Errorf("who is of department %s: %w", department, err)
	}
	if len(staff) == 0 {
		return obligation.Tell(tx, department, m)
	}
	var messages []account.Message
	for _, who := range staff {
		if m.AccountID = who; who != tx.Viewer.Account {
			messages = append(messages, m)
		}
	}
	return tx.Runtime().Accounts.Post(tx, tx.Raw, messages...)
}

// guardDefect asks of each defect what check says.
func guardDefect(check func(*act.Tx, *ent.Defect) error) act.Guard[*ent.Defect] {
	return act.Guard[*ent.Defect]{
		Entity: ent.TypeDefect,
		ID:     func(d *ent.Defect) uuid.UUID { return d.ID },
		Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.Defect, error) {
			found, err := tx.Defect.Query().Where(defect.IDIn(list...)).All(tx)
			return slices.DeleteFunc(found, func(d *ent.Defect) bool { return !within(tx, policy.Read, d.RowScope()) }), err
		},
		Check: func(tx *act.Tx, d *ent.Defect) error {
			if err := void.Refuse(d.VoidedAt); err != nil {
				return err
			}
			return check(tx, d)
		},
	}
}
