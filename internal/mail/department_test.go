package mail_test

import (
	"slices"
	"testing"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// employed has the estate's member of staff be this person, in a department.
func employed(app *stewardtest.App, p *stewardtest.Person, department any) {
	app.SQL(`UPDATE staffs SET account_id = $1, department_id = $2 WHERE id = $3`, p.Account, department, app.A.Staff)
}

// Staff see what came for their own department, with what happened to it and who signed for it; nobody else's, and no household's.
func TestM1_ADepartmentSeesItsOwnMail(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	engineer, accountant := app.As(policy.Engineering), app.As(policy.Accountant)
	const list = `{ mailItems(first: 200) { edges { node { id departmentID householdID events { state } delivery { recipient } } } } mailDeliveries(first: 200) { edges { node { id departmentID } } } }`
	items := func(p *stewardtest.Person) []string { return listOf(p.Do(list, nil), "mailItems") }
	if got := items(engineer); len(got) != 0 {
		t.Errorf("engineering sees %v before anything came for it", got)
	}
	ours := inSlots(app, vars{"departmentID": app.A.EngineeringDepartment}, vars{"departmentID": app.A.EngineeringDepartment, "kind": "LETTER"})
	theirs := inSlots(app, vars{"departmentID": app.A.FinanceDepartment}, vars{})
	app.As(policy.MailSorter).Do(deliverMail, route(signed(vars{"itemIDs": ours[:1]}, "recipient", "工程部王工")))
	seen := engineer.Do(list, nil)
	if got := listOf(seen, "mailItems"); !slices.Equal(got, sortedList(ours)) {
		t.Errorf("engineering sees %v", got)
	}
	if got := seen.Get(`mailItems.edges.#(node.id=="` + ours[0] + `").node`); got.Get("events.#").Int() != 2 || got.Get("delivery.recipient").String() != "工程部王工" {
		t.Errorf("what happened to it: %s", got.Raw)
	}
	if n := seen.Get("mailDeliveries.edges.#").Int(); n != 1 {
		t.Errorf("engineering sees %d deliveries", n)
	}
	const node = `query($id: ID!) { node(id: $id) { id } }`
	engineer.Do(node, vars{"id": ours[1]})
	engineer.Refused(node, vars{"id": theirs[0]}, fault.NotFound)
	engineer.Refused(node, vars{"id": theirs[1]}, fault.NotFound)
	app.As(policy.Security).Refused(node, vars{"id": ours[1]}, fault.NotFound)
	app.Foreign(policy.Engineering).Refused(node, vars{"id": ours[1]}, fault.NotFound)

	// A role that names no department is held where its account is employed, and while it is.
	if got := items(accountant); len(got) != 0 {
		t.Errorf("who is employed nowhere sees %v", got)
	}
	employed(app, accountant, app.A.FinanceDepartment)
	if got := items(accountant); !slices.Contains(got, theirs[0]) || slices.Contains(got, theirs[1]) || slices.Contains(got, ours[0]) {
		t.Errorf("finance sees %v", got)
	}
	app.SQL(`UPDATE staffs SET employed_until = '2026-03-01' WHERE id = $1`, app.A.Staff)
	if got := items(accountant); len(got) != 0 {
		t.Errorf("who was employed in finance sees %v", got)
	}
}
