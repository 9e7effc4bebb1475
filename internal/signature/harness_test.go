package signature_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/server/request"
	"github.com/steward-pm/steward/internal/signature"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// scrap is a ceremony of three distinct persons, and a certificate.
var scrap = &signature.Ceremony{Kind: "test.scrap", Clause: "K3.2", Capacities: []string{"requester", "leader", "engineering"},
	Distinct: [][2]string{{"requester", "leader"}, {"requester", "engineering"}, {"leader", "engineering"}}, Certificate: true}

// lend is an everyday act of these tests: anybody in both capacities.
var lend = &signature.Ceremony{Kind: "test.lend", Clause: "K2.1", Capacities: []string{"borrower", "handler"}}

// start is the program with a database that knows lend and scrap, too.
func start(t testing.TB) *stewardtest.App {
	app := stewardtest.New(t)
	app.SQL(`INSERT INTO signature_capacities VALUES ('test.lend', 'borrower'), ('test.lend', 'handler'), ('test.scrap', 'requester'), ('test.scrap', 'leader'), ('test.scrap', 'engineering')`)
	app.SQL(`INSERT INTO signature_distinct VALUES ('test.scrap', 'requester', 'leader'), ('test.scrap', 'requester', 'engineering'), ('test.scrap', 'leader', 'engineering')`)
	app.SQL(`INSERT INTO signature_certificates VALUES ('test.scrap')`)
	return app
}

// sign is an act that signs as its input says.
var sign = act.New("test.sign", act.Needs(policy.Area, policy.Create), act.Clauses("K3.2"), func(tx *act.Tx, in signInput) (*signPayload, error) {
	s := signature.Signing{Capacity: in.Capacity, Estate: in.Estate, Subject: in.Subject, Household: in.Household, By: in.Signature, Content: in.Content, Field: "signature"}
	by := in.Ceremony.Sign
	if in.Session {
		by = in.Ceremony.SignBySession
	}
	row, err := by(tx, s)
	return &signPayload{Signature: row}, err
})

type signInput struct {
	Ceremony  *signature.Ceremony
	Capacity  string
	Estate    uuid.UUID
	Household *uuid.UUID
	Subject   uuid.UUID
	Content   any
	Who       signature.Who
	Session   bool
	Signature *signature.Input
}

func (in signInput) Prepare(ctx context.Context) error {
	if in.Session {
		return nil
	}
	return in.Signature.Prove(ctx, in.Who, "signature")
}

type signPayload struct{ Signature *ent.Signature }

// certify is an act that issues the certificate.
var certify = act.New("test.certify", act.Needs(policy.Area, policy.Create), act.Clauses("K3.2"), func(tx *act.Tx, in certifyInput) (*certifyPayload, error) {
	row, err := in.Ceremony.Certify(tx, in.Estate, in.Subject, "报废证明", "Certificate", in.Content)
	return &certifyPayload{Certificate: row}, err
})

// certifyInput is a signInput of which nothing is signed.
type certifyInput struct {
	Ceremony        *signature.Ceremony
	Estate, Subject uuid.UUID
	Content         any
}

// of is about what the input signs.
func of(in signInput) certifyInput {
	return certifyInput{in.Ceremony, in.Estate, in.Subject, in.Content}
}

type certifyPayload struct{ Certificate *ent.Certificate }

// as is a context of the person with the role in A.
func as(app *stewardtest.App, p *stewardtest.Person, role policy.Role) context.Context {
	g := access.Grant{Role: role, Estate: app.A.ID}
	if role == policy.GeneralManager {
		g.Estate = uuid.Nil
	}
	return access.With(app.Context(), access.New(app.Policy, access.Viewer{Account: p.Account, Name: p.Email, Grants: []access.Grant{g}}))
}

// clerk is the project manager of A, at whose desk people sign.
func clerk(app *stewardtest.App) context.Context {
	return as(app, app.As(policy.ProjectManager), policy.ProjectManager)
}

func keyed(ctx context.Context, key string) context.Context {
	return request.With(ctx, request.Info{IdempotencyKey: key})
}

// hire makes a member of staff of the estate, with the account if there is one.
func hire(app *stewardtest.App, e stewardtest.Estate, name string, account *uuid.UUID) uuid.UUID {
	id := uuid.New()
	app.SQL(`INSERT INTO staffs (id, created_at, estate_id, name, sort_key, department_id, account_id, phone, employed_from) VALUES ($1, $2, $3, $4, $4, $5, $6, '', '2025-01-01')`,
		id, stewardtest.Start, e.ID, name, e.Department, account)
	return id
}

func password(p string) *signature.Input { return &signature.Input{Credential: &p} }

func named(name string) *signature.Input { return &signature.Input{Name: &name} }

// want fails unless the error is a refusal with the code, at the field if one is given.
func want(t *testing.T, err error, code fault.Code, field string) {
	t.Helper()
	if f := fault.From(err); !fault.Is(err, code) || f.Field != field && field != "" {
		t.Errorf("want %s at %q, got %#v", code, field, err)
	}
}

func texts(t testing.TB, app *stewardtest.App, sql string, args ...any) []string {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), app.SuperURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	rows, err := conn.Query(context.Background(), sql, args...)
	if err != nil {
		t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return list
}

// plain runs a statement as the app role with the settings of the viewer in ctx, past Go and its rules, and tells the constraint that refused.
func plain(ctx context.Context, t testing.TB, app *stewardtest.App, sql string, args ...any) (constraint string) {
	t.Helper()
	err := app.DB.As(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, sql, args...)
		return err
	})
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.ConstraintName + pg.Code
	}
	if err != nil {
		t.Fatal(err)
	}
	return ""
}
