package archives_test

import (
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const (
	askArchive  = `mutation($in: RequestArchiveInput!) { requestArchive(input: $in) { request { id code state kind validFrom validUntil askedByName } } }`
	nameForIt   = `mutation($in: NameRequestedDocumentsInput!) { nameRequestedDocuments(input: $in) { request { id state } named { documentID namedByName } } }`
	declineIt   = `mutation($in: DeclineArchiveRequestInput!) { declineArchiveRequest(input: $in) { request { state answer } } }`
	takeBack    = `mutation($in: WithdrawArchiveRequestInput!) { withdrawArchiveRequest(input: $in) { request { state } } }`
	endPermit   = `mutation($in: WithdrawArchivePermitInput!) { withdrawArchivePermit(input: $in) { permit { endedAt endReason } } }`
	giveIt      = `mutation($in: GiveApprovalInput!) { giveApproval(input: $in) { approval { id } } }`
	refuseIt    = `mutation($in: DeclineApprovalInput!) { declineApproval(input: $in) { approval { state } } }`
	ownRequests = `{ archiveRequests { totalCount edges { node { id code state answer answeredAt named { id } permits { id } } } } }`
	approvalOf  = `query($id: ID!) { approvals(where: {subjectID: $id}) { totalCount edges { node { id content } } } }`
	permitsOf   = `query { archivePermits(where: {requestIDNotNil: true}) { totalCount edges { node { id copies endedAt subjectID request { id } } } } }`
)

// question is what the receptionist may ask: free words.
func question(app *stewardtest.App, change ...func(vars)) vars {
	in := vars{"estateID": app.A.ID, "kind": "VIEW", "purpose": "核对投诉", "wanted": "去年的投诉单", "until": "2026-03-08"}
	for _, f := range change {
		f(in)
	}
	return vars{"in": in}
}

func requested(p *stewardtest.Person, in vars) string {
	return p.Do(askArchive, in).Get("requestArchive.request.id").String()
}

func naming(request string, documents ...string) vars {
	return vars{"in": vars{"requestID": request, "documentIDs": documents}}
}

// approvalFor is the approval that somebody sees of a request.
func approvalFor(p *stewardtest.Person, request string) string {
	return p.Do(approvalOf, vars{"id": request}).Get("approvals.edges.0.node.id").String()
}

func yes(approval string) vars {
	return vars{"in": vars{"approvalID": approval, "signature": vars{"credential": stewardtest.Password}}}
}

func because(field, id string) vars { return vars{"in": vars{field: id, "reason": "不再需要"}} }

// mine is the one request that somebody sees.
func mine(t *testing.T, p *stewardtest.Person) gjson.Result {
	t.Helper()
	got := p.Do(ownRequests, nil).Get("archiveRequests")
	if got.Get("totalCount").Int() != 1 {
		t.Fatalf("sees %s", got.Raw)
	}
	return got.Get("edges.0.node")
}

func TestA5_AskedNamedApprovedAndItEndsByItself(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist, asker, pm := app.As(policy.Archivist), app.As(policy.Receptionist), app.As(policy.ProjectManager)
	d, hidden := handed(archivist, paper(app)), handed(archivist, paper(app, set("title", "另一份")))
	r := requested(asker, question(app))
	if got := mine(t, asker); got.Get("state").String() != "WAITING" || got.Get("code").String() == "" {
		t.Errorf("asked: %s", got.Raw)
	}
	before := mine(t, asker).Raw
	named := archivist.Do(nameForIt, naming(r, d)).Get("nameRequestedDocuments")
	if named.Get("named.#").Int() != 1 || named.Get("named.0.documentID").String() != d {
		t.Errorf("named: %s", named.Raw)
	}
	// Who asked is told nothing of it.
	if after := mine(t, asker).Raw; after != before || approvalFor(asker, r) != "" || len(titles(asker, nil)) != 0 {
		t.Errorf("who asked learns %s", after)
	}
	content := pm.Do(approvalOf, vars{"id": r}).Get("approvals.edges.0.node.content")
	if content.Get("accountID").String() != asker.Account.String() || content.Get("documentIDs.0").String() != d || content.Get("documentIDs.#").Int() != 1 ||
		content.Get("until").Time().Before(stewardtest.Start) || content.Get("from").Time().IsZero() {
		t.Errorf("the approver decides upon %s", content.Raw)
	}
	pm.Do(giveIt, yes(approvalFor(pm, r)))
	if got := mine(t, asker); got.Get("state").String() != "GIVEN" || got.Get("permits.#").Int() != 1 || got.Get("named.#").Int() != 0 {
		t.Errorf("given: %s", got.Raw)
	}
	if got := titles(asker, nil); len(got) != 1 || got[0] != "投诉单" {
		t.Errorf("who asked reads %v", got)
	}
	if got := titles(app.As(policy.Accountant), nil); len(got) != 0 {
		t.Errorf("another reads %v", got)
	}
	archivist.Refused(nameForIt, naming(r, hidden), fault.RuleBroken, "A5")
	app.Clock.Advance(8 * 24 * time.Hour)
	asker.SignIn()
	if got := titles(asker, nil); len(got) != 0 {
		t.Errorf("after its time who asked reads %v", got)
	}
}

// Households' files are the project manager's to show, a department's own its supervisor's, too; and nobody's who asked, or named.
func TestA5_WhoApproves(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist, asker, pm, sup := app.As(policy.Archivist), app.As(policy.Receptionist), app.As(policy.ProjectManager), app.As(policy.Supervisor)
	security := app.IDs(`SELECT id FROM departments WHERE estate_id = $1 AND kind = 'SECURITY'`, app.A.ID)[0]
	head := app.Member("security-supervisor@a.example", inDepartment(app.GrantIn(policy.Supervisor, app.A), security))
	household := handed(archivist, paper(app))
	law := handed(archivist, paper(app, without("householdID"), set("category", "LAW"), set("departmentID", security)))
	contract := handed(archivist, paper(app, without("householdID"), set("category", "WORK"), set("staffID", app.A.Staff)))
	nobodys := handed(archivist, paper(app, without("householdID"), set("category", "LAW")))
	all := map[string]*stewardtest.Person{"pm": pm, "cs supervisor": sup, "security's supervisor": head}
	for name, c := range map[string]struct {
		documents []string
		may       string
	}{
		"a household's": {[]string{household}, ""}, "a department's own": {[]string{law}, "security's supervisor"}, "a member of staff's": {[]string{contract}, "cs supervisor"},
		"nobody's own": {[]string{nobodys}, ""}, "two departments'": {[]string{law, contract}, ""}, "with a household's": {[]string{contract, household}, ""},
	} {
		r := requested(asker, question(app))
		archivist.Do(nameForIt, naming(r, c.documents...))
		a := approvalFor(pm, r)
		for _, role := range []policy.Role{policy.GeneralManager, policy.Auditor, policy.CSOfficer, policy.Archivist, policy.Receptionist} {
			if !app.As(role).Ask(giveIt, yes(a)).Get("errors").Exists() {
				t.Errorf("%s: given by %s", name, role)
			}
		}
		for who, p := range all {
			if who == "pm" || who == c.may {
				continue
			}
			if sees := approvalFor(p, r); sees != "" {
				t.Errorf("%s: the %s sees the question", name, who)
			}
			p.Refused(giveIt, yes(a), fault.Forbidden, "A5")
		}
		if c.may != "" {
			all[c.may].Do(giveIt, yes(approvalFor(all[c.may], r)))
		} else {
			pm.Do(giveIt, yes(a))
		}
	}
	// The supervisor asked, and does not give it, though the archivist put the question.
	r := requested(sup, question(app))
	archivist.Do(nameForIt, naming(r, contract))
	sup.Refused(giveIt, yes(approvalFor(sup, r)), fault.RuleBroken, "A5")
	app.Foreign(policy.ProjectManager).Refused(giveIt, yes(approvalFor(pm, r)), fault.NotFound)
	pm.Refused(nameForIt, naming(r, contract), fault.Conflict, "A5")
	// The project manager named the documents, and does not give it.
	other := requested(asker, question(app))
	pm.Do(nameForIt, naming(other, contract))
	pm.Refused(giveIt, yes(approvalFor(pm, other)), fault.RuleBroken, "A5")
}
