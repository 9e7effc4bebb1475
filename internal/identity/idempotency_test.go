package identity_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

func TestThousandEqualRequestsHaveOneEffectAndOneAnswer(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	pm := app.As(policy.ProjectManager).With("Idempotency-Key", "one-cabinet-please")
	in := vars{"in": vars{"estateID": app.A.ID, "name": "只有一个"}}

	answers, errs := make([]string, 1000), make([]error, 1000)
	at := make(chan struct{}, 64) // connections of the client; all thousand goroutines are under way
	var wg sync.WaitGroup
	for i := range answers {
		wg.Go(func() {
			at <- struct{}{}
			defer func() { <-at }()
			r, err := pm.Try(createCabinet, in)
			answers[i], errs[i] = r.Raw, err
		})
	}
	wg.Wait()
	for i := range answers {
		if errs[i] != nil || answers[i] != answers[0] {
			t.Fatalf("answer %d is %s (%v), the first %s", i, answers[i], errs[i], answers[0])
		}
	}
	if n := pm.Do(`{ keyHolders(where: {name: "只有一个"}) { edges { node { id } } } }`, nil).Get("keyHolders.edges.#").Int(); n != 1 {
		t.Errorf("%d cabinets, want 1", n)
	}
	if n := len(entries(app, vars{"action": "keys.createCabinet", "outcome": "DONE"})); n != 1 {
		t.Errorf("%d entries on the trail, want 1", n)
	}
}

func TestIdempotencyKeyIsForOneInputOfOneAccountAtOnePlace(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	const key = "Idempotency-Key"
	pm, custodian := app.As(policy.ProjectManager).With(key, "k"), app.As(policy.KeyCustodian).With(key, "k")
	cabinet := func(name string) vars { return vars{"in": vars{"estateID": app.A.ID, "name": name}} }
	id := func(p *stewardtest.Person, name string) string {
		return p.Do(createCabinet, cabinet(name)).Get("createKeyCabinet.holder.id").String()
	}
	first := id(pm, "甲")
	if again := id(pm, "甲"); again != first {
		t.Errorf("repeated: %s, first %s", again, first)
	}
	pm.Refused(createCabinet, cabinet("乙"), fault.Conflict)
	if other := id(custodian, "丙"); other == first {
		t.Error("another account's key gave this account's answer")
	}
	two := pm.With(key, "two-at-once").Do(fmt.Sprintf(`mutation { a: createKeyCabinet(input: {estateID: %q, name: "丁"}) { holder { id } }
		b: createKeyCabinet(input: {estateID: %q, name: "戊"}) { holder { id } } }`, app.A.ID, app.A.ID), nil)
	if two.Get("a.holder.id").String() == two.Get("b.holder.id").String() {
		t.Error("two mutations of one document gave one answer")
	}
	// What was refused is not kept: the same key works once the input is right, or the right is there.
	clerk := app.As(policy.MailSorter).With(key, "later")
	clerk.Refused(createCabinet, cabinet("己"), fault.Forbidden)
	app.As(policy.ProjectManager).Do(grantRole, vars{"in": vars{"accountID": clerk.Account, "role": "key-custodian", "estateID": app.A.ID}})
	id(clerk, "己")
}
