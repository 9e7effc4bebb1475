package keys_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/ids"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// with is the variables with a further field of the input.
func with(v vars, field string, value any) vars {
	in := vars{}
	for k, x := range v["in"].(vars) {
		in[k] = x
	}
	in[field] = value
	return vars{"in": in}
}

func credential(password string) vars { return vars{"credential": password} }

// signatures are those under a subject, by capacity.
func signatures(app *stewardtest.App, subject string) map[string]gjson.Result {
	out := map[string]gjson.Result{}
	for _, s := range app.As(policy.ProjectManager).Do(`query($s: ID!) { signatures(where: {subjectID: $s}) { edges { node {
		kind capacity signerName method attestedByName contentHash signedAt staff { id } } } } }`, vars{"s": subject}).Get("signatures.edges.#.node").Array() {
		out[s.Get("capacity").String()] = s
	}
	return out
}

// receiptOf is what the returns of a loan are signed for as; that of the newest.
func receiptOf(app *stewardtest.App, loan string) string {
	return app.IDs(`SELECT r.receipt_id FROM key_returns r JOIN key_loan_lines l ON l.id = r.line_id WHERE l.loan_id = $1 ORDER BY r.id DESC`, loan)[0].String()
}

// signsIn gives the member of staff an account.
func signsIn(app *stewardtest.App, p *stewardtest.Person) {
	app.SQL(`UPDATE staffs SET account_id = $1 WHERE id = $2`, p.Account, app.A.Staff)
}

func TestK2_1_BothSign(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, set := app.As(policy.CSOfficer), app.A.Sets[0]
	loan := officer.Do(lendKeys, loanOf(vars{"externalPersonID": app.A.External}, set, 2)).Get("lendKeys.loan")
	id := loan.Get("id").String()

	signed := signatures(app, id)
	if s := signed["borrower"]; s.Get("method").String() != "ATTESTED" || s.Get("signerName").String() != loan.Get("borrowerName").String() ||
		s.Get("attestedByName").String() != loan.Get("lentByName").String() || s.Get("kind").String() != "keys.lend" {
		t.Errorf("the borrower signed %s", s.Raw)
	}
	if s := signed["handler"]; s.Get("method").String() != "SESSION" || s.Get("signerName").String() != loan.Get("lentByName").String() {
		t.Errorf("the handler signed %s", s.Raw)
	}
	if hash := signed["handler"].Get("contentHash").String(); len(signed) != 2 || len(hash) != 64 || hash != signed["borrower"].Get("contentHash").String() {
		t.Errorf("they signed %v", signed)
	}

	back := func(count int) vars {
		return vars{"in": vars{"loanID": id, "signature": vars{}, "lines": []vars{{"lineID": loan.Get("lines.0.id").String(), "count": count}}}}
	}
	officer.Do(returnKeys, back(1))
	first := receiptOf(app, id)
	officer.Do(returnKeys, with(back(1), "returnedBy", "王师傅"))
	second := receiptOf(app, id)
	if s := signatures(app, first); len(s) != 2 || s["returner"].Get("signerName").String() != loan.Get("borrowerName").String() || s["handler"].Get("method").String() != "SESSION" {
		t.Errorf("the first return is signed %v", s)
	}
	if s := signatures(app, second); len(s) != 2 || s["returner"].Get("signerName").String() != "王师傅" || s["returner"].Get("method").String() != "ATTESTED" {
		t.Errorf("the second return is signed %v", s)
	}
	if first == second || signatures(app, first)["handler"].Get("contentHash").String() == signatures(app, second)["handler"].Get("contentHash").String() {
		t.Error("two returns are signed for as one")
	}
}

func TestK2_1_WhoHasAnAccountSignsWithTheOwnPassword(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	signsIn(app, app.As(policy.Engineering))
	ask := loanOf(vars{"staffID": app.A.Staff}, app.A.Sets[0], 1)

	for name, c := range map[string]struct {
		signature any
		field     string
	}{
		"no password":                 {vars{}, "signature.credential"},
		"a wrong one":                 {credential("not " + stewardtest.Password), "signature.credential"},
		"a name, where one is known":  {vars{"name": "王师傅", "credential": stewardtest.Password}, "signature.name"},
		"strokes instead of password": {vars{"strokes": [][]float64{{1, 2, 3, 4}}}, "signature.credential"},
	} {
		if r := officer.In(t).Refused(lendKeys, with(ask, "signature", c.signature), fault.InvalidInput); r.Field != c.field {
			t.Errorf("%s: refused at %q, want %q", name, r.Field, c.field)
		}
	}
	if got := balance(app, app.A.Sets[0], app.A.Desk); got != app.A.AtDesk {
		t.Errorf("unsigned loans moved keys: %d at the desk", got)
	}
	loan := officer.Do(lendKeys, with(ask, "signature", vars{"credential": stewardtest.Password, "strokes": [][]float64{{1, 2, 3, 4}}})).Get("lendKeys.loan.id").String()
	if s := signatures(app, loan)["borrower"]; s.Get("method").String() != "CREDENTIAL" || s.Get("staff.id").String() != app.A.Staff.String() {
		t.Errorf("the borrower signed %s", s.Raw)
	}
	back := vars{"in": vars{"loanID": loan, "signature": vars{}}}
	if r := officer.Refused(returnKeys, back, fault.InvalidInput); r.Field != "signature.credential" {
		t.Errorf("a return without the borrower's password is refused at %q", r.Field)
	}
	officer.Do(returnKeys, with(back, "signature", credential(stewardtest.Password)))

	t.Run("a signature is not left out", func(t *testing.T) {
		in := loanOf(vars{"staffID": app.A.Staff}, app.A.Sets[0], 1)
		delete(in["in"].(vars), "signature")
		if a := officer.Ask(lendKeys, in); !a.Get("errors").Exists() {
			t.Errorf("lent without a signature: %s", a.Raw)
		}
	})
	t.Run("who has none is attested, without a password", func(t *testing.T) {
		in := with(loanOf(vars{"externalPersonID": app.A.External}, app.A.Sets[0], 1), "signature", credential("x"))
		if r := officer.In(t).Refused(lendKeys, in, fault.InvalidInput); r.Field != "signature.credential" {
			t.Errorf("refused at %q", r.Field)
		}
	})
	t.Run("a resident with an account", func(t *testing.T) {
		app.SQL(`UPDATE residents SET account_id = $1 WHERE id = $2`, app.Resident().Account, app.A.Resident)
		in := loanOf(vars{"residentID": app.A.Resident}, app.A.Sets[1], 1)
		officer.In(t).Refused(lendKeys, in, fault.InvalidInput)
		lent := officer.In(t).Do(lendKeys, with(in, "signature", credential(stewardtest.Password))).Get("lendKeys.loan.id").String()
		if s := signatures(app, lent)["borrower"]; s.Get("method").String() != "CREDENTIAL" {
			t.Errorf("the resident signed %s", s.Raw)
		}
		mine := `query($s: ID!) { signatures(where: {subjectID: $s}) { edges { node { id } } } }`
		if n := len(app.Resident().In(t).Do(mine, vars{"s": lent}).Get("signatures.edges").Array()); n != 2 {
			t.Errorf("the resident sees %d signatures of the own loan, want 2", n)
		}
		if n := len(app.Neighbour().In(t).Do(mine, vars{"s": lent}).Get("signatures.edges").Array()); n != 0 {
			t.Errorf("the neighbour sees %d of them", n)
		}
	})
}

// A replay under an idempotency key is answered to who can sign, and to nobody else.
func TestK2_1_AReplayVerifiesThePasswordAgain(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	signsIn(app, app.As(policy.Engineering))
	officer := app.As(policy.CSOfficer).With("Idempotency-Key", "lend-once")
	ask := loanOf(vars{"staffID": app.A.Staff}, app.A.Sets[0], 1)
	good := with(ask, "signature", credential(stewardtest.Password))
	first := officer.Do(lendKeys, good).Get("lendKeys.loan.id").String()
	for _, wrong := range []vars{{}, credential("wrong")} {
		officer.Refused(lendKeys, with(ask, "signature", wrong), fault.InvalidInput)
	}
	if again := officer.Do(lendKeys, good).Get("lendKeys.loan.id").String(); again != first {
		t.Errorf("the replay gives %s, not %s", again, first)
	}
	if got := balance(app, app.A.Sets[0], app.A.Desk); got != app.A.AtDesk-1 {
		t.Errorf("%d keys at the desk, want %d", got, app.A.AtDesk-1)
	}
	if n := len(signatures(app, first)); n != 2 {
		t.Errorf("%d signatures, want 2", n)
	}
}

func TestK2_1_NobodyLendsToThemselves(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer := app.As(policy.CSOfficer)
	signsIn(app, officer)
	ask := with(loanOf(vars{"staffID": app.A.Staff}, app.A.Sets[0], 1), "signature", credential(stewardtest.Password))
	if r := officer.Refused(lendKeys, ask, fault.RuleBroken, "K2.1"); r.Field != "signature" {
		t.Errorf("refused at %q", r.Field)
	}
	loan := app.As(policy.KeyCustodian).Do(lendKeys, ask).Get("lendKeys.loan.id").String()
	back := vars{"in": vars{"loanID": loan, "signature": credential(stewardtest.Password)}}
	officer.Refused(returnKeys, back, fault.RuleBroken, "K2.1")

	other := officer.Do(lendKeys, loanOf(vars{"externalPersonID": app.A.External}, app.A.Sets[0], 1)).Get("lendKeys.loan.id").String()
	mine := signatures(app, other)["handler"].Get("signerName").String()
	officer.Refused(returnKeys, vars{"in": vars{"loanID": other, "returnedBy": mine, "signature": vars{}}}, fault.RuleBroken, "K2.1")
	if got := balance(app, app.A.Sets[0], app.A.Desk); got != app.A.AtDesk-2 {
		t.Errorf("refusals moved keys: %d at the desk, want %d", got, app.A.AtDesk-2)
	}
	app.As(policy.KeyCustodian).Do(returnKeys, back)
}

// byHand runs statements as the serving role, past all acts, and returns by what constraint the database refused.
func byHand(t *testing.T, app *stewardtest.App, statements ...string) string {
	t.Helper()
	err := pgx.BeginFunc(context.Background(), app.DB.Pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(context.Background(), `SELECT set_config('app.estate_ids', '*', true), set_config('app.account_id', '*', true)`); err != nil {
			return err
		}
		for _, s := range statements {
			if _, err := tx.Exec(context.Background(), s); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		return ""
	}
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		t.Fatal(err)
	}
	return pg.ConstraintName
}

// rawLoan is a statement that makes a loan, due so much after the end of its day.
func rawLoan(app *stewardtest.App, loan uuid.UUID, more string) string {
	return strings.NewReplacer("$loan", loan.String(), "$more", more, "$estate", app.A.ID.String(), "$holder", app.A.Cabinet.String(),
		"$at", stewardtest.Start.Format("2006-01-02T15:04:05Z07:00")).Replace(
		`INSERT INTO key_loans (id, created_at, version, estate_id, borrower_id, borrower_name, purpose, lent_by_id, lent_by_name, lent_at, due_at, state)
		VALUES ('$loan', '$at', 1, '$estate', '$holder', 'x', '抄表', '$loan', 'y', '$at', timestamptz '$at' + interval '15 hours' + interval '$more', 'OPEN')`)
}

func rawSignature(app *stewardtest.App, subject uuid.UUID, kind, capacity, name, hash string) string {
	return strings.NewReplacer("$subject", subject.String(), "$kind", kind, "$capacity", capacity, "$name", name, "$hash", hash, "$estate", app.A.ID.String(),
		"$at", stewardtest.Start.Format("2006-01-02T15:04:05Z07:00")).Replace(
		`INSERT INTO signatures (id, created_at, estate_id, kind, subject_id, capacity, signer_name, person, method, attested_by_id, content_hash, signed_at)
		VALUES (new_id(x'0204'::int), '$at', '$estate', '$kind', '$subject', '$capacity', '$name', '', 'ATTESTED', '$subject', '$hash', '$at')`)
}

// The database holds whoever writes to it: what is missing is what refuses, and with all of it the loan is there.
func TestK2_1_UnsignedLoansAreNotRecorded(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	loan, back := ids.New(0x0307), ids.New(0x0309)
	made := rawLoan(app, loan, "0")
	borrower, handler := rawSignature(app, loan, "keys.lend", "borrower", "甲", "aa"), rawSignature(app, loan, "keys.lend", "handler", "乙", "aa")
	for want, statements := range map[string][]string{
		"key_loans_signed":    {made},
		"signatures_distinct": {made, borrower, rawSignature(app, loan, "keys.lend", "handler", "甲", "aa")},
		"signatures_capacity": {made, rawSignature(app, loan, "keys.lend", "witness", "丙", "aa")},
	} {
		if got := byHand(t, app, statements...); got != want {
			t.Errorf("refused by %q, want %q", got, want)
		}
	}
	for what, statements := range map[string][]string{
		"by the borrower alone":         {made, borrower},
		"by the handler alone":          {handler, made},
		"for another content by one":    {made, borrower, rawSignature(app, loan, "keys.lend", "handler", "乙", "bb")},
		"for something else":            {made, rawSignature(app, loan, "keys.return", "returner", "甲", "aa"), rawSignature(app, loan, "keys.return", "handler", "乙", "aa")},
		"for something of another kind": {made, borrower, rawSignature(app, back, "keys.lend", "handler", "乙", "aa")},
	} {
		if got := byHand(t, app, statements...); got != "key_loans_signed" {
			t.Errorf("a loan that is signed %s is refused by %q", what, got)
		}
	}
	if got := byHand(t, app, made, borrower, handler); got != "" {
		t.Errorf("a loan that is signed is refused by %q", got)
	}
	line := `(SELECT id FROM key_loan_lines WHERE estate_id = '` + app.A.ID.String() + `' LIMIT 1)`
	returned := `INSERT INTO key_returns (id, created_at, estate_id, line_id, receipt_id, count, returned_by, received_by_id, received_by_name, returned_at)
		VALUES ('` + back.String() + `', now(), '` + app.A.ID.String() + `', ` + line + `, '` + back.String() + `', 1, 'x', '` + back.String() + `', 'y', now())`
	if got := byHand(t, app, returned); got != "key_returns_signed" {
		t.Errorf("an unsigned return is refused by %q", got)
	}
	if got := byHand(t, app, returned, rawSignature(app, back, "keys.return", "returner", "甲", "aa"), rawSignature(app, back, "keys.return", "handler", "乙", "aa")); got != "" {
		t.Errorf("a signed return is refused by %q", got)
	}
}
