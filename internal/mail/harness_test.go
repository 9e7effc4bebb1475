package mail_test

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

type vars = stewardtest.Vars

const (
	itemFields = `{ id kind barcode state slot changedByName voidedAt householdID departmentID events { state reason actedByName takenBy } }`

	receiveMail  = `mutation($in: ReceiveMailInput!) { receiveMail(input: $in) { receipt { id receivedOn deliveredBy receivedByName lines { kind stated counted difference remark } } } }`
	registerMail = `mutation($in: RegisterMailInput!) { registerMail(input: $in) { items ` + itemFields + ` } }`
	sortMail     = `mutation($in: SortMailInput!) { sortMail(input: $in) { items ` + itemFields + ` } }`
	raiseDoubt   = `mutation($in: RaiseMailDoubtInput!) { raiseMailDoubt(input: $in) { item ` + itemFields + ` } }`
	decideMail   = `mutation($in: DecideMailInput!) { decideMail(input: $in) { item ` + itemFields + ` } }`
	markDead     = `mutation($in: MarkMailDeadInput!) { markMailDead(input: $in) { item ` + itemFields + ` } }`
	returnMail   = `mutation($in: ReturnMailInput!) { returnMail(input: $in) { items ` + itemFields + ` } }`
	voidItem     = `mutation($in: VoidMailItemInput!) { voidMailItem(input: $in) { item ` + itemFields + ` } }`
	voidReceipt  = `mutation($in: VoidMailReceiptInput!) { voidMailReceipt(input: $in) { receipt { id voidedAt } } }`
)

// receiving is mail from the post office: so many letters stated, and so many counted.
func receiving(app *stewardtest.App, stated, counted int) vars {
	return vars{"in": vars{"estateID": app.A.ID, "deliverer": "孙师傅", "signature": vars{}, "counts": []vars{{"kind": "REGISTERED", "stated": stated, "counted": counted}}}}
}

// received is the id of a receipt that the receptionist took.
func received(app *stewardtest.App) string {
	return app.As(policy.Receptionist).Do(receiveMail, receiving(app, 9, 9)).Get("receiveMail.receipt.id").String()
}

// items registers items of a new receipt, for whom each says.
func items(app *stewardtest.App, list ...vars) []gjson.Result {
	for i := range list {
		list[i]["kind"] = "REGISTERED"
	}
	return app.As(policy.Receptionist).Do(registerMail, vars{"in": vars{"receiptID": received(app), "items": list}}).Get("registerMail.items").Array()
}

func id(item gjson.Result) string { return item.Get("id").String() }

func named(ids ...string) vars { return vars{"in": vars{"itemIDs": ids}} }

func because(item string) vars { return vars{"in": vars{"itemID": item, "reason": "地址不详"}} }

// due are the obligations of a kind about an item, by state.
func due(t *testing.T, app *stewardtest.App, kind, item string) string {
	t.Helper()
	return strings.Join(texts(t, app, `SELECT state || CASE WHEN met_at IS NULL THEN '' ELSE ' met' END FROM obligations WHERE kind = $1 AND subject_id = $2`, kind, item), ",")
}

func state(t *testing.T, item gjson.Result, want string) {
	t.Helper()
	if got := item.Get("state").String(); got != want {
		t.Errorf("the item is %s, want %s: %s", got, want, item.Raw)
	}
}

// texts reads a column past all walls.
func texts(t *testing.T, app *stewardtest.App, sql string, args ...any) []string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), app.SuperURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	rows, err := conn.Query(t.Context(), sql, args...)
	if err != nil {
		t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return list
}
