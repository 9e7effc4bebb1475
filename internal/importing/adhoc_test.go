package importing_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/steward-pm/steward/internal/importing"
	"github.com/steward-pm/steward/internal/keys"
	"github.com/steward-pm/steward/internal/registry"
	"github.com/steward-pm/steward/internal/stewardtest"
)

func TestAdhoc(t *testing.T) {
	app := stewardtest.New(t)
	conn, _ := pgx.Connect(t.Context(), app.SuperURL)
	for _, q := range []string{`DROP INDEX keybalance_estate_id_holder_id`, `CREATE INDEX keybalance_estate_id_holder_id_set_id ON key_balances (estate_id, holder_id, set_id)`,
		`ALTER FUNCTION key_post() SET plan_cache_mode = force_generic_plan`} {
		if _, err := conn.Exec(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	const n = 20_000
	var units, list bytes.Buffer
	units.WriteString("楼栋,单元,房号,面积,状态,业户姓名,联系电话,入伙通知日期,入伙日期\n")
	list.WriteString("楼栋,单元,房号,位置,应交数量,实交数量,状态\n")
	for i := range n {
		fmt.Fprintf(&units, "%d栋,%d单元,%d,89.5,空置,,,,\n", i/400+1, i/100%4+1, i%100+101)
		fmt.Fprintf(&list, "%d栋,%d单元,%d,户门,5,5,完好\n", i/400+1, i/100%4+1, i%100+101)
	}
	for _, f := range []struct {
		a    *importing.Act
		text []byte
	}{{registry.ImportUnits, units.Bytes()}, {keys.Import, list.Bytes()}} {
		start := time.Now()
		_, err := importing.Do(app.Context(), f.a, importing.Request{EstateCode: "X", CreateEstate: "X", Source: &importing.Source{Name: "x", File: bytes.NewReader(f.text)},
			Progress: func(lines int) {
				if lines%5000 == 0 {
					t.Logf("%d lines, %s", lines, time.Since(start).Round(time.Millisecond))
				}
			}})
		if err != nil {
			t.Fatal(err)
		}
	}
}
