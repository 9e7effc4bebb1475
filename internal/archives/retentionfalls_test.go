package archives_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/steward-pm/steward/internal/archives"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

func retentionFalls(t *testing.T, app *stewardtest.App) int {
	t.Helper()
	n, err := archives.RetentionFalls(app.Context(), app.Runtime)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// What is past its retention is due to be proposed, once a category, and met when nothing of it waits: proposed, held, or kept longer.
func TestA7_WhatExpiresIsDue(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	retentionFalls(t, app) // what the seed has
	states := func() (list []string) {
		for _, o := range app.As(policy.ProjectManager).Do(`query($w: ObligationWhereInput) { obligations(where: $w, first: 50) { edges { node { state metAt title } } } }`,
			vars{"w": vars{"kind": "archives.retention", "estateID": app.A.ID}}).Get("obligations.edges.#.node").Array() {
			if o.Get("title").String() == "提出销毁到期档案:档案保管期限表 4.6" { // complaints
				state := o.Get("state").String()
				if o.Get("metAt").String() != "" {
					state += " met"
				}
				list = append(list, state)
			}
		}
		return list
	}
	expect := func(when string, want ...string) {
		t.Helper()
		if got := fmt.Sprint(states()); got != fmt.Sprint(want) {
			t.Errorf("%s: %s, want %v", when, got, want)
		}
	}
	d, _ := old(app, "DUE-1")
	var group sync.WaitGroup
	for range 3 { // several servers
		group.Go(func() {
			if _, err := archives.RetentionFalls(app.Context(), app.Runtime); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	before := len(states())
	if n := retentionFalls(t, app); n != 0 || before == 0 {
		t.Fatalf("%d changed again, %d are due", n, before)
	}
	expect("fallen", "OPEN")
	id := proposed(app, d)
	expect("proposed", "MET met")
	app.As(policy.Archivist).Do(cancelling, vars{"in": vars{"destructionID": id, "reason": "不销毁"}})
	retentionFalls(t, app)
	expect("cancelled", "MET met", "OPEN")
	app.As(policy.ProjectManager).Do(hold, held("documentID", d))
	retentionFalls(t, app)
	expect("held", "MET met", "MET met")
}

// Backups hold what was destroyed until as many days after as the estate says, and the certificate says until when.
func TestA7_TheCertificateSaysUntilWhenBackupsHoldIt(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	manager := app.As(policy.ProjectManager)
	version := manager.Do(`query($id: ID!) { node(id: $id) { ... on Estate { version } } }`, vars{"id": app.A.ID}).Get("node.version").Int()
	manager.Do(`mutation($in: UpdateEstateInput!) { updateEstate(input: $in) { estate { backupDays } } }`, vars{"in": vars{"id": app.A.ID, "expectedVersion": version, "backupDays": 7}})
	witness := member(app, app.As(policy.Security), "监销员")
	d, _ := old(app, "BK-1")
	id := proposed(app, d)
	manager.Do(approving, approved(id, witness))
	got := app.As(policy.Archivist).Do(destroying, executed(id, witness)).Get("destroyArchive.destruction.backupsUntil").String()
	if want := stewardtest.Start.AddDate(0, 0, 7).Format("2006-01-02"); got != want {
		t.Errorf("backups until %s, want %s", got, want)
	}
}
