package signature_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/signature"
	"github.com/steward-pm/steward/internal/stewardtest"
)

// signAll signs the ceremony in the capacities, each by a person of its own.
func signAll(ctx context.Context, t *testing.T, in signInput, capacities ...string) {
	t.Helper()
	for _, capacity := range capacities {
		in.Capacity, in.Who, in.Signature = capacity, signature.Who{Name: "签字人" + capacity}, &signature.Input{}
		if _, err := sign.Do(ctx, in); err != nil {
			t.Fatal(err)
		}
	}
}

func TestACertificateNeedsEverybodyOverTheSameContent(t *testing.T) {
	t.Parallel()
	app := start(t)
	ctx := clerk(app)
	in := signInput{Ceremony: scrap, Estate: app.A.ID, Subject: uuid.New(), Content: map[string]any{"keys": 3, "reason": "<换锁>"}}
	signAll(ctx, t, in, "requester", "leader")
	_, err := certify.Do(ctx, of(in))
	want(t, err, fault.RuleBroken, "")
	if f := fault.From(err); f.Clause != "K3.2" || f.Details["missing"] != "engineering" {
		t.Errorf("the refusal does not say who is missing: %#v", f)
	}
	other := in
	other.Content, other.Capacity, other.Who, other.Signature = map[string]any{"keys": 4, "reason": "<换锁>"}, "engineering", signature.Who{Name: "工程"}, &signature.Input{}
	_, err = sign.Do(ctx, other)
	want(t, err, fault.Conflict, "signature")
	signAll(ctx, t, in, "engineering")
	_, err = certify.Do(ctx, of(other))
	want(t, err, fault.RuleBroken, "")

	in.Content = struct { // the same JSON, whatever it is made of
		Reason string `json:"reason"`
		Keys   int    `json:"keys"`
	}{"<换锁>", 3}
	out, err := certify.Do(ctx, of(in))
	if err != nil {
		t.Fatal(err)
	}
	if c := out.Certificate; c.Number != "A-2026-0002" || c.Content != `{"keys":3,"reason":"<换锁>"}` || // the seed has issued the first
		len(texts(t, app, `SELECT person FROM signatures WHERE subject_id = $1 AND content_hash = $2`, in.Subject, c.ContentHash)) != 3 {
		t.Errorf("certificate %s over %s", c.Number, c.Content)
	}
	_, err = certify.Do(ctx, of(in))
	want(t, err, fault.Conflict, "")
	if _, err = certify.Do(ctx, certifyInput{Ceremony: lend, Estate: app.A.ID, Subject: uuid.New()}); err == nil {
		t.Error("an everyday act ended in a certificate")
	}
}

// Numbers have no gap and no double, however many certificates are issued at once and however many are refused.
func TestNumbersOfCertificatesHaveNoGaps(t *testing.T) {
	t.Parallel()
	app := start(t)
	ctx := clerk(app)
	var group sync.WaitGroup
	for i := range 6 {
		in := signInput{Ceremony: scrap, Estate: app.A.ID, Subject: uuid.New(), Content: i}
		signAll(ctx, t, in, []string{"requester", "leader", "engineering"}[:3-i%2]...)
		group.Go(func() {
			if _, err := certify.Do(ctx, of(in)); (err == nil) != (i%2 == 0) {
				t.Errorf("%d: %v", i, err)
			}
		})
	}
	group.Wait()
	app.Clock.Advance(time.Date(2026, 12, 31, 16, 0, 0, 0, time.UTC).Sub(stewardtest.Start)) // midnight in Shanghai
	in := signInput{Ceremony: scrap, Estate: app.A.ID, Subject: uuid.New()}
	signAll(ctx, t, in, scrap.Capacities...)
	if _, err := certify.Do(ctx, of(in)); err != nil {
		t.Fatal(err)
	}
	numbers := texts(t, app, `SELECT number FROM certificates WHERE estate_id = $1 ORDER BY issued_at, number`, app.A.ID)
	if !slices.Equal(numbers, []string{"A-2026-0001", "A-2026-0002", "A-2026-0003", "A-2026-0004", "A-2027-0001"}) {
		t.Errorf("numbers: %q", numbers)
	}
	app.Super(`UPDATE certificates SET number = 'A-2027-9999' WHERE number = 'A-2027-0001'`)
	if next := texts(t, app, `SELECT certificate_number($1, $2)`, app.A.ID, in2027()); next[0] != "A-2027-10000" {
		t.Errorf("after 9999 comes %s", next[0])
	}
}

func in2027() time.Time { return time.Date(2027, 6, 1, 0, 0, 0, 0, time.UTC) }

// The database refuses whoever writes past this package, and refuses for the reason given.
func TestPlainSQLIsRefused(t *testing.T) {
	t.Parallel()
	app := start(t)
	ctx := clerk(app)
	me := texts(t, app, `SELECT id::text FROM identity.accounts WHERE email = 'project-manager@a.example'`)[0]
	linked, free := hire(app, app.A, "有账号", new(uuid.MustParse(me))), hire(app, app.A, "无账号", nil)
	subject := uuid.New()
	signAll(ctx, t, signInput{Ceremony: scrap, Estate: app.A.ID, Subject: subject, Content: 1}, "requester", "engineering")
	_, hash, err := signature.Canonical(1)
	if err != nil {
		t.Fatal(err)
	}
	insert := func(capacity, name, method string, staff, account, attester any, hash string) string {
		return plain(ctx, t, app, `INSERT INTO signatures (id, created_at, estate_id, kind, subject_id, capacity, signer_name, method, staff_id, account_id, attested_by_id, content_hash, signed_at, person)
			VALUES (gen_random_uuid(), now(), $1, 'test.scrap', $2, $3, $4, $5, $6, $7, $8, $9, now(), 'staff:somebody else')`, app.A.ID, subject, capacity, name, method, staff, account, attester, hash)
	}
	stranger := uuid.New()
	for name, c := range map[string]struct{ got, want string }{
		"a capacity of nobody":            {insert("witness", "甲", "ATTESTED", nil, nil, me, hash), "signatures_capacity23503"},
		"the same person":                 {insert("leader", "签字人 Requester", "ATTESTED", nil, nil, me, hash), "signatures_distinct23514"},
		"another content":                 {insert("leader", "甲", "ATTESTED", nil, nil, me, "00"), "signatures_content23514"},
		"attested by another":             {insert("leader", "甲", "ATTESTED", nil, nil, stranger, hash), "signatures_viewer23514"},
		"attested by nobody":              {insert("leader", "甲", "ATTESTED", nil, nil, nil, hash), "signatures_method23514"},
		"by another's session":            {insert("leader", "甲", "SESSION", nil, stranger, nil, hash), "signatures_viewer23514"},
		"by password of no account":       {insert("leader", "甲", "CREDENTIAL", nil, nil, nil, hash), "signatures_method23514"},
		"by password, and attested":       {insert("leader", "甲", "CREDENTIAL", nil, me, me, hash), "signatures_method23514"},
		"attested, with an account":       {insert("leader", "有账号", "ATTESTED", linked, nil, me, hash), "signatures_account23514"},
		"by another's account":            {insert("leader", "有账号", "CREDENTIAL", linked, stranger, nil, hash), "signatures_account23514"},
		"by an account that is not there": {insert("leader", "无账号", "CREDENTIAL", free, me, nil, hash), "signatures_account23514"},
		"twice":                           {insert("requester", "甲", "ATTESTED", nil, nil, me, hash), "signature_estate_id_subject_id_kind_capacity23505"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", name, c.got, c.want)
		}
	}
	const certificate = `INSERT INTO certificates (id, created_at, estate_id, kind, subject_id, number, title, title_en, content, content_hash, issued_at)
		SELECT gen_random_uuid(), now(), $1, $2, $3, coalesce($4, certificate_number($1, now())), '', '', $5, $6, now()`
	for name, c := range map[string]struct{ kind, number, content, want string }{
		"a leader is missing": {"test.scrap", "", "1", "certificates_signed23514"},
		"another hash":        {"test.scrap", "", "2", "certificates_content23514"},
		"a kind without one":  {"test.lend", "", "1", "certificates_kind23503"},
	} {
		if got := plain(ctx, t, app, certificate, app.A.ID, c.kind, subject, nil, c.content, hash); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if got := insert("leader", "组长", "ATTESTED", nil, nil, me, hash); got != "" {
		t.Errorf("what is right is refused: %s", got)
	}
	if got := plain(ctx, t, app, certificate, app.A.ID, "test.scrap", subject, "A-2026-0009", "1", hash); got != "certificates_number23514" {
		t.Errorf("a number of one's own: %q", got)
	}
	if person := texts(t, app, `SELECT person FROM signatures WHERE subject_id = $1 AND capacity = 'leader'`, subject); person[0] != "name:组长" {
		t.Errorf("the person is as the writer says: %q", person)
	}
	for _, sql := range []string{`INSERT INTO signature_capacities VALUES ('x', 'y')`, `INSERT INTO signature_distinct VALUES ('test.lend', 'borrower', 'handler')`,
		`DELETE FROM signature_distinct`, `UPDATE signature_certificates SET kind = 'x'`, fmt.Sprintf(`UPDATE signatures SET signer_name = 'x' WHERE subject_id = '%s'`, subject)} {
		if got := plain(ctx, t, app, sql); got != "42501" {
			t.Errorf("%s: %q", sql, got)
		}
	}
}

// Under an older snapshot the lock would not help: nobody signs in one.
func TestSignaturesNeedTheNewestSnapshot(t *testing.T) {
	t.Parallel()
	app := start(t)
	conn, err := pgx.Connect(t.Context(), app.OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	for level, state := range map[pgx.TxIsoLevel]string{pgx.RepeatableRead: "P0001", pgx.Serializable: "P0001", pgx.ReadCommitted: ""} {
		err := pgx.BeginTxFunc(t.Context(), conn, pgx.TxOptions{IsoLevel: level}, func(tx pgx.Tx) error {
			if _, err := tx.Exec(t.Context(), `SELECT set_config('app.estate_ids', '*', true), set_config('app.account_id', '*', true)`); err != nil {
				return err
			}
			_, err := tx.Exec(t.Context(), `INSERT INTO signatures (id, created_at, estate_id, kind, subject_id, capacity, signer_name, method, account_id, content_hash, signed_at)
				VALUES (gen_random_uuid(), now(), $1, 'test.lend', gen_random_uuid(), 'handler', '甲', 'SESSION', gen_random_uuid(), '', now())`, app.A.ID)
			return err
		})
		if pg, _ := errors.AsType[*pgconn.PgError](err); (err != nil) != (state != "") || pg != nil && pg.Code != state {
			t.Errorf("%s: %v", level, err)
		}
	}
}
