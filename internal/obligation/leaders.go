package obligation

import (
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/policy"
)

// leader is somebody who answers for others in an estate.
type leader struct {
	Account    uuid.UUID
	Role       policy.Role
	Department uuid.UUID // of supervisors
	CS         bool      // the department is customer service
}

// leaders are an estate's supervisors and project managers, and the general managers.
type leaders []leader

// findLeaders reads who leads in the estate on the day, in one statement: by the function that shows an estate's viewer the
// general managers, too.
func findLeaders(tx *act.Tx, estate uuid.UUID, today calendar.Day) (leaders, error) {
	rows, err := tx.Raw.Query(tx, `SELECT h.account, h.role, coalesce(h.department, '00000000-0000-0000-0000-000000000000'), coalesce(d.kind = 'CUSTOMER_SERVICE', false)
		FROM identity.holders($1, $2) h LEFT JOIN departments d ON d.estate_id = $1 AND d.id = h.department
		WHERE h.role = ANY ($3) ORDER BY 1, 2, 3`,
		estate, today, []string{string(policy.Supervisor), string(policy.ProjectManager), string(policy.GeneralManager)})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (l leader, err error) {
		return l, row.Scan(&l.Account, &l.Role, &l.Department, &l.CS)
	})
}

// of lists the accounts that lead where the obligation belongs: the supervisors of its department, or of
// customer service if it names none, and the project managers. Where there is nobody, the general managers.
func (all leaders) of(o *ent.Obligation) []uuid.UUID {
	list := all.where(func(l leader) bool {
		return l.Role == policy.ProjectManager || l.Role == policy.Supervisor &&
			(o.DepartmentID == nil && l.CS || o.DepartmentID != nil && l.Department == *o.DepartmentID)
	})
	if len(list) == 0 {
		list = all.where(func(l leader) bool { return l.Role == policy.GeneralManager })
	}
	return list
}

// Leaders lists the accounts to whom something in a department is reported at once (K2.3): its supervisors, where
// there is none the project managers, and where there is none the general managers.
func Leaders(tx *act.Tx, estate, department uuid.UUID) ([]uuid.UUID, error) {
	return leadersBut(tx, estate, department, uuid.Nil)
}

// leadersBut is Leaders without one account.
func leadersBut(tx *act.Tx, estate, department, but uuid.UUID) ([]uuid.UUID, error) {
	today, err := tx.Today(estate)
	if err != nil {
		return nil, err
	}
	all, err := findLeaders(tx, estate, today)
	all = slices.DeleteFunc(all, func(l leader) bool { return l.Account == but })
	list := all.where(func(l leader) bool { return l.Role == policy.Supervisor && l.Department == department })
	for _, role := range []policy.Role{policy.ProjectManager, policy.GeneralManager} {
		if len(list) == 0 {
			list = all.where(func(l leader) bool { return l.Role == role })
		}
	}
	return list, err
}

// Tell puts a message about something of its estate into the inboxes of the leaders of a department. Who acts is not told of the own
// act: where no other leads the department, the project managers are told, and then the general managers.
func Tell(tx *act.Tx, department uuid.UUID, m account.Message) error {
	leaders, err := leadersBut(tx, m.Estate, department, tx.Viewer.Account)
	if err != nil {
		return err
	}
	messages := make([]account.Message, len(leaders))
	for i, leader := range leaders {
		messages[i] = m
		messages[i].AccountID = leader
	}
	return tx.Runtime().Accounts.Post(tx, tx.Raw, messages...)
}

func (all leaders) where(is func(leader) bool) (list []uuid.UUID) {
	for _, l := range all {
		if is(l) && !slices.Contains(list, l.Account) {
			list = append(list, l.Account)
		}
	}
	return list
}
