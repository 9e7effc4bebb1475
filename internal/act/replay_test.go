package act_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

func TestReplayGivesTheSameAnswerOnce(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	ctx := keyed(manager(app), "key 1")
	first, err := probe.Do(ctx, probeInput{Rule: addArea(app.A.ID, "X1")})
	if err != nil {
		t.Fatal(err)
	}
	if first.Secret != "shown once" {
		t.Errorf("the first answer lacks the secret: %+v", first)
	}
	app.SQL(`UPDATE areas SET name = 'renamed' WHERE id = $1`, first.Area.ID)
	never := func(*act.Tx) (*probePayload, error) { t.Error("the rule ran again"); return nil, nil }
	again, err := probe.Do(ctx, probeInput{Rule: never})
	if err != nil {
		t.Fatal(err)
	}
	if again.Area.ID != first.Area.ID || len(again.Areas) != 1 || again.Areas[0].ID != first.Area.ID || again.Count != 7 || again.None != nil {
		t.Errorf("the answers differ: %+v and %+v", first, again)
	}
	if again.Secret != "" {
		t.Error("the secret was kept")
	}
	if again.Area.Name != "renamed" {
		t.Errorf("rows are read again as they stand, but the name is %q", again.Area.Name)
	}
	if e, err := again.Area.QueryEstate().Only(ctx); err != nil || e.ID != app.A.ID {
		t.Errorf("the replayed area does not read on: %v", err)
	}
	if got := trail(t, app, "write"); len(got) != 1 {
		t.Errorf("on the trail: %q, want one entry", got)
	}
	if kept := texts(t, app, `SELECT result::text FROM identity.idempotency`)[0]; !strings.Contains(kept, first.Area.ID.String()) || strings.Contains(kept, "shown once") {
		t.Errorf("kept is %s", kept)
	}
}

func TestReplayOfAnotherInputPathOrAccountIsNotOne(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	ctx := keyed(manager(app), "key 1")
	if _, err := probe.Do(ctx, probeInput{Value: "a", Rule: addArea(app.A.ID, "X1")}); err != nil {
		t.Fatal(err)
	}
	if _, err := probe.Do(ctx, probeInput{Value: "b", Rule: addArea(app.A.ID, "X2")}); !fault.Is(err, fault.Conflict) || fault.From(err).Field != "idempotencyKey" {
		t.Errorf("another input under the key: %v", err)
	}
	if _, err := probe.Do(act.WithPath(ctx, "second"), probeInput{Value: "a", Rule: addArea(app.A.ID, "X3")}); err != nil {
		t.Errorf("a second mutation of the document: %v", err)
	}
	other := app.As(policy.GeneralManager)
	if _, err := probe.Do(keyed(as(app, other.Account, nil, access.Grant{Role: policy.GeneralManager}), "key 1"), probeInput{Value: "a", Rule: addArea(app.A.ID, "X4")}); err != nil {
		t.Errorf("the same key of another account: %v", err)
	}
	if got := areas(t, app); !slices.Equal(got, []string{"X1", "X3", "X4"}) {
		t.Errorf("areas: %q", got)
	}
}

// A failure uses up no key; and a replay is for those who may still do the act, and see what it made.
func TestReplayAfterFailureAndAfterTheGrantEnded(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	ctx := keyed(manager(app), "key 1")
	if _, err := probe.Do(ctx, probeInput{Rule: func(*act.Tx) (*probePayload, error) { return nil, errors.New("no luck") }}); err == nil {
		t.Fatal("the rule's error is lost")
	}
	if _, err := probe.Do(ctx, probeInput{Rule: addArea(app.A.ID, "X1")}); err != nil {
		t.Fatalf("the key of a failure: %v", err)
	}
	account := app.As(policy.ProjectManager).Account
	if _, err := probe.Do(keyed(as(app, account, nil), "key 1"), probeInput{}); !fault.Is(err, fault.Forbidden) {
		t.Errorf("replay without the grant: %v", err)
	}
	elsewhere := as(app, account, nil, access.Grant{Role: policy.ProjectManager, Estate: app.B.ID})
	if out, err := probe.Do(keyed(elsewhere, "key 1"), probeInput{}); !fault.Is(err, fault.NotFound) {
		t.Errorf("replay to who does not see the estate any more: %+v, %v", out, err)
	}
}
