package keys_test

import (
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const timeline = `query($s: ID!, $first: Int, $after: Cursor) { keySetTimeline(setID: $s, first: $first, after: $after) {
	edges { node { at kind id actor count from to summary } } pageInfo { hasNextPage endCursor } } }`

func TestK4_1_WhereIsThisKey(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, set := app.As(policy.CSOfficer), app.A.Sets[0]
	loan := officer.Do(lendKeys, loanOf(vars{"staffID": app.A.Staff}, set, 1)).Get("lendKeys.loan")
	app.Clock.Advance(1)
	app.As(policy.CSOfficer).Do(`mutation($in: ReportKeyLossInput!) { reportKeyLoss(input: $in) { loss { id } } }`,
		vars{"in": vars{"loanLineID": loan.Get("lines.0.id").String(), "count": 1, "circumstances": "遗失在工地"}})
	life := app.As(policy.KeyCustodian).Do(timeline, vars{"s": set}).Get("keySetTimeline")
	events := life.Get("edges.#.node").Array()
	find := func(words ...string) (n int) {
		for _, e := range events {
			all := true
			for _, w := range words {
				all = all && strings.Contains(e.Raw, w)
			}
			if all {
				n++
			}
		}
		return n
	}
	for what, words := range map[string][]string{
		"the acceptance": {`"MOVED"`, "accepted: 5 from 来源"}, "the loan": {`"MOVED"`, "lent: 1 from 前台"}, "the loss in the ledger": {`"MOVED"`, "lost: 1", "遗失"},
		"the report": {`"LOST"`, "遗失在工地"}, "the note on what is owed": {`"FOLLOWED_UP"`, "已催工程部"},
	} {
		if find(words...) == 0 {
			t.Errorf("the life lacks %s: %s", what, life.Raw)
		}
	}
	for i := 1; i < len(events); i++ {
		if events[i].Get("at").Time().After(events[i-1].Get("at").Time()) {
			t.Errorf("event %d is newer than the one before", i)
		}
	}
	t.Run("page by page it is the same", func(t *testing.T) {
		var paged []gjson.Result
		var after any
		for {
			page := app.As(policy.KeyCustodian).In(t).Do(timeline, vars{"s": set, "first": 2, "after": after}).Get("keySetTimeline")
			paged = append(paged, page.Get("edges.#.node").Array()...)
			if !page.Get("pageInfo.hasNextPage").Bool() {
				break
			}
			after = page.Get("pageInfo.endCursor").String()
		}
		if len(paged) != len(events) {
			t.Fatalf("%d events page by page, %d at once", len(paged), len(events))
		}
		for i := range paged {
			if paged[i].Raw != events[i].Raw {
				t.Errorf("event %d: %s, at once %s", i, paged[i].Raw, events[i].Raw)
			}
		}
	})
	t.Run("each sees of it what the role may see", func(t *testing.T) {
		kinds := app.As(policy.Security).In(t).Do(timeline, vars{"s": set}).Get("keySetTimeline.edges.#.node.kind").Raw
		if strings.Contains(kinds, "FOLLOWED_UP") || strings.Contains(kinds, "MOVED") {
			t.Errorf("security sees %s", kinds)
		}
	})
	app.Foreign(policy.KeyCustodian).Refused(timeline, vars{"s": set}, fault.NotFound)
	app.Resident().Refused(timeline, vars{"s": set}, fault.NotFound)
	app.Nobody().Refused(timeline, vars{"s": set}, fault.Unauthenticated)
	other := officer.Do(`{ keyLoans(first: 1) { edges { cursor } } }`, nil).Get("keyLoans.edges.0.cursor").String()
	app.As(policy.KeyCustodian).Refused(timeline, vars{"s": set, "after": other}, fault.InvalidInput)
}
