package duty_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	ics "github.com/arran4/golang-ical"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/policy"
)

// read asks for a calendar as nobody in particular.
func (c *crew) read(path string) (int, string, http.Header) {
	c.t.Helper()
	r, err := c.Nobody().Request(http.MethodGet, path, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	var b strings.Builder
	if err := resp.Write(&b); err != nil {
		c.t.Fatal(err)
	}
	_, body, _ := strings.Cut(b.String(), "\r\n\r\n")
	return resp.StatusCode, body, resp.Header
}

// feed makes a feed of an officer's, and gives its id and address.
func (c *crew) feed(officer int) (id, path string) {
	c.t.Helper()
	f := c.officers[officer].Do(createFeed, in(vars{"estateID": c.A.ID, "label": "手机日历"})).Get("createDutyFeed")
	return f.Get("feed.id").String(), f.Get("path").String()
}

func TestD1_1_ACalendarShowsTheOwnShiftsAndNoOthers(t *testing.T) {
	t.Parallel()
	c := newCrew(t, 2)
	early, night := c.shift("早班", "08:00", "16:00", 0), c.shift("夜班", "22:00", "06:00", 0)
	april, may := c.draft("2026-04-01"), c.draft("2026-05-01")
	on := c.on(april, c.line("2026-04-06", early, 0), c.line("2026-04-08", night, 0), c.line("2026-04-07", early, 1))
	c.on(may, c.line("2026-05-06", early, 0)) // a draft
	id, path := c.feed(0)
	_, others := c.feed(1)
	shifts := func() []string {
		t.Helper()
		status, body, head := c.read(path)
		if status != http.StatusOK || head.Get("Content-Type") != "text/calendar; charset=utf-8" || head.Get("Cache-Control") != "private, no-store" {
			t.Fatalf("%d %v %s", status, head, body)
		}
		cal, err := ics.ParseCalendar(strings.NewReader(body))
		if err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		var list []string
		for _, e := range cal.Events() {
			starts, _ := e.GetStartAt()
			ends, _ := e.GetEndAt()
			list = append(list, starts.UTC().Format("0102T1504")+"-"+ends.UTC().Format("0102T1504")+" "+e.GetProperty(ics.ComponentPropertySummary).Value)
		}
		return list
	}
	if got := shifts(); len(got) != 0 {
		t.Errorf("of a draft it shows %v", got)
	}
	c.publish(april)
	if got := strings.Join(shifts(), ", "); got != "0406T0000-0406T0800 值班 早班, 0408T1400-0408T2200 值班 夜班" {
		t.Errorf("it shows %q", got)
	}
	c.supervisor.Do(changeRoster, in(vars{"rosterID": april, "reason": "x", "removeIDs": []string{on[1]}, "add": []vars{c.line("2026-04-09", early, 0)}}))
	if got := strings.Join(shifts(), ", "); got != "0406T0000-0406T0800 值班 早班, 0409T0000-0409T0800 值班 早班" {
		t.Errorf("after a change it shows %q", got)
	}
	if _, body, _ := c.read(others); strings.Contains(body, on[0]) || !strings.Contains(body, on[2]) {
		t.Errorf("the other's: %s", body)
	}
	token := strings.TrimSuffix(strings.TrimPrefix(path, "/duty/calendars/"), ".ics")
	if n := value[int](t, c.App, `SELECT count(*)::int FROM duty_feeds f WHERE f::text LIKE '%' || $1 || '%'`, token); n != 0 {
		t.Error("the token itself is kept")
	}
	if n := value[int](t, c.App, `SELECT count(*)::int FROM audit.changes WHERE body LIKE '%' || $1 || '%' OR body LIKE '%' || encode(sha256(convert_to($1, 'UTF8')), 'hex') || '%'`, token); n != 0 {
		t.Error("the token is on the audit trail")
	}
	for _, wrong := range []string{"/duty/calendars/x.ics", "/duty/calendars/" + token, "/duty/calendars/" + strings.Repeat("A", len(token)) + ".ics", "/duty/calendars/" + token + "A.ics"} {
		if status, body, _ := c.read(wrong); status != http.StatusNotFound || strings.Contains(body, "BEGIN") {
			t.Errorf("%s is answered %d %s", wrong, status, body)
		}
	}

	c.officers[1].Refused(revokeFeed, in(vars{"feedID": id}), fault.NotFound)
	c.officers[0].Do(revokeFeed, in(vars{"feedID": id}))
	c.officers[0].Refused(revokeFeed, in(vars{"feedID": id}), fault.Conflict, "D1.1")
	c.officers[1].Refused(revokeFeed, in(vars{"feedID": id}), fault.NotFound) // nor is it told that it is revoked
	if status, _, _ := c.read(path); status != http.StatusNotFound {
		t.Errorf("revoked, it is answered %d", status)
	}
	if status, _, _ := c.read(others); status != http.StatusOK {
		t.Errorf("the other's is answered %d", status)
	}
}

func TestD1_1_ACalendarEndsWithTheAccountAndTheEmployment(t *testing.T) {
	t.Parallel()
	c := newCrew(t, 3)
	var paths []string
	for i := range c.officers {
		_, path := c.feed(i)
		paths = append(paths, path)
	}
	if err := c.DB.System(c.Context(), func(ctx context.Context, tx pgx.Tx) error {
		return c.Runtime.Accounts.Disable(ctx, tx, c.officers[0].Account)
	}); err != nil {
		t.Fatal(err)
	}
	c.SQL(`UPDATE staffs SET employed_until = '2026-03-02' WHERE id = $1`, c.staff[1])
	for i, want := range []int{http.StatusNotFound, http.StatusNotFound, http.StatusOK} {
		if status, _, _ := c.read(paths[i]); status != want {
			t.Errorf("%d is answered %d", i, status)
		}
	}
	c.SQL(`UPDATE staffs SET account_id = $1 WHERE id = $2`, c.As(policy.Archivist).Account, c.staff[2]) // another signs in as that member of staff since
	if status, _, _ := c.read(paths[2]); status != http.StatusNotFound {
		t.Errorf("it is answered %d", status)
	}
}

func TestD1_1_WhoHasACalendar(t *testing.T) {
	t.Parallel()
	c := newCrew(t, 1)
	make := in(vars{"estateID": c.A.ID, "label": "手机"})
	for _, role := range []policy.Role{policy.ProjectManager, policy.GeneralManager, policy.Auditor, policy.Security, policy.Resident} {
		c.As(role).Refused(createFeed, make, fault.Forbidden)
	}
	c.As(policy.CSOfficer).Refused(createFeed, make, fault.RuleBroken, "D1.1") // on no staff
	c.Foreign(policy.CSOfficer).Refused(createFeed, make, fault.NotFound)
	if r := c.officers[0].Refused(createFeed, in(vars{"estateID": c.A.ID, "label": " "}), fault.InvalidInput); r.Field != "label" {
		t.Errorf("refused at %q", r.Field)
	}
	once := c.officers[0].With("Idempotency-Key", "feed")
	if a, b := once.Do(createFeed, make).Get("createDutyFeed"), once.Do(createFeed, make).Get("createDutyFeed"); a.Get("feed.id").String() != b.Get("feed.id").String() || a.Get("path").String() == "" || b.Get("path").String() != "" {
		t.Errorf("repeated: %s, %s", a.Raw, b.Raw)
	}
	for range 9 {
		c.feed(0)
	}
	c.officers[0].Refused(createFeed, make, fault.Conflict, "D1.1")
	if n := len(c.officers[0].Do(`{ dutyFeeds { edges { node { id } } } }`, nil).Get("dutyFeeds.edges").Array()); n != 10 {
		t.Errorf("%d are listed", n)
	}
}
