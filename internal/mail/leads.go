package mail

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/policy"
)

// leads tells whether the viewer decides in mail, which is customer service's: its supervisor does, and who manages the estate, but not the
// supervisor of another department.
func leads(tx *act.Tx, on policy.Resource, action policy.Action, estate uuid.UUID) (bool, error) {
	department, err := obligation.CustomerService(tx, estate)
	if err != nil {
		return false, err
	}
	return tx.Viewer.Scope(on, action).Covers(access.Row{Estate: estate, Department: department}), nil
}

// ofCustomerService refuses the supervisor of another department. Errors: FORBIDDEN.
func ofCustomerService(tx *act.Tx, on policy.Resource, action policy.Action, estate uuid.UUID, clause string) error {
	switch may, err := leads(tx, on, action, estate); {
	case err != nil:
		return err
	case !may:
		return fault.Denied("邮件由客服部主管或项目经理决定。", "The supervisor of customer service decides upon mail, or a manager.").By(clause)
	}
	return nil
}
