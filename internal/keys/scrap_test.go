package keys_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const (
	scrapFields   = `id state count reason doneAt approval { id state } certificate { number title content }`
	requestScrap  = `mutation($in: RequestKeyScrappingInput!) { requestKeyScrapping(input: $in) { scrapping { ` + scrapFields + ` } } }`
	consentScrap  = `mutation($in: ConsentKeyScrappingInput!) { consentKeyScrapping(input: $in) { scrapping { ` + scrapFields + ` } } }`
	completeScrap = `mutation($in: CompleteKeyScrappingInput!) { completeKeyScrapping(input: $in) { scrapping { ` + scrapFields + ` } set { condition generation } } }`
)

func scrapOf(set uuid.UUID) vars {
	return vars{"in": vars{"setID": set, "reason": "锁已更换三次", "signature": ownPassword}}
}

func consentOf(scrapping string) vars {
	return vars{"in": vars{"scrappingID": scrapping, "signature": ownPassword}}
}

func takenOf(app *stewardtest.App, scrapping string) vars {
	return vars{"in": vars{"scrappingID": scrapping, "engineerID": engineerOf(app), "signature": vars{}}}
}

func codeOf(_ pgconn.CommandTag, err error) string {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		if pg.ConstraintName != "" {
			return pg.ConstraintName
		}
		return pg.Code
	}
	return ""
}

// worn is a set whose lock was changed three times.
func worn(app *stewardtest.App) uuid.UUID {
	for range 3 {
		changeLock(app, app.A.Sets[0], 3)
	}
	return app.A.Sets[0]
}

func TestK3_2_AScrappedSetGoesBackToEngineeringWithConsent(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian, supervisor := app.As(policy.KeyCustodian), app.As(policy.Supervisor)
	custodian.Refused(requestScrap, scrapOf(app.A.Sets[1]), fault.RuleBroken, "K3.1") // it is not due
	set := worn(app)
	wrong := scrapOf(set)
	wrong["in"].(vars)["signature"] = vars{"credential": "wrong"}
	if r := custodian.Refused(requestScrap, wrong, fault.InvalidInput); r.Field != "signature.credential" {
		t.Errorf("refused at %q", r.Field)
	}
	asked := custodian.Do(requestScrap, scrapOf(set)).Get("requestKeyScrapping.scrapping")
	id, approval := asked.Get("id").String(), asked.Get("approval.id").String()
	if asked.Get("state").String() != "OPEN" || asked.Get("approval.state").String() != "ASKED" {
		t.Fatalf("requested: %s", asked.Raw)
	}
	custodian.Refused(requestScrap, scrapOf(set), fault.Conflict, "K3.2")
	custodian.Refused(completeScrap, takenOf(app, id), fault.RuleBroken, "K3.2") // without consent
	custodian.Refused(consentScrap, consentOf(id), fault.Forbidden)
	if r := supervisor.Refused(giveApproval, givenOf(approval), fault.RuleBroken, "K3.2"); r.Field != "approvalID" {
		t.Errorf("a consent that does not sign the request: at %q", r.Field)
	}
	asks := []vars{{"action": "approval.give", "id": approval}, {"action": "approval.decline", "id": approval}}
	if a := supervisor.Do(canDo, vars{"c": asks}).Get("can"); a.Get("#.allowed").Raw != "[false,true]" || a.Get("0.clause").String() != "K3.2" {
		t.Errorf("can says %s", a.Raw)
	}
	supervisor.Do(consentScrap, consentOf(id))
	supervisor.Refused(consentScrap, consentOf(id), fault.Conflict)

	// Keys with a household come back first; who requested or consented does not sign as engineering.
	custodian.Do(`mutation($in: HandOverKeysInput!) { handOverKeys(input: $in) { movement { id } } }`,
		vars{"in": vars{"setID": set, "count": 1, "fromID": app.A.Cabinet, "householdID": app.A.Household, "signature": vars{"name": "业主家人"}}})
	custodian.Refused(completeScrap, takenOf(app, id), fault.RuleBroken, "K3.2")
	holder := app.IDs(`SELECT id FROM key_holders WHERE household_id = $1 AND kind = 'HOUSEHOLD'`, app.A.Household)[0]
	custodian.Do(reportLoss, lossOf(set, holder, 1))                           // it is not to be had: it is lost, and scrapped as that
	both := hired(app, app.A.EngineeringDepartment, "管钥匙的", custodian.Account) // who asked for it
	custodian.Refused(completeScrap, vars{"in": vars{"scrappingID": id, "engineerID": both, "signature": ownPassword}}, fault.RuleBroken, "K3.2")
	staff := vars{"in": vars{"scrappingID": id, "engineerID": app.A.Staff, "signature": vars{}}} // of customer service
	if r := custodian.Refused(completeScrap, staff, fault.InvalidInput, "K3.2"); r.Field != "engineerID" {
		t.Errorf("refused at %q", r.Field)
	}

	done := custodian.Do(completeScrap, takenOf(app, id)).Get("completeKeyScrapping")
	if s := done.Get("scrapping"); s.Get("state").String() != "DONE" || s.Get("count").Int() != 3 || s.Get("approval.state").String() != "USED" ||
		s.Get("certificate.number").String() == "" || s.Get("certificate.content").Raw == "" {
		t.Errorf("done: %s", s.Raw)
	}
	if done.Get("set.condition").String() != "SCRAPPED" {
		t.Errorf("the set: %s", done.Raw)
	}
	if got := kept(app, set); got["SCRAPPED"] != -got["SOURCE"] || got["SCRAPPED"] != 14 {
		t.Errorf("the ledger: %v", got)
	}
	custodian.Refused(completeScrap, takenOf(app, id), fault.Conflict, "K3.2")
	custodian.Refused(orderChange, changeOf(set), fault.RuleBroken, "K3.1")
	custodian.Refused(orderCopies, copiesOf(set, 1), fault.RuleBroken, "K3.1")

	// It begins anew when keys are accepted for it.
	app.SQL(`INSERT INTO key_movements (id, created_at, estate_id, set_id, from_id, to_id, count, reason, occurred_at)
		VALUES (new_id(x'0303'::int), $1, $2, $3, $4, $5, 4, 'ACCEPTED', $1)`, app.Clock.Now(), app.A.ID, set, app.A.Source, app.A.Desk)
	s := custodian.Do(`query($id: ID!) { node(id: $id) { ... on KeySet { condition generation lockChanges } } }`, vars{"id": set}).Get("node")
	if s.Get("condition").String() != "IN_USE" || s.Get("generation").Int() != 5 || s.Get("lockChanges").Int() != 0 {
		t.Errorf("accepted anew: %s", s.Raw)
	}
	lendTo(app, vars{"staffID": app.A.Staff}, set, 1)
}

func TestK3_2_WithoutConsentNothingIsScrapped(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian, supervisor, set := app.As(policy.KeyCustodian), app.As(policy.Supervisor), app.A.Sets[0]
	loss := custodian.Do(reportLoss, lossOf(set, app.A.Desk, 1)).Get("reportKeyLoss.loss.id").String()
	request := func() (id, approval string) {
		s := custodian.Do(requestScrap, scrapOf(set)).Get("requestKeyScrapping.scrapping")
		return s.Get("id").String(), s.Get("approval.id").String()
	}
	state := func(id string) string {
		return custodian.Do(`query($id: ID!) { node(id: $id) { ... on KeyScrapping { state } } }`, vars{"id": id}).Get("node.state").String()
	}
	id, approval := request()
	supervisor.Do(declineIt, declinedOf(approval))
	custodian.Refused(completeScrap, takenOf(app, id), fault.RuleBroken, "K3.2")
	if got := state(id); got != "ENDED" {
		t.Errorf("declined: %s", got)
	}

	// A set that became whole again is not scrapped, though the leader consented.
	id, _ = request()
	supervisor.Do(consentScrap, consentOf(id))
	custodian.Do(foundKey, foundOf(loss, app.A.Cabinet, 1))
	custodian.Refused(completeScrap, takenOf(app, id), fault.RuleBroken, "K3.2")
	if got := state(id); got != "ENDED" {
		t.Errorf("found whole: %s", got)
	}
	loss = custodian.Do(reportLoss, lossOf(set, app.A.Desk, 1)).Get("reportKeyLoss.loss.id").String()
	id, _ = request()
	custodian.Do(voidLoss, voidOf(loss, "录错"))
	if got := state(id); got != "ENDED" {
		t.Errorf("not lost at all: %s", got)
	}
	custodian.Do(reportLoss, lossOf(set, app.A.Desk, 1))
	id, _ = request()
	changeLock(app, set, 4)
	if got := state(id); got != "ENDED" {
		t.Errorf("with a new lock: %s", got)
	}

	// A lock change that waits is dropped with the set.
	custodian.Do(reportLoss, lossOf(set, app.A.Cabinet, 1))
	change := orderedChange(app, set)
	id, _ = request()
	supervisor.Do(consentScrap, consentOf(id))
	custodian.Do(completeScrap, takenOf(app, id))
	custodian.Refused(recordChange, changedOf(app, set, change, 3), fault.Conflict, "K3.1")
	if o := lossDue(app, change); o.Get("state").String() != "CANCELLED" {
		t.Errorf("due: %s", o.Raw)
	}
}

func TestK3_2_WhoScraps(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	set := app.A.Sets[0]
	custodian, supervisor := app.As(policy.KeyCustodian), app.As(policy.Supervisor)
	custodian.Do(reportLoss, lossOf(set, app.A.Desk, 1))
	for _, role := range []policy.Role{policy.CSOfficer, policy.Engineering, policy.Auditor} {
		app.As(role).Refused(requestScrap, scrapOf(set), fault.Forbidden)
	}
	app.Foreign(policy.KeyCustodian).Refused(requestScrap, scrapOf(set), fault.NotFound)
	id := supervisor.Do(requestScrap, scrapOf(set)).Get("requestKeyScrapping.scrapping.id").String()
	if r := supervisor.Refused(consentScrap, consentOf(id), fault.RuleBroken, "K3.2"); r.Field == "approvalID" { // the own request
		t.Errorf("the own request: refused at %q", r.Field)
	}
	app.Foreign(policy.Supervisor).Refused(consentScrap, consentOf(id), fault.NotFound)
	app.As(policy.ProjectManager).Do(consentScrap, consentOf(id))
	app.Foreign(policy.KeyCustodian).Refused(completeScrap, takenOf(app, id), fault.NotFound)
	supervisor.Refused(completeScrap, takenOf(app, id), fault.Forbidden)

	answers := make([]gjson.Result, 5)
	var wg sync.WaitGroup
	for i := range answers {
		wg.Go(func() { answers[i], _ = custodian.Try(completeScrap, takenOf(app, id)) })
	}
	wg.Wait()
	done := 0
	for _, a := range answers {
		if a.Get("data.completeKeyScrapping.scrapping.id").Exists() {
			done++
		} else if a.Get("errors.0.extensions.code").String() != string(fault.Conflict) {
			t.Errorf("told %s", a.Raw)
		}
	}
	if n := len(app.IDs(`SELECT id FROM certificates WHERE subject_id = $1`, id)); done != 1 || n != 1 {
		t.Errorf("%d were heard, %d certificates", done, n)
	}
}

// It is the database that scraps a set only by the certificate.
func TestK3_2_TheDatabaseRefuses(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian, set := app.As(policy.KeyCustodian), app.A.Sets[0]
	custodian.Do(reportLoss, lossOf(set, app.A.Desk, 5-app.A.InCabinet))
	id := custodian.Do(requestScrap, scrapOf(set)).Get("requestKeyScrapping.scrapping.id").String()
	const done = `UPDATE key_scrappings SET state = 'DONE', done_at = now() WHERE id = $1`
	if got := barredBy(t, app, done, id); got != "key_scrappings_out" {
		t.Errorf("with keys in the cabinet: refused by %q", got)
	}
	gone := `WITH gone AS (INSERT INTO key_movements (id, created_at, estate_id, set_id, from_id, to_id, count, reason, scrapping_id, occurred_at)
		SELECT new_id(x'0303'::int), now(), b.estate_id, b.set_id, b.holder_id, s.id, b.count, 'SCRAPPED', $1, now() FROM key_balances b
		JOIN key_holders s ON s.estate_id = b.estate_id AND s.kind = 'SCRAPPED' WHERE b.set_id = $2 AND b.count > 0 RETURNING 1) SELECT count(*) FROM gone`
	app.SQL(gone, id, set)
	if got := barredBy(t, app, done, id); got != "key_scrappings_certified" {
		t.Errorf("without a certificate: refused by %q", got)
	}
	if got := barredBy(t, app, `UPDATE key_sets SET condition = 'SCRAPPED' WHERE id = $1`, set); got != "key_sets_kept" {
		t.Errorf("by hand: refused by %q", got)
	}
	app.Super(`ALTER TABLE key_scrappings DISABLE TRIGGER key_scrapping_ended`)
	if got := barredBy(t, app, `UPDATE key_scrappings SET state = 'ENDED' WHERE id = $1`, id); got != "" {
		t.Errorf("without the trigger: refused by %q", got)
	}
}
