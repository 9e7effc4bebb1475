package archives_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// What was asked for, what for, and what was said with the approval goes with the last document that was named for it; who asked stays (A7).
func TestA7_TheWordsOfARequestGoWithItsDocuments(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist, asker, pm := app.As(policy.Archivist), app.As(policy.Receptionist), app.As(policy.ProjectManager)
	witness := member(app, app.As(policy.Security), "监销员")
	first, _ := old(app, "ZZ-70")
	last, _ := old(app, "ZZ-71")
	said := []string{"独特的内容描述", "独特的用途", "独特的批语"}
	r := requested(asker, question(app, set("wanted", said[0]), set("purpose", said[1])))
	archivist.Do(nameForIt, naming(r, first, last))
	in := yes(approvalFor(pm, r))
	in["in"].(vars)["note"] = said[2]
	pm.Do(giveIt, in)
	if got := mine(t, asker); got.Get("answer").String() != said[2] {
		t.Errorf("answered: %s", got.Raw)
	}
	for _, text := range said {
		if found := after(t, app, text); len(found) == 0 || inbox(t, app, text) > 0 {
			t.Errorf("%s is in %v before", text, found)
		}
	}
	gone := func(d string) {
		id := proposed(app, d)
		pm.Do(approving, approved(id, witness))
		archivist.Do(destroying, executed(id, witness))
		shredded(t, app)
	}
	gone(first)
	if got := mine(t, asker); got.Get("answer").String() != said[2] {
		t.Errorf("while a document of it is there: %s", got.Raw)
	}
	gone(last)
	for _, text := range said {
		if found := after(t, app, text); len(found) > 0 {
			t.Errorf("%s is in the clear in %v", text, found)
		}
	}
	if got := mine(t, asker); got.Get("answer").String() != "—" || got.Get("state").String() != "GIVEN" || got.Get("code").String() == "" {
		t.Errorf("what stays: %s", got.Raw)
	}
	// Nobody else takes the words away.
	other := requested(asker, question(app))
	archivist.Do(nameForIt, naming(other, handed(archivist, paper(app))))
	err := app.DB.System(app.Context(), func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE approvals SET reason = '—' WHERE subject_id = $1`, other)
		return err
	})
	if refusedBy(err) != "approvals_one_way" {
		t.Errorf("refused by %q, %v", refusedBy(err), err)
	}
}
