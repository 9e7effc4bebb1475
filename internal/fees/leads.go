package fees

import (
	"slices"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/policy"
)

// leads tells whether the viewer leads in what customer service does with notices: its supervisor does, and who manages the estate, but not the supervisor of another
// department, to whom the policy gives no other reach, since notices are of no department.
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
	may, err := leads(tx, on, action, estate)
	if err == nil && !may {
		err = fault.Denied("通知单的派发由客服部汇报,由客服部主管或项目经理确认。", "Customer service reports its dispatches, and its supervisor or a manager acknowledges them.").By(clause)
	}
	return err
}
