package graph_test

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// A cursor of a list that is ordered by something else, and one that somebody made, are named.
func TestOddCursors(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	p := app.As(policy.ProjectManager)
	// Each list takes its own cursors, whatever it is ordered by.
	for _, f := range schema.Query.Fields {
		by := f.Arguments.ForName("orderBy")
		if by == nil {
			continue
		}
		for _, o := range schema.Types[schema.Types[by.Type.Name()].Fields.ForName("field").Type.Name()].EnumValues {
			needs, given, in := "", "", vars{}
			if f.Arguments.ForName("text") != nil {
				needs, given, in = ", $e: ID!, $t: String!", ", estateID: $e, text: $t", vars{"e": app.A.ID, "t": "投诉"}
			}
			list := fmt.Sprintf(`query($after: Cursor%s) { %s(first: 1, after: $after, orderBy: {field: %s}%s) { edges { cursor } } }`, needs, f.Name, o.Name, given)
			if c := p.Do(list, in).Get(f.Name + ".edges.0.cursor"); c.Exists() {
				in["after"] = c.String()
				p.Do(list, in)
			}
		}
	}
	units := `query($after: Cursor) { units(first: 1, after: $after, orderBy: {field: LABEL}) { edges { cursor } } }`
	byTime := p.Do(`{ units(first: 1, orderBy: {field: CREATED_AT}) { edges { cursor } } }`, nil)
	for _, bad := range []string{byTime.Get("units.edges.0.cursor").String(), "x", marked(7), marked("\x00"), marked(time.Now()), marked([]any{1})} {
		if r := p.Refused(units, vars{"after": bad}, fault.InvalidInput); r.Field != "after" {
			t.Errorf("%q: at %q", bad, r.Field)
		}
	}
}

// What is asked of the other routes is no more expected than what is asked of this one.
func TestOddAddresses(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	p := app.As(policy.ProjectManager)
	for _, value := range []string{"", "%00", "%ff", "x", strings.Repeat("x", 10_000), "..%2f..", "%F0%9F%8F%A0", "0000-00-00", "A"} {
		for _, path := range []string{"/registers/keys.csv?estate=" + value, "/registers/keys.csv?estate=A&from=" + value, "/registers/" + value + ".csv?estate=A",
			"/registers/keys.csv?estate=A&lang=" + value, "/files/" + value, "/" + value} {
			r, err := p.Request(http.MethodGet, path, nil)
			if err != nil {
				t.Fatal(err)
			}
			if status, body, err := p.Send(r); err != nil || status >= 500 {
				t.Errorf("GET %.100s: %d %.300s %v", path, status, body, err)
			}
		}
		for _, path := range []string{"/files?estate=" + value + "&name=x.csv", "/files?estate=A&name=" + value} {
			r, err := p.Request(http.MethodPost, path, strings.NewReader("x"))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", "text/csv")
			if status, body, err := p.Send(r); err != nil || status >= 500 {
				t.Errorf("POST %.100s: %d %.300s %v", path, status, body, err)
			}
		}
	}
	for _, header := range []string{"Idempotency-Key", "User-Agent", "Accept-Language", "Authorization", "X-Request-Id"} {
		for _, value := range []string{"\xff\xfe", strings.Repeat("x", 5_000), "Bearer \xff", "de;q=x,*"} {
			if codes := sane(t, p.With(header, value), `{ viewer { __typename } }`, nil); slices.Contains(codes, string(fault.Internal)) {
				t.Errorf("%s %q", header, value)
			}
		}
	}
}

// A long alias is a long path, which an idempotency key is kept with.
func TestOddAliasesUnderIdempotencyKeys(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	p := app.As(policy.ProjectManager).With("Idempotency-Key", "k")
	ask := func(alias, name string) gjson.Result {
		return p.Do(`mutation($in: CreateKeyCabinetInput!) { `+alias+`: createKeyCabinet(input: $in) { holder { id } } }`, vars{"in": vars{"estateID": app.A.ID, "name": name}}).Get(alias)
	}
	noise := make([]byte, 50_000) // that no index can compress
	rand.NewChaCha8([32]byte{}).Read(noise)
	long := "a" + hex.EncodeToString(noise)
	other := long[:len(long)-1] + "_"
	first := ask(long, "五")
	if again := ask(long, "五"); again.Raw != first.Raw {
		t.Errorf("repeated: %s, not %s", again.Raw, first.Raw)
	}
	if third := ask(other, "六"); third.Raw == first.Raw {
		t.Errorf("another place gave the same: %s", third.Raw)
	}
}

// The largest questions that the schema allows fit the limits, and filters that would keep the database busy do not.
func TestLargestInput(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	p := app.As(policy.ProjectManager)
	var checks, conditions []vars
	for range 200 {
		checks = append(checks, vars{"action": "keys.lend", "id": app.A.Sets[0]})
	}
	for range 1001 {
		conditions = append(conditions, vars{"name": "x"})
	}
	p.Do(`query($checks: [CanInput!]!) { can(checks: $checks) { allowed } }`, vars{"checks": checks})
	p.Do(`query($ids: [ID!]!) { nodes(ids: $ids) { id } }`, vars{"ids": slices.Repeat([]uuid.UUID{app.A.Sets[0]}, 200)})
	const residents = `query($where: ResidentWhereInput) { residents(where: $where) { totalCount } }`
	p.Do(residents, vars{"where": vars{"or": conditions[:1000]}})
	for name, where := range map[string]vars{
		"many conditions": {"or": conditions}, "many names": {"nameIn": slices.Repeat([]string{"x"}, 70_000)},
		"many empty ones": {"or": slices.Repeat([]vars{{}}, 20_000)},
	} {
		if r := p.Refused(residents, vars{"where": where}, fault.InvalidInput); r.Extensions.Get("limit").String() != "leaves" {
			t.Errorf("%s: %s", name, r.Extensions.Raw)
		}
	}
	deep := vars{"name": "x"}
	for range 10 {
		deep = vars{"not": deep}
	}
	if r := p.Refused(residents, vars{"where": deep}, fault.InvalidInput); r.Extensions.Get("limit").String() != "inputDepth" {
		t.Errorf("deep: %s", r.Extensions.Raw)
	}
	p.Do(residents, vars{"where": deep["not"]})
}
