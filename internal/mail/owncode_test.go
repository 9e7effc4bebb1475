package mail_test

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// What is scanned and came without a barcode gets a code of the estate's own, which is on the sort list and is scanned like any other.
func TestM2_WhatHasNoBarcodeGetsTheEstatesOwn(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	closeSeed(app)
	receptionist := app.As(policy.Receptionist)
	receipt := received(app)
	registering := func(list ...vars) vars {
		for _, item := range list {
			item["householdID"] = app.A.Household
		}
		return vars{"in": vars{"receiptID": receipt, "items": list}}
	}
	made := receptionist.Do(registerMail, registering(vars{"kind": "REGISTERED"}, vars{"kind": "LETTER"}, vars{"kind": "PARCEL"}, vars{"kind": "MAGAZINE", "barcode": "M1"},
		vars{"kind": "MONEY_ORDER"}, vars{"kind": "NEWSPAPER"})).Get("registerMail.items")
	if got := made.Get("#.barcode").Raw; got != `["S-000001","","S-000002","M1","S-000003",""]` {
		t.Fatalf("the codes are %s", got)
	}
	if r := receptionist.Refused(registerMail, registering(vars{"kind": "PARCEL", "barcode": " s-000009"}), fault.InvalidInput, "M2"); r.Field != "items.0.barcode" {
		t.Errorf("a code of one's own making is refused at %q", r.Field)
	}
	var ids []string
	for _, item := range made.Array() {
		ids = append(ids, id(item))
	}
	app.As(policy.MailSorter).Do(sortMail, named(ids...))
	if _, html := download(t, app.As(policy.MailSorter), "mail-sort-list.html?estate=A&lang=zh"); !strings.Contains(html, "S-000001") || !strings.Contains(html, "S-000003") {
		t.Errorf("the sort list does not show them: %s", html)
	}
	if got := outcomes(receptionist.Do(scanMail, scanning(app, "一号台", "S-000001", "S-000003", "S-000001"))); got != `["MATCHED","MATCHED","DOUBLE"]` {
		t.Errorf("scanned: %s", got)
	}
	if got := listOf(receptionist.Do(missing, vars{"d": today(app)}), "mailMissing"); slices.Contains(got, ids[0]) || !slices.Contains(got, ids[2]) {
		t.Errorf("missing: %v", got)
	}
	other := app.Foreign(policy.Receptionist)
	theirs := other.Do(receiveMail, vars{"in": vars{"estateID": app.B.ID, "deliverer": "孙师傅", "signature": vars{}, "counts": []vars{{"kind": "PARCEL", "stated": 1, "counted": 1}}}}).Get("receiveMail.receipt.id").String()
	if code := other.Do(registerMail, vars{"in": vars{"receiptID": theirs, "items": []vars{{"kind": "PARCEL"}}}}).Get("registerMail.items.0.barcode").String(); code != "S-000001" {
		t.Errorf("the other estate's first is %s", code)
	}
}

// However many register at once, no own code comes twice; and without the trigger nothing that is scanned would have one.
func TestM2_NoOwnCodeComesTwice(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	receptionist := app.As(policy.Receptionist)
	in := vars{"in": vars{"receiptID": received(app), "items": []vars{{"kind": "PARCEL"}, {"kind": "PARCEL"}, {"kind": "PARCEL"}}}}
	var all sync.WaitGroup
	for range 5 {
		all.Go(func() { receptionist.Do(registerMail, in) })
	}
	all.Wait()
	codes := texts(t, app, `SELECT DISTINCT barcode FROM mail_items WHERE estate_id = $1 AND barcode LIKE 'S-%' ORDER BY 1`, app.A.ID)
	if len(codes) != 15 || codes[0] != "S-000001" || codes[14] != "S-000015" {
		t.Errorf("the codes are %v", codes)
	}
	conn := raw(t, app)
	parcel := sql(`INSERT INTO mail_items (id, created_at, estate_id, receipt_id, received_on, kind, barcode, changed_at, changed_by_name, registered_by_id, registered_by_name)
		SELECT gen_random_uuid(), now(), estate_id, receipt_id, received_on, kind, '', now(), 'x', gen_random_uuid(), 'x' FROM mail_items WHERE barcode = 'S-000001' AND estate_id = $1`, app.A.ID)
	if got := refusalOf(t, conn, parcel); got != "" {
		t.Errorf("past the program: %q", got)
	}
	app.SQL(`ALTER TABLE mail_items DISABLE TRIGGER mail_item_coded`)
	if got := refusalOf(t, conn, parcel); got != "mail_items_scannable" {
		t.Errorf("without the trigger: %q", got)
	}
}
