package mail

import (
	"slices"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/policy"
)

// leads tells whether the viewer decides in mail, which is customer service's: its supervisor does, and who manages the estate, but not the
// supervisor of another department, to whom the policy gives no other reach, since mail is of no department.
func leads(tx *act.Tx, on policy.Resource, action policy.Action, estate uuid.UUID) (bool, error) {
	department, err := obligation.CustomerService(tx, estate)
	if err != nil {
		return false, err
	}
	v := *tx.Viewer
	v.Grants = slices.DeleteFunc(slices.Clone(v.Grants), func(g access.Grant) bool { return g.Role == policy.Supervisor && g.Department != department })
	return v.Scope(on, action).Covers(access.Row{Estate: estate}), nil
}

// ofCustomerService refuses the supervisor of another department. Errors: FORBIDDEN.
func ofCustomerService(tx *act.Tx, on policy.Resource, action policy.Action, estate uuid.UUID, clause string) error {
	if !tx.Viewer.Scope(on, action).Covers(access.Row{Estate: estate}) {
		return nil // whether in the estate at all is asked by the walls
	}
	may, err := leads(tx, on, action, estate)
	if err == nil && !may {
		err = fault.Denied("邮件由客服部主管或项目经理决定。", "The supervisor of customer service decides upon mail, or a manager.").By(clause)
	}
	return err
}
