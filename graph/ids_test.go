package graph_test

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/tidwall/gjson"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/ids"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

// kinds are what ids can be of: the entities, and what ent does not know.
var kinds = func() map[string]ids.Code {
	out := map[string]ids.Code{"Account": ids.Account, "Session": ids.Session, "APIToken": ids.APIToken, "Grant": ids.Grant, "Message": ids.Message, "Webhook": ids.Webhook, "WebhookDelivery": ids.Delivery}
	for name, e := range ent.Entities {
		out[name] = e.Code
	}
	return out
}()

// aliases are names of arguments that are not the name of a kind: by the name without ID, or by the whole path.
var aliases = map[string]string{
	"set": ent.TypeKeySet, "loan": ent.TypeKeyLoan, "line": ent.TypeKeyLoanLine, "loanLine": ent.TypeKeyLoanLine, "loss": ent.TypeKeyLoss,
	"from": ent.TypeKeyHolder, "to": ent.TypeKeyHolder, "holder": ent.TypeKeyHolder, "cabinet": ent.TypeKeyHolder,
	"hook": ent.TypeKeyHook, "seal": ent.TypeKeySeal, "acceptance": ent.TypeKeyAcceptance, "check": ent.TypeKeyAcceptanceCheck, "securityStaff": ent.TypeStaff,
	"payer": ent.TypeOccupancy, "reassignTo": ent.TypeStaff,
	"lockChange": ent.TypeKeyLockChange, "order": ent.TypeKeyCopyOrder, "engineer": ent.TypeStaff, "scrapping": ent.TypeKeyScrapping,
	"token": "APIToken", "actor": "Account",
	"spotCheck": ent.TypeKeySpotCheck, "countKeySpotCheck.input.lines.lineID": ent.TypeReconciliationLine, "resolveKeyDifference.input.lineID": ent.TypeReconciliationLine,

	"request": ent.TypeArchiveRequest, "permit": ent.TypeArchivePermit,
	"manual": ent.TypeArchiveManual, "volume": ent.TypeArchiveVolume, "document": ent.TypeArchiveDocument, "upload": ent.TypeFile,
	"placeInArchive.input.fileID": ent.TypeArchiveFile, "placeArchiveHold.input.fileID": ent.TypeArchiveFile,
	"destruction": ent.TypeArchiveDestruction, "witness": ent.TypeStaff,
	"extendArchiveLoan.input.loanID": ent.TypeArchiveLoan, "returnArchive.input.loanID": ent.TypeArchiveLoan, "voidArchiveReturn.input.id": ent.TypeArchiveReturn,

	"receipt": ent.TypeMailReceipt, "item": ent.TypeMailItem, "day": ent.TypeMailDay, "scan": ent.TypeMailScan,
	"subscription": ent.TypePressSubscription, "pause": ent.TypePressPause, "claim": ent.TypePressClaim, "case": ent.TypeMailCase, "responsible": ent.TypeStaff,
	"voidPressRecovery.input.id": ent.TypePressRecovery, // gives its claim, too

	"tariff": ent.TypeFeeTariff, "notice": ent.TypeFeeNotice, "payment": ent.TypeFeePayment,

	"photo": ent.TypeFile, "recordInspection.input.results.itemID": ent.TypeInspectionItem,
	"round": ent.TypeInspectionRound, "walker": ent.TypeStaff, "recordRoundInspections.input.lines.results.itemID": ent.TypeInspectionItem,

	"voidKeyReturn.input.id":    ent.TypeKeyReturn,    // gives its loan, too
	"voidKeyCopies.input.id":    ent.TypeKeyCopyOrder, // gives the counter-entry, too
	"voidMailDelivery.input.id": ent.TypeMailDelivery, // gives its items, too

	"redeliverWebhook.input.deliveryID": "WebhookDelivery",

	// Questions about anything.
	"node.id": ent.TypeUnit, "nodes.ids": ent.TypeUnit, "auditTrail.where.subjectID": ent.TypeKeyLoan,
	"can.checks.id": ent.TypeKeySet, "allowedActions.id": ent.TypeKeySet,
}

// kindOf tells of what an id is that stands at a path, such as moveKeys.input.fromID. A bare id is of what the
// field gives: updateUnit's of a Unit, as its payload is.
func kindOf(f *ast.FieldDefinition, path string) (string, error) {
	if kind, ok := aliases[path]; ok {
		return kind, nil
	}
	name := path[strings.LastIndex(path, ".")+1:]
	if name == "id" {
		if given := gives(f); len(given) == 1 {
			return given[0], nil
		}
		return "", fmt.Errorf("%s: nobody knows of what this id is, since %s gives %v: add the path to aliases in graph/ids_test.go", path, f.Name, gives(f))
	}
	name = strings.TrimSuffix(strings.TrimSuffix(name, "s"), "ID")
	if kind, ok := aliases[name]; ok {
		return kind, nil
	}
	if kind := strings.ToUpper(name[:1]) + name[1:]; kinds[kind] != 0 {
		return kind, nil
	}
	return "", fmt.Errorf("%s: nobody knows of what this id is: call it xID after a type X, or add %q to aliases in graph/ids_test.go", path, name)
}

// gives are the kinds that a field gives: itself, or the objects of its payload.
func gives(f *ast.FieldDefinition) (list []string) {
	if kinds[f.Type.Name()] != 0 {
		return []string{f.Type.Name()}
	}
	for _, p := range schema.Types[f.Type.Name()].Fields {
		if kinds[p.Type.Name()] != 0 {
			list = append(list, p.Type.Name())
		}
	}
	return list
}

// eachID visits every id that a field can be given; ids in filters of lists are left out, since they choose among
// what the viewer sees.
func eachID(f *ast.FieldDefinition, visit func(path, description string)) {
	var down func(path, description string, t *ast.Type)
	down = func(path, description string, t *ast.Type) {
		if t.Name() == "ID" {
			visit(path, description)
		}
		if def := schema.Types[t.Name()]; def.Kind == ast.InputObject && !strings.HasSuffix(def.Name, "WhereInput") {
			for _, sub := range def.Fields {
				down(path+"."+sub.Name, sub.Description, sub.Type)
			}
		}
	}
	for _, a := range f.Arguments {
		down(f.Name+"."+a.Name, a.Description, a.Type)
	}
}

// Of what each id is that can be given, for a reader to look over beside what the schema says of it.
func TestEveryIDIsOfAKind(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, f := range slices.Concat(schema.Mutation.Fields, schema.Query.Fields) {
		eachID(f, func(path, description string) {
			kind, err := kindOf(f, path)
			if err != nil {
				t.Error(err)
				return
			}
			fmt.Fprintf(&b, "%-42s %-18s %s\n", path, kind, description)
		})
	}
	golden(t, "testdata/ids.golden", b.String())

	strange := &ast.FieldDefinition{Name: "updateUnit", Type: ast.NonNullNamedType("MoveInPayload", nil)}
	for _, path := range []string{"updateUnit.input.id", "updateUnit.input.cupboardID"} {
		if kind, err := kindOf(strange, path); err == nil || !strings.Contains(err.Error(), "aliases in graph/ids_test.go") {
			t.Errorf("%s is said to be of a %q: %v", path, kind, err)
		}
	}
}

// golden holds text against a file.
func golden(t *testing.T, file, text string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	have, had := strings.Split(text, "\n"), strings.Split(string(want), "\n")
	for i := range max(len(have), len(had)) {
		is, was := at(have, i), at(had, i)
		if is != was {
			t.Errorf("%s is behind: look at the difference, then go test ./graph -update\nline %d\nwas %s\nis  %s", file, i+1, was, is)
			return
		}
	}
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(nothing)"
}

// rowsOf are the ids of all that belongs to an estate, by kind: the rows of the entities, and the account of a
// manager there with a session, a grant, a token and a message.
func rowsOf(t *testing.T, app *stewardtest.App, estate stewardtest.Estate) map[string][]uuid.UUID {
	t.Helper()
	manager := managerOf(app, estate)
	manager.Do(`mutation($in: CreateAPITokenInput!) { createApiToken(input: $in) { secret } }`,
		stewardtest.Vars{"in": stewardtest.Vars{"name": "x", "role": policy.ProjectManager, "expiresAt": stewardtest.Start.AddDate(0, 1, 0)}})
	lend := func(set uuid.UUID) gjson.Result {
		return manager.Do(`mutation($in: LendKeysInput!) { lendKeys(input: $in) { loan { id lines { id } } } }`, stewardtest.Vars{"in": stewardtest.Vars{
			"borrower": stewardtest.Vars{"externalPersonID": estate.External}, "purpose": "看房", "signature": stewardtest.Vars{}, "lines": []stewardtest.Vars{{"setID": set, "count": 1}}}})
	}
	loan := lend(estate.Sets[1])
	back := manager.Do(`mutation($in: ReturnKeysInput!) { returnKeys(input: $in) { loan { lines { returns { id } } } } }`, stewardtest.Vars{"in": stewardtest.Vars{
		"loanID": lend(estate.Sets[0]).Get("lendKeys.loan.id").String(), "signature": stewardtest.Vars{}}})
	err := app.DB.System(app.Context(), func(ctx context.Context, tx pgx.Tx) error {
		return app.Runtime.Accounts.Post(ctx, tx, account.Message{AccountID: manager.Account, Estate: estate.ID, Kind: "x", TitleZH: "题", TitleEN: "title"})
	})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]uuid.UUID{"Account": {manager.Account}}
	for kind, table := range map[string]string{"Session": "sessions", "APIToken": "tokens", "Grant": "grants", "Message": "inbox"} {
		out[kind] = app.IDs(`SELECT id FROM identity.`+table+` WHERE account_id = $1`, manager.Account)
	}
	for kind, table := range map[string]string{"Webhook": "webhooks", "WebhookDelivery": "deliveries"} {
		out[kind] = app.IDs(`SELECT id FROM outgoing.`+table+` WHERE estate_id = $1`, estate.ID)
	}
	for name, e := range ent.Entities {
		out[name] = app.IDs(fmt.Sprintf(`SELECT id FROM %s WHERE %s = $1 ORDER BY id`, e.Table, e.Estate), estate.ID)
	}
	out[ent.TypeFile] = slices.Insert(out[ent.TypeFile], 0, upload(t, manager, estate.Code)) // one with content
	out[ent.TypeKeyHolder] = slices.Insert(out[ent.TypeKeyHolder], 0, estate.Cabinet, estate.Desk)
	out[ent.TypeKeyLoan] = slices.Insert(out[ent.TypeKeyLoan], 0, uuid.MustParse(loan.Get("lendKeys.loan.id").String())) // one that is open
	out[ent.TypeKeyLoanLine] = slices.Insert(out[ent.TypeKeyLoanLine], 0, uuid.MustParse(loan.Get("lendKeys.loan.lines.0.id").String()))
	out[ent.TypeVacancy] = app.IDs(`SELECT id FROM vacancies WHERE estate_id = $1 ORDER BY state DESC, id`, estate.ID)                           // one that is open
	out[ent.TypeKeyReturn] = slices.Insert(out[ent.TypeKeyReturn], 0, uuid.MustParse(back.Get("returnKeys.loan.lines.0.returns.0.id").String())) // by an act: it is in the ledger
	for kind, code := range kinds {
		if len(out[kind]) == 0 {
			t.Errorf("estate %s has no %s, so no walk covers it: seed a row in internal/stewardtest/seed.go", estate.Code, kind)
		} else if got := ids.CodeOf(out[kind][0]); got != code {
			t.Errorf("the id of a %s has the code %#x, not %#x", kind, got, code)
		}
	}
	if t.Failed() {
		t.FailNow()
	}
	return out
}

func managerOf(app *stewardtest.App, estate stewardtest.Estate) *stewardtest.Person {
	return app.Member("another-manager-of-"+estate.Code+"@example", app.GrantIn(policy.ProjectManager, estate))
}

// upload sends a list of one more unit.
func upload(t *testing.T, p *stewardtest.Person, estate string) uuid.UUID {
	t.Helper()
	r, err := p.Request(http.MethodPost, "/files?name=units.csv&estate="+estate, strings.NewReader("楼栋,单元,房号,面积,状态,业户姓名,联系电话,入伙通知日期,入伙日期,紧急联系人,紧急联系电话,备注\n9栋,,901,89.5,空置,,,,,,,\n"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "text/csv")
	status, body, err := p.Send(r)
	if err != nil || status != http.StatusCreated {
		t.Fatalf("upload: %d %s %v", status, body, err)
	}
	return uuid.MustParse(gjson.GetBytes(body, "id").String())
}
