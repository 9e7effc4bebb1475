package keys_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/steward-pm/steward/internal/importing"
	"github.com/steward-pm/steward/internal/keys"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// accept imports a 钥匙清单 of one set, of which so many are due and delivered.
func accept(t *testing.T, app *stewardtest.App, due, delivered int) {
	t.Helper()
	list := fmt.Sprintf("楼栋,单元,房号,位置,应交数量,实交数量,状态,交验人,跟进情况\n1栋,1单元,101,车库,%d,%d,完好,工程部,共 %d 把\n", due, delivered, due)
	out, err := importing.Do(app.Context(), keys.Import, importing.Request{
		EstateID: app.A.ID, Source: &importing.Source{Name: "钥匙清单.csv", File: strings.NewReader(list)},
	})
	if err != nil || len(out.Report.Rejected()) > 0 {
		t.Fatalf("%+v: %v", out, err)
	}
}

// garage are the rows of a register that tell of the set.
func garage(t *testing.T, p *stewardtest.Person, register string) (rows []string) {
	t.Helper()
	r, err := p.Request(http.MethodGet, "/registers/"+register+".csv?estate=A&lang=zh", nil)
	if err != nil {
		t.Fatal(err)
	}
	status, body, err := p.Send(r)
	if err != nil || status != http.StatusOK {
		t.Fatalf("%s: %d %s %v", register, status, body, err)
	}
	for row := range strings.Lines(string(body)) {
		if strings.Contains(row, "车库") {
			rows = append(rows, row)
		}
	}
	return rows
}

// What engineering still owes is what the newest list says, whatever lists before it said.
func TestK1_4_OnlyTheNewestListCounts(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian := app.As(policy.KeyCustodian)
	const owed = `{ keySets(where: {outstandingGT: 0, place: "车库"}) { edges { node { label outstanding acceptanceLines { outstanding } } } } }`

	for i, list := range []struct{ due, delivered int }{{3, 1}, {3, 3}, {5, 3}, {5, 3}, {5, 5}} {
		accept(t, app, list.due, list.delivered)
		want := list.due - list.delivered
		sets := custodian.Do(owed, nil).Get("keySets.edges.#.node").Array()
		rows := garage(t, custodian, "keys-outstanding")
		if want == 0 {
			if len(sets)+len(rows) != 0 {
				t.Errorf("list %d: nothing is owed, yet %v, %q", i, sets, rows)
			}
			continue
		}
		if len(sets) != 1 || sets[0].Get("outstanding").Int() != int64(want) || len(rows) != 1 ||

			!strings.Contains(rows[0], fmt.Sprintf("101 车库,%d,%d,", want, list.due)) || !strings.Contains(rows[0], fmt.Sprintf("共 %d 把", list.due)) {
			t.Errorf("list %d: %v, %q, want %d owed", i, sets, rows, want)
		}
	}
	// The sheets themselves stay as they were signed: by the lines alone the first would be owed for ever.
	var said []int64
	for _, l := range custodian.Do(`{ keySets(where: {place: "车库"}) { edges { node { acceptanceLines { outstanding } } } } }`, nil).Get("keySets.edges.0.node.acceptanceLines.#.outstanding").Array() {
		said = append(said, l.Int())
	}
	slices.Sort(said)
	if !slices.Equal(said, []int64{0, 0, 2, 2}) || len(garage(t, custodian, "keys-acceptance")) != 4 {
		t.Errorf("the sheets say %v", said)
	}
}

// What a list says of a set is held to the same rules as what is typed into a form.
func TestK1_1_ListsAreReadByTheRulesOfForms(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	list := "楼栋,单元,房号,位置,应交数量,实交数量,状态,交验人,跟进情况\n" +
		"1栋,1单元,101," + strings.Repeat("库", 100) + ",1,1,完好," + strings.Repeat("人", 100) + "," + strings.Repeat("跟", 2000) + "\n" + // characters, not bytes
		"1栋,1单元,102," + strings.Repeat("库", 101) + ",1,1,完好,,\n" +
		"1栋,1单元,103,车库,1,1,完好," + strings.Repeat("人", 101) + "," + strings.Repeat("跟", 2001) + "\n"
	out, err := importing.Do(app.Context(), keys.Import, importing.Request{
		EstateID: app.A.ID, Source: &importing.Source{Name: "钥匙清单.csv", File: strings.NewReader(list)},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []importing.Cell{{Line: 3, Column: "位置"}, {Line: 4, Column: "交验人"}, {Line: 4, Column: "跟进情况"}}
	if got := out.Report.Rejected(); !slices.Equal(got, want) || out.Report.Created != 1 {
		t.Errorf("rejected %v, created %d; want %v and 1", got, out.Report.Created, want)
	}
}
