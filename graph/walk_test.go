package graph_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/graph"
	"github.com/steward-pm/steward/graph/generated"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// The walk asks for everything that the schema has, as those who must not get it. It finds types, fields
// and operations by reflection, so that a new one is covered without anyone remembering it.

var schema = generated.NewExecutableSchema(generated.Config{Resolvers: graph.New(nil)}).Schema()

var (
	anonymous = []string{"viewer", "signInMethods", "__type", "__schema"}                                                                                                            // queries that answer without a viewer
	alone     = []string{"signIn", "signOut", "changePassword", "revokeOtherSessions", "retryJob", "setNotificationAddress", "verifyNotificationAddress", "setNotificationSettings"} // mutations of who asks, or of the program, upon nothing that has an id
	ofSelf    = []string{"revokeSession", "revokeApiToken", "createApiToken", "markRead", "connectIdentity", "disconnectIdentity"}                                                   // mutations upon what is the viewer's own
	echoes    = []string{"can"}                                                                                                                                                      // queries that repeat the id they were asked about
)

// mutations are those that the walk makes.
func mutations() []*ast.FieldDefinition {
	return slices.DeleteFunc(slices.Clone(schema.Mutation.Fields), func(f *ast.FieldDefinition) bool { return slices.Contains(alone, f.Name) })
}

func TestWalkNobodySeesAForeignEstate(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	secret := rowsOf(t, app, app.B)
	people := map[string]*stewardtest.Person{"resident": app.Resident(), "neighbour": app.Neighbour(), "nobody": app.Nobody()}
	for _, role := range policy.Roles {
		if role != policy.GeneralManager && role != policy.Auditor && role != policy.Resident {
			people[string(role)] = app.As(role)
		}
	}
	people["auditor of A"] = app.Member("auditor@a.example", app.GrantIn(policy.Auditor, app.A))
	for name, p := range people {
		t.Run(name, func(t *testing.T) {
			for kind, by := range seen(t, p.In(t), secret) {
				t.Errorf("a %s leaks by %s", kind, by)
			}
		})
	}
}

// seen asks every query, and every id as a node, and tells of what kinds ids came back, and by which query.
func seen(t *testing.T, p *stewardtest.Person, secret map[string][]uuid.UUID) map[string]string {
	t.Helper()
	kinds, found := map[string]string{}, map[string]string{}
	for kind, list := range secret {
		for _, id := range list {
			kinds[id.String()] = kind
		}
	}
	look := func(field string, answer gjson.Result) {
		data := answer.Get("data").Raw
		for id, kind := range kinds {
			if strings.Contains(data, id) {
				found[kind] = field
			}
		}
	}
	for _, list := range secret {
		look("nodes", p.Ask(`query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }`, stewardtest.Vars{"ids": list[:min(len(list), 100)]}))
	}
	for _, f := range schema.Query.Fields {
		document, vars := documentOf("query", f, asking{t, f, nil, of(secret)}.arguments(), 4)
		if strings.HasPrefix(f.Name, "__") {
			continue
		}
		answer := p.Ask(document, vars)
		if !slices.Contains(echoes, f.Name) {
			look(f.Name, answer)
		}
		for _, e := range answer.Get("errors").Array() {
			if e.Get("extensions.limit").Exists() {
				t.Errorf("%s costs more than the server gives: %s", f.Name, e.Raw)
			}
			if code := e.Get("extensions.code").String(); code == string(fault.Internal) || strings.HasPrefix(code, "GRAPHQL") {
				t.Errorf("%s: %s", f.Name, answer.Raw)
			}
		}
		if code := answer.Get("errors.0.extensions.code").String(); p.Token == "" && !slices.Contains(anonymous, f.Name) && code != string(fault.Unauthenticated) {
			t.Errorf("%s answers nobody: %s", f.Name, answer.Raw)
		}
	}
	return found
}

// mutate performs a mutation and tells the code of the refusal, or "" where it was done.
func mutate(t *testing.T, p *stewardtest.Person, f *ast.FieldDefinition, how form, id func(path, kind string) uuid.UUID) (code, field string) {
	t.Helper()
	document, vars := documentOf("mutation", f, asking{t, f, how, id}.arguments(), 2)
	answer := p.Ask(document, vars)
	e := answer.Get("errors.0.extensions")
	if code = e.Get("code").String(); code == "" && answer.Get("errors").Exists() || code == string(fault.Internal) || strings.HasPrefix(code, "GRAPHQL") {
		t.Errorf("%s: %s\n%v", f.Name, answer.Raw, vars)
	}
	return code, e.Get("field").String()
}

// state is every row of the estate, and every account with what belongs to it.
func state(app *stewardtest.App, e stewardtest.Estate) string {
	return app.Fingerprint(e.ID) + app.Accounts()
}

// Every mutation, with ids of the foreign estate, as everybody who must not: the foreign estate stays as it was to
// the last column, auditors are told FORBIDDEN, nobody UNAUTHENTICATED.
func TestWalkNobodyChangesAForeignEstate(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	secret := rowsOf(t, app, app.B)
	people := map[string]*stewardtest.Person{"project manager of A": app.As(policy.ProjectManager), "custodian of A": app.As(policy.KeyCustodian),
		"officer of A": app.As(policy.CSOfficer), "resident": app.Resident(), "nobody": app.Nobody()}
	both := app.Member("manager-and-auditor@example", app.GrantIn(policy.GeneralManager, stewardtest.Estate{}), app.GrantIn(policy.Auditor, stewardtest.Estate{}))
	people["auditor who also manages everything"] = both
	before := state(app, app.B)
	for _, f := range mutations() {
		for name, p := range people {
			for _, how := range formsOf(f) {
				code, field := mutate(t, p, f, how, of(secret))
				switch {
				case p.Token == "" && code != string(fault.Unauthenticated), p == both && code != string(fault.Forbidden) && !slices.Contains(ofSelf, f.Name):
					t.Errorf("%s as %s: %q", f.Name, name, code)
				case slices.Contains(ofSelf, f.Name): // that nothing changed is what counts
				case code == "", code == string(fault.InvalidInput):
					t.Errorf("%s as %s is answered %q at %s, for another reason than whose it is", f.Name, name, code, field)
				}
			}
		}
	}
	if state(app, app.B) != before {
		t.Error("the foreign estate was changed")
	}
}

// One id at a time is of the foreign estate, and all others of the own: it is that id which is not found.
func TestWalkNobodyMixesEstates(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	foreign, own := rowsOf(t, app, app.B), rowsOf(t, app, app.A)
	manager := everything(app, policy.ProjectManager, app.A)
	before := app.Fingerprint(app.B.ID)
	for _, f := range mutations() {
		// In whose name a loan is open, and who signs by password; of who has no account a clerk attests the signature.
		var account any = own["Account"][0]
		if slices.Contains([]string{"lendKeys", "returnKeys", "completeKeyScrapping", "recordLockChange", "sealKeys", "changeKeySeal", "destroyArchive", "lendArchive", "returnArchive", "deliverMail", "dispatchFeeNotices"}, f.Name) {
			account = nil
		}
		app.SQL(`UPDATE staffs SET account_id = $1 WHERE id = $2`, account, app.A.Staff)
		for _, how := range formsOf(f) {
			for _, at := range given(t, f, how) {
				code, field := mutate(t, manager, f, how, func(path, kind string) uuid.UUID {
					if path == at {
						return of(foreign)(path, kind)
					}
					return of(own)(path, kind)
				})
				if code != string(fault.NotFound) && !slices.Contains(ofSelf, f.Name) {
					t.Errorf("%s with a foreign %s is answered %q at %q", f.Name, at, code, field)
				}
			}
		}
	}
	if app.Fingerprint(app.B.ID) != before {
		t.Error("the foreign estate was changed")
	}
}

// everything is a manager who also holds the roles whose acts are no manager's: the archivist's, and the supervisor's of customer service (D1.1); a general manager those of the project manager (A7), too.
func everything(app *stewardtest.App, manager policy.Role, e stewardtest.Estate) *stewardtest.Person {
	supervisor := app.GrantIn(policy.Supervisor, e)
	supervisor.Department = e.Department
	grants := []account.NewGrant{app.GrantIn(policy.ProjectManager, e), app.GrantIn(policy.Archivist, e), supervisor}
	if manager == policy.GeneralManager {
		grants = append(grants, app.GrantIn(manager, stewardtest.Estate{}))
	}
	return app.Member("everything@"+e.Code+".example", grants...)
}

// given are the paths of the ids that the form gives.
func given(t *testing.T, f *ast.FieldDefinition, how form) (list []string) {
	asking{t, f, how, func(path, _ string) uuid.UUID { list = append(list, path); return uuid.Nil }}.arguments()
	return list
}

// Who may is not refused for the ids or for the form: so it is for whose they are that the others are.
func TestWalkIsRefusedForWhoseItIs(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	secret := rowsOf(t, app, app.B)
	manager, owner := everything(app, policy.GeneralManager, app.B), managerOf(app, app.B)
	owner.SignIn() // since the walk ends the first session
	app.Super(`INSERT INTO identity.external_identities (issuer, subject, account_id, connected_at) VALUES ('xissuer', '1', '` + owner.Account.String() + `', now())`)
	for _, f := range mutations() {
		// Who walks a round is on the staff, has an account, and starts it by that.
		walkers := map[string]uuid.UUID{"planInspectionRound": secret[ent.TypeStaff][0], "startInspectionRound": app.B.Staff}
		app.SQL(`UPDATE staffs SET account_id = NULL WHERE account_id = $1`, manager.Account)
		app.SQL(`UPDATE staffs SET account_id = $1, employed_until = NULL WHERE id = $2`, manager.Account, walkers[f.Name])
		reached, code, field := false, "", ""
		for _, how := range formsOf(f) {
			p := manager
			if slices.Contains(ofSelf, f.Name) {
				p = owner
			}
			code, field = mutate(t, p, f, how, of(secret))
			switch fault.Code(code) {
			case "", fault.Conflict, fault.RuleBroken:
				reached = true
			case fault.NotFound:
				reached = reached || f.Name == "addFeeProofs" && field == "uploadIDs.0" // the dispatch was found, and the upload is another's
			case fault.InvalidInput:
				reached = reached || slices.Contains([]string{"importKeys", "importFeeBankStatement"}, f.Name) && field == "fileID" // the file was found, and holds units
			}
		}
		if !reached {
			t.Errorf("%s is refused even to who may (last %s at %q): its walk proves nothing", f.Name, code, field)
		}
	}
}

// asksAgain are the mutations that ask for the scope once more: for what of the estate the viewer may read.
var asksAgain = []string{"tellBreach", "requestArchive", "withdrawArchiveRequest", "consultStaffFile", "importUnits", "importKeys", "importFeeBankStatement", "answerMailCase", "addFeeProofs", "cancelRegisterExport", "revokeDutyFeed"}

// The walk bites: with both walls off a manager of A sees rows of every entity of B, and changes them.
func TestWalkSeesAndChangesWhereThereIsNoWall(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t, stewardtest.Options{Unscoped: true})
	var off []string
	for _, e := range ent.Entities {
		off = append(off, `ALTER TABLE `+e.Table+` DISABLE ROW LEVEL SECURITY`)
	}
	app.Super(`DO $$ BEGIN ` + strings.Join(off, "; ") + `; END $$`)
	secret, manager := rowsOf(t, app, app.B), everything(app, policy.ProjectManager, app.A)
	found := seen(t, manager, secret)
	for name := range ent.Entities {
		if found[name] == "" {
			t.Errorf("no %s is seen where there is no wall, so the walk does not look at any", name)
		}
	}
	changed, all := 0, 0
	for _, f := range mutations() {
		if !slices.ContainsFunc(gives(f), func(kind string) bool { return ent.Entities[kind].Code != 0 }) || f.Name == "createEstate" {
			continue // it is upon accounts, which have walls of their own; or upon nothing that is there
		}
		all++
		before := app.Fingerprint(app.B.ID)
		for _, how := range formsOf(f) {
			if code, field := mutate(t, manager, f, how, of(secret)); code == string(fault.NotFound) && !slices.Contains(asksAgain, f.Name) {
				t.Errorf("%s is %s at %q where there is no wall, so it is no wall that holds", f.Name, code, field)
			}
		}
		if app.Fingerprint(app.B.ID) != before {
			changed++
		}
	}
	if changed < all*2/5 { // the others need more before: another's decision, a signature by password, an upload of one's own
		t.Errorf("only %d of %d mutations change the foreign estate where there is no wall", changed, all)
	}
}
