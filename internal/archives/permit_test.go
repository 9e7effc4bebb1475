package archives_test

import (
	"testing"

	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// The serving role makes no permit but as it was approved: for the person, the document and the time (A5).
func TestA5_TheDatabaseMakesNoPermitThatWasNotApproved(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist, asker, pm := app.As(policy.Archivist), app.As(policy.Receptionist), app.As(policy.ProjectManager)
	d, other := handed(archivist, paper(app)), handed(archivist, paper(app))
	waiting, r := requested(asker, question(app)), requested(asker, question(app))
	archivist.Do(nameForIt, naming(r, d))
	pm.Do(giveIt, yes(approvalFor(pm, r)))
	permit := func(request, document, account, from, until, copies string) error {
		return app.TrySQL(`SET LOCAL app.estate_ids = '*'; SET LOCAL ROLE steward_app;
			INSERT INTO archive_permits (id, created_at, estate_id, request_id, subject_id, account_id, valid_from, valid_until, copies)
			SELECT new_id(x'0605'::int), now(), estate_id, ` + request + `, '` + document + `', ` + account + `, ` + from + `, ` + until + `, ` + copies +
			` FROM archive_requests WHERE id = '` + r + `'`)
	}
	for name, err := range map[string]error{
		"without a request":  permit("NULL", d, "account_id", "valid_from", "valid_until", "false"),
		"not approved":       permit("'"+waiting+"'", d, "account_id", "valid_from", "valid_until", "false"),
		"another person":     permit("id", d, "gen_random_uuid()", "valid_from", "valid_until", "false"),
		"another document":   permit("id", other, "account_id", "valid_from", "valid_until", "false"),
		"longer":             permit("id", d, "account_id", "valid_from", "valid_until + interval '1 hour'", "false"),
		"earlier":            permit("id", d, "account_id", "valid_from - interval '1 hour'", "valid_until", "false"),
		"copies":             permit("id", d, "account_id", "valid_from", "valid_until", "true"),
		"a request as given": app.TrySQL(`SET LOCAL app.estate_ids = '*'; SET LOCAL ROLE steward_app; UPDATE archive_requests SET state = 'GIVEN', answered_at = now(), answered_by_name = 'x' WHERE id = '` + waiting + `'`),
	} {
		if err == nil {
			t.Errorf("%s: it is made", name)
		}
	}
	if err := permit("id", d, "account_id", "valid_from", "valid_until", "false"); err != nil {
		t.Errorf("as approved: %v", err)
	}
}
