package archives_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/approval"
	"github.com/steward-pm/steward/internal/archives"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

func TestA5_WhoAsksAndHow(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist, guard := app.As(policy.Archivist), app.As(policy.Security)
	for _, role := range []policy.Role{
		policy.GeneralManager, policy.ProjectManager, policy.Supervisor, policy.CSOfficer, policy.KeyCustodian, policy.Archivist,
		policy.Receptionist, policy.MailSorter, policy.Accountant, policy.SealKeeper, policy.Security, policy.Engineering,
	} {
		requested(app.As(role), question(app))
	}
	app.Resident().Refused(askArchive, question(app), fault.Forbidden)
	app.As(policy.Auditor).Refused(askArchive, question(app), fault.Forbidden)
	app.Foreign(policy.Security).Refused(askArchive, question(app), fault.NotFound)
	app.Nobody().Refused(askArchive, question(app), fault.Unauthenticated)
	for field, in := range map[string]vars{
		"purpose":       question(app, set("purpose", " ")),
		"wanted":        question(app, without("wanted")),
		"until":         question(app, set("until", "2026-04-02")), // 31 days
		"from":          question(app, set("from", "2026-03-01")),
		"documentIDs.1": question(app, set("documentIDs", []string{app.A.Household.String(), app.A.Household.String()})),
	} {
		if r := guard.Refused(askArchive, in, fault.InvalidInput); r.Field != field {
			t.Errorf("%s is refused at %q", field, r.Field)
		}
	}
	if r := guard.Refused(askArchive, question(app, set("until", "2026-03-01")), fault.InvalidInput, "A5"); r.Field != "until" {
		t.Errorf("refused at %q", r.Field)
	}
	requested(guard, question(app, set("until", "2026-03-31")))
	// What is there and hidden, what is another estate's, and what is not there at all are refused alike.
	hidden := handed(archivist, paper(app))
	for field, list := range map[string][]string{
		"documentIDs.0": {hidden, uuid.NewString()}, "householdID": {app.A.Household.String(), app.B.Household.String(), uuid.NewString()},
		"staffID": {app.A.Staff.String(), app.B.Staff.String(), uuid.NewString()}, "unitID": {app.B.Units[0].String(), uuid.NewString()},
	} {
		for _, id := range list {
			var value any = id
			if name, _, many := strings.Cut(field, "."); many {
				value, field = []string{id}, name
			}
			if r := guard.Refused(askArchive, question(app, set(strings.Split(field, ".")[0], value)), fault.NotFound); !strings.HasPrefix(r.Field, field) {
				t.Errorf("%s is refused at %q", field, r.Field)
			}
		}
	}
	// Who sees a document names it, and it is put to who decides at once.
	officer := app.As(policy.CSOfficer)
	r := requested(officer, question(app, set("kind", "COPY"), set("documentIDs", []string{hidden})))
	app.As(policy.ProjectManager).Do(giveIt, yes(approvalFor(app.As(policy.ProjectManager), r)))
	if got := officer.Do(permitsOf, nil).Get("archivePermits.edges.#(node.request.id==\"" + r + "\").node.copies"); !got.Bool() {
		t.Errorf("given: %s", got.Raw)
	}
}

// Whether there is nothing, or the archivist named something that is declined, or left to expire, who asked sees the same.
func TestA5_WhoAsksLearnsNothingOfWhatThereIs(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist, pm := app.As(policy.Archivist), app.As(policy.ProjectManager)
	nothing, something := app.As(policy.Security), app.As(policy.Engineering)
	none, some := requested(nothing, question(app)), requested(something, question(app))
	archivist.Do(nameForIt, naming(some, handed(archivist, paper(app))))
	declined := func(id string) vars { return vars{"in": vars{"requestID": id, "note": "不予提供"}} }
	archivist.Refused(declineIt, declined(some), fault.Conflict, "A5")
	archivist.Do(declineIt, declined(none))
	archivist.Refused(declineIt, declined(none), fault.RuleBroken, "A5")
	pm.Do(refuseIt, vars{"in": vars{"approvalID": approvalFor(pm, some), "note": "不予提供"}})
	a, b := mine(t, nothing), mine(t, something)
	for _, field := range []string{"state", "answer", "answeredAt", "named", "permits"} {
		if a.Get(field).Raw != b.Get(field).Raw {
			t.Errorf("%s tells: %s, %s", field, a.Get(field).Raw, b.Get(field).Raw)
		}
	}
	if a.Get("state").String() != "DECLINED" || b.Get("answer").String() != "不予提供" {
		t.Errorf("answered: %s", a.Raw)
	}
	// The inboxes and what is due are alike, too.
	count := func(p *stewardtest.Person) int {
		return len(app.IDs(`SELECT id FROM identity.inbox WHERE account_id = $1`, p.Account))
	}
	if x, y := count(nothing), count(something); x != 1 || y != 1 {
		t.Errorf("told %d and %d times", x, y)
	}
	if open := app.IDs(`SELECT id FROM obligations WHERE subject_id IN ($1, $2) AND met_at IS NULL`, none, some); len(open) != 0 {
		t.Errorf("%d answers are due", len(open))
	}
	for _, who := range []*stewardtest.Person{something, app.As(policy.Receptionist), app.As(policy.CSOfficer), app.As(policy.KeyCustodian)} {
		if got := len(app.IDs(`SELECT id FROM approvals WHERE subject_id = $1`, some)); got != 1 {
			t.Fatalf("%d approvals", got)
		}
		if approvalFor(who, some) != "" {
			t.Errorf("%s sees what was put to the approver", who.Email)
		}
		who.Refused(nameForIt, naming(some, some), fault.Forbidden)
		who.Refused(declineIt, declined(some), fault.Forbidden)
	}
	app.Foreign(policy.Archivist).Refused(nameForIt, naming(some, some), fault.NotFound)
	if !strings.Contains(app.Nobody().Ask(ownRequests, nil).Raw, string(fault.Unauthenticated)) {
		t.Error("nobody sees requests")
	}
}

func TestA5_WithdrawnAndExpired(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist, asker, pm := app.As(policy.Archivist), app.As(policy.Receptionist), app.As(policy.ProjectManager)
	d := handed(archivist, paper(app))
	gone := requested(asker, question(app))
	app.As(policy.Accountant).Refused(takeBack, because("requestID", gone), fault.NotFound)
	archivist.Refused(takeBack, because("requestID", gone), fault.Forbidden, "A5")
	app.Foreign(policy.Accountant).Refused(takeBack, because("requestID", gone), fault.NotFound)
	asker.Do(takeBack, because("requestID", gone))
	asker.Refused(takeBack, because("requestID", gone), fault.RuleBroken, "A5")
	archivist.Refused(nameForIt, naming(gone, d), fault.RuleBroken, "A5")
	named := requested(asker, question(app))
	archivist.Do(nameForIt, naming(named, d))
	a := approvalFor(pm, named)
	asker.Do(takeBack, because("requestID", named))
	pm.Refused(giveIt, yes(a), fault.Conflict, "A5")

	given := requested(asker, question(app))
	archivist.Do(nameForIt, naming(given, d))
	pm.Do(giveIt, yes(approvalFor(pm, given)))
	permit := app.IDs(`SELECT id FROM archive_permits WHERE request_id = $1`, given)[0].String()
	asker.Refused(endPermit, because("permitID", permit), fault.Forbidden)
	app.As(policy.Supervisor).Refused(endPermit, because("permitID", permit), fault.Forbidden, "A5")
	app.Foreign(policy.ProjectManager).Refused(endPermit, because("permitID", permit), fault.NotFound)
	pm.Refused(endPermit, vars{"in": vars{"permitID": permit, "reason": " "}}, fault.InvalidInput)
	if got := titles(asker, nil); len(got) != 1 {
		t.Errorf("reads %v", got)
	}
	pm.Do(endPermit, because("permitID", permit))
	pm.Refused(endPermit, because("permitID", permit), fault.Conflict, "A5")
	if got := titles(asker, nil); len(got) != 0 {
		t.Errorf("after it was withdrawn, reads %v", got)
	}

	late, unnamed := requested(asker, question(app)), requested(asker, question(app))
	archivist.Do(nameForIt, naming(late, d))
	a = approvalFor(pm, late)
	app.Clock.Advance(10 * 24 * time.Hour)
	pm.SignIn()
	archivist.SignIn()
	pm.Refused(giveIt, yes(a), fault.RuleBroken, "A5")
	archivist.Refused(nameForIt, naming(unnamed, d), fault.RuleBroken, "A5")
	archivist.Do(declineIt, vars{"in": vars{"requestID": unnamed, "note": "逾期"}})
	if _, err := approval.Expire(app.Context(), app.Runtime); err != nil {
		t.Fatal(err)
	}
	if _, err := archives.RequestsExpire(app.Context(), app.Runtime); err != nil {
		t.Fatal(err)
	}
	if n := len(app.IDs(`SELECT id FROM archive_requests WHERE id = $1 AND state = 'EXPIRED'`, late)); n != 1 {
		t.Error("it is not expired")
	}
}

// Of an approval and a withdrawal at once the withdrawal holds: it comes first, and nothing is given, or after, and all that was given has ended.
func TestA5_ApprovedAndWithdrawnAtOnce(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist, asker, pm := app.As(policy.Archivist), app.As(policy.Receptionist), app.As(policy.ProjectManager)
	list := []string{handed(archivist, paper(app)), handed(archivist, paper(app))}
	for range 8 {
		r := requested(asker, question(app))
		archivist.Do(nameForIt, naming(r, list...))
		a := approvalFor(pm, r)
		var group sync.WaitGroup
		var gave, took bool
		group.Go(func() { gave = !pm.Ask(giveIt, yes(a)).Get("errors").Exists() })
		group.Go(func() { took = !asker.Ask(takeBack, because("requestID", r)).Get("errors").Exists() })
		group.Wait()
		made, live := len(app.IDs(`SELECT id FROM archive_permits WHERE request_id = $1`, r)), len(app.IDs(`SELECT id FROM archive_permits WHERE request_id = $1 AND ended_at IS NULL`, r))
		state := map[bool]string{true: "USED", false: "WITHDRAWN"}[gave]
		if !took || live != 0 || (made == 2) != gave || len(app.IDs(`SELECT r.id FROM archive_requests r JOIN approvals a ON a.subject_id = r.id
			WHERE r.id = $1 AND r.state = 'WITHDRAWN' AND a.state = $2`, r, state)) != 1 {
			t.Errorf("given: %v, taken back: %v, %d permits, %d of them live", gave, took, made, live)
		}
		if got := titles(asker, nil); len(got) != 0 {
			t.Errorf("who asked reads %v", got)
		}
	}
}
