package vacancy_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// Whoever writes it: the database knows the ways of a defect, and that its state is the events'.
func TestV5_TheDatabaseKnowsTheWays(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	id := reported(app)
	conn, err := pgx.Connect(t.Context(), app.OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	if _, err := conn.Exec(t.Context(), `SET app.estate_ids = '*'; SET ROLE steward_app`); err != nil {
		t.Fatal(err)
	}
	refusal := func(sql string, args ...any) string {
		_, err := conn.Exec(t.Context(), sql, args...)
		if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
			return pg.ConstraintName + pg.Code
		}
		return ""
	}
	const event = `INSERT INTO defect_events (id, created_at, estate_id, defect_id, department_id, kind, note, due_at, acted_by_id, acted_by_name, acted_at)
		SELECT new_id(x'070a'::int), now(), estate_id, id, department_id, $2::text, $3, CASE WHEN $2::text IN ('RESOLVED', 'REOPENED', 'PROPOSED', 'EXTENDED') THEN resolve_by + interval '1 day' END,
			$4, 'x', now() FROM defects WHERE id = $1`
	me, another := app.A.Staff, app.A.External
	steps := []struct {
		kind, note string
		by         any
		want       string
	}{
		{"CLOSED", "", me, "defects_way23514"}, // nothing closes it silently
		{"RESOLVED", "x", me, "defects_way23514"},
		{"PROPOSED", "x", me, "defects_way23514"},
		{"ACKNOWLEDGED", "", nil, "defect_events_by23514"},
		{"REASSIGNED", "x", me, "defect_events_due23514"},
		{"ACKNOWLEDGED", "", me, ""},
		{"ACKNOWLEDGED", "", me, "defects_way23514"},
		{"CLOSED", "", another, "defects_way23514"},
		{"RESOLVED", "", me, "defect_events_note23514"},
		{"PROPOSED", "x", me, ""},
		{"EXTENDED", "x", me, "defects_own_proposal23514"},
		{"EXTENDED", "x", another, ""},
		{"RESOLVED", "x", me, ""},
		{"CLOSED", "", me, "defects_own_work23514"},
		{"REOPENED", "x", me, "defects_own_work23514"},
		{"CLOSED", "", another, ""},
		{"ESCALATED", "", nil, "defects_way23514"},
	}
	for i, s := range steps {
		if got := refusal(event, id, s.kind, s.note, s.by); got != s.want {
			t.Errorf("step %d, %s: %q, not %q", i, s.kind, got, s.want)
		}
	}
	for _, set := range []string{"state = 'CLOSED'", "closed_at = now()", "resolve_by = now()", "department_id = department_id", "finding = 'x'", "due_at = NULL"} {
		if got := refusal(`UPDATE defects SET `+set+` WHERE id = $1`, id); got != "42501" {
			t.Errorf("%s: %q", set, got)
		}
	}
	const voided = `UPDATE defects SET voided_at = now(), void_reason = 'x', voided_by_id = gen_random_uuid(), voided_by_name = 'x' WHERE id = $1`
	if got := refusal(voided, id); got != "defects_untouched23514" {
		t.Errorf("voided after it was closed: %q", got)
	}
	if got := refusal(`DELETE FROM defect_events WHERE defect_id = $1`, id) + refusal(`UPDATE defect_events SET note = 'x' WHERE defect_id = $1`, id); got != "4250142501" {
		t.Errorf("its history is changed: %q", got)
	}
	const photo = `INSERT INTO defect_photos (id, created_at, estate_id, defect_id, name, content_type, size, sha256) SELECT new_id(x'070b'::int), now(), estate_id, id, 'x', $2, 1, 'x' FROM defects WHERE id = $1`
	if got := refusal(photo, id, "image/png"); got != "defect_photos_with23514" {
		t.Errorf("a photo that comes later: %q", got)
	}
	if got := refusal(photo, id, "text/plain"); got != "defect_photos_picture23514" {
		t.Errorf("what is no photo: %q", got)
	}
}

// Without the trigger that takes a defect where its event says, its state would be anybody's: so it is the trigger that refuses.
func TestV5_ItIsTheTriggerThatRefuses(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	id := reported(app)
	app.SQL(`ALTER TABLE defect_events DISABLE TRIGGER defect_event_takes`)
	closing := `INSERT INTO defect_events (id, created_at, estate_id, defect_id, department_id, kind, acted_by_id, acted_by_name, acted_at)
		SELECT new_id(x'070a'::int), now(), estate_id, id, department_id, 'CLOSED', gen_random_uuid(), 'x', now() FROM defects WHERE id = $1`
	if err := app.TrySQL(closing, id); err != nil {
		t.Errorf("without the trigger: %v", err)
	}
	app.SQL(`ALTER TABLE defect_events ENABLE TRIGGER defect_event_takes`)
	if err := app.TrySQL(closing, id); err == nil {
		t.Error("a defect that nobody resolved is closed")
	}
}

func TestV5_RacedAndRepeated(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	engineer := app.As(policy.Engineering)
	id := reported(app)
	var all sync.WaitGroup
	codes := make([]string, 4)
	for i := range codes {
		all.Go(func() {
			if answer, err := engineer.Try(acknowledgeDefect, upon(id, nil)); err == nil {
				codes[i] = answer.Get("errors.0.extensions.code").String()
			}
		})
	}
	all.Wait()
	done := 0
	for _, code := range codes {
		switch code {
		case "":
			done++
		case string(fault.Conflict):
		default:
			t.Errorf("the race ended with %q", code)
		}
	}
	if done != 1 {
		t.Errorf("acknowledged %d times", done)
	}
	officer := app.As(policy.CSOfficer).With("Idempotency-Key", "report-1")
	first := officer.Do(reportDefect, reporting(app, nil)).Get("reportDefect.defect.id").String()
	if again := officer.Do(reportDefect, reporting(app, nil)).Get("reportDefect.defect.id").String(); again != first {
		t.Errorf("repeated, it is reported again: %s and %s", first, again)
	}
}

func TestV5_ADefectOutlivesItsVacancyAndIsReportedInTime(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	ago := func(d time.Duration) string { return app.Clock.Now().Add(-d).Format(time.RFC3339) }
	if r := officer.Refused(reportDefect, reporting(app, vars{"occurredAt": ago(2 * time.Hour)}), fault.InvalidInput, "V5"); r.Field != "lateReason" {
		t.Errorf("refused at %q", r.Field)
	}
	for _, at := range []string{ago(25 * time.Hour), ago(-time.Minute)} {
		if r := officer.Refused(reportDefect, reporting(app, vars{"occurredAt": at, "lateReason": "停电"}), fault.InvalidInput, "V5"); r.Field != "occurredAt" {
			t.Errorf("refused at %q", r.Field)
		}
	}
	late := officer.Do(reportDefect, reporting(app, vars{"occurredAt": ago(2 * time.Hour), "lateReason": "停电"})).Get("reportDefect.defect")
	if late.Get("lateReason").String() != "停电" {
		t.Errorf("late: %s", late.Raw)
	}
	if r := officer.Refused(reportDefect, reporting(app, vars{"finding": " "}), fault.InvalidInput); r.Field != "finding" {
		t.Errorf("refused at %q", r.Field)
	}
	id, after := resolved(app), reporting(app, nil)
	officer.Do(moveInto, vars{"in": vars{"estateID": app.A.ID, "name": "新户", "occupancy": vars{"unitID": app.A.Units[3], "noticedOn": "2026-02-20", "movedInOn": "2026-03-02"}}})
	officer.Do(reinspectDefect, upon(id, vars{"resolved": false, "finding": "仍渗水"}))
	if d := seenAs(officer, id); d.Get("state").String() != "REOPENED" {
		t.Errorf("after the move-in: %s", d.Raw)
	}
	app.Clock.Advance(24 * time.Hour)
	officer.SignIn()
	officer.Refused(reportDefect, after, fault.Conflict, "V5") // somebody has moved in
}

func TestV5_ADefectIsVoidedWhileNobodyHasItInHand(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, supervisor, engineer := app.As(policy.CSOfficer), app.As(policy.Supervisor), app.As(policy.Engineering)
	because := vars{"reason": "看错房号"}
	id := reported(app)
	engineer.Refused(voidDefect, upon(id, because), fault.Forbidden)
	app.Foreign(policy.Supervisor).Refused(voidDefect, upon(id, because), fault.NotFound)
	d := officer.Do(voidDefect, upon(id, because)).Get("voidDefect.defect")
	if d.Get("voidedAt").String() == "" || d.Get("dueAt").String() != "" {
		t.Errorf("voided: %s", d.Raw)
	}
	if got := obligations(t, app, id); got != "acknowledge CANCELLED, resolve CANCELLED" {
		t.Errorf("due: %s", got)
	}
	officer.Refused(voidDefect, upon(id, because), fault.Conflict)
	engineer.Refused(acknowledgeDefect, upon(id, nil), fault.Conflict)

	later := reported(app)
	app.Clock.Advance(16 * time.Minute)
	officer.Refused(voidDefect, upon(later, because), fault.Forbidden, "V5")
	engineer.Do(acknowledgeDefect, upon(later, nil))
	supervisor.Refused(voidDefect, upon(later, because), fault.Conflict, "V5") // it is closed by a re-inspection, and not silently
}

func TestV5_PhotosOfADefect(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, engineer, guard := app.As(policy.CSOfficer), app.As(policy.Engineering), app.As(policy.Security)
	first := uploaded(t, officer, picture(1))
	if r := engineer.Refused(resolveDefect, upon(acknowledged(app), vars{"resolution": "x", "photoIDs": []string{first}}), fault.NotFound); r.Field != "photoIDs.0" {
		t.Errorf("another's upload is refused at %q", r.Field)
	}
	text := uploaded(t, officer, "no picture at all")
	if r := officer.Refused(reportDefect, reporting(app, vars{"photoIDs": []string{text}}), fault.InvalidInput, "V5"); r.Field != "photoIDs.0" {
		t.Errorf("a text is refused at %q", r.Field)
	}
	officer.Refused(reportDefect, reporting(app, vars{"photoIDs": []string{first, first}}), fault.InvalidInput, "V5")
	d := officer.Do(reportDefect, reporting(app, vars{"photoIDs": []string{first}})).Get("reportDefect.defect")
	id, photo := d.Get("id").String(), d.Get("photos.0.id").String()
	if d.Get("photos.0.contentType").String() != "image/png" || d.Get("photos.0.name").String() != "照片.png" {
		t.Fatalf("photos: %s", d.Get("photos").Raw)
	}
	const link = `query($id: ID!) { defectPhotoLink(defectPhotoID: $id) { url } }`
	if url := engineer.Do(link, vars{"id": photo}).Get("defectPhotoLink.url").String(); url == "" {
		t.Error("the department is given no link")
	}
	guard.Refused(link, vars{"id": photo}, fault.NotFound)
	app.Foreign(policy.CSOfficer).Refused(link, vars{"id": photo}, fault.NotFound)
	engineer.Do(acknowledgeDefect, upon(id, nil))
	after := engineer.Do(resolveDefect, upon(id, vars{"resolution": "已换", "photoIDs": []string{uploaded(t, engineer, picture(2))}})).Get("resolveDefect.defect")
	if list := after.Get("photos.#.eventID").Array(); len(list) != 2 {
		t.Errorf("photos: %s", after.Get("photos").Raw)
	}
	if held := texts(t, app, `SELECT string_agg(content_used(estate_id, sha256)::text, ' ') FROM defect_photos WHERE defect_id = $1`, id); held != "true true" {
		t.Errorf("their content is held: %s", held)
	}
}

// acknowledged is the id of a defect that engineering has acknowledged.
func acknowledged(app *stewardtest.App) string {
	id := reported(app)
	app.As(policy.Engineering).Do(acknowledgeDefect, upon(id, nil))
	return id
}
