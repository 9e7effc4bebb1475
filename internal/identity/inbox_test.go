package identity_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const inbox = `query($first: Int, $after: Cursor, $unread: Boolean) { unreadCount inbox(first: $first, after: $after, unreadOnly: $unread) {
	edges { cursor node { id kind title body createdAt readAt } } pageInfo { hasNextPage endCursor } } }`

func post(t *testing.T, app *stewardtest.App, to *stewardtest.Person, n int) {
	t.Helper()
	messages := make([]account.Message, n)
	for i := range messages {
		messages[i] = account.Message{
			AccountID: to.Account, Kind: "keys.overdue", TitleZH: fmt.Sprint("钥匙逾期 ", i), TitleEN: fmt.Sprint("Keys overdue ", i), BodyZH: "请催还。", BodyEN: "Ask for them.",
		}
	}
	err := app.DB.System(app.Context(), func(ctx context.Context, tx pgx.Tx) error { return app.Runtime.Accounts.Post(ctx, tx, messages...) })
	if err != nil {
		t.Fatal(err)
	}
}

func TestInboxIsReadByItsOwnerOnly(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	for _, role := range []policy.Role{policy.CSOfficer, policy.Auditor, policy.Resident} {
		p := app.As(role)
		post(t, app, p, 5)
		first := p.Do(inbox, vars{"first": 3})
		if first.Get("unreadCount").Int() != 5 || first.Get("inbox.edges.#").Int() != 3 || !first.Get("inbox.pageInfo.hasNextPage").Bool() {
			t.Fatalf("%s: first page %s", role, first.Raw)
		}
		rest := p.Do(inbox, vars{"first": 3, "after": first.Get("inbox.pageInfo.endCursor").String()})
		if rest.Get("inbox.edges.#").Int() != 2 || rest.Get("inbox.pageInfo.hasNextPage").Bool() {
			t.Fatalf("%s: second page %s", role, rest.Raw)
		}
		if title := p.With("Accept-Language", "zh").Do(inbox, nil).Get("inbox.edges.0.node.title").String(); title[:len("钥匙逾期")] != "钥匙逾期" {
			t.Errorf("title %q", title)
		}

		one := first.Get("inbox.edges.0.node.id").String()
		app.Foreign(policy.CSOfficer).Refused(markRead, vars{"in": vars{"messageIDs": []string{one}}}, fault.NotFound)
		app.As(policy.GeneralManager).Refused(markRead, vars{"in": vars{"messageIDs": []string{one}}}, fault.NotFound)
		if n := p.Do(markRead, vars{"in": vars{"messageIDs": []string{one}}}).Get("markRead.count").Int(); n != 1 {
			t.Errorf("%d marked, want 1", n)
		}
		if n := p.Do(markRead, vars{"in": vars{"messageIDs": []string{one}}}).Get("markRead.count").Int(); n != 0 {
			t.Errorf("%d marked again, want 0", n)
		}
		if n := p.Do(inbox, vars{"unread": true}).Get("inbox.edges.#").Int(); n != 4 {
			t.Errorf("%d unread, want 4", n)
		}
		if n := p.Do(markRead, vars{"in": vars{"all": true}}).Get("markRead.count").Int(); n != 4 {
			t.Errorf("%d marked of the rest, want 4", n)
		}
		p.Refused(markRead, vars{"in": vars{}}, fault.InvalidInput)
		p.Refused(markRead, vars{"in": vars{"all": true, "messageIDs": []string{one}}}, fault.InvalidInput)
	}
	if n := app.Foreign(policy.CSOfficer).Do(inbox, nil).Get("inbox.edges.#").Int(); n != 0 {
		t.Errorf("somebody else sees %d messages", n)
	}
	app.As(policy.CSOfficer).Refused(inbox, vars{"after": app.As(policy.GeneralManager).Do(trail, vars{"first": 1}).Get("auditTrail.edges.0.cursor").String()}, fault.InvalidInput)
}
