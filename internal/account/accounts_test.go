package account_test

import (
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/fault"
)

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.person("li", "")
	good := account.NewAccount{Email: "wang@example.com", Name: "王", Kind: account.Staff, Password: password}
	for _, c := range []struct {
		field string
		code  fault.Code
		spoil func(*account.NewAccount)
	}{
		{"email", fault.InvalidInput, func(in *account.NewAccount) { in.Email = "Wang <wang@example.com>" }},
		{"email", fault.InvalidInput, func(in *account.NewAccount) { in.Email = "" }},
		{"email", fault.Conflict, func(in *account.NewAccount) { in.Email = "LI@example.com" }},
		{"name", fault.InvalidInput, func(in *account.NewAccount) { in.Name = "" }},
		{"password", fault.InvalidInput, func(in *account.NewAccount) { in.Password = "short" }},
	} {
		in := good
		c.spoil(&in)
		err := w.as(system, func(tx pgx.Tx) error { _, _, err := w.Create(t.Context(), tx, in); return err })
		if f := refused(t, err, c.code); f.Field != c.field {
			t.Errorf("field %q, want %q", f.Field, c.field)
		}
	}
	if err := w.as(viewer{"", "*"}, func(tx pgx.Tx) error { _, _, err := w.Create(t.Context(), tx, good); return err }); err == nil {
		t.Error("nobody created an account")
	}
}

// A project manager sees who has or had a role in the own estate; a resident sees himself.
func TestWhoSeesWhom(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.estate(), w.estate()
	boss := w.person("boss", "general-manager", uuid.Nil)
	pm, li, wang := w.person("pm", "project-manager", a), w.person("li", "cs-officer", a, b), w.person("wang", "cs-officer", b)
	for _, c := range []struct {
		name   string
		v      viewer
		filter account.AccountFilter
		want   []string
	}{
		{"general manager", portfolio(boss), account.AccountFilter{}, []string{"boss", "li", "pm", "wang"}},
		{"job runner", system, account.AccountFilter{}, []string{"boss", "li", "pm", "wang"}},
		{"project manager", of(pm, a), account.AccountFilter{}, []string{"li", "pm"}},
		{"project manager looks into b", of(pm, a), account.AccountFilter{Estate: b}, nil},
		{"by prefix", portfolio(boss), account.AccountFilter{EmailPrefix: "L"}, []string{"li"}},
		{"by estate", portfolio(boss), account.AccountFilter{Estate: b}, []string{"li", "wang"}},
		{"by kind", portfolio(boss), account.AccountFilter{Kind: account.Resident}, nil},
		{"resident", of(wang), account.AccountFilter{}, []string{"wang"}},
		{"nobody", viewer{"", ""}, account.AccountFilter{}, nil},
		{"nobody with estates", viewer{"", "*"}, account.AccountFilter{}, nil},
	} {
		var got []string
		w.do(c.v, func(tx pgx.Tx) error {
			page, err := w.ListAccounts(t.Context(), tx, c.filter, 0, "")
			if err != nil {
				return err
			}
			for _, a := range page.Items {
				got = append(got, a.Name)
			}
			n, err := w.CountAccounts(t.Context(), tx, c.filter)
			if n != len(c.want) {
				t.Errorf("%s counts %d, want %d", c.name, n, len(c.want))
			}
			return err
		})
		if fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s sees %v, want %v", c.name, got, c.want)
		}
	}
	w.do(of(pm, a), func(tx pgx.Tx) error {
		found, err := w.FindAll(t.Context(), tx, []uuid.UUID{li, wang, boss})
		if len(found) != 1 || found[li].Name != "li" {
			t.Errorf("found %v", found)
		}
		_, missing := w.Find(t.Context(), tx, wang)
		refused(t, missing, fault.NotFound)
		_, missing = w.FindByEmail(t.Context(), tx, "WANG@example.com")
		refused(t, missing, fault.NotFound)
		return err
	})
}

func TestAccountsArePaged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 7 {
		w.person(fmt.Sprint("p", i), "")
	}
	w.do(system, func(tx pgx.Tx) error {
		var got []string
		after := ""
		for {
			page, err := w.ListAccounts(t.Context(), tx, account.AccountFilter{}, 3, after)
			if err != nil {
				return err
			}
			for _, a := range page.Items {
				got = append(got, a.Name)
				after = a.Cursor()
			}
			if !page.More {
				break
			}
		}
		if fmt.Sprint(got) != "[p0 p1 p2 p3 p4 p5 p6]" {
			t.Errorf("paged %v", got)
		}
		_, err := w.ListAccounts(t.Context(), tx, account.AccountFilter{}, 3, "!")
		refused(t, err, fault.InvalidInput)
		return nil
	})
}

// Who manages one estate cannot take over a colleague who works in two, and through him the other estate.
func TestNobodyTakesOverAnAccountOfAnotherEstate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.estate(), w.estate()
	pm, mine, both, theirs := w.person("pm", "project-manager", a), w.person("mine", "cs-officer", a), w.person("both", "cs-officer", a, b), w.person("theirs", "cs-officer", b)
	boss := w.person("boss", "general-manager", uuid.Nil)
	w.give(account.NewGrant{Account: boss, Role: "cs-officer", Estate: a})
	for name, act := range map[string]func(pgx.Tx, uuid.UUID) error{
		"reset":   func(tx pgx.Tx, id uuid.UUID) error { return third(w.ResetPassword(t.Context(), tx, id)) },
		"disable": func(tx pgx.Tx, id uuid.UUID) error { return w.Disable(t.Context(), tx, id) },
		"enable":  func(tx pgx.Tx, id uuid.UUID) error { return w.Enable(t.Context(), tx, id) },
	} {
		t.Run(name, func(t *testing.T) {
			try := func(id uuid.UUID) error { return w.as(of(pm, a), func(tx pgx.Tx) error { return act(tx, id) }) }
			refused(t, try(both), fault.Forbidden)
			refused(t, try(boss), fault.Forbidden)
			refused(t, try(theirs), fault.NotFound)
			refused(t, try(uuid.New()), fault.NotFound)
			if err := try(mine); name != "enable" {
				must(t, err)
			}
		})
	}
	err := w.as(of(pm, a), func(tx pgx.Tx) error { return w.SetProfile(t.Context(), tx, theirs, "x", "en") })
	refused(t, err, fault.NotFound)
	w.do(of(theirs), func(tx pgx.Tx) error { return w.SetProfile(t.Context(), tx, theirs, "某人", "en") })
}
