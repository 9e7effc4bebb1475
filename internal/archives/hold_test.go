package archives_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// refusedBy is the constraint by which the database refused.
func refusedBy(err error) string {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.ConstraintName
	}
	return ""
}

func held(field, id string) vars { return vars{"in": vars{field: id, "reason": "诉讼未结"}} }

// A hold on a document, its volume or its file keeps it, from the proposal to the last moment, until it is released with a reason.
func TestA7_AHoldStopsItAll(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist, manager := app.As(policy.Archivist), app.As(policy.ProjectManager)
	witness := member(app, app.As(policy.Security), "监销员")
	d, volume := old(app, "TS-01")
	file := app.IDs(`SELECT file_id FROM archive_documents WHERE id = $1`, d)[0].String()
	freed := func(h string) {
		t.Helper()
		archivist.Refused(release, vars{"in": vars{"id": h, "reason": ""}}, fault.InvalidInput)
		manager.Do(release, vars{"in": vars{"id": h, "reason": "已结案"}})
		archivist.Refused(release, vars{"in": vars{"id": h, "reason": "已结案"}}, fault.Conflict, "A7")
	}
	for field, id := range map[string]string{"documentID": d, "volumeID": volume, "fileID": file} {
		h := manager.Do(hold, held(field, id)).Get("placeArchiveHold.hold.id").String()
		if r := archivist.Refused(proposing, proposal(app, d), fault.RuleBroken, "A7"); r.Field != "documentIDs.0" {
			t.Errorf("%s: refused at %q", field, r.Field)
		}
		if n := archivist.Do(dueList, vars{"w": vars{"id": d}}).Get("archiveRetentionDue.totalCount").Int(); n != 0 {
			t.Errorf("%s: what is held is due", field)
		}
		freed(h)
	}
	id := proposed(app, d)
	manager.Do(approving, approved(id, witness))
	h := archivist.Do(hold, held("fileID", file)).Get("placeArchiveHold.hold.id").String()
	archivist.Refused(destroying, executed(id, witness), fault.RuleBroken, "A7")
	if titles := archivist.Do(stub, vars{"id": d}).Get("node"); titles.Get("state").String() != "BOUND" || titles.Get("title").String() == "" {
		t.Errorf("a refused destruction has left %s", titles.Raw)
	}
	freed(h)
	archivist.Do(destroying, executed(id, witness))

	// Who holds, and what is no hold.
	other, _ := old(app, "TS-02")
	for _, role := range []policy.Role{policy.Supervisor, policy.CSOfficer, policy.Auditor, policy.Security} {
		app.As(role).Refused(hold, held("documentID", other), fault.Forbidden)
	}
	app.Foreign(policy.Archivist).Refused(hold, held("documentID", other), fault.NotFound)
	archivist.Refused(hold, held("fileID", uuid.NewString()), fault.NotFound)
	archivist.Refused(hold, vars{"in": vars{"reason": "x"}}, fault.InvalidInput, "A7")
	archivist.Refused(hold, vars{"in": vars{"reason": "x", "documentID": other, "fileID": file}}, fault.InvalidInput, "A7")
	app.Foreign(policy.Archivist).Refused(release, vars{"in": vars{"id": h, "reason": "x"}}, fault.NotFound)
}

// A hold that is placed while a destruction runs wins or loses whole: all is destroyed and the hold is refused or finds nothing left of
// the order, or nothing is destroyed and the hold is there.
func TestA7_AHoldAndADestructionRace(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist, manager := app.As(policy.Archivist), app.As(policy.ProjectManager)
	witness := member(app, app.As(policy.Security), "监销员")
	won := map[bool]int{}
	for i := range 8 {
		volume := opened(archivist, volumeOf(app, fmt.Sprintf("RC-%02d", i), set("periodFrom", "2015-01-01")))
		var list []string
		for range 3 {
			list = append(list, handed(archivist, paper(app, set("dated", "2015-02-10"))))
		}
		archivist.Do(bind, into(volume, list...))
		id := proposed(app, list...)
		manager.Do(approving, approved(id, witness))
		on := held("documentID", list[i%3])
		if i%4 == 3 {
			on = held("volumeID", volume)
		}
		var group sync.WaitGroup
		var destroyed, holding string
		group.Go(func() {
			destroyed = archivist.Ask(destroying, executed(id, witness)).Get("errors.0.extensions.code").String()
		})
		group.Go(func() {
			time.Sleep(time.Duration(i) * 24 * time.Millisecond) // sooner or later than the other's locks
			holding = manager.Ask(hold, on).Get("errors.0.extensions.code").String()
		})
		group.Wait()
		gone := len(app.IDs(`SELECT d.id FROM archive_documents d JOIN archive_destruction_lines l ON l.document_id = d.id WHERE l.destruction_id = $1 AND d.state = 'DESTROYED'`, id))
		active := len(app.IDs(`SELECT id FROM archive_holds WHERE released_at IS NULL AND subject_id IN ($1, $2)`, volume, list[i%3]))
		onVolume := i%4 == 3
		switch {
		case destroyed == "" && gone == 3 && (onVolume || holding == string(fault.RuleBroken) && active == 0):
		case destroyed == string(fault.RuleBroken) && gone == 0 && holding == "" && active == 1:
		default:
			t.Errorf("round %d: destroying %q, holding %q: %d destroyed, %d holds", i, destroyed, holding, gone, active)
		}
		won[destroyed == ""]++
	}
	t.Logf("destroyed or held: %v", won)
}

// Whoever of the two comes first wins whole: the other waits for the documents, and sees what was done.
func TestA7_TheFirstOfAHoldAndADestructionWins(t *testing.T) {
	t.Parallel()
	for _, holdFirst := range []bool{true, false} {
		app := stewardtest.New(t)
		archivist, manager := app.As(policy.Archivist), app.As(policy.ProjectManager)
		witness := member(app, app.As(policy.Security), "监销员")
		d, _ := old(app, "RC-01")
		id := proposed(app, d)
		manager.Do(approving, approved(id, witness))
		var destroyed, holding string
		calls := []func(){
			func() { holding = manager.Ask(hold, held("documentID", d)).Get("errors.0.extensions.code").String() },
			func() {
				destroyed = archivist.Ask(destroying, executed(id, witness)).Get("errors.0.extensions.code").String()
			},
		}
		if !holdFirst {
			slices.Reverse(calls)
		}
		inTurn(t, app, d, calls...)
		state := archivist.Do(stub, vars{"id": d}).Get("node.state").String()
		switch {
		case holdFirst && holding == "" && destroyed == string(fault.RuleBroken) && state == "BOUND":
		case !holdFirst && destroyed == "" && holding == string(fault.RuleBroken) && state == "DESTROYED":
		default:
			t.Errorf("hold first %v: holding %q, destroying %q, the document is %s", holdFirst, holding, destroyed, state)
		}
	}
}

// inTurn has each call wait for the document behind the one before it, and then lets them all go.
func inTurn(t *testing.T, app *stewardtest.App, document string, calls ...func()) {
	t.Helper()
	connect := func() *pgx.Conn {
		conn, err := pgx.Connect(t.Context(), app.SuperURL)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close(context.Background()) })
		return conn
	}
	look := connect() // within one transaction the activities stay as they were at the first look
	tx, err := connect().Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `SELECT FROM archive_documents WHERE id = $1 FOR UPDATE`, document); err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for i, call := range calls {
		group.Go(call)
		for waiting, deadline := 0, time.Now().Add(30*time.Second); waiting <= i; time.Sleep(5 * time.Millisecond) {
			if err := look.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&waiting); err != nil {
				t.Fatal(err)
			}
			if time.Now().After(deadline) {
				t.Error("nobody waits for the document")
				break
			}
		}
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	group.Wait()
}

// Of several who carry out the same order at once one does.
func TestA7_DestroyedOnce(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	witness := member(app, app.As(policy.Security), "监销员")
	d, _ := old(app, "TS-01")
	id := proposed(app, d)
	app.As(policy.ProjectManager).Do(approving, approved(id, witness))
	archivist := app.As(policy.Archivist)
	var group sync.WaitGroup
	codes := make([]string, 4)
	for i := range codes {
		group.Go(func() {
			codes[i] = archivist.Ask(destroying, executed(id, witness)).Get("errors.0.extensions.code").String()
		})
	}
	group.Wait()
	done := 0
	for _, c := range codes {
		if c == "" {
			done++
		} else if c != string(fault.Conflict) {
			t.Errorf("told %s", c)
		}
	}
	if n := len(app.IDs(`SELECT id FROM certificates WHERE subject_id = $1`, id)); done != 1 || n != 1 {
		t.Errorf("%d destroyed it, %d certificates", done, n)
	}
}
