package archives_test

import (
	"maps"
	"testing"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// past puts what a record filed itself as into a volume of its own, which is closed then.
func past(t *testing.T, app *stewardtest.App, record, category string) (document, volume string) {
	t.Helper()
	archivist := app.As(policy.Archivist)
	document = field(t, archivist, record, "id")
	volume = opened(archivist, volumeOf(app, "PG-"+category, set("category", category), set("periodFrom", "2014-01-01"), set("title", "案卷里的独特标题"+category)))
	archivist.Do(bind, into(volume, document))
	archivist.Do(`mutation($in: CloseVolumeInput!) { closeVolume(input: $in) { volume { id } } }`, vars{"in": vars{"id": volume, "periodUntil": "2026-12-31"}})
	return document, volume
}

// aged has a document's retention count from long ago: years go by.
func aged(app *stewardtest.App, document string) {
	app.Super(`UPDATE archive_documents SET retained_from = '2014-05-05' WHERE id = $1`, document)
}

// What a record says goes with its document, and so does the title of a volume of which nothing is left: both leave a stub.
func TestA7_ARecordGoesWithItsDocument(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, archivist, manager := app.As(policy.CSOfficer), app.As(policy.Archivist), app.As(policy.ProjectManager)
	witness := member(app, app.As(policy.Security), "监销员")
	works := archivist.Do(retentions, vars{"w": vars{"category": "RENOVATION_RECORDS", "estateID": app.A.ID}}).Get("archiveRetentions.edges.0.node")
	manager.Do(setYears, vars{"in": vars{"id": works.Get("id").String(), "expectedVersion": works.Get("version").Int(), "years": 5}})
	said := map[string]string{"finding": "独特的处理结果", "contractor": "独特的施工单位"}
	for name, r := range records(app, set("dated", "2014-05-05"), set("title", "独特的记录标题"), set("particulars", "独特的记录详情")) {
		maps.Copy(said, map[string]string{"title": "独特的记录标题", "particulars": "独特的记录详情", "volume of " + name: "案卷里的独特标题" + r.category})
		in := r.in["in"].(vars)
		if name == "renovation" {
			in["contractor"], in["beginsOn"], in["endsOn"] = said["contractor"], "2014-05-06", "2014-06-06"
		}
		id := made(officer, r.record, r.in)
		d, volume := past(t, app, id, r.category)
		if got := archivist.Refused(proposing, proposal(app, d), fault.RuleBroken, "A7"); got.Field != "documentIDs.0" {
			t.Errorf("%s, not settled, is refused at %q", name, got.Field)
		}
		if n := app.As(policy.Archivist).Do(dueList, vars{"w": vars{"id": d}}).Get("archiveRetentionDue.totalCount").Int(); n != 0 {
			t.Errorf("%s, not settled, is listed as due", name)
		}
		if r.settle != "" {
			officer.Do(r.settle, vars{"in": vars{"id": id, "finding": said["finding"]}})
		} else {
			officer.Do(r.void, stewardtest.Void(id, "录错"))
		}
		archivist.Refused(proposing, proposal(app, d), fault.RuleBroken, "A7") // it counts from when it was settled
		aged(app, d)
		order := proposed(app, d)
		manager.Do(approving, approved(order, witness))
		archivist.Do(destroying, executed(order, witness))
		shredded(t, app)
		if got := archivist.Do(`query($id: ID!) { node(id: $id) { ... on ArchiveVolume { title bound code } } }`, vars{"id": volume}).Get("node"); got.Get("title").String() != "" || got.Get("code").String() == "" {
			t.Errorf("%s: of the volume is left %s", name, got.Raw)
		}
		archivist.Refused(`mutation($in: ReopenVolumeInput!) { reopenVolume(input: $in) { volume { id } } }`, vars{"in": vars{"id": volume, "reason": "x"}}, fault.RuleBroken, "A7")
		app.As(policy.Supervisor).Refused(r.void, stewardtest.Void(id, "又一次"), code(r.settle != ""))
		if err := app.TrySQL(`UPDATE `+r.list+` SET title = 'x' WHERE id = $1`, id); err == nil {
			t.Errorf("%s: its stub was written to", name)
		}
	}
	for what, text := range said {
		if found := after(t, app, text); len(found) > 0 {
			t.Errorf("the %s is still in %v", what, found)
		}
	}
}

// code is what voiding a stub answers: that it is one, or that it was voided before.
func code(settled bool) fault.Code {
	if settled {
		return fault.RuleBroken
	}
	return fault.Conflict
}

// An emergency contact is kept while its household lives there, and goes with its document afterwards.
func TestA7_AnEmergencyContactGoesWithItsDocument(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist := app.As(policy.Archivist)
	witness := member(app, app.As(policy.Security), "监销员")
	const name, phone = "独一无二的联系人", "13512349876"
	contact := uuid.New()
	app.SQL(`INSERT INTO emergency_contacts (id, created_at, estate_id, household_id, name, phone) VALUES ($1, '2014-01-01', $2, $3, $4, $5)`,
		contact, app.A.ID, app.A.Household, name, phone)
	d, _ := past(t, app, contact.String(), "SUPPLEMENTS")
	archivist.Refused(proposing, proposal(app, d), fault.RuleBroken, "A7")
	aged(app, d)
	archivist.Refused(proposing, proposal(app, d), fault.RuleBroken, "A7") // the household lives here
	app.SQL(`UPDATE occupancies SET until_on = from_on + 1, state = 'MOVED_OUT' WHERE household_id = $1`, app.A.Household)
	order := proposed(app, d)
	app.As(policy.ProjectManager).Do(approving, approved(order, witness))
	archivist.Do(destroying, executed(order, witness))
	for _, text := range []string{name, phone} {
		if found := after(t, app, text); len(found) > 0 {
			t.Errorf("%s is still in %v", text, found)
		}
	}
}

// The document of a record is voided with the record, and not without it.
func TestA1_4_ADocumentIsNotVoidedWithoutItsRecord(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, archivist := app.As(policy.CSOfficer), app.As(policy.Archivist)
	const voiding = `mutation($in: VoidDocumentInput!) { voidDocument(input: $in) { document { state } } }`
	for name, r := range records(app) {
		id := made(officer, r.record, r.in)
		d := field(t, archivist, id, "id")
		archivist.Refused(voiding, stewardtest.Void(d, "x"), fault.RuleBroken, "A1.4")
		if err := app.TrySQL(`UPDATE archive_documents SET state = 'VOIDED', voided_at = now(), void_reason = 'x', voided_by_id = id, voided_by_name = 'x' WHERE id = $1`, d); err == nil {
			t.Errorf("%s: the database lets its document be voided alone", name)
		}
		officer.Do(r.void, stewardtest.Void(id, "录错"))
		if got := field(t, archivist, id, "state"); got != "VOIDED" {
			t.Errorf("%s: the document is %s", name, got)
		}
	}
}
