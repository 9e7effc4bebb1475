package signature_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/signature"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

func TestTheSamePersonDoesNotSignInDistinctCapacities(t *testing.T) {
	t.Parallel()
	app := start(t)
	ctx, me := clerk(app), app.As(policy.ProjectManager)
	staff := hire(app, app.A, "项目经理", &me.Account)
	other := hire(app, app.A, "工程 师傅", nil)
	viewer, mine := signature.Who{Viewer: true}, signature.Who{Staff: &staff}
	attested := func() *signature.Input { return &signature.Input{} }
	secret := func() *signature.Input { return password(stewardtest.Password) }
	for name, c := range map[string]struct {
		first, second   signature.Who
		by, then        *signature.Input
		distinctPersons bool
	}{
		"the viewer twice":                     {viewer, viewer, secret(), secret(), false},
		"the viewer, and as a member of staff": {viewer, mine, secret(), secret(), false},
		"the viewer, and another":              {viewer, signature.Who{Staff: &other}, secret(), attested(), true},
		"a member of staff twice":              {signature.Who{Staff: &other}, signature.Who{Staff: &other}, attested(), attested(), false},
		"a name twice":                         {signature.Who{Name: "刘师傅"}, signature.Who{}, attested(), named("刘 师傅"), false},
		"a resident and a member of staff":     {signature.Who{Resident: &app.A.Resident}, signature.Who{Staff: &other}, attested(), attested(), true},
		"two names":                            {signature.Who{Name: "刘师傅"}, signature.Who{Name: "李师傅"}, attested(), attested(), true},
	} {
		subject := uuid.New()
		in := signInput{Ceremony: scrap, Capacity: "requester", Estate: app.A.ID, Subject: subject, Who: c.first, Signature: c.by}
		if _, err := sign.Do(ctx, in); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		in.Capacity, in.Who, in.Signature = "leader", c.second, c.then
		_, err := sign.Do(ctx, in)
		if f := fault.From(err); c.distinctPersons && err != nil || !c.distinctPersons && (!fault.Is(err, fault.RuleBroken) || f.Clause != "K3.2" || f.Field != "signature") {
			t.Errorf("%s: %v", name, err)
		}
		in.Ceremony, in.Subject, in.Capacity = lend, uuid.New(), "borrower" // where nothing is declared distinct anybody signs
		if _, err := sign.Do(ctx, in); err != nil {
			t.Errorf("%s, in an everyday act: %v", name, err)
		}
		in.Capacity, in.Who, in.Signature = "handler", c.first, c.by
		if _, err := sign.Do(ctx, in); err != nil {
			t.Errorf("%s, in an everyday act: %v", name, err)
		}
	}
}

// Who is of no estate is an account, and the same person still once hired.
func TestAGeneralManagerSignsAsAnAccount(t *testing.T) {
	t.Parallel()
	app := start(t)
	boss := app.As(policy.GeneralManager)
	ctx := as(app, boss, policy.GeneralManager)
	in := signInput{Ceremony: scrap, Capacity: "requester", Estate: app.A.ID, Subject: uuid.New(), Session: true}
	if _, err := sign.Do(ctx, in); err != nil {
		t.Fatal(err)
	}
	staff := hire(app, app.A, "总经理", &boss.Account)
	in.Capacity = "leader"
	_, err := sign.Do(ctx, in)
	want(t, err, fault.RuleBroken, "signature")
	in.Subject = uuid.New()
	if out, err := sign.Do(ctx, in); err != nil || out.Signature.StaffID == nil || *out.Signature.StaffID != staff {
		t.Errorf("once hired: %v, %v", out, err)
	}
}

// Of two that sign the two distinct capacities as the same person at once, exactly one does; without the trigger both would.
func TestDistinctPersonsUnderARace(t *testing.T) {
	t.Parallel()
	app := start(t)
	staff := hire(app, app.A, "两面人", nil)
	race := func(subject uuid.UUID) (signed int) {
		var group sync.WaitGroup
		errs := make([]error, 2)
		for i, capacity := range []string{"requester", "leader"} {
			group.Go(func() {
				_, errs[i] = sign.Do(clerk(app), signInput{Ceremony: scrap, Capacity: capacity, Estate: app.A.ID, Subject: subject,
					Who: signature.Who{Staff: &staff}, Signature: &signature.Input{}})
			})
		}
		group.Wait()
		for _, err := range errs {
			if err == nil {
				signed++
			} else if !fault.Is(err, fault.RuleBroken) {
				t.Errorf("refused as %v", err)
			}
		}
		return signed
	}
	clerk(app)
	for range 10 {
		if n := race(uuid.New()); n != 1 {
			t.Fatalf("%d of two signed", n)
		}
	}
	app.SQL(`DROP TRIGGER signature_check ON signatures; DROP TRIGGER signature_signer ON signatures`)
	if n := race(uuid.New()); n != 2 {
		t.Errorf("without the guard %d of two signed, so this proves nothing of it", n)
	}
}

// Whatever ceremony is declared, and whoever tries to sign it in whatever order, the database never holds two distinct capacities by
// one person, and refuses nothing else.
func TestHistoriesOfSignings(t *testing.T) {
	t.Parallel()
	app := start(t)
	ctx := clerk(app)
	var people []uuid.UUID
	for i := range 4 {
		people = append(people, hire(app, app.A, fmt.Sprintf("甲%d", i), nil))
	}
	kinds := 0
	rapid.Check(t, func(t *rapid.T) {
		kinds++
		c := &signature.Ceremony{Kind: fmt.Sprintf("test.%d", kinds), Clause: "K3.2", Capacities: []string{"a", "b", "c", "d"}}
		pairs := map[[2]string]bool{}
		rows := `INSERT INTO signature_capacities SELECT '` + c.Kind + `', unnest('{a,b,c,d}'::text[])`
		for i, a := range c.Capacities {
			for _, b := range c.Capacities[i+1:] {
				if rapid.Bool().Draw(t, a+b) {
					pair := rapid.SampledFrom([][2]string{{a, b}, {b, a}}).Draw(t, "order")
					rows += fmt.Sprintf(`; INSERT INTO signature_distinct VALUES ('%s', '%s', '%s')`, c.Kind, pair[0], pair[1])
					pairs[pair] = true
				}
			}
		}
		app.SQL(rows)
		history(ctx, t, app, c, pairs, people)
	})
}

func history(ctx context.Context, t *rapid.T, app *stewardtest.App, c *signature.Ceremony, pairs map[[2]string]bool, people []uuid.UUID) {
	subject, signed := uuid.New(), map[string]uuid.UUID{}
	for range rapid.IntRange(1, 8).Draw(t, "signings") {
		capacity, who := rapid.SampledFrom(c.Capacities).Draw(t, "capacity"), rapid.SampledFrom(people).Draw(t, "who")
		_, err := sign.Do(ctx, signInput{Ceremony: c, Capacity: capacity, Estate: app.A.ID, Subject: subject, Who: signature.Who{Staff: &who}, Signature: &signature.Input{}})
		_, again := signed[capacity]
		same := slices.ContainsFunc(c.Capacities, func(other string) bool {
			return signed[other] == who && (pairs[[2]string{capacity, other}] || pairs[[2]string{other, capacity}])
		})
		switch {
		case again && !fault.Is(err, fault.Conflict), !again && same && !fault.Is(err, fault.RuleBroken), !again && !same && err != nil:
			t.Fatalf("%s by %s after %v: %v", capacity, who, signed, err)
		case err == nil:
			signed[capacity] = who
		}
	}
	rows := app.IDs(`SELECT s.id FROM signatures s JOIN signatures o USING (estate_id, subject_id, kind, person)
		JOIN signature_distinct d ON d.kind = s.kind AND d.a = s.capacity AND d.b = o.capacity WHERE s.kind = $1`, c.Kind)
	if len(rows) > 0 {
		t.Fatalf("one person in distinct capacities: %v", rows)
	}
	if all := app.IDs(`SELECT id FROM signatures WHERE kind = $1`, c.Kind); len(all) != len(signed) {
		t.Fatalf("%d signatures are stored, %d were made", len(all), len(signed))
	}
}
