package signature_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/signature"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

func TestWhoHasAnAccountSignsByPasswordAndWhoHasNoneIsAttested(t *testing.T) {
	t.Parallel()
	app := start(t)
	ctx, me := clerk(app), app.As(policy.ProjectManager)
	officer := app.As(policy.CSOfficer).Account
	withAccount, without := hire(app, app.A, "张三", &officer), hire(app, app.A, "李四", nil)
	foreign, gone, resident := hire(app, app.B, "王五", nil), hire(app, app.A, "赵六", nil), app.A.Resident
	app.SQL(`UPDATE staffs SET employed_until = '2026-03-01' WHERE id = $1`, gone)
	wrong, right := password("wrong battery horse"), password(stewardtest.Password)
	staff := func(id uuid.UUID) signature.Who { return signature.Who{Staff: &id} }
	for name, c := range map[string]struct {
		who    signature.Who
		in     *signature.Input
		code   fault.Code // empty: signed
		field  string
		person string // as stored: method, name, by whom attested
	}{
		"staff with an account":               {staff(withAccount), right, "", "", "CREDENTIAL 张三 staff:" + withAccount.String() + " "},
		"with the wrong password":             {staff(withAccount), wrong, fault.InvalidInput, "signature.credential", ""},
		"without a password":                  {staff(withAccount), &signature.Input{}, fault.InvalidInput, "signature.credential", ""},
		"with a name besides":                 {staff(withAccount), named("张三"), fault.InvalidInput, "signature.name", ""},
		"staff without an account":            {staff(without), &signature.Input{}, "", "", "ATTESTED 李四 staff:" + without.String() + " " + me.Email},
		"without an account, but a password":  {staff(without), right, fault.InvalidInput, "signature.credential", ""},
		"staff of another estate":             {staff(foreign), &signature.Input{}, fault.NotFound, "signature", ""},
		"staff that is not there":             {staff(uuid.New()), &signature.Input{}, fault.NotFound, "signature", ""},
		"staff who left":                      {staff(gone), &signature.Input{}, fault.Conflict, "signature", ""},
		"a resident without an account":       {signature.Who{Resident: &resident}, &signature.Input{}, "", "", "ATTESTED 甲小区业户 resident:" + resident.String() + " " + me.Email},
		"the viewer":                          {signature.Who{Viewer: true}, right, "", "", "CREDENTIAL " + me.Email + " account:" + me.Account.String() + " "},
		"the viewer, with the wrong password": {signature.Who{Viewer: true}, wrong, fault.InvalidInput, "signature.credential", ""},
		"somebody whom the chapter knows":     {signature.Who{Name: "刘 师傅"}, &signature.Input{}, "", "", "ATTESTED 刘 师傅 name:刘师傅 " + me.Email},
		"somebody who says the name":          {signature.Who{}, named(" Ａnna  Li "), "", "", "ATTESTED Ａnna Li name:annali " + me.Email},
		"nobody":                              {signature.Who{}, &signature.Input{}, fault.InvalidInput, "signature.name", ""},
		"a name of nothing":                   {signature.Who{}, named("\u200b"), fault.InvalidInput, "signature.name", ""},
		"no signature":                        {staff(without), nil, fault.InvalidInput, "signature", ""},
	} {
		subject := uuid.New()
		out, err := sign.Do(ctx, signInput{Ceremony: lend, Capacity: "borrower", Estate: app.A.ID, Subject: subject, Who: c.who, Signature: c.in, Content: 1})
		rows := texts(t, app, `SELECT concat_ws(' ', method, signer_name, person, attested_by_name) FROM signatures WHERE subject_id = $1`, subject)
		if c.code != "" {
			if f := fault.From(err); !fault.Is(err, c.code) || f.Field != c.field || len(rows) > 0 {
				t.Errorf("%s: %#v, stored %q", name, err, rows)
			}
			continue
		}
		if err != nil || len(rows) != 1 || rows[0] != c.person || out.Signature.SignerName == "" || (out.Signature.AccountID == nil) != strings.HasPrefix(c.person, "ATTESTED") {
			t.Errorf("%s: %v, stored %q", name, err, rows)
		}
	}
}

func TestNeitherTokensNorTheProgramSign(t *testing.T) {
	t.Parallel()
	app := start(t)
	manager := app.As(policy.ProjectManager)
	grants := []access.Grant{{Role: policy.ProjectManager, Estate: app.A.ID}}
	token := access.With(app.Context(), access.New(app.Policy, access.Viewer{Account: manager.Account, Name: "令牌", Token: uuid.New(), Grants: grants}))
	for _, session := range []bool{true, false} {
		in := signInput{Ceremony: lend, Capacity: "handler", Estate: app.A.ID, Subject: uuid.New(), Session: session, Who: signature.Who{Viewer: true}, Signature: password(stewardtest.Password)}
		_, err := sign.Do(token, in)
		want(t, err, fault.Forbidden, "")
		_, err = sign.Do(app.Context(), in)
		want(t, err, fault.Forbidden, "")
		if _, err := sign.Do(clerk(app), in); err != nil {
			t.Errorf("the same in person: %v", err)
		}
	}
}

func TestWrongPasswordsSlowDown(t *testing.T) {
	t.Parallel()
	app := start(t)
	in := signInput{Ceremony: lend, Capacity: "handler", Estate: app.A.ID, Subject: uuid.New(), Who: signature.Who{Viewer: true}, Signature: password("wrong battery horse")}
	for i := range 8 {
		if _, err := sign.Do(clerk(app), in); fault.Is(err, fault.RateLimited) {
			in.Signature = password(stewardtest.Password)
			_, err := sign.Do(clerk(app), in)
			want(t, err, fault.RateLimited, "")
			return
		} else if want(t, err, fault.InvalidInput, "signature.credential"); i == 7 {
			t.Error("passwords can be tried without end")
		}
	}
}

// Who tries another's password leaves a trail: whose it was, at which act, and who tried.
func TestWrongPasswordsAreOnTheTrail(t *testing.T) {
	t.Parallel()
	app := start(t)
	account := app.As(policy.KeyCustodian).Account
	staff := hire(app, app.A, "管钥匙的", &account)
	in := signInput{Ceremony: lend, Capacity: "borrower", Estate: app.A.ID, Subject: uuid.New(), Who: signature.Who{Staff: &staff}, Signature: password("wrong battery horse")}
	_, err := sign.Do(clerk(app), in)
	want(t, err, fault.InvalidInput, "signature.credential")
	in.Signature = &signature.Input{} // no password is a mistake, and tries nothing
	_, err = sign.Do(clerk(app), in)
	want(t, err, fault.InvalidInput, "signature.credential")
	got := texts(t, app, `SELECT actor_id || ' ' || (body::jsonb ->> 'reason') FROM audit.entries WHERE action = 'test.sign' AND outcome = 'refused' AND subject_id = $1`, account)
	if me := app.As(policy.ProjectManager).Account.String(); len(got) != 1 || got[0] != me+" INVALID_INPUT" {
		t.Errorf("the trail tells %q", got)
	}
	if all := texts(t, app, `SELECT action FROM audit.entries WHERE action = 'test.sign' AND outcome = 'refused'`); len(all) != 1 {
		t.Errorf("%d refusals are on the trail", len(all))
	}
	if secrets := texts(t, app, `SELECT body FROM audit.entries WHERE body LIKE '%battery%'`); len(secrets) > 0 {
		t.Errorf("the trail tells the password: %q", secrets)
	}
}

// A replay answers what was done, but never without the password; and the password is no part of what was asked.
func TestReplayVerifiesThePasswordAgain(t *testing.T) {
	t.Parallel()
	app := start(t)
	ctx := keyed(clerk(app), "key 1")
	in := signInput{Ceremony: lend, Capacity: "handler", Estate: app.A.ID, Subject: uuid.New(), Who: signature.Who{Viewer: true}, Signature: password(stewardtest.Password)}
	first, err := sign.Do(ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := sign.Do(ctx, in); err != nil || again.Signature.ID != first.Signature.ID {
		t.Errorf("again: %v, %v", again, err)
	}
	for _, wrong := range []*signature.Input{password("wrong battery horse"), {}} {
		in.Signature = wrong
		_, err = sign.Do(ctx, in)
		want(t, err, fault.InvalidInput, "signature.credential")
	}
	in.Signature = nil
	_, err = sign.Do(ctx, in)
	want(t, err, fault.InvalidInput, "signature")
}

// Neither the password nor what was drawn is anywhere but where it belongs.
func TestSecretsAreKeptNowhere(t *testing.T) {
	t.Parallel()
	app := start(t)
	strokes := signature.Strokes{{12345.25, 54321.75, 1, 2}}
	in := signInput{Ceremony: lend, Capacity: "handler", Estate: app.A.ID, Subject: uuid.New(), Who: signature.Who{Viewer: true},
		Signature: &signature.Input{Credential: new(stewardtest.Password), Strokes: &strokes}}
	if _, err := sign.Do(keyed(clerk(app), "key 1"), in); err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, table := range []string{"signatures", "identity.idempotency", "audit.entries", "audit.changes", "identity.credentials", "river.river_job"} {
		all[table] = strings.Join(texts(t, app, fmt.Sprintf(`SELECT t::text FROM %s t`, table)), "\n")
		if strings.Contains(all[table], stewardtest.Password) || table != "signatures" && strings.Contains(all[table], "12345.25") {
			t.Errorf("a secret is in %s: %s", table, all[table])
		}
	}
	if !strings.Contains(all["signatures"], "[[12345.25,54321.75,1,2]]") || !strings.Contains(all["audit.changes"], `"strokes"`) {
		t.Errorf("what was drawn is not stored, or not on the trail: this proves nothing")
	}
	if text := fmt.Sprintf("%v %+v", in.Signature, *in.Signature); strings.Contains(text, stewardtest.Password) {
		t.Errorf("a log would show it: %s", text)
	}
}

// What is signed twice, or in a capacity that nobody declared, is refused; in another estate it is not there.
func TestWhatCannotBeSigned(t *testing.T) {
	t.Parallel()
	app := start(t)
	in := signInput{Ceremony: lend, Capacity: "handler", Estate: app.A.ID, Subject: uuid.New(), Session: true}
	out, err := sign.Do(clerk(app), in)
	if err != nil || out.Signature.Method != "SESSION" {
		t.Fatalf("%v %v", out, err)
	}
	_, err = sign.Do(clerk(app), in)
	want(t, err, fault.Conflict, "signature")
	in.Capacity = "witness"
	if _, err = sign.Do(clerk(app), in); err == nil || fault.From(err) != nil {
		t.Errorf("a mistake of ours is %v", err)
	}
	in.Capacity, in.Estate, in.Subject = "handler", app.B.ID, uuid.New()
	_, err = sign.Do(clerk(app), in)
	want(t, err, fault.NotFound, "")
}
