package program

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/estate"
	"github.com/steward-pm/steward/ent/keybalance"
	"github.com/steward-pm/steward/ent/keyholder"
	"github.com/steward-pm/steward/ent/keyloss"
	"github.com/steward-pm/steward/ent/keyset"
	"github.com/steward-pm/steward/ent/keystatement"
	"github.com/steward-pm/steward/ent/staff"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/server"
	"github.com/steward-pm/steward/policy"
)

// signInExample is the first tab of GraphiQL; the others work as who signs in there.
func signInExample(title, email, password string) server.Example {
	return server.Example{Name: title, Variables: variables(map[string]any{"email": email, "password": password}), Query: `mutation SignIn($email: String!, $password: String!) {
  signIn(input: {email: $email, password: $password}) { expiresAt }
}`}
}

// examples are the tabs that any portfolio answers: they name nothing that is in it.
var examples = []server.Example{
	{Name: "Who is asking", Query: `query WhoAmI {
  viewer { name email grants { role estateID from until } }
  estates { edges { node { id code name timeZone } } }
}`},
	{Name: "Units in natural order, with who lives there", Query: `query Units {
  units(first: 20) {
    totalCount
    edges { node { label kind state areaHundredths occupancies { capacity state movedInOn household { name } } } }
    pageInfo { hasNextPage endCursor }
  }
}`},
	{Name: "Keys out now (钥匙借用登记表)", Query: `query KeysOut {
  keyLoans(where: {state: OPEN}, orderBy: {field: DUE_AT}) {
    edges { node { id borrowerName purpose lentAt dueAt lentByName lines { count returned set { label } } } }
  }
}`},
	{Name: "Where the keys of a set are", Query: `query WhereAreTheKeys {
  keySets(first: 5) { edges { node { id label balances { count holder { kind name } } } } }
}`},
	{Name: "Keys that engineering still owes (尚未移交钥匙统计表)", Query: `query Outstanding {
  keySets(where: {outstandingGT: 0}) {
    edges { node { label outstanding acceptanceLines { due delivered deliverer followUp } followUps { note notedByName followUpOn } } }
  }
}`},
	{Name: "Keys lost, and openings of the cabinet", Query: `query LostAndOpened {
  keyLosses(first: 10) {
    edges { node { id label count found holderName circumstances state finding lockChangeRequested movements { reason count } } }
  }
  keyCabinetOpenings(first: 10) { edges { node { openedByName outcome purpose occurredAt } } }
}`},
	{Name: "The keys at a glance: dashboard", Query: `query Dashboard {
  keyDashboard {
    at
    total { ...figures }
    estates { estate { code name } ...figures }
  }
}

fragment figures on KeyFigures {
  keysOut keysOverdue keysOutstanding keysSealed keysLost lossesUnanswered setsDueForScrapping lockChangesOrdered
  discrepancies approvalsWaiting obligationsDueToday obligationsPastDue
}`},
	{Name: "Approvals that wait, and those decided", Query: `query Approvals {
  approvals(first: 10) {
    edges { node { id kind title reason state askedByName askedAt expiresAt decidedByName decisionNote content } }
  }
}`},
	{Name: "Spot checks and their counts", Query: `query SpotChecks {
  keySpotChecks(first: 5) {
    edges { node { id seed drawnByName drawnAt reconciliation {
      state frozenAt countedAt closedAt lines { position label expected counted state resolution resolutionReason }
    } } }
  }
}`},
	{Name: "Signatures and certificates", Query: `query Signed {
  signatures(first: 20) { edges { node { kind capacity signerName method attestedByName signedAt contentHash } } }
  certificates(first: 5) { edges { node { number title issuedAt content contentHash } } }
}`},
	{Name: "Registers that were exported, and where each is downloaded", Query: `query Exports {
  registerExports(first: 10) {
    edges { node { register format language fromOn untilOn state rows size createdAt finishedAt expiresAt reason path checksum } }
  }
}`},
	{Name: "What is due or overdue", Query: `query Due {
  obligations(where: {state: OPEN}) { edges { node { kind title clause dueAt state } } }
}`},
	{Name: "Mail that came last", Query: `query Mail {
  mailItems(last: 10) { edges { node { receivedOn kind barcode state slot household { name } department { name } } } }
}`},
	{Name: "What is owed, by age and building (欠费账龄)", Query: `query Arrears {
  feeArrears {
    total { ...ages }
    buildings { building households ages { ...ages } }
  }
}

fragment ages on FeeAges { notices notDue days1To30 days31To60 days61To90 over90 overdue }`},
	{Name: "The duty roster (客服部值班表)", Query: `query Roster {
  dutyAssignments(last: 20, orderBy: {field: STARTS_AT}) { edges { node { day startsAt endsAt shift { name } staff { name } removedAt } } }
}`},
	{Name: "All chapters at a glance", Query: `query Estates {
  estateDashboards { ...figures }
}

` + figures},
	{Name: "Subscription: my messages as they come", Query: `subscription Inbox {
  inbox { kind title body createdAt }
}`},
}

const figures = `fragment figures on EstateDashboard {
  at
  keys { keysOut keysOverdue lossesUnanswered approvalsWaiting }
  archives { requestsWaiting loansOut loansOverdue }
  vacancy { vacancies vacanciesOverdue defectsOpen }
  mail { itemsUndelivered itemsLeftOver itemsDoubtful pressExpected pressMissing }
  fees { householdsInArrears amountOverdue noticesToDispatch dunningsToReview dunningsToStamp }
  duty { onDuty { name shift until } nextUncovered { shift startsAt missing } handoversUnsigned }
  due { chapter open pastDue breached }
}`

// serveExamples are the tabs of a server that knows nobody's password.
func serveExamples(context.Context) ([]server.Example, error) {
	return append([]server.Example{signInExample("Sign in first: fill in the variables", "", "")}, examples...), nil
}

// demoExamples are the tabs of the demo: an officer's sign-in, keys that the officer can lend at this moment, and a set with
// a life; at the end the statistics of a month, which another role sees.
func demoExamples(ctx context.Context, app *App, listen, signIns string) ([]server.Example, error) {
	ctx = access.With(ctx, access.System(app.Policy, "examples"))
	tabs := []server.Example{signInAs(policy.CSOfficer, "Sign in first, as a customer-service officer", listen, signIns)}
	home, err := app.DB.Ent.Estate.Query().Order(ent.Asc(estate.FieldID)).First(ctx)
	if err != nil {
		return append(tabs, examples...), skip(err)
	}
	add := func(of func(context.Context, *ent.Client, uuid.UUID) (server.Example, error), before ...server.Example) error {
		tab, err := of(ctx, app.DB.Ent, home.ID)
		if err == nil {
			tabs = append(append(tabs, before...), tab)
		}
		return skip(err)
	}
	if err := errors.Join(add(lendExample), add(watchExample), add(lifeExample), add(searchExample)); err != nil {
		return nil, err
	}
	tabs = append(tabs, examples...)
	return tabs, add(monthExample, signInAs(policy.KeyCustodian, "As the key custodian: sign in", listen, signIns))
}

// signInAs signs in as the role's holder. The password is on the page only where the page is for this machine alone.
func signInAs(role policy.Role, title, listen, signIns string) server.Example {
	for line := range strings.Lines(signIns) {
		f := strings.Fields(line)
		if len(f) != 4 || f[1] != string(role) {
			continue
		}
		if at, err := netip.ParseAddrPort(listen); err == nil && at.Addr().IsLoopback() {
			return signInExample(title, f[2], f[3])
		}
		return signInExample(title+": the demo printed the password", f[2], "")
	}
	return signInExample(title+": the demo printed the password", "", "")
}

// skip is nil where there is nothing that an example could be about: every key at the front desk is out, say.
func skip(err error) error {
	if ent.IsNotFound(err) {
		return nil
	}
	return err
}

// lendExample lends a key that is at the front desk of the estate to somebody who works there and has no account,
// so that the officer attests the signature.
func lendExample(ctx context.Context, db *ent.Client, home uuid.UUID) (server.Example, error) {
	set, err := db.KeySet.Query().Where(keyset.EstateID(home),
		keyset.HasBalancesWith(keybalance.CountGT(0), keybalance.HasHolderWith(keyholder.KindEQ(keyholder.KindDesk)))).
		Order(ent.Asc(keyset.FieldSortKey)).FirstID(ctx)
	if err != nil {
		return server.Example{}, err
	}
	who, err := db.Staff.Query().Where(staff.EstateID(home), staff.EmployedUntilIsNil(), staff.AccountIDIsNil()).Order(ent.Asc(staff.FieldID)).FirstID(ctx)
	in := map[string]any{"borrower": map[string]any{"staffID": who}, "purpose": "抄表", "signature": map[string]any{}, "lines": []any{map[string]any{"setID": set, "count": 1}}}
	return server.Example{Name: "Lend a key: the officer attests the signature", Variables: variables(map[string]any{"in": in}), Query: `mutation Lend($in: LendKeysInput!) {
  lendKeys(input: $in) { loan { id dueAt lines { count set { label } } } }
}`}, err
}

// watchExample shows an estate's figures as they change: when a key is lent, say.
func watchExample(_ context.Context, _ *ent.Client, home uuid.UUID) (server.Example, error) {
	return server.Example{Name: "Subscription: the estate's figures as they change", Variables: variables(map[string]any{"estate": home}), Query: `subscription Watch($estate: ID!) {
  dashboard(estateID: $estate) { ...figures }
}

` + figures}, nil
}

// lifeExample is of a set to which much happened: a key of it was lost, and turned up again.
func lifeExample(ctx context.Context, db *ent.Client, home uuid.UUID) (server.Example, error) {
	set, err := db.KeyLoss.Query().Where(keyloss.EstateID(home), keyloss.FoundGT(0)).Order(ent.Asc(keyloss.FieldID)).QuerySet().FirstID(ctx)
	return server.Example{Name: "A key set's whole life", Variables: variables(map[string]any{"set": set}), Query: `query Life($set: ID!) {
  keySetTimeline(setID: $set) { edges { node { at kind actor count from to summary } } }
}`}, err
}

// searchExample finds papers by what stands in them (A4, A6).
func searchExample(_ context.Context, _ *ent.Client, home uuid.UUID) (server.Example, error) {
	vars := variables(map[string]any{"estate": home, "text": "防水"})
	return server.Example{Name: "Search the archive, what files hold, too (档案全文检索)", Variables: vars, Query: `query Search($estate: ID!, $text: String!) {
  searchArchive(estateID: $estate, text: $text, first: 20) {
    edges { said page node { id title category dated textState household { name } } }
    pageInfo { hasNextPage endCursor }
  }
}`}, nil
}

// monthExample are the statistics of the last month that was closed, for who may see them: the custodian.
func monthExample(ctx context.Context, db *ent.Client, home uuid.UUID) (server.Example, error) {
	last, err := db.KeyStatement.Query().Where(keystatement.EstateID(home)).Order(ent.Desc(keystatement.FieldMonth)).First(ctx)
	if err != nil {
		return server.Example{}, err
	}
	vars := variables(map[string]any{"estate": home, "month": last.Month.Format(time.DateOnly)})
	return server.Example{Name: "As the key custodian: monthly statement (钥匙月度统计)", Variables: vars, Query: `query Statement($estate: ID!, $month: Date!) {
  keyMonth(estateID: $estate, month: $month) {
    month closed closedAt closedByName
    lines { area kind opening accepted replaced copied takenBack found fromEngineering handedOver lost scrapped retired toEngineering adjusted closing withHouseholds lockChanges }
  }
}`}, nil
}

func variables(v map[string]any) string {
	text, _ := json.MarshalIndent(v, "", "  ") // texts and ids: cannot fail
	return string(text)
}
