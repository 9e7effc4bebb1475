package duty_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

type vars = stewardtest.Vars

const (
	shiftFields   = `{ id version name short begins ends restMinutes monday sunday retiredAt }`
	rosterFields  = `{ id version month state dueAt publishedAt late draftedByName publishedByName }`
	assignFields  = `{ id day startsAt endsAt origin staffID shiftID removedAt addedChangeID }`
	problemFields = `{ kind day shift shiftID staff staffID assignmentID missing message }`
	leaveFields   = `{ id version state fromOn untilOn kind decidedByName }`
	swapFields    = `{ id state askedByName answeredByName decidedByName endedAt expiresAt }`
	sheetFields   = `{ id state endedAt beginsAt dueAt outgoingNames incomingNames lines matters remark late accepted disputed outgoingID incomingID cancelReason }`
	lineFields    = `{ id position source title entity subjectID text counted remark state disputeReason answersID answersSince }`

	addShift      = `mutation($in: AddDutyShiftInput!) { addDutyShift(input: $in) { shift ` + shiftFields + ` } }`
	changeShift   = `mutation($in: ChangeDutyShiftInput!) { changeDutyShift(input: $in) { shift ` + shiftFields + ` } }`
	retireShift   = `mutation($in: RetireDutyShiftInput!) { retireDutyShift(input: $in) { shift ` + shiftFields + ` } }`
	draftRoster   = `mutation($in: DraftDutyRosterInput!) { draftDutyRoster(input: $in) { roster ` + rosterFields + ` } }`
	assignDuty    = `mutation($in: AssignDutyInput!) { assignDuty(input: $in) { assignments ` + assignFields + ` } }`
	unassignDuty  = `mutation($in: UnassignDutyInput!) { unassignDuty(input: $in) { roster ` + rosterFields + ` } }`
	proposeRoster = `mutation($in: ProposeDutyRosterInput!) { proposeDutyRoster(input: $in) { added problems ` + problemFields + ` } }`
	publishRoster = `mutation($in: PublishDutyRosterInput!) { publishDutyRoster(input: $in) { roster ` + rosterFields + ` } }`
	changeRoster  = `mutation($in: ChangeDutyRosterInput!) { changeDutyRoster(input: $in) { change { id reason changedByName additions ` + assignFields + ` removals ` + assignFields + ` } problems ` + problemFields + ` } }`
	dutyProblems  = `query($id: ID!) { dutyProblems(rosterID: $id) ` + problemFields + ` }`
	dutyLoads     = `query($id: ID!) { dutyLoads(rosterID: $id) { staff shifts minutes weight weightBefore } }`
	recordLeave   = `mutation($in: RecordDutyLeaveInput!) { recordDutyLeave(input: $in) { leave ` + leaveFields + ` } }`
	decideLeave   = `mutation($in: DecideDutyLeaveInput!) { decideDutyLeave(input: $in) { leave ` + leaveFields + ` } }`
	withdrawLeave = `mutation($in: WithdrawDutyLeaveInput!) { withdrawDutyLeave(input: $in) { leave ` + leaveFields + ` } }`
	askSwap       = `mutation($in: AskDutySwapInput!) { askDutySwap(input: $in) { swap ` + swapFields + ` } }`
	answerSwap    = `mutation($in: AnswerDutySwapInput!) { answerDutySwap(input: $in) { swap ` + swapFields + ` } }`
	withdrawSwap  = `mutation($in: WithdrawDutySwapInput!) { withdrawDutySwap(input: $in) { swap ` + swapFields + ` } }`
	decideSwap    = `mutation($in: DecideDutySwapInput!) { decideDutySwap(input: $in) { swap ` + swapFields + ` } }`
	createFeed    = `mutation($in: CreateDutyFeedInput!) { createDutyFeed(input: $in) { feed { id label revokedAt } path } }`
	revokeFeed    = `mutation($in: RevokeDutyFeedInput!) { revokeDutyFeed(input: $in) { feed { id revokedAt } } }`
	fillSheet     = `mutation($in: FillDutyHandoverInput!) { fillDutyHandover(input: $in) { handover ` + sheetFields + ` } }`
	remarkSheet   = `mutation($in: RemarkDutyHandoverInput!) { remarkDutyHandover(input: $in) { handover ` + sheetFields + ` } }`
	decideSheet   = `mutation($in: DecideDutyHandoverInput!) { decideDutyHandover(input: $in) { handover ` + sheetFields + ` } }`
	signSheet     = `mutation($in: SignDutyHandoverInput!) { signDutyHandover(input: $in) { handover ` + sheetFields + ` } }`
	cancelSheet   = `mutation($in: CancelDutyHandoverInput!) { cancelDutyHandover(input: $in) { handover ` + sheetFields + ` } }`
	sheets        = `query($where: DutyHandoverWhereInput, $overdue: Boolean) { dutyHandovers(where: $where, overdue: $overdue, first: 100) { edges { node ` + sheetFields + ` } } }`
	linesOf       = `query($id: ID!) { dutyHandoverLines(where: {handoverID: $id}, orderBy: {field: POSITION}, first: 200) { edges { node ` + lineFields + ` } } }`
	responsible   = `query($s: ID!, $at: Time) { dutyResponsible(subjectID: $s, at: $at) { id answers { name } answersSince handoverID } }`
)

// crew is customer service: the supervisor, and officers on its staff.
type crew struct {
	*stewardtest.App
	t          testing.TB
	supervisor *stewardtest.Person
	officers   []*stewardtest.Person
	staff      []uuid.UUID // of the officers
}

// newCrew hires so many officers, each with an account of its own.
func newCrew(t testing.TB, n int) *crew {
	t.Helper()
	c := &crew{App: stewardtest.New(t), t: t}
	c.supervisor = c.As(policy.Supervisor)
	for i := range n {
		email := fmt.Sprintf("officer-%d@a.example", i)
		p := c.Member(email, c.GrantIn(policy.CSOfficer, c.A))
		c.SQL(`INSERT INTO staffs (id, created_at, estate_id, name, sort_key, department_id, account_id, phone, employed_from)
			VALUES (new_id(x'0106'::int), $1, $2, $3, $4, $5, $6, '', '2025-01-01')`, stewardtest.Start, c.A.ID, fmt.Sprintf("客服%d", i), fmt.Sprintf("kefu%02d", i), c.A.Department, p.Account)
		id := c.IDs(`SELECT id FROM staffs WHERE account_id = $1`, p.Account)[0]
		c.officers, c.staff = append(c.officers, p), append(c.staff, id)
	}
	return c
}

// shift adds a shift that takes so many each day, and gives its id.
func (c *crew) shift(name, begins, ends string, needed int) string {
	c.t.Helper()
	n := vars{}
	for _, day := range []string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"} {
		n[day] = needed
	}
	return c.supervisor.Do(addShift, vars{"in": vars{"estateID": c.A.ID, "name": name, "begins": begins, "ends": ends, "needed": n}}).Get("addDutyShift.shift.id").String()
}

// draft begins the roster of a month, and gives its id.
func (c *crew) draft(month string) string {
	c.t.Helper()
	return c.supervisor.Do(draftRoster, vars{"in": vars{"estateID": c.A.ID, "month": month}}).Get("draftDutyRoster.roster.id").String()
}

// line is somebody on a shift of a day.
func (c *crew) line(day, shift string, officer int) vars {
	return vars{"day": day, "shiftID": shift, "staffID": c.staff[officer]}
}

// on puts people down on a draft, and gives the ids of the assignments.
func (c *crew) on(roster string, lines ...vars) (ids []string) {
	c.t.Helper()
	for _, a := range c.supervisor.Do(assignDuty, vars{"in": vars{"rosterID": roster, "lines": lines}}).Get("assignDuty.assignments").Array() {
		ids = append(ids, a.Get("id").String())
	}
	return ids
}

func (c *crew) publish(roster string) gjson.Result {
	c.t.Helper()
	return c.supervisor.Do(publishRoster, vars{"in": vars{"rosterID": roster}}).Get("publishDutyRoster.roster")
}

func (c *crew) problems(roster string) []gjson.Result {
	c.t.Helper()
	return c.supervisor.Do(dutyProblems, vars{"id": roster}).Get("dutyProblems").Array()
}

// kinds counts problems by kind.
func kinds(list []gjson.Result) map[string]int {
	out := map[string]int{}
	for _, p := range list {
		out[p.Get("kind").String()]++
	}
	return out
}

// to moves the clock to a time of the estate, after which people sign in again.
func (c *crew) to(clock string, people ...*stewardtest.Person) {
	c.t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", clock, stewardtest.Start.Location())
	if err != nil {
		c.t.Fatal(err)
	}
	c.Clock.Advance(at.Sub(c.Clock.Now()))
	for _, p := range people {
		p.SignIn()
	}
}

// value reads one value past all walls.
func value[T any](t testing.TB, app *stewardtest.App, sql string, args ...any) (v T) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, app.SuperURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if err := conn.QueryRow(ctx, sql, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

// told counts the messages of a kind that somebody has.
func (c *crew) told(p *stewardtest.Person, kind string) int {
	c.t.Helper()
	return value[int](c.t, c.App, `SELECT count(*)::int FROM identity.inbox WHERE account_id = $1 AND kind = $2`, p.Account, kind)
}

// refusedBy is the constraint by which the database refused.
func refusedBy(err error) string {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.ConstraintName
	}
	return ""
}

func in(more vars) vars { return vars{"in": more} }
