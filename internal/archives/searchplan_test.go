package archives_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// shelves fills the archive of estate A with so many documents of other households, the words of which are: 常见 in each fifth, 物业 业管 管理 in
// each twentieth, 罕见词 in three, and others.
func shelves(t testing.TB, app *stewardtest.App, n, words int) {
	t.Helper()
	app.Super(`ALTER TABLE archive_documents DISABLE TRIGGER USER; ALTER TABLE search.postings DISABLE TRIGGER USER`)
	app.Super(`INSERT INTO archive_documents (id, created_at, estate_id, class, category, title, dated, pages, filing_key, handed_in_by_id, handed_in_by_name, handed_in_at, department_id, file_id, household_id, text_state)
		SELECT new_id(x'0603'::int), $2, $1, CASE n % 4 WHEN 0 THEN 'EXTERNAL' ELSE 'HOUSEHOLD' END, CASE n % 4 WHEN 0 THEN 'LAW' ELSE 'COMPLAINTS' END, '文件' || n, d, 1,
			archive_order(CASE n % 4 WHEN 0 THEN 'EXTERNAL' ELSE 'HOUSEHOLD' END, d), gen_random_uuid(), '档案员', $2,
			CASE n % 4 WHEN 0 THEN NULL ELSE f.department_id END, CASE n % 4 WHEN 0 THEN NULL ELSE f.id END, CASE n % 4 WHEN 0 THEN NULL ELSE f.household_id END, 'INDEXED'
		FROM generate_series(1, $3::int) n, LATERAL (SELECT date '2010-01-01' + (n * 7919 % 5800) AS d) x,
			archive_files f WHERE f.estate_id = $1 AND f.household_id = CASE WHEN n % 1000 = 1 THEN $4::uuid ELSE $5::uuid END`, app.A.ID, stewardtest.Start, n, app.A.Household, app.A.OtherHousehold)
	app.Super(`INSERT INTO search.postings (estate_id, term, document_id, page, household_id)
		SELECT d.estate_id, w, d.id, 1, d.household_id FROM (SELECT d.*, substr(d.title, 3)::int AS n FROM archive_documents d WHERE d.title LIKE '文件%') d, LATERAL (
			SELECT '常见' AS w WHERE n % 5 = 1 UNION ALL SELECT unnest('{物业,业管,管理}'::text[]) WHERE n % 20 = 1 UNION ALL SELECT '物业' WHERE n % 20 = 2
			UNION ALL SELECT unnest('{罕见,见词}'::text[]) WHERE n % ($1::int / 3) = 1
			UNION ALL SELECT DISTINCT chr(19968 + (power((n * 37 + i * 7919) % 10007 / 10007.0, 3) * 2000)::int) || chr(19968 + ((n * 31 + i * 104729) % 300)) FROM generate_series(1, $2::int) i) w
		ORDER BY 1, 2, 3`, n, words)
	app.Super(`ALTER TABLE archive_documents ENABLE TRIGGER USER; ALTER TABLE search.postings ENABLE TRIGGER USER`)
	conn, err := pgx.Connect(context.Background(), app.SuperURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	for _, table := range []string{"search.postings", "archive_documents"} {
		if _, err := conn.Exec(context.Background(), `VACUUM (ANALYZE) `+table); err != nil {
			t.Fatal(err)
		}
	}
}

var unread = regexp.MustCompile(` on postings[ \w]* \(never executed\)`)

// Below row-level security words are found by the index alone, whatever is searched for and by whom.
func TestA4_1_SearchReadsTheIndexAlone(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	shelves(t, app, 2000, 80)
	app.Super(`UPDATE pg_class SET relallvisible = relpages WHERE oid = 'search.postings'::regclass`) // as after a night: a word is the cheapest to look up
	for _, p := range []struct {
		who   *stewardtest.Person
		grant access.Grant
	}{
		{app.As(policy.Archivist), access.Grant{Role: policy.Archivist, Estate: app.A.ID}}, {app.As(policy.CSOfficer), access.Grant{Role: policy.CSOfficer, Estate: app.A.ID}},
		{app.Resident(), access.Grant{Role: policy.Resident, Estate: app.A.ID, Household: app.A.Household}}, {app.As(policy.KeyCustodian), access.Grant{Role: policy.KeyCustodian, Estate: app.A.ID}},
	} {
		_, few := asked(t, app, p.who, "罕见词")
		if _, many := asked(t, app, p.who, "常见"); len(few) != len(many) {
			t.Errorf("%s: %d statements for a few documents, %d for many", p.who.Email, len(few), len(many))
		}
		viewer := access.New(app.Policy, access.Viewer{Account: p.who.Account, Grants: []access.Grant{p.grant}})
		for _, text := range []string{"罕见词", "常见", "物业管理", "无处"} {
			plan := planOf(t, app, p.who, viewer, text, "")
			if !strings.Contains(plan, "Index Only Scan using postings_pkey") || strings.Contains(plan, "Seq Scan on postings") || strings.Contains(plan, "Bitmap Heap Scan on postings") {
				t.Errorf("%s, %s:\n%s", p.who.Email, text, plan)
			}
			if role := p.grant.Role; (role == policy.Resident || role == policy.KeyCustodian) && strings.Contains(plan, "Semi Join") {
				t.Errorf("%s, %s begins with the word, and takes the longer the more of what is hidden holds it:\n%s", p.who.Email, text, plan)
			}
			if p.grant.Role != policy.KeyCustodian {
				continue
			}
			for _, planner := range []string{"work_mem = '64kB'", "enable_bitmapscan = off", "random_page_cost = 0", "random_page_cost = 100", "cpu_operator_cost = 10"} {
				plan := planOf(t, app, p.who, viewer, text, planner)
				if looked := strings.Count(plan, " on postings"); looked == 0 || looked != len(unread.FindAllString(plan, -1)) {
					t.Errorf("%s, %s, planned with %q, looks up words of what is hidden:\n%s", p.who.Email, text, planner, plan)
				}
			}
		}
	}
}

// planOf is how PostgreSQL answers a search, as the serving role under the viewer's settings, and with one setting of the planner.
func planOf(t *testing.T, app *stewardtest.App, who *stewardtest.Person, viewer *access.Viewer, text, setting string) string {
	t.Helper()
	_, sql, args := stated(t, app, who, text)
	at := slices.IndexFunc(sql, func(sql string) bool { return strings.Contains(sql, `"postings"`) })
	if at < 0 {
		t.Fatalf("no statement reads postings: %q", sql)
	}
	var plan []string
	err := app.DB.As(access.With(app.Context(), viewer), func(tx pgx.Tx) error {
		if setting != "" {
			if _, err := tx.Exec(context.Background(), "SET LOCAL "+setting); err != nil {
				return err
			}
		}
		rows, err := tx.Query(context.Background(), "EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) "+sql[at], args[at]...)
		if err != nil {
			return err
		}
		plan, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(plan, "\n")
}

// BenchmarkSearch measures what a search takes in an archive of 100,000 documents, through HTTP: go test -run xxx -bench Search -benchtime 300x.
func BenchmarkSearch(b *testing.B) {
	app := stewardtest.New(b)
	const n, words = 100_000, 40
	shelves(b, app, n, words)
	b.Logf("%s", sizes(b, app))
	people := []struct {
		name string
		who  *stewardtest.Person
	}{{"archivist", app.As(policy.Archivist)}, {"officer", app.As(policy.CSOfficer)}, {"resident", app.Resident()}, {"custodian", app.As(policy.KeyCustodian)}}
	for _, p := range people {
		for _, text := range []string{"罕见词", "常见", "物业", "物业管理", "无处"} {
			b.Run(p.name+"/"+text, func(b *testing.B) {
				took := make([]time.Duration, 0, b.N)
				found := 0
				for b.Loop() {
					start := time.Now()
					found = len(p.who.Do(search, lookingFor(app, text)).Get("searchArchive.edges").Array())
					took = append(took, time.Since(start))
				}
				slices.Sort(took)
				b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
				b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
				b.ReportMetric(float64(found), "found")
			})
		}
	}
}

func sizes(t testing.TB, app *stewardtest.App) (text string) {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), app.SuperURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	var rows, heap, key, of int64
	if err := conn.QueryRow(context.Background(), `SELECT count(*), pg_relation_size('search.postings'), pg_relation_size('search.postings_pkey'), pg_relation_size('search.postings_of') FROM search.postings`).
		Scan(&rows, &heap, &key, &of); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d postings: %d bytes each of table, %d of key, %d of the index by document", rows, heap/rows, key/rows, of/rows)
}
