package mail_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

func sorted(list string) string {
	parts := strings.Split(list, ",")
	slices.Sort(parts)
	return strings.Join(parts, ",")
}

// brought is the one delivery of what was brought.
func brought(app *stewardtest.App, publication string, copies int, day any) gjson.Result {
	return app.As(policy.Receptionist).Do(receivePress, bringing(app, publication, copies, day)).Get("receivePress.deliveries.0")
}

// claimOf is the claim of a day.
func claimOf(app *stewardtest.App, day string) gjson.Result {
	return app.As(policy.Receptionist).Do(`query($d: Date) { pressClaims(where: {day: $d}) { edges { node `+claimFields+` } } }`, vars{"d": day}).Get("pressClaims.edges.0.node")
}

// allocated is what stands of a delivery now.
func allocated(app *stewardtest.App, delivery string) gjson.Result {
	return app.As(policy.Receptionist).Do(`query($d: ID!) { node(id: $d) { ... on PressDelivery `+deliveryFields+` } }`, vars{"d": delivery}).Get("node")
}

func TestM7_HouseholdsBeforeDepartments(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	daily := readers(app, 1, 2, 1)
	for i, c := range []struct {
		copies int
		want   [3]int64
		why    string
	}{
		{4, [3]int64{1, 2, 1}, "enough for all"},
		{3, [3]int64{1, 2, 0}, "the department goes short first"},
		{2, [3]int64{1, 1, 0}, "each household one before one has two"},
		{1, [3]int64{1, 0, 0}, "by the order of the slots"},
		{1, [3]int64{0, 1, 0}, "who was passed over gets first"},
		{1, [3]int64{1, 0, 0}, "and so on in turn, whoever wants more"},
		{0, [3]int64{0, 0, 0}, "none came"},
		{5, [3]int64{1, 2, 1}, "more than is wanted"},
	} {
		app.Clock.Advance(time.Duration(min(i, 1)) * 24 * time.Hour)
		app.As(policy.Receptionist).SignIn()
		d := brought(app, daily, c.copies, nil)
		if got := shared(app, d, false); got != c.want || d.Get("expected").Int() != 4 {
			t.Errorf("%s: %v, want %v: %s", c.why, got, c.want, d.Raw)
		}
	}
}

func TestM7_AShortDeliveryIsClaimed(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	receptionist, supervisor := app.As(policy.Receptionist), app.As(policy.Supervisor)
	daily := readers(app, 1, 2, 1)
	d := brought(app, daily, 1, nil)
	c := claimOf(app, "2026-03-02")
	if c.Get("short").Int() != 3 || c.Get("state").String() != "OPEN" || due(t, app, "mail.claim", id(c)) != "OPEN" {
		t.Errorf("claimed: %s, %s", c.Raw, due(t, app, "mail.claim", id(c)))
	}
	recovering := func(copies int) vars {
		return vars{"in": vars{"claimID": id(c), "copies": copies, "deliverer": "孙师傅", "signature": vars{}}}
	}
	if r := receptionist.Refused(recoverClaim, recovering(4), fault.InvalidInput, "M7"); r.Field != "copies" {
		t.Errorf("refused at %q", r.Field)
	}
	app.As(policy.MailSorter).Refused(recoverClaim, recovering(1), fault.Forbidden)
	app.Foreign(policy.Receptionist).Refused(recoverClaim, recovering(1), fault.NotFound)

	first := receptionist.Do(recoverClaim, recovering(1)).Get("recoverPressClaim")
	if got := shared(app, allocated(app, id(d)), true); got != [3]int64{0, 1, 0} {
		t.Errorf("the first that is recovered goes on where the delivery ended: %v", got)
	}
	last := receptionist.Do(recoverClaim, recovering(2)).Get("recoverPressClaim")
	if got := shared(app, allocated(app, id(d)), true); got != [3]int64{0, 2, 1} || last.Get("claim.state").String() != "RECOVERED" || due(t, app, "mail.claim", id(c)) != "MET met" {
		t.Errorf("recovered in full: %v, %s, %s", got, last.Raw, due(t, app, "mail.claim", id(c)))
	}
	receptionist.Refused(recoverClaim, recovering(1), fault.Conflict, "M7")

	// Of mistakes the last one first; then the claim is open again, and due.
	voiding := func(of gjson.Result) vars {
		return vars{"in": vars{"id": of.Get("recovery.id").String(), "reason": "数错"}}
	}
	receptionist.Refused(voidRecovery, voiding(first), fault.Conflict, "M7")
	if got := receptionist.Do(voidRecovery, voiding(last)).Get("voidPressRecovery.claim"); got.Get("state").String() != "OPEN" || got.Get("recovered").Int() != 1 {
		t.Errorf("open again: %s", got.Raw)
	}
	if got := shared(app, allocated(app, id(d)), true); got != [3]int64{0, 1, 0} || sorted(due(t, app, "mail.claim", id(c))) != "MET met,OPEN" {
		t.Errorf("after the void: %v, %s", got, due(t, app, "mail.claim", id(c)))
	}
	supervisor.Refused(voidPressDelivery, vars{"in": vars{"id": id(d), "reason": "数错"}}, fault.Conflict, "M7") // something was recovered

	writing := vars{"in": vars{"claimID": id(c), "reason": "邮局确认遗失"}}
	receptionist.Refused(writeOffClaim, writing, fault.Forbidden)
	app.Foreign(policy.Supervisor).Refused(writeOffClaim, writing, fault.NotFound)
	supervisor.Refused(writeOffClaim, vars{"in": vars{"claimID": id(c), "reason": " "}}, fault.InvalidInput)
	if got := supervisor.Do(writeOffClaim, writing).Get("writeOffPressClaim.claim"); got.Get("state").String() != "WRITTEN_OFF" || got.Get("writtenOffByName").String() != supervisor.Email || got.Get("closedAt").String() == "" {
		t.Errorf("written off: %s", got.Raw)
	}
	supervisor.Refused(writeOffClaim, writing, fault.Conflict, "M7")
	receptionist.Refused(voidRecovery, voiding(first), fault.Conflict, "M7") // of what was written off
}

// A manager counts, too, and then another writes off.
func TestM7_NobodyWritesOffWhatTheyCounted(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	manager, daily := app.As(policy.ProjectManager), readers(app, 1, 1, 1)
	manager.Do(receivePress, bringing(app, daily, 2, nil))
	c := claimOf(app, "2026-03-02")
	manager.Refused(writeOffClaim, vars{"in": vars{"claimID": id(c), "reason": "算了"}}, fault.RuleBroken, "M7")
	const sql = `UPDATE press_claims SET write_off_reason = 'x', written_off_by_name = 'x', written_off_by_id = $2 WHERE id = $1`
	if app.TrySQL(sql, id(c), manager.Account) == nil {
		t.Error("the database lets who counted write off")
	}
	if err := app.TrySQL(sql, id(c), app.A.Staff); err != nil {
		t.Errorf("another: %v", err)
	}
}

func TestM7_ACountIsVoidedAndCountedAnew(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	receptionist, daily := app.As(policy.Receptionist), readers(app, 1, 1, 1)
	d := brought(app, daily, 1, nil)
	c := claimOf(app, "2026-03-02")
	if r := receptionist.Refused(receivePress, bringing(app, daily, 3, nil), fault.Conflict, "M7"); r.Field != "counts" {
		t.Errorf("counted twice, refused at %q", r.Field)
	}
	receptionist.Refused(voidPressDelivery, vars{"in": vars{"id": id(d), "reason": "数错"}}, fault.Forbidden, "M7") // a claim goes with it
	voided := app.As(policy.Supervisor).Do(voidPressDelivery, vars{"in": vars{"id": id(d), "reason": "数错"}}).Get("voidPressDelivery.delivery")
	if got := shared(app, voided, false); got != [3]int64{} || due(t, app, "mail.claim", id(c)) != "CANCELLED" || claimOf(app, "2026-03-02").Get("state").String() != "VOIDED" {
		t.Errorf("voided: %s", voided.Raw)
	}
	if got := shared(app, brought(app, daily, 2, nil), false); got != [3]int64{1, 1, 0} { // what was voided is no history
		t.Errorf("counted anew: %v", got)
	}
	app.Clock.Advance(16 * time.Minute)
	again := texts(t, app, `SELECT id::text FROM press_deliveries WHERE publication_id = $1 AND voided_at IS NULL`, daily)[0]
	receptionist.Refused(voidPressDelivery, vars{"in": vars{"id": again, "reason": "数错"}}, fault.Forbidden, "M7")
	app.As(policy.Supervisor).Do(voidPressDelivery, vars{"in": vars{"id": again, "reason": "数错"}})
}

func TestM1_PressIsCountedAndSigned(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	receptionist, daily := app.As(policy.Receptionist), readers(app, 1, 1, 1)
	for name, c := range map[string]struct {
		set   vars
		field string
	}{
		"no counts":       {vars{"counts": []vars{}}, "counts"},
		"twice":           {vars{"counts": []vars{{"publicationID": daily, "delivered": 1}, {"publicationID": daily, "delivered": 1}}}, "counts.1.publicationID"},
		"below zero":      {vars{"counts": []vars{{"publicationID": daily, "delivered": -1}}}, "counts.0.delivered"},
		"a day to come":   {vars{"day": "2026-03-03"}, "day"},
		"a day long gone": {vars{"day": "2026-01-03"}, "day"},
		"nobody":          {vars{"deliverer": ""}, "deliverer"},
	} {
		in := bringing(app, daily, 1, nil)
		for k, v := range c.set {
			in["in"].(vars)[k] = v
		}
		if r := receptionist.Refused(receivePress, in, fault.InvalidInput); r.Field != c.field {
			t.Errorf("%s: refused at %q, want %q", name, r.Field, c.field)
		}
	}
	own := bringing(app, daily, 1, nil)
	own["in"].(vars)["deliverer"] = receptionist.Email
	receptionist.Refused(receivePress, own, fault.RuleBroken, "M1")
	app.As(policy.MailSorter).Refused(receivePress, bringing(app, daily, 1, nil), fault.Forbidden)
	app.Foreign(policy.Receptionist).Refused(receivePress, bringing(app, daily, 1, nil), fault.NotFound)

	keyed := receptionist.With("Idempotency-Key", "one-paper")
	once := keyed.Do(receivePress, bringing(app, daily, 3, nil)).Get("receivePress.receipt.id").String()
	if again := keyed.Do(receivePress, bringing(app, daily, 3, nil)).Get("receivePress.receipt.id").String(); again != once {
		t.Error("what is repeated is counted twice")
	}
	if signed := texts(t, app, `SELECT capacity || ' ' || method FROM signatures WHERE subject_id = $1 ORDER BY 1`, once); !slices.Equal(signed, []string{"deliverer ATTESTED", "receptionist SESSION"}) {
		t.Errorf("signed: %v", signed)
	}
	if err := app.TrySQL(`INSERT INTO press_receipts (id, created_at, estate_id, day, received_at, delivered_by, received_by_id, received_by_name)
		VALUES (gen_random_uuid(), now(), $1, '2026-03-02', now(), 'x', $2, 'x')`, app.A.ID, receptionist.Account); err == nil || !strings.Contains(err.Error(), "not signed by all") {
		t.Errorf("unsigned: %v", err)
	}

	// Yesterday's issue that comes today is of yesterday.
	late := receptionist.Do(receivePress, bringing(app, daily, 3, "2026-03-01")).Get("receivePress.deliveries.0")
	if late.Get("day").String() != "2026-03-01" || late.Get("expected").Int() != 3 {
		t.Errorf("late: %s", late.Raw)
	}
	mine := app.Resident().Do(`{ pressAllocations(first: 50) { edges { node { day publicationName given householdID departmentID } } } }`, nil).Get("pressAllocations.edges.#.node")
	if days := mine.Get(`#(publicationName=="读者日报")#.day`).Raw; days != `["2026-03-02","2026-03-01"]` {
		t.Errorf("the household's press came on %s", days)
	}
	for _, a := range mine.Array() {
		if a.Get("householdID").String() != app.A.Household.String() {
			t.Errorf("the household sees %s", a.Raw)
		}
	}
}

// Of ten who count the same issue at once one does, and everybody gets once what is theirs.
func TestM7_AnIssueIsCountedOnceInARace(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	receptionist, daily := app.As(policy.Receptionist), readers(app, 2, 2, 1)
	var group sync.WaitGroup
	counted := make([]string, 10)
	for i := range counted {
		group.Go(func() {
			answer, err := receptionist.Try(receivePress, bringing(app, daily, 3, nil))
			counted[i] = fmt.Sprint(answer.Get("errors.0.extensions.code").String(), err)
		})
	}
	group.Wait()
	slices.Sort(counted)
	if counted[0] != "<nil>" || counted[1] != "CONFLICT<nil>" || counted[9] != "CONFLICT<nil>" {
		t.Errorf("counted: %v", counted)
	}
	if given := texts(t, app, `SELECT sum(given)::text FROM press_allocations WHERE publication_id = $1`, daily)[0]; given != "3" {
		t.Errorf("given %s of 3", given)
	}
}

// Of what is missing no more is recovered, however many record it at once.
func TestM7_NoMoreIsRecoveredThanIsMissing(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	receptionist := app.As(policy.Receptionist)
	d := brought(app, readers(app, 2, 2, 1), 1, nil)
	c := claimOf(app, "2026-03-02")
	var group sync.WaitGroup
	for range 6 {
		group.Go(func() {
			_, _ = receptionist.Try(recoverClaim, vars{"in": vars{"claimID": id(c), "copies": 3, "deliverer": "孙师傅", "signature": vars{}}})
		})
	}
	group.Wait()
	if got := claimOf(app, "2026-03-02"); got.Get("recovered").Int() != 3 || got.Get("state").String() != "OPEN" {
		t.Errorf("recovered: %s", got.Raw)
	}
	if got := shared(app, allocated(app, id(d)), true); got[0]+got[1]+got[2] != 3 {
		t.Errorf("given: %v", got)
	}
}
