package fees_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fees"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const (
	dispatchFields = `{ id noticeID dunningID householdID number attempt method capacity recipient relation postage tracking reason dispatchedAt dispatchedByName dueAt late lateReason returnedAt returnedReason voidedAt reportID proofs { id name } }`
	dunningFields  = `{ id number revision level state amount householdID address replacesID previousID draftedOn draftedByName draftDueAt handDueAt contentHash reviewedByName stampedByName stampedAt handedAt dispatchDueAt dispatchedAt deliverDueAt deliveredAt payBy settledAt endReason lines { noticeID number asked settled amount } dispatches { id } }`
	reportFields   = `{ id number dispatches signed boxed posted absent returned late postage waiting fromOn untilOn acknowledgedAt acknowledgedByName answer }`

	receiveNotices = `mutation($in: ReceiveFeeNoticesInput!) { receiveFeeNotices(input: $in) { run { id receivedAt receivedByName dispatchDueAt dispatched } } }`
	dispatchAll    = `mutation($in: DispatchFeeNoticesInput!) { dispatchFeeNotices(input: $in) { dispatches ` + dispatchFields + ` } }`
	returnDispatch = `mutation($in: ReturnFeeDispatchInput!) { returnFeeDispatch(input: $in) { dispatch ` + dispatchFields + ` } }`
	voidDispatch   = `mutation($in: VoidFeeDispatchInput!) { voidFeeDispatch(input: $in) { dispatch ` + dispatchFields + ` } }`
	addProofs      = `mutation($in: AddFeeProofsInput!) { addFeeProofs(input: $in) { dispatch ` + dispatchFields + ` } }`
	reportAll      = `mutation($in: ReportFeeDispatchesInput!) { reportFeeDispatches(input: $in) { report ` + reportFields + ` } }`
	acknowledge    = `mutation($in: AcknowledgeFeeReportInput!) { acknowledgeFeeReport(input: $in) { report ` + reportFields + ` } }`
	feeDispatches  = `query($where: FeeDispatchWhereInput) { feeDispatches(first: 200, where: $where, orderBy: {field: DISPATCHED_AT, direction: ASC}) { edges { node ` + dispatchFields + ` } } }`
	feeSteps       = `query($e: ID!, $from: Date, $to: Date, $late: Boolean, $first: Int, $after: Cursor) { feeSteps(estateID: $e, from: $from, to: $to, late: $late, first: $first, after: $after) { edges { node { kind clause number household dueAt doneAt doneBy late } } pageInfo { hasNextPage endCursor } } }`

	draftDunnings   = `mutation($in: DraftFeeDunningsInput!) { draftFeeDunnings(input: $in) { drafted dunnings ` + dunningFields + ` } }`
	reviewDunnings  = `mutation($in: ReviewFeeDunningsInput!) { reviewFeeDunnings(input: $in) { dunnings ` + dunningFields + ` } }`
	stampDunnings   = `mutation($in: StampFeeDunningsInput!) { stampFeeDunnings(input: $in) { dunnings ` + dunningFields + ` } }`
	handDunnings    = `mutation($in: HandFeeDunningsInput!) { handFeeDunnings(input: $in) { dunnings ` + dunningFields + ` } }`
	withdrawDunning = `mutation($in: WithdrawFeeDunningInput!) { withdrawFeeDunning(input: $in) { dunning ` + dunningFields + ` } }`
	feeDunnings     = `query($where: FeeDunningWhereInput) { feeDunnings(first: 200, where: $where, orderBy: {field: NUMBER, direction: ASC}) { edges { node ` + dunningFields + ` } } }`
	feeEvidence     = `query($id: ID!) { feeEvidence(noticeID: $id) { notice { id number amount dispatches ` + dispatchFields + ` lines { amount } } dunnings ` + dunningFields + ` signatures { kind capacity signerName contentHash } certificates { number contentHash content } } }`
)

// februaryOf is the household's notice of February, which customer service has and has not dispatched.
func februaryOf(app *stewardtest.App, household uuid.UUID) string {
	return noticesOf(app, household, "2026-02-01")[0].Get("id").String()
}

// brought is a route of these stops.
func brought(stops ...vars) vars { return vars{"in": vars{"dispatches": stops}} }

// posted is a stop that was posted.
func posted(of, id string) vars {
	return vars{of: id, "method": "POST", "postage": 120, "tracking": "XA1", "reason": "业户长期外出"}
}

// byResident is a stop for which a resident signs.
func byResident(of, id string, resident uuid.UUID) vars {
	return vars{of: id, "method": "IN_PERSON", "capacity": "HOUSEHOLD", "residentID": resident, "signature": vars{}}
}

// absent is a stop where nobody was home.
func absent(of, id string) vars {
	return vars{of: id, "method": "ABSENT", "reason": "敲门无人应答"}
}

// dispatched records a route, and gives its attempts.
func dispatched(app *stewardtest.App, stops ...vars) []gjson.Result {
	return app.As(policy.CSOfficer).Do(dispatchAll, brought(stops...)).Get("dispatchFeeNotices.dispatches").Array()
}

// noticeNow is how a notice stands.
func noticeNow(app *stewardtest.App, id string) gjson.Result {
	return app.As(policy.Accountant).Do(`query($id: ID!) { node(id: $id) { ... on FeeNotice { dispatch dispatchedAt dispatches { attempt method } } } }`, vars{"id": id}).Get("node")
}

// due is the state of what is due about a subject; empty if nothing ever was.
func due(t *testing.T, app *stewardtest.App, kind string, subject any) string {
	t.Helper()
	return value[string](t, app, `SELECT coalesce(string_agg(state, ' ' ORDER BY created_at, id), '') FROM obligations WHERE kind = $1 AND subject_id = $2`, kind, subject)
}

// drafts has the clockwork draft what is missing, and gives how many it drafted in A.
func drafts(t *testing.T, app *stewardtest.App) int {
	t.Helper()
	count := func() int {
		return value[int](t, app, `SELECT count(*)::int FROM fee_dunnings WHERE estate_id = $1`, app.A.ID)
	}
	before := count()
	if _, err := fees.DraftDunnings(app.Context(), app.Runtime); err != nil {
		t.Fatal(err)
	}
	return count() - before
}

// dunningsOf are a household's dunning notices, all of their versions.
func dunningsOf(app *stewardtest.App, household uuid.UUID) []gjson.Result {
	return app.As(policy.Accountant).Do(feeDunnings, vars{"where": vars{"householdID": household}}).Get("feeDunnings.edges.#.node").Array()
}

// pastDue lets the time pass by which February was to be paid, and gives the draft to the household.
func pastDue(t *testing.T, app *stewardtest.App) gjson.Result {
	t.Helper()
	later(app, 9, policy.Accountant, policy.CSOfficer, policy.SealKeeper, policy.ProjectManager, policy.Supervisor)
	app.Resident().SignIn()
	app.Neighbour().SignIn()
	if n := drafts(t, app); n != 1 {
		t.Fatalf("%d were drafted", n)
	}
	return dunningsOf(app, app.A.Household)[0]
}

func these(ids ...string) vars { return vars{"in": vars{"dunningIDs": ids}} }

// stamping is by the own password.
func stamping(ids ...string) vars {
	return vars{"in": vars{"dunningIDs": ids, "signature": vars{"credential": stewardtest.Password}}}
}

// stampedBy takes a draft through review and stamp.
func stampedBy(app *stewardtest.App, role policy.Role, id string) {
	app.As(policy.Accountant).Do(reviewDunnings, these(id))
	app.As(role).Do(stampDunnings, stamping(id))
}

// handed takes a draft to customer service.
func handed(app *stewardtest.App, id string) {
	stampedBy(app, policy.SealKeeper, id)
	app.As(policy.Accountant).Do(handDunnings, these(id))
}

// uploaded stores a picture, and gives the upload's id.
func uploaded(t *testing.T, p *stewardtest.Person, n string) string {
	t.Helper()
	r, err := p.Request(http.MethodPost, "/files?"+url.Values{"estate": {"A"}, "name": {"回执.png"}}.Encode(), strings.NewReader("\x89PNG\x0D\x0A\x1A\x0A"+n))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/octet-stream")
	status, body, err := p.Send(r)
	if err != nil || status >= 300 {
		t.Fatalf("%d %s %v", status, body, err)
	}
	return gjson.GetBytes(body, "id").String()
}

// employed puts people of accounts on the staff of finance.
func employed(app *stewardtest.App, name string, account *uuid.UUID) {
	app.SQL(`INSERT INTO staffs (id, created_at, estate_id, name, sort_key, department_id, account_id, phone, employed_from) VALUES (new_id(x'0105'::int), $1, $2, $3, $3, $4, $5, '', '2025-01-01')`,
		stewardtest.Start, app.A.ID, name, app.A.FinanceDepartment, account)
}

// asServed runs a statement as the serving role does, in all estates.
func asServed(app *stewardtest.App, sql string, args ...any) error {
	return app.DB.System(app.Context(), func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, sql, args...)
		return err
	})
}
