package identity_test

import (
	"testing"
	"time"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

func TestTrailIsReadByManagersAndAuditorsOfTheEstate(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	pm := app.As(policy.ProjectManager)
	cabinet := pm.Do(createCabinet, vars{"in": vars{"estateID": app.A.ID, "name": "审计柜"}}).Get("createKeyCabinet.holder.id").String()
	app.Foreign(policy.ProjectManager).Do(createCabinet, vars{"in": vars{"estateID": app.B.ID, "name": "别处"}})
	app.As(policy.MailSorter).Refused(createCabinet, vars{"in": vars{"estateID": app.A.ID, "name": "无权"}}, fault.Forbidden)

	where := vars{"where": vars{"action": "keys.createCabinet", "from": stewardtest.Start.Add(-time.Minute), "to": stewardtest.Start.Add(time.Minute)}}
	own := app.Member("auditor-of-a@example.com", inEstate(app, policy.Auditor, app.A.ID))
	for _, p := range []*stewardtest.Person{pm, own} {
		e := p.Do(trail, where).Get("auditTrail.edges.#.node")
		done, refused := e.Get(`#(outcome=="DONE")#`), e.Get(`#(outcome=="REFUSED")#`)
		if done.Get("#").Int() != 1 || done.Get("0.subjectID").String() != cabinet || done.Get("0.actorID").String() != pm.Account.String() ||
			done.Get("0.clause").String() != "K1.2" || done.Get("0.requestID").String() == "" || done.Get("0.changeCount").Int() == 0 ||
			done.Get(`0.changes.0.fields.#(name=="name").after`).String() != "审计柜" {
			t.Errorf("%s sees done %s", p.Email, done.Raw)
		}
		if refused.Get("#").Int() != 1 || refused.Get("0.kind").String() != "READ" || refused.Get("0.reason").String() != "FORBIDDEN" {
			t.Errorf("%s sees refused %s", p.Email, refused.Raw)
		}
		if n := p.Do(trail, vars{"where": vars{"estateID": app.B.ID}}).Get("auditTrail.edges.#").Int(); n != 0 {
			t.Errorf("%s sees %d entries of B", p.Email, n)
		}
		if n := p.Do(trail, vars{"where": vars{"portfolio": true}}).Get("auditTrail.edges.#").Int(); n != 0 {
			t.Errorf("%s sees %d entries of the portfolio", p.Email, n)
		}
	}
	for _, role := range []policy.Role{policy.GeneralManager, policy.Auditor} {
		if n := app.As(role).Do(trail, where).Get(`auditTrail.edges.#(node.outcome=="DONE")#|#`).Int(); n != 2 {
			t.Errorf("%s sees %d of both estates, want 2", role, n)
		}
	}
	for _, role := range []policy.Role{policy.CSOfficer, policy.Supervisor, policy.KeyCustodian, policy.Resident} {
		app.As(role).Refused(trail, nil, fault.Forbidden)
	}
	e := entries(app, vars{"action": "read.AuditTrail", "outcome": "REFUSED"})
	if len(e) != 4 {
		t.Errorf("%d refused reads of the trail are on it, want 4", len(e))
	}
}

func TestTrailIsFilteredAndPaged(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	pm, other := app.As(policy.ProjectManager), app.As(policy.KeyCustodian)
	ids := map[string]bool{}
	for _, name := range []string{"一", "二", "三", "四", "五"} {
		ids[pm.Do(createCabinet, vars{"in": vars{"estateID": app.A.ID, "name": name}}).Get("createKeyCabinet.holder.id").String()] = true
		app.Clock.Advance(time.Minute)
	}
	other.Do(createCabinet, vars{"in": vars{"estateID": app.A.ID, "name": "六"}})
	request := pm.Do(trail, vars{"where": vars{"actorID": other.Account}}).Get("auditTrail.edges.0.node.requestID").String()

	var after any
	for pages := 0; ; pages++ {
		page := pm.Do(trail, vars{"first": 2, "after": after, "where": vars{"actorID": pm.Account, "kind": "WRITE", "estateID": app.A.ID, "subjectType": "KeyHolder"}}).Get("auditTrail")
		for _, e := range page.Get("edges.#.node.subjectID").Array() {
			if !ids[e.String()] {
				t.Fatalf("entry about %s twice, or not the manager's", e)
			}
			delete(ids, e.String())
		}
		if !page.Get("pageInfo.hasNextPage").Bool() {
			if pages != 2 {
				t.Errorf("%d pages, want 3", pages+1)
			}
			break
		}
		after = page.Get("pageInfo.endCursor").String()
	}
	if len(ids) != 0 {
		t.Errorf("missed %v", ids)
	}
	for _, where := range []vars{{"requestID": request}, {"actorID": other.Account}, {"from": stewardtest.Start.Add(5 * time.Minute), "action": "keys.createCabinet"}} {
		if n := pm.Do(trail, vars{"where": where}).Get("auditTrail.edges.#").Int(); n != 1 {
			t.Errorf("%v: %d entries, want 1", where, n)
		}
	}
	pm.Refused(trail, vars{"after": pm.Do(accounts, nil).Get("accounts.edges.0.cursor").String()}, fault.InvalidInput)
}
