package database_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/graph"
	"github.com/steward-pm/steward/graph/generated"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

type vars = stewardtest.Vars

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func exec(t *testing.T, conn *pgx.Conn, sql string, args ...any) {
	t.Helper()
	if _, err := conn.Exec(context.Background(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func texts(t *testing.T, conn *pgx.Conn, sql string, args ...any) []string {
	t.Helper()
	rows, err := conn.Query(context.Background(), sql, args...)
	if err != nil {
		t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return list
}

func sqlState(err error) string {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code
	}
	return err.Error()
}

// wallTwo switches row-level security on all tables.
func wallTwo(app *stewardtest.App, on bool) {
	word := map[bool]string{true: "ENABLE", false: "DISABLE"}[on]
	app.SQL(`DO $$ DECLARE t regclass; BEGIN
		FOR t IN SELECT DISTINCT polrelid::regclass FROM pg_policy JOIN pg_class c ON c.oid = polrelid WHERE relnamespace = 'public'::regnamespace LOOP
			EXECUTE format('ALTER TABLE %s ` + word + ` ROW LEVEL SECURITY', t);
		END LOOP; END $$`)
}

// rows are ids by entity.
type rows map[string][]uuid.UUID

// rowsOf are the rows of all entities under the condition; %estate and %household in it are the entity's columns,
// and entities without a column that it names have none.
func rowsOf(app *stewardtest.App, condition string, args ...any) rows {
	out := rows{}
	for name, e := range ent.Entities {
		if strings.Contains(condition, "%household") && e.Household == "" {
			continue
		}
		where := strings.NewReplacer("%estate", e.Estate, "%household", e.Household).Replace(condition)
		if found := app.IDs(`SELECT id FROM `+e.Table+` WHERE `+where, args...); len(found) > 0 {
			out[name] = found
		}
	}
	return out
}

var schema = generated.NewExecutableSchema(generated.Config{Resolvers: graph.New(nil)}).Schema()

// seen asks every list of the schema, and every id as a node, and tells which of the rows came back.
func seen(t *testing.T, p *stewardtest.Person, secret rows) map[string]int {
	t.Helper()
	names := map[string]string{}
	for name, list := range secret {
		for _, id := range list {
			names[id.String()] = name
		}
	}
	found := map[string]bool{}
	look := func(text string) {
		for id := range names {
			found[id] = found[id] || strings.Contains(text, id)
		}
	}
	for _, f := range schema.Query.Fields {
		node := strings.TrimSuffix(f.Type.Name(), "Connection")
		if def := schema.Types[node]; node != f.Type.Name() && def != nil && def.Fields.ForName("id") != nil { // what is searched is internal/archives' to prove
			look(p.Ask(`{ `+f.Name+`(first: 200) { edges { node { id } } } }`, nil).Get("data").Raw)
		}
	}
	for _, list := range secret {
		for len(list) > 0 {
			n := min(len(list), 100)
			look(p.Ask(`query($ids: [ID!]!) { nodes(ids: $ids) { id } }`, vars{"ids": list[:n]}).Get("data").Raw)
			list = list[n:]
		}
	}
	out := map[string]int{}
	for id, yes := range found {
		if yes {
			out[names[id]]++
		}
	}
	return out
}

// leaks fails unless some row of every entity came back: where nothing leaks with the guard off, the guard's test
// would prove nothing.
func leaks(t *testing.T, what string, p *stewardtest.Person, secret rows) {
	t.Helper()
	found := seen(t, p, secret)
	for name := range secret {
		if found[name] == 0 {
			t.Errorf("%s: no %s leaks, so the guard is not what holds it back", what, name)
		}
	}
}

// holds fails if any of the rows came back.
func holds(t *testing.T, what string, p *stewardtest.Person, secret rows) {
	t.Helper()
	if found := seen(t, p, secret); len(found) > 0 {
		t.Errorf("%s: leaks %v", what, found)
	}
}

const (
	lendKeys   = `mutation($in: LendKeysInput!) { lendKeys(input: $in) { loan { id lines { id } } } }`
	returnKeys = `mutation($in: ReturnKeysInput!) { returnKeys(input: $in) { loan { id } } }`
	handOver   = `mutation($in: HandOverKeysInput!) { handOverKeys(input: $in) { movement { id } } }`
)

// live gives an estate what life brings beyond the seed: loans to borrowers of every kind, one of them returned, and
// keys with a household (of its own set), so that every table has rows of the household, and every reference is used.
func live(officer, custodian *stewardtest.Person, e stewardtest.Estate, household, resident, own uuid.UUID) {
	for i, borrower := range []vars{{"staffID": e.Staff}, {"residentID": resident}, {"externalPersonID": e.External}} {
		loan := officer.Do(lendKeys, vars{"in": vars{"borrower": borrower, "purpose": "看房", "signature": vars{}, "lines": []vars{{"setID": e.Sets[i], "count": 1}}}}).Get("lendKeys.loan.id")
		officer.Do(returnKeys, vars{"in": vars{"loanID": loan.String(), "signature": vars{}}})
	}
	custodian.Do(handOver, vars{"in": vars{"setID": own, "count": 1, "fromID": e.Cabinet, "householdID": household, "signature": vars{"name": "代办人"}}})
	lost := officer.Do(`mutation($in: LendKeysInput!) { lendKeys(input: $in) { loan { lines { id } } } }`,
		vars{"in": vars{"borrower": vars{"residentID": resident}, "purpose": "看房", "signature": vars{}, "lines": []vars{{"setID": own, "count": 1}}}})
	officer.Do(`mutation($in: ReportKeyLossInput!) { reportKeyLoss(input: $in) { loss { id } } }`,
		vars{"in": vars{"loanLineID": lost.Get("lendKeys.loan.lines.0.id").String(), "count": 1, "circumstances": "遗失"}})
}

func liveA(app *stewardtest.App) {
	live(app.As(policy.CSOfficer), app.As(policy.KeyCustodian), app.A, app.A.OtherHousehold, app.A.OtherResident, app.A.Sets[2])
	dunned(app, app.A)
}

func liveB(app *stewardtest.App) {
	live(app.Foreign(policy.CSOfficer), app.Foreign(policy.KeyCustodian), app.B, app.B.Household, app.B.Resident, app.B.Sets[0])
	destroyed(app)
	walked(app)
	delivered(app)
	rostered(app)
	banked(app)
}

// banked has a payment of B's bank confirmed, and credit of a credit note given back (F5).
func banked(app *stewardtest.App) {
	accountant := app.Foreign(policy.Accountant)
	line, home := app.IDs(`SELECT id FROM fee_bank_lines WHERE estate_id = $1`, app.B.ID)[0], app.IDs(`SELECT proposed_household_id FROM fee_bank_lines WHERE estate_id = $1`, app.B.ID)[0]
	accountant.Do(`mutation($in: ConfirmFeeBankLinesInput!) { confirmFeeBankLines(input: $in) { lines { id } } }`, vars{"in": vars{"lines": []vars{{"lineID": line}}}})
	owes := accountant.Do(`query($id: ID!) { feeAccounts(where: {householdID: $id}) { edges { node { receivable } } } }`, vars{"id": home}).Get("feeAccounts.edges.0.node.receivable").Int()
	accountant.Do(`mutation($in: RecordFeePaymentInput!) { recordFeePayment(input: $in) { payment { id } } }`, vars{"in": vars{"householdID": home, "method": "CASH", "amount": owes}})
	notice := app.IDs(`SELECT id FROM fee_notices WHERE household_id = $1`, home)[0]
	accountant.Do(`mutation($in: CreditFeeNoticeInput!) { creditFeeNotice(input: $in) { creditNote { id } } }`, vars{"in": vars{"noticeID": notice, "amount": 50, "reason": "多计"}})
	refund := accountant.Do(`mutation($in: AskFeeRefundInput!) { askFeeRefund(input: $in) { refund { id approval { id } } } }`,
		vars{"in": vars{"householdID": home, "amount": 50, "method": "CASH", "payee": "张三", "reason": "多交"}}).Get("askFeeRefund.refund")
	app.Foreign(policy.ProjectManager).Do(`mutation($in: GiveApprovalInput!) { giveApproval(input: $in) { approval { id } } }`,
		vars{"in": vars{"approvalID": refund.Get("approval.id").String(), "signature": vars{"credential": stewardtest.Password}}})
	accountant.Do(`mutation($in: PayFeeRefundInput!) { payFeeRefund(input: $in) { refund { id } } }`, vars{"in": vars{"refundID": refund.Get("id").String()}})
	dunned(app, app.B)
}

// dunned has a dunning notice delivered to the neighbours, one of the next level after it, and another version of the one that was withdrawn (F6, F8).
func dunned(app *stewardtest.App, e stewardtest.Estate) {
	const draft = `INSERT INTO fee_dunnings (id, created_at, estate_id, household_id, number, revision, level, state, amount, household_name, building, address, drafted_on, draft_due_at, hand_due_at, sort_key,
			replaces_id, previous_id, content_hash, reviewed_at, reviewed_by_id, reviewed_by_name, stamped_at, stamped_by_id, stamped_by_name, handed_at, handed_by_id, handed_by_name, dispatch_due_at)
		SELECT new_id(x'090d'::int), created_at, estate_id, household_id, number + $2, $3, $4, $5, amount, household_name, building, address, drafted_on, draft_due_at, hand_due_at, sort_key, `
	const nothing = `, '', NULL, NULL::uuid, '', NULL, NULL::uuid, '', NULL, NULL::uuid, '', NULL FROM fee_dunnings WHERE estate_id = $1 AND number = 1 AND revision = 1`
	app.SQL(draft+`NULL, NULL, 'x', $6::timestamptz, gen_random_uuid(), '会计', $6, gen_random_uuid(), '印章', $6, gen_random_uuid(), '会计', $6 FROM fee_dunnings WHERE estate_id = $1`, e.ID, 1, 1, "FIRST", "HANDED", stewardtest.Start)
	app.SQL(`INSERT INTO fee_dunning_lines (id, created_at, estate_id, dunning_id, notice_id, household_id, number, month, pay_by, asked, settled, amount)
		SELECT new_id(x'090e'::int), l.created_at, l.estate_id, d.id, l.notice_id, l.household_id, l.number, l.month, l.pay_by, l.asked, l.settled, l.amount
		FROM fee_dunning_lines l JOIN fee_dunnings d ON d.estate_id = l.estate_id AND d.number = 2 WHERE l.estate_id = $1`, e.ID)
	app.SQL(`INSERT INTO fee_dispatches (id, created_at, estate_id, dunning_id, household_id, number, address, attempt, method, postage, reason, dispatched_at, dispatched_by_id, dispatched_by_name, due_at, sort_key)
		SELECT new_id(x'090c'::int), $2, estate_id, id, household_id, '2', address, 1, 'POST', 120, '外出', $2, estate_id, '客服', dispatch_due_at, sort_key FROM fee_dunnings WHERE estate_id = $1 AND number = 2`, e.ID, stewardtest.Start)
	app.SQL(draft+`id, NULL`+nothing, e.ID, 0, 2, "FIRST", "DRAFT")
	app.SQL(draft+`NULL, (SELECT id FROM fee_dunnings WHERE estate_id = $1 AND number = 2)`+nothing, e.ID, 2, 1, "SECOND", "DRAFT")
}

// delivered has a subscription of B renewed, a case about an item of its mail, and a scan explained (M1, M2, M6).
func delivered(app *stewardtest.App) {
	app.SQL(`INSERT INTO mail_excuses (id, created_at, estate_id, day_id, kind, scan_id, reason, given_by_id, given_by_name, given_at)
		SELECT new_id(x'0808'::int), $1, estate_id, day_id, 'UNMATCHED', id, '误扫', gen_random_uuid(), '接待员', $1 FROM mail_scans WHERE estate_id = $2 AND outcome = 'UNKNOWN'`, stewardtest.Start, app.B.ID)
	app.SQL(`INSERT INTO press_subscriptions (id, created_at, estate_id, publication_id, publication_name, department_id, copies, from_on, last_on, recorded_by_id, recorded_by_name, renews_id)
		SELECT new_id(x'080c'::int), $1, estate_id, publication_id, publication_name, department_id, copies, '2027-01-01', '2027-12-31', recorded_by_id, recorded_by_name, id
		FROM press_subscriptions WHERE estate_id = $2 AND department_id IS NOT NULL`, stewardtest.Start, app.B.ID)
	app.SQL(`INSERT INTO mail_cases (id, created_at, estate_id, kind, item_id, circumstances, responsible_id, responsible_name, opened_by_id, opened_by_name, answer_by)
		SELECT new_id(x'0813'::int), $1, c.estate_id, c.kind, (SELECT id FROM mail_items WHERE estate_id = $2 LIMIT 1), c.circumstances, c.responsible_id, c.responsible_name, c.opened_by_id, c.opened_by_name, c.answer_by
		FROM mail_cases c WHERE c.estate_id = $2`, stewardtest.Start, app.B.ID)
}

// rostered has a swap of B carried out, and the sheet of a shift change signed (D1.1, D2).
func rostered(app *stewardtest.App) {
	other, swap := app.Foreign(policy.Receptionist), app.IDs(`SELECT id FROM duty_swaps WHERE estate_id = $1`, app.B.ID)[0]
	app.SQL(`UPDATE staffs s SET account_id = $1 FROM duty_swaps w WHERE w.id = $2 AND s.id = w.other_id`, other.Account, swap)
	other.SignIn()
	other.Do(`mutation($in: AnswerDutySwapInput!) { answerDutySwap(input: $in) { swap { id } } }`, vars{"in": vars{"swapID": swap, "agree": true}})
	app.Foreign(policy.Supervisor).Do(`mutation($in: DecideDutySwapInput!) { decideDutySwap(input: $in) { swap { id } } }`, vars{"in": vars{"swapID": swap, "approve": true}})
	app.Super(`UPDATE duty_handovers h SET outgoing_id = w.asker_id, outgoing_signed_at = h.due_at, incoming_id = w.other_id, incoming_signed_at = h.due_at FROM duty_swaps w WHERE w.estate_id = h.estate_id`)
	app.Super(`UPDATE duty_handover_lines l SET answers_id = w.other_id, answers_since = l.created_at FROM duty_swaps w WHERE w.estate_id = l.estate_id`)
}

// walked has a unit of B inspected on a round (V4.1).
func walked(app *stewardtest.App) {
	officer := app.Foreign(policy.CSOfficer)
	app.SQL(`UPDATE staffs SET account_id = $1 WHERE id = $2`, officer.Account, app.B.Staff)
	app.SQL(`UPDATE inspection_rounds SET state = 'UNDER_WAY', started_at = $1 WHERE estate_id = $2`, stewardtest.Start, app.B.ID)
	one := func(sql string) uuid.UUID { return app.IDs(sql, app.B.ID)[0] }
	officer.Do(`mutation($in: RecordRoundInspectionsInput!) { recordRoundInspections(input: $in) { inspections { id } } }`, vars{"in": vars{
		"roundID": one(`SELECT id FROM inspection_rounds WHERE estate_id = $1`), "lines": []vars{{
			"key": uuid.NewString(), "vacancyID": one(`SELECT vacancy_id FROM inspection_round_lines WHERE estate_id = $1`), "inspectedAt": stewardtest.Start, "withoutKeyReason": "门未锁",
			"results": []vars{{"itemID": one(`SELECT id FROM inspection_items WHERE estate_id = $1 AND code = 'CLEANING'`), "result": "NORMAL"}},
		}}}})
}

// destroyed has a document of B destroyed, witnessed by a guard (A7).
func destroyed(app *stewardtest.App) {
	archivist, witness, own := app.Foreign(policy.Archivist), uuid.New(), vars{"credential": stewardtest.Password}
	app.SQL(`INSERT INTO staffs (id, created_at, estate_id, name, sort_key, department_id, account_id, phone, employed_from)
		VALUES ($1, $2, $3, '监销员', 'b', $4, $5, '', '2025-01-01')`, witness, stewardtest.Start, app.B.ID, app.B.Department, app.Foreign(policy.Security).Account)
	document := app.IDs(`SELECT id FROM archive_documents WHERE estate_id = $1 AND title = '旧函三'`, app.B.ID)[0]
	id := archivist.Do(`mutation($in: ProposeArchiveDestructionInput!) { proposeArchiveDestruction(input: $in) { destruction { id } } }`,
		vars{"in": vars{"estateID": app.B.ID, "documentIDs": []uuid.UUID{document}, "method": "SHREDDING", "reason": "到期"}}).Get("proposeArchiveDestruction.destruction.id").String()
	app.Foreign(policy.ProjectManager).Do(`mutation($in: ApproveArchiveDestructionInput!) { approveArchiveDestruction(input: $in) { destruction { id } } }`,
		vars{"in": vars{"destructionID": id, "witnessID": witness, "signature": own}})
	archivist.Do(`mutation($in: DestroyArchiveInput!) { destroyArchive(input: $in) { destruction { id } } }`,
		vars{"in": vars{"destructionID": id, "witnessID": witness, "signature": own, "witnessSignature": own}})
}
