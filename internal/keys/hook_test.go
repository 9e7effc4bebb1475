package keys_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const (
	createHooks = `mutation($in: CreateKeyHooksInput!) { createKeyHooks(input: $in) { hooks { id number version set { id } } } }`
	hangKeys    = `mutation($in: HangKeysInput!) { hangKeys(input: $in) { hook { id number version set { id } } } }`
	clearHook   = `mutation($in: ClearKeyHookInput!) { clearKeyHook(input: $in) { hook { id version set { id } } } }`
	hooksOfSet  = `query($s: ID!) { keyHooks(where: {setID: $s}) { edges { node { number cabinet { name } } } } }`
)

func hooks(cabinet any, numbers ...string) vars {
	return vars{"in": vars{"cabinetID": cabinet, "numbers": numbers}}
}

func hanging(set, hook any) vars { return vars{"in": vars{"setID": set, "hookID": hook}} }

func TestK1_2_EachSetHangsOnAHookOfItsOwn(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian, officer := app.As(policy.KeyCustodian), app.As(policy.CSOfficer)
	made := custodian.Do(createHooks, hooks(app.A.Cabinet, "B-10", "Ｂ-2", "B-1")).Get("createKeyHooks.hooks").Array()
	if len(made) != 3 || made[1].Get("number").String() != "B-2" || made[0].Get("set.id").Exists() {
		t.Fatalf("made %v", made)
	}
	var order []string
	for _, n := range officer.Do(`{ keyHooks { edges { node { number } } } }`, nil).Get("keyHooks.edges.#.node.number").Array() {
		order = append(order, n.String())
	}
	if strings.Join(order, " ") != "A-01 B-1 B-2 B-10" {
		t.Errorf("hooks are listed as %v", order)
	}

	hook := made[0].Get("id").String()
	h := custodian.Do(hangKeys, hanging(app.A.Sets[0], hook)).Get("hangKeys.hook")
	if h.Get("set.id").String() != app.A.Sets[0].String() || h.Get("version").Int() != 2 {
		t.Errorf("hung: %s", h.Raw)
	}
	if at := officer.Do(hooksOfSet, vars{"s": app.A.Sets[0]}).Get("keyHooks.edges.#.node.number").Raw; at != `["B-10"]` {
		t.Errorf("the set hangs at %s", at)
	}
	if again := custodian.Do(hangKeys, hanging(app.A.Sets[0], hook)).Get("hangKeys.hook.version").Int(); again != 2 {
		t.Errorf("hung again where it hangs, it changed to version %d", again)
	}

	t.Run("a hook holds one set, a set one hook of the cabinet", func(t *testing.T) {
		p := custodian.In(t)
		if r := p.Refused(hangKeys, hanging(app.A.Sets[1], hook), fault.Conflict, "K1.2"); r.Field != "hookID" || !strings.Contains(r.Message, "B-10") {
			t.Errorf("a taken hook: %+v", r)
		}
		if r := p.Refused(hangKeys, hanging(app.A.Sets[0], made[1].Get("id").String()), fault.Conflict, "K1.2"); r.Field != "setID" {
			t.Errorf("a set that hangs: %+v", r)
		}
		other := p.Do(createCabinet, cabinet(app.A.ID, "二号柜")).Get("createKeyCabinet.holder.id").String()
		there := p.Do(createHooks, hooks(other, "B-10")).Get("createKeyHooks.hooks.0.id").String() // numbers are the cabinet's own
		p.Do(hangKeys, hanging(app.A.Sets[0], there))
	})
	t.Run("cleared, the hook is free for another", func(t *testing.T) {
		p := custodian.In(t)
		seen := vars{"in": vars{"hookID": hook, "expectedVersion": 1}}
		if r := p.Refused(clearHook, seen, fault.Conflict); r.Field != "expectedVersion" || r.Extensions.Get("version").Int() != 2 {
			t.Errorf("an old version: %+v", r)
		}
		seen["in"].(vars)["expectedVersion"] = 2
		if h := p.Do(clearHook, seen).Get("clearKeyHook.hook"); h.Get("set.id").Exists() {
			t.Errorf("cleared: %s", h.Raw)
		}
		p.Refused(clearHook, vars{"in": vars{"hookID": hook}}, fault.Conflict, "K1.2")
		p.Do(hangKeys, hanging(app.A.Sets[1], hook))
	})
}

func TestK1_2_OfTwoWhoHangTheSameSetOneDoes(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian := app.As(policy.KeyCustodian)
	made := custodian.Do(createHooks, hooks(app.A.Cabinet, "C-1", "C-2", "C-3", "C-4")).Get("createKeyHooks.hooks.#.id").Array()
	codes := make([]string, len(made))
	var wg sync.WaitGroup
	for i, hook := range made {
		wg.Go(func() {
			answer, err := custodian.Try(hangKeys, hanging(app.A.Sets[0], hook.String()))
			codes[i] = fmt.Sprint(answer.Get("errors.0.extensions.code").String(), err)
		})
	}
	wg.Wait()
	if done := strings.Count(strings.Join(codes, " "), "CONFLICT"); done != len(made)-1 {
		t.Errorf("hung at once: %q", codes)
	}
	if n := len(app.IDs(`SELECT id FROM key_hooks WHERE set_id = $1`, app.A.Sets[0])); n != 1 {
		t.Errorf("the set hangs on %d hooks", n)
	}
}

func TestK1_2_HooksThatAreRefused(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	custodian := app.As(policy.KeyCustodian)
	many := make([]string, 201)
	for i := range many {
		many[i] = fmt.Sprint(i + 1)
	}
	for field, in := range map[string]vars{
		"numbers": hooks(app.A.Cabinet, many...), "numbers.1": hooks(app.A.Cabinet, "D-1", " D - 1"), "numbers.0": hooks(app.A.Cabinet, " "),
		"cabinetID": hooks(app.A.Desk, "D-1"),
	} {
		if r := custodian.Refused(createHooks, in, fault.InvalidInput); r.Field != field {
			t.Errorf("%s: refused at %q", field, r.Field)
		}
	}
	if r := custodian.Refused(createHooks, hooks(app.A.Cabinet, []string{}...), fault.InvalidInput, "K1.2"); r.Field != "numbers" {
		t.Errorf("no number: refused at %q", r.Field)
	}
	if r := custodian.Refused(createHooks, hooks(app.A.Cabinet, "D-1", "A-01"), fault.Conflict, "K1.2"); r.Field != "numbers" {
		t.Errorf("a number that is taken: refused at %q", r.Field)
	}
	once := custodian.With("Idempotency-Key", "hooks")
	once.Do(createHooks, hooks(app.A.Cabinet, many[:200]...))
	once.Do(createHooks, hooks(app.A.Cabinet, many[:200]...))
	if n := len(app.IDs(`SELECT id FROM key_hooks WHERE cabinet_id = $1`, app.A.Cabinet)); n != 201 {
		t.Errorf("%d hooks, want the one of the seed and 200", n)
	}

	free := app.IDs(`SELECT id FROM key_hooks WHERE cabinet_id = $1 AND set_id IS NULL LIMIT 1`, app.A.Cabinet)[0]
	foreign := app.IDs(`SELECT id FROM key_hooks WHERE estate_id = $1`, app.B.ID)[0]
	both := app.Member("both@example", app.GrantIn(policy.KeyCustodian, app.A), app.GrantIn(policy.KeyCustodian, app.B))
	for field, in := range map[string]vars{"hookID": hanging(app.A.Sets[0], foreign), "setID": hanging(app.B.Sets[0], free)} {
		if r := custodian.Refused(hangKeys, in, fault.NotFound); r.Field != field {
			t.Errorf("%s: refused at %q", field, r.Field)
		}
	}
	both.Refused(hangKeys, hanging(app.B.Sets[0], free), fault.NotFound) // of two estates, although both are theirs
	custodian.Refused(createHooks, hooks(app.B.Cabinet, "D-1"), fault.NotFound)
	custodian.Refused(clearHook, vars{"in": vars{"hookID": uuid.New()}}, fault.NotFound)
	for _, role := range []policy.Role{policy.CSOfficer, policy.Supervisor, policy.Security, policy.Engineering, policy.Auditor} {
		app.As(role).Refused(createHooks, hooks(app.A.Cabinet, "D-1"), fault.Forbidden)
		app.As(role).Refused(hangKeys, hanging(app.A.Sets[0], free), fault.Forbidden)
		app.As(role).Refused(clearHook, vars{"in": vars{"hookID": free}}, fault.Forbidden)
	}
	app.Resident().Refused(hangKeys, hanging(app.A.Sets[0], free), fault.Forbidden)
	app.Nobody().Refused(hangKeys, hanging(app.A.Sets[0], free), fault.Unauthenticated)
	app.As(policy.ProjectManager).Do(hangKeys, hanging(app.A.Sets[0], free))
}
