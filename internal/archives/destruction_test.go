package archives_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/archives"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/files"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const (
	retentions = `query($w: ArchiveRetentionWhereInput) { archiveRetentions(where: $w) { edges { node { id version years basis } } } }`
	setYears   = `mutation($in: SetArchiveRetentionInput!) { setArchiveRetention(input: $in) { retention { years version setByName } } }`
	dueList    = `query($w: ArchiveDocumentWhereInput) { archiveRetentionDue(where: $w) { totalCount edges { node { id } } } }`
	hold       = `mutation($in: PlaceArchiveHoldInput!) { placeArchiveHold(input: $in) { hold { id reason } } }`
	release    = `mutation($in: ReleaseArchiveHoldInput!) { releaseArchiveHold(input: $in) { hold { releasedAt releaseReason } } }`
	proposing  = `mutation($in: ProposeArchiveDestructionInput!) { proposeArchiveDestruction(input: $in) { destruction { id state quantity pages lines { volumeCode eligibleOn years } } } }`
	approving  = `mutation($in: ApproveArchiveDestructionInput!) { approveArchiveDestruction(input: $in) { destruction { state approvedByName contentHash witness { id } } } }`
	destroying = `mutation($in: DestroyArchiveInput!) { destroyArchive(input: $in) { destruction { state backupsUntil certificate { number content } } } }`
	cancelling = `mutation($in: CancelArchiveDestructionInput!) { cancelArchiveDestruction(input: $in) { destruction { state cancelReason } } }`
	certified  = `query($id: ID!) { archiveDestructionCertificate(destructionID: $id) { number series datedFrom datedUntil schedule eligibleOn quantity pages method
		authorisedBy destroyedBy witness destroyedAt noHold contentHash backupsUntil auditSeq } }`
	stub = `query($id: ID!) { node(id: $id) { ... on ArchiveDocument { title source name edition size state dated class category certificateNumber destroyedAt handedInByName volume { code bound } } } }`
)

// old is a document of the household past the retention of complaints (10 years), bound.
func old(app *stewardtest.App, code string, change ...func(vars)) (document, volume string) {
	archivist := app.As(policy.Archivist)
	in := paper(app, append([]func(vars){set("dated", "2015-02-10")}, change...)...)
	document = handed(archivist, in)
	volume = opened(archivist, volumeOf(app, code, set("periodFrom", "2015-01-01"), set("category", in["in"].(vars)["category"])))
	archivist.Do(bind, into(volume, document))
	return document, volume
}

func proposal(app *stewardtest.App, documents ...string) vars {
	return vars{"in": vars{"estateID": app.A.ID, "documentIDs": documents, "method": "SHREDDING", "reason": "保管期满"}}
}

// member hires somebody with an account of the role as a member of staff.
func member(app *stewardtest.App, p *stewardtest.Person, name string) string {
	id := uuid.New()
	var account any
	if p != nil {
		account = p.Account
	}
	app.SQL(`INSERT INTO staffs (id, created_at, estate_id, name, sort_key, department_id, account_id, phone, employed_from)
		VALUES ($1, $2, $3, $4, 'b', $5, $6, '', '2025-01-01')`, id, stewardtest.Start, app.A.ID, name, app.A.Department, account)
	return id.String()
}

func own() vars { return vars{"credential": stewardtest.Password} }

func approved(id, witness string) vars {
	return vars{"in": vars{"destructionID": id, "witnessID": witness, "signature": own()}}
}

func executed(id, witness string) vars {
	return vars{"in": vars{"destructionID": id, "witnessID": witness, "signature": own(), "witnessSignature": own()}}
}

func proposed(app *stewardtest.App, documents ...string) string {
	return app.As(policy.Archivist).Do(proposing, proposal(app, documents...)).Get("proposeArchiveDestruction.destruction.id").String()
}

// shredded finishes off what was destroyed, as the program does each minute.
func shredded(t *testing.T, app *stewardtest.App) int {
	t.Helper()
	content, err := files.OpenContent(app.FilesDir)
	if err != nil {
		t.Fatal(err)
	}
	n, err := archives.Shred(app.Context(), app.Runtime, content)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestA7_FromTheScheduleToTheCertificate(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist, manager, guard := app.As(policy.Archivist), app.As(policy.ProjectManager), app.As(policy.Security)
	witness := member(app, guard, "监销员甲")
	d, volume := old(app, "TS-01", set("pages", 7))
	young, _ := old(app, "TS-02", set("dated", "2020-02-10"))
	id := proposed(app, d)
	archivist.Refused(proposing, proposal(app, d), fault.Conflict, "A7") // it is on an order
	if r := archivist.Refused(proposing, proposal(app, young), fault.RuleBroken, "A7"); r.Field != "documentIDs.0" {
		t.Errorf("refused at %q", r.Field)
	}
	archivist.Refused(`mutation($in: UnbindDocumentInput!) { unbindDocument(input: $in) { document { id } } }`, vars{"in": vars{"id": d, "reason": "x"}}, fault.RuleBroken, "A7")
	archivist.Refused(destroying, executed(id, witness), fault.RuleBroken, "A7") // it is not approved
	if r := manager.Do(approving, approved(id, witness)).Get("approveArchiveDestruction.destruction"); r.Get("state").String() != "APPROVED" || r.Get("witness.id").String() != witness {
		t.Errorf("approved: %s", r.Raw)
	}
	manager.Refused(approving, approved(id, witness), fault.Conflict, "A7")
	wrong := executed(id, witness)
	wrong["in"].(vars)["witnessSignature"] = vars{"credential": "wrong"}
	if r := archivist.Refused(destroying, wrong, fault.InvalidInput); r.Field != "witnessSignature.credential" {
		t.Errorf("refused at %q", r.Field)
	}
	if r := archivist.Refused(destroying, executed(id, member(app, app.As(policy.Engineering), "别人")), fault.InvalidInput, "A7"); r.Field != "witnessID" {
		t.Errorf("refused at %q", r.Field)
	}
	archivist.Refused(certified, vars{"id": id}, fault.NotFound)
	done := archivist.Do(destroying, executed(id, witness)).Get("destroyArchive.destruction")
	if until := stewardtest.Start.AddDate(0, 0, 90).Format("2006-01-02"); done.Get("state").String() != "DONE" || done.Get("backupsUntil").String() != until {
		t.Errorf("done: %s", done.Raw)
	}
	archivist.Refused(destroying, executed(id, witness), fault.Conflict, "A7")
	archivist.Refused(cancelling, vars{"in": vars{"destructionID": id, "reason": "x"}}, fault.Conflict, "A7")
	c := archivist.Do(certified, vars{"id": id}).Get("archiveDestructionCertificate")
	for field, want := range map[string]string{
		"series": `["TS-01 COMPLAINTS"]`, "datedFrom": `"2015-02-10"`, "datedUntil": `"2015-02-10"`, "schedule": `["档案保管期限表 4.6: 10"]`, "eligibleOn": `"2025-02-10"`,
		"quantity": "1", "pages": "7", "method": `"SHREDDING"`, "witness": `"监销员甲"`, "backupsUntil": `"` + done.Get("backupsUntil").String() + `"`,
	} {
		if c.Get(field).Raw != want {
			t.Errorf("%s is %s", field, c.Get(field).Raw)
		}
	}
	for _, field := range []string{"number", "authorisedBy", "destroyedBy", "destroyedAt", "noHold", "contentHash", "auditSeq"} {
		if v := c.Get(field).String(); v == "" || v == "0" {
			t.Errorf("the certificate does not say %s: %s", field, c.Raw)
		}
	}
	for name, p := range map[string]*stewardtest.Person{"archivist": archivist, "the household": app.Resident()} {
		s := p.Do(stub, vars{"id": d}).Get("node")
		if s.Get("state").String() != "DESTROYED" || s.Get("certificateNumber").String() != c.Get("number").String() || s.Get("volume.code").String() != "TS-01" ||
			s.Get("title").String()+s.Get("source").String()+s.Get("handedInByName").String() != "" {
			t.Errorf("%s sees %s", name, s.Raw)
		}
	}
	if v := archivist.Do(`query($id: ID!) { node(id: $id) { ... on ArchiveVolume { bound pages } } }`, vars{"id": volume}).Get("node"); v.Raw != `{"bound":0,"pages":0}` {
		t.Errorf("the volume: %s", v.Raw)
	}
	if r := app.Neighbour().Ask(stub, vars{"id": d}); r.Get("data.node").IsObject() {
		t.Errorf("a neighbour sees %s", r.Raw)
	}
	archivist.Refused(hold, vars{"in": vars{"documentID": d, "reason": "x"}}, fault.RuleBroken, "A7")
}

func TestA7_TheScheduleAndWhatIsDue(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist := app.As(policy.Archivist)
	d, _ := old(app, "TS-01")
	due := func(p *stewardtest.Person) bool {
		for _, e := range p.Do(dueList, nil).Get("archiveRetentionDue.edges").Array() {
			if e.Get("node.id").String() == d {
				return true
			}
		}
		return false
	}
	for name, c := range map[string]struct {
		who  *stewardtest.Person
		sees bool
	}{"archivist": {archivist, true}, "manager": {app.As(policy.ProjectManager), true}, "a guard": {app.As(policy.Security), false}, "foreign": {app.Foreign(policy.Archivist), false}} {
		if due(c.who) != c.sees {
			t.Errorf("%s: %v", name, due(c.who))
		}
	}
	if n := len(archivist.Do(retentions, nil).Get("archiveRetentions.edges").Array()); n != 15 {
		t.Errorf("%d categories have a default", n)
	}
	of := archivist.Do(retentions, vars{"w": vars{"category": "COMPLAINTS"}}).Get("archiveRetentions.edges.0.node")
	set := func(version int, years any) vars {
		return vars{"in": vars{"id": of.Get("id").String(), "expectedVersion": version, "years": years}}
	}
	for _, role := range []policy.Role{policy.Supervisor, policy.CSOfficer, policy.Auditor} {
		app.As(role).Refused(setYears, set(1, 3), fault.Forbidden)
	}
	app.Foreign(policy.Archivist).Refused(setYears, set(1, 3), fault.NotFound)
	for _, years := range []int{0, 101} {
		if r := archivist.Refused(setYears, set(1, years), fault.InvalidInput, "A7"); r.Field != "years" {
			t.Errorf("refused at %q", r.Field)
		}
	}
	app.As(policy.ProjectManager).Do(setYears, set(1, nil))
	archivist.Refused(setYears, set(1, 3), fault.Conflict)
	if due(archivist) {
		t.Error("what is kept permanently is due")
	}
	archivist.Refused(proposing, proposal(app, d), fault.RuleBroken, "A7")
	archivist.Refused(setYears, set(2, 11), fault.Forbidden, "A7") // no longer permanently
	app.As(policy.ProjectManager).Do(setYears, set(2, 11))
	id := proposed(app, d)
	if due(archivist) {
		t.Error("what is on an order is due")
	}
	// What is to be kept longer by now is not destroyed by an order from before.
	witness := member(app, app.As(policy.Security), "监销员")
	app.As(policy.ProjectManager).Do(approving, approved(id, witness))
	archivist.Do(setYears, set(3, 12))
	archivist.Refused(destroying, executed(id, witness), fault.RuleBroken, "A7")
	archivist.Do(cancelling, vars{"in": vars{"destructionID": id, "reason": "延长保管"}})
	archivist.Refused(destroying, executed(id, witness), fault.Conflict, "A7")
	archivist.Refused(setYears, set(4, 10), fault.Forbidden, "A7")
	app.As(policy.ProjectManager).Do(setYears, set(4, 10))
	proposed(app, d) // once more
}
