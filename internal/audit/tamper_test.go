package audit_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jonboulle/clockwork"
	"pgregory.net/rapid"

	"github.com/steward-pm/steward/internal/audit"
)

// lines is a Sink in memory.
type lines struct{ bytes.Buffer }

func (l *lines) Append(_ context.Context, line []byte) error {
	_, err := l.Write(line)
	return err
}

// savepoint lets Verify look into a transaction that is rolled back afterwards.
type savepoint struct{ pgx.Tx }

func (s savepoint) BeginTx(ctx context.Context, _ pgx.TxOptions) (pgx.Tx, error) { return s.Begin(ctx) }

// trail is a signed trail to tamper with.
type trail struct {
	database
	clock  *clockwork.FakeClock
	public ed25519.PublicKey
	writer *audit.HeadWriter
	signed *lines
}

const acts = 9 // on estateA's write chain; act n has n%3 changes

func newTrail(t testing.TB) trail {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	tr := trail{database: newDatabase(t), clock: clockwork.NewFakeClockAt(start), public: public, signed: &lines{}}
	tr.writer = audit.NewHeadWriter(tr.app, private, tr.signed, tr.clock)
	for i := 1; i <= acts; i++ {
		act(t, tr.app, entry(estateA, i), i%3)
		if i == 5 {
			tr.sign(t)
		}
	}
	act(t, tr.app, entry(estateB, 1), 1)
	act(t, tr.app, entry(audit.Portfolio, 1), 1)
	for i := range 3 {
		e := entry(estateA, i)
		e.Outcome = audit.Viewed
		if err := audit.AppendRead(t.Context(), tr.app, e); err != nil {
			t.Fatal(err)
		}
	}
	tr.sign(t)
	return tr
}

func (tr trail) sign(t testing.TB) {
	t.Helper()
	tr.clock.Advance(time.Minute)
	if err := tr.writer.Sign(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (tr trail) heads(t testing.TB) *audit.SignedHeads {
	t.Helper()
	signed, err := audit.LoadHeads(strings.NewReader(tr.signed.String()), tr.public)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// tampered runs sql as the owner, verifies, live and from an export, and rolls back.
func (tr trail) tampered(t testing.TB, sql string) []audit.Break {
	t.Helper()
	var live audit.Report
	as(t, tr.owner, "*", "", func(tx pgx.Tx) {
		if _, err := tx.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
		live = tr.verify(t, tx)
	})
	return live.Broken
}

func (tr trail) verify(t testing.TB, tx pgx.Tx) audit.Report {
	t.Helper()
	ctx, now := t.Context(), start.Add(time.Hour)
	live, err := audit.Verify(ctx, savepoint{tx}, tr.heads(t), now)
	if err != nil {
		t.Fatal(err)
	}
	var export bytes.Buffer
	if err := audit.Export(ctx, savepoint{tx}, now, &export); err != nil {
		t.Fatal(err)
	}
	offline, err := audit.VerifyExport(&export, tr.heads(t))
	if err != nil {
		t.Fatal(err)
	}
	live.At, offline.At = live.At.UTC(), offline.At.UTC()
	if diff := cmp.Diff(live, offline); diff != "" {
		t.Errorf("live and offline differ: %s", diff)
	}
	return live
}

const (
	chainA = ` estate_id = '0195a000-0000-7000-8000-00000000aaaa' AND kind = 'write' `
	// forged is what a forger who knows the formula does: the hash of row e at its place after hash p.
	forged = `sha256(%s || int8send(e.seq) || uuid_send(e.estate_id) || convert_to(e.kind, 'UTF8') || convert_to(e.body, 'UTF8'))`
)

// forge recomputes estateA's write chain from the place on, the head too.
func forge(from int) string {
	return fmt.Sprintf(`DO $$ DECLARE e record; p bytea; s bigint := 0; BEGIN
		SELECT hash INTO p FROM audit.entries WHERE %[1]s AND seq = %[2]d - 1;
		p := coalesce(p, decode(repeat('00', 32), 'hex'));
		FOR e IN SELECT * FROM audit.entries WHERE %[1]s AND seq >= %[2]d ORDER BY seq LOOP
			UPDATE audit.entries SET prev_hash = p, hash = `+fmt.Sprintf(forged, "p")+` WHERE %[1]s AND seq = e.seq RETURNING hash, seq INTO p, s;
		END LOOP;
		UPDATE audit.chains SET last_seq = (SELECT max(seq) FROM audit.entries WHERE %[1]s), last_hash = p WHERE %[1]s;
	END $$;`, chainA, from)
}

// shift moves the entries from a place on by some places.
func shift(from, by int) string {
	return fmt.Sprintf(`UPDATE audit.entries SET seq = -seq - (%d) WHERE %s AND seq >= %d; UPDATE audit.entries SET seq = -seq WHERE %s AND seq < 0;`, by, chainA, from, chainA)
}

const swap = `UPDATE audit.entries SET seq = -seq WHERE` + chainA + `AND seq IN (3, 6);
	UPDATE audit.entries SET seq = 9 + seq WHERE` + chainA + `AND seq < 0;`

// insert puts a copy of an entry, well made but for its id, at the next place.
func insert(seq int) string {
	return fmt.Sprintf(`INSERT INTO audit.entries SELECT estate_id, kind, %[2]d, '0195a000-0000-7000-8000-00000000dddd', b, sha256(hash || int8send(%[2]d) || uuid_send(estate_id) || convert_to(kind, 'UTF8') || convert_to(b, 'UTF8')),
		hash, at, actor_id, actor_name, action, outcome, subject_type, subject_id, household_id, request_id
		FROM audit.entries, replace(body, id::text, '0195a000-0000-7000-8000-00000000dddd') b WHERE %[1]s AND seq = %[2]d - 1;`, chainA, seq)
}

var tamperings = []struct {
	name, sql string
	seq       int64
	defect    audit.Defect
}{
	{"edited body", `UPDATE audit.entries SET body = replace(body, '王芳', '李雷') WHERE` + chainA + `AND seq = 4`, 4, audit.Edited},
	{"edited body and its column", `UPDATE audit.entries SET body = replace(body, 'keys.lend', 'keys.move'), action = 'keys.move' WHERE` + chainA + `AND seq = 4`, 4, audit.Edited},
	{"edited body with a new hash", `UPDATE audit.entries SET body = body || ' ' WHERE` + chainA + `AND seq = 4; UPDATE audit.entries e SET hash = ` + fmt.Sprintf(forged, "prev_hash") + ` WHERE` + chainA + `AND seq = 4`, 4, audit.Replaced},
	{"edited hash", `UPDATE audit.entries SET hash = sha256(hash) WHERE` + chainA + `AND seq = 4`, 4, audit.Edited},
	{"edited link", `UPDATE audit.entries SET prev_hash = sha256(hash) WHERE` + chainA + `AND seq = 4`, 4, audit.Edited},
	{"edited actor column", `UPDATE audit.entries SET actor_name = '李雷' WHERE` + chainA + `AND seq = 4`, 4, audit.Column},
	{"edited time column", `UPDATE audit.entries SET at = 'infinity' WHERE` + chainA + `AND seq = 4`, 4, audit.Column},
	{"household taken away", `UPDATE audit.entries SET household_id = NULL WHERE` + chainA + `AND seq = 4`, 4, audit.Column},
	{"removed in the middle", `DELETE FROM audit.entries WHERE` + chainA + `AND seq IN (4, 5)`, 4, audit.Missing},
	{"removed the first", `DELETE FROM audit.entries WHERE` + chainA + `AND seq = 1`, 1, audit.Missing},
	{"removed and closed up", `DELETE FROM audit.entries WHERE` + chainA + `AND seq = 4;` + shift(5, -1), 4, audit.Moved},
	{"removed, closed up and forged", `DELETE FROM audit.entries WHERE` + chainA + `AND seq = 4;` + shift(5, -1) + forge(4), 5, audit.Rewritten},
	{"reordered", swap, 3, audit.Moved},
	{"reordered and forged", swap + forge(3), 5, audit.Rewritten},
	{"added in the middle", shift(4, 1) + insert(4), 4, audit.Added},
	{"added in the middle and forged", shift(4, 1) + insert(4) + forge(4), 5, audit.Rewritten},
	{"added after the head", insert(acts + 1), acts + 1, audit.Added},
	{"removed tail", `DELETE FROM audit.entries WHERE` + chainA + `AND seq > 6`, 7, audit.Missing},
	{"removed tail, head put back", `DELETE FROM audit.entries WHERE` + chainA + `AND seq > 6;` + forge(6), 7, audit.Missing},
	{"rewritten with new hashes", `UPDATE audit.entries SET body = replace(body, 'K2.1', 'K2.2') WHERE` + chainA + `AND seq = 7;` + forge(7), 9, audit.Rewritten},
	{"head's place", `UPDATE audit.chains SET last_seq = 8 WHERE` + chainA, 9, audit.Added},
	{"head's hash", `UPDATE audit.chains SET last_hash = sha256('') WHERE` + chainA, 9, audit.HeadWrong},
	{"head removed", `DELETE FROM audit.chains WHERE` + chainA, 9, audit.HeadWrong},
	{"whole chain removed", `DELETE FROM audit.changes WHERE estate_id = '0195a000-0000-7000-8000-00000000aaaa'; DELETE FROM audit.entries WHERE` + chainA + `; DELETE FROM audit.chains WHERE` + chainA, 1, audit.Missing},
	{"change edited", `UPDATE audit.changes SET body = replace(body, 'KeySet', 'Unit') WHERE ordinal = 0 AND entry_id = (SELECT id FROM audit.entries WHERE` + chainA + `AND seq = 5)`, 5, audit.ChangesWrong},
	{"change removed", `DELETE FROM audit.changes WHERE ordinal = 0 AND entry_id = (SELECT id FROM audit.entries WHERE` + chainA + `AND seq = 5)`, 5, audit.ChangesWrong},
	{"change added", `INSERT INTO audit.changes SELECT estate_id, id, 1, '{}' FROM audit.entries WHERE` + chainA + `AND seq = 4`, 4, audit.ChangesWrong},
	{"changes reordered", `UPDATE audit.changes SET ordinal = 9 WHERE ordinal = 0; UPDATE audit.changes SET ordinal = 0 WHERE ordinal = 1; UPDATE audit.changes SET ordinal = 1 WHERE ordinal = 9 AND estate_id = '0195a000-0000-7000-8000-00000000aaaa'`, 1, audit.ChangesWrong},
	{"change of no entry", `INSERT INTO audit.changes VALUES ('0195a000-0000-7000-8000-00000000aaaa', gen_random_uuid(), 0, '{}')`, 0, audit.StrayChanges},
}

func TestEveryTamperingIsNamed(t *testing.T) {
	t.Parallel()
	tr := newTrail(t)
	if r := verifyWhole(t, tr.app, tr.heads(t)); r.Chains != 4 || r.Entries != acts+5 || r.Changes != 11 || !r.SignedAt.Equal(start.Add(2*time.Minute)) {
		t.Fatalf("before: %+v", r)
	}
	for _, c := range tamperings {
		broken := tr.tampered(t, c.sql)
		i := 0
		for i < len(broken) && (broken[i].Estate != estateA || broken[i].Kind != audit.Write) {
			i++
		}
		if i == len(broken) {
			t.Errorf("%s: not found in the chain: %v", c.name, broken)
		} else if b := broken[i]; b.Seq != c.seq || b.Defect != c.defect {
			t.Errorf("%s: %s", c.name, b)
		} else {
			t.Logf("%s: %s", c.name, b)
		}
	}
	verifyWhole(t, tr.app, tr.heads(t))
}

func TestWithoutSignedHeadsARemovedTailGoesUnseen(t *testing.T) {
	t.Parallel()
	tr := newTrail(t)
	as(t, tr.owner, "*", "", func(tx pgx.Tx) {
		if _, err := tx.Exec(t.Context(), `DELETE FROM audit.entries WHERE`+chainA+`AND seq > 6; DELETE FROM audit.changes c
			WHERE NOT EXISTS (SELECT FROM audit.entries e WHERE e.id = c.entry_id);`+forge(6)); err != nil {
			t.Fatal(err)
		}
		verifyWhole(t, savepoint{tx}, nil)
	})
}

func TestTamperedHeadsAreNamed(t *testing.T) {
	t.Parallel()
	tr := newTrail(t)
	whole := tr.signed.String()
	first, _, _ := strings.Cut(whole, "\n")
	for name, c := range map[string]struct {
		file   string
		defect audit.Defect
	}{
		"edited place":     {strings.Replace(whole, `"seq":5`, `"seq":4`, 1), audit.BadSignature},
		"another's key":    {strings.Replace(whole, `"signature":"`, `"signature":"AAAA`, 1), audit.BadSignature},
		"not a line":       {"\n" + whole, audit.Unreadable},
		"being written":    {whole + first[:20], ""},
		"torn, then ended": {whole + first[:20] + " torn\n" + first + "\n", ""},
	} {
		signed, err := audit.LoadHeads(strings.NewReader(c.file), tr.public)
		if err != nil {
			t.Fatal(name, err)
		}
		r, err := audit.Verify(t.Context(), tr.app, signed, start.Add(time.Hour))
		if err != nil || r.Whole() != (c.defect == "") || !r.Whole() && r.Broken[0].Defect != c.defect {
			t.Errorf("%s: %v %v", name, r.Broken, err)
		}
	}
}

func TestExportCutShortIsRefused(t *testing.T) {
	t.Parallel()
	tr := newTrail(t)
	var export bytes.Buffer
	if err := audit.Export(t.Context(), tr.app, start.Add(time.Hour), &export); err != nil {
		t.Fatal(err)
	}
	all := strings.SplitAfter(strings.TrimSuffix(export.String(), "\n"), "\n")
	for name, text := range map[string]string{
		"no end":       strings.Join(all[:len(all)-1], ""),
		"half a line":  export.String()[:export.Len()-5],
		"no beginning": strings.Join(all[1:], ""),
		"more":         export.String() + all[1],
		"empty":        "",
	} {
		if _, err := audit.VerifyExport(strings.NewReader(text), nil); err == nil {
			t.Errorf("%s: verified", name)
		}
	}
}

// An export is judged by the heads signed up to it: later ones are not missing from it.
func TestOldExportStandsAgainstNewerHeads(t *testing.T) {
	t.Parallel()
	tr := newTrail(t)
	var export bytes.Buffer
	if err := audit.Export(t.Context(), tr.app, tr.clock.Now(), &export); err != nil {
		t.Fatal(err)
	}
	act(t, tr.app, entry(estateA, 60), 1)
	tr.sign(t)
	if r, err := audit.VerifyExport(&export, tr.heads(t)); err != nil || !r.Whole() || r.Entries != acts+5 {
		t.Errorf("%+v %v", r, err)
	}
}

// columnsOf lists what random tampering may change.
func columnsOf(t testing.TB, pool *pgxpool.Pool) (columns [][3]string) {
	t.Helper()
	rows, err := pool.Query(t.Context(), `SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'audit' ORDER BY 1, ordinal_position`)
	if err != nil {
		t.Fatal(err)
	}
	columns, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (c [3]string, err error) { return c, row.Scan(&c[0], &c[1], &c[2]) })
	if err != nil || len(columns) < 20 {
		t.Fatal(columns, err)
	}
	return columns
}

// other is an expression that gives a column another value than it has.
var other = map[string][]string{
	"uuid":                     {"gen_random_uuid()", "NULL"},
	"text":                     {"%s || ' '", "md5(random()::text)", "NULL", "''"},
	"bytea":                    {"sha256(%s)", "''::bytea"},
	"bigint":                   {"%s + 1", "%s + 100", "-%s", "0"},
	"integer":                  {"%s + 1", "%s + 100", "-1 - %s"},
	"timestamp with time zone": {"%s + interval '1 microsecond'", "'-infinity'"},
}

func TestRandomTamperingIsAlwaysFound(t *testing.T) {
	t.Parallel()
	tr := newTrail(t)
	columns := columnsOf(t, tr.owner)
	rapid.Check(t, func(rt *rapid.T) {
		var sql string
		row := rapid.IntRange(0, 20).Draw(rt, "row")
		c := rapid.SampledFrom(columns).Draw(rt, "column")
		at := fmt.Sprintf(`ctid = (SELECT ctid FROM audit.%s ORDER BY 1, 2, 3 OFFSET %d %% (SELECT count(*) FROM audit.%s) LIMIT 1)`, c[0], row, c[0])
		switch rapid.SampledFrom([]string{"update", "update", "update", "delete", "forge"}).Draw(rt, "how") {
		case "update":
			value := rapid.SampledFrom(other[c[2]]).Draw(rt, "value")
			sql = fmt.Sprintf(`UPDATE audit.%s SET %s = %s WHERE %s AND %[2]s IS DISTINCT FROM (%[3]s)`, c[0], c[1], strings.ReplaceAll(value, "%s", c[1]), at)
		case "delete":
			sql = fmt.Sprintf(`DELETE FROM audit.%s WHERE %s`, c[0], at)
		case "forge":
			sql = fmt.Sprintf(`UPDATE audit.entries SET body = replace(body, 'req', 'REQ'), request_id = replace(request_id, 'req', 'REQ') WHERE %s AND seq = %d;`, chainA, 1+row%acts) + forge(1+row%acts)
		}
		as(t, tr.owner, "*", "", func(tx pgx.Tx) {
			tag, err := tx.Exec(t.Context(), sql)
			if err != nil || tag.Update() && tag.RowsAffected() == 0 {
				return // a constraint refused it, or the value was that already: the trail is as it was
			}
			if r := tr.verify(t, tx); r.Whole() {
				rt.Fatalf("unseen: %s", sql)
			}
		})
	})
}

func TestHeadsAreSignedWhenTheyMoveAndAtTheEnd(t *testing.T) {
	t.Parallel()
	tr := newTrail(t)
	before := strings.Count(tr.signed.String(), "\n")
	tr.sign(t)
	if n := strings.Count(tr.signed.String(), "\n"); n != before {
		t.Errorf("%d lines after nothing moved, %d before", n, before)
	}
	act(t, tr.app, entry(estateB, 9), 0)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	tr.writer.Run(ctx, time.Minute, nil)
	last := tr.signed.String()[strings.LastIndex(strings.TrimSuffix(tr.signed.String(), "\n"), "\n")+1:]
	if !strings.Contains(last, estateB.String()) || strings.Contains(last, estateA.String()) {
		t.Errorf("the last line should hold the head that moved: %s", last)
	}
	verifyWhole(t, tr.app, tr.heads(t))
}
