package webhook_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/jobs"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/internal/webhook"
	"github.com/steward-pm/steward/policy"
)

type vars = stewardtest.Vars

const (
	create     = `mutation($in: CreateWebhookInput!) { createWebhook(input: $in) { webhook { id version active estateID } secret } }`
	update     = `mutation($in: UpdateWebhookInput!) { updateWebhook(input: $in) { webhook { id version active } } }`
	rotate     = `mutation($in: RotateWebhookSecretInput!) { rotateWebhookSecret(input: $in) { webhook { id version } secret } }`
	redeliver  = `mutation($in: RedeliverWebhookInput!) { redeliverWebhook(input: $in) { delivery { id state attempts } } }`
	deliveries = `query($w: ID!) { webhookDeliveries(webhookID: $w) { edges { node { id eventID kind estateID subjectType subjectID state attempts status problem nextAt } } } }`
	list       = `{ webhooks { edges { node { id name url kinds active estateID version } } } }`
	lendKeys   = `mutation($in: LendKeysInput!) { lendKeys(input: $in) { loan { id } } }`
)

// here lets webhooks reach this machine.
var here = webhook.Config{Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}

// receiver is another system.
type receiver struct {
	*httptest.Server
	mu       sync.Mutex
	status   int
	requests []*http.Request
	bodies   []string
}

func receive(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{status: http.StatusNoContent}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.requests, r.bodies = append(r.requests, q), append(r.bodies, string(body))
		if r.status == http.StatusFound {
			w.Header().Set("Location", "/elsewhere")
		}
		w.WriteHeader(r.status)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) answers(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

func (r *receiver) got() (requests []*http.Request, bodies []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.requests, r.bodies
}

func lend(app *stewardtest.App, e stewardtest.Estate, p *stewardtest.Person) string {
	return p.Do(lendKeys, vars{"in": vars{"borrower": vars{"staffID": e.Staff}, "purpose": "抄表", "signature": vars{}, "lines": []vars{{"setID": e.Sets[0], "count": 1}}}}).Get("lendKeys.loan.id").String()
}

func dispatch(t *testing.T, app *stewardtest.App) int {
	t.Helper()
	n, err := app.Dispatch(app.Context(), app.Runtime)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// An act is told to who asked for it, signed, by ids alone; from the outbox through the queue, once.
func TestWhatHappensIsToldSigned(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t, stewardtest.Options{Webhooks: here})
	other := receive(t)
	manager := app.As(policy.ProjectManager)
	made := manager.Do(create, vars{"in": vars{"estateID": app.A.ID, "name": "门禁系统", "url": other.URL + "/hook", "kinds": []string{"keys.*"}}}).Get("createWebhook")
	secret, id := made.Get("secret").String(), made.Get("webhook.id").String()
	if !strings.HasPrefix(secret, "whsec_") {
		t.Fatalf("the secret is %q", secret)
	}
	all := app.As(policy.GeneralManager).Do(create, vars{"in": vars{"name": "集团", "url": other.URL + "/all", "kinds": []string{"keys.lend"}}}).Get("createWebhook.webhook.id").String()
	loan := lend(app, app.A, app.As(policy.CSOfficer))
	lend(app, app.B, app.Foreign(policy.CSOfficer))

	client, err := jobs.NewClient(app.Runtime, jobs.Options{Policy: app.Policy, Run: true, Workers: app.Workers})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Stop(context.Background()) })
	if n := dispatch(t, app) + dispatch(t, app); n != 3 {
		t.Errorf("%d jobs, want one of the estate's webhook and two of the portfolio's", n)
	}
	for range 200 {
		if r, _ := other.got(); len(r) >= 3 {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	requests, bodies := other.got()
	if len(requests) != 3 {
		t.Fatalf("%d requests", len(requests))
	}
	for i, r := range requests {
		var said map[string]any
		if err := json.Unmarshal([]byte(bodies[i]), &said); err != nil || len(said) != 5 || said["kind"] != "keys.lend" || r.Header.Get("Steward-Event") != "keys.lend" {
			t.Errorf("it was told %s (%v)", bodies[i], err)
		}
		if r.URL.Path != "/hook" {
			continue
		}
		if said["estateID"] != app.A.ID.String() || said["subject"].(map[string]any)["id"] != loan {
			t.Errorf("it was told %s", bodies[i])
		}
		stamp, _, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("Steward-Signature"), "t="), ",")
		at, err := strconv.ParseInt(stamp, 10, 64)
		if err != nil || r.Header.Get("Steward-Signature") != webhook.Sign([]byte(secret), time.Unix(at, 0), []byte(bodies[i])) || at != app.Clock.Now().Unix() {
			t.Errorf("it was signed %q", r.Header.Get("Steward-Signature"))
		}
	}
	for w, want := range map[string]int{id: 1, all: 2} {
		var told int
		for range 100 { // the answer is noted after it was given
			told = 0
			for _, d := range app.As(policy.GeneralManager).Do(deliveries, vars{"w": w}).Get("webhookDeliveries.edges.#.node").Array() {
				if d.Get("state").String() == "DELIVERED" && d.Get("status").Int() == 204 && d.Get("attempts").Int() == 1 {
					told++
				}
			}
			if told == want {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		if told != want {
			t.Errorf("%d deliveries are on record, want %d", told, want)
		}
	}
}

// What an act leaves is there if and only if it was done: the trigger writes it, in its transaction.
func TestWhatIsToldIsWrittenWithTheAct(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t, stewardtest.Options{Webhooks: here})
	app.As(policy.ProjectManager).Do(create, vars{"in": vars{"estateID": app.A.ID, "name": "x", "url": "https://example.com/", "kinds": []string{"*"}}})
	count := func() int { return len(app.IDs(`SELECT id FROM outgoing.deliveries WHERE kind LIKE 'keys.%'`)) }
	before := count()
	app.As(policy.CSOfficer).Refused(lendKeys, vars{"in": vars{"borrower": vars{"staffID": app.A.Staff}, "purpose": "抄表", "signature": vars{}, "lines": []vars{{"setID": app.A.Sets[0], "count": 1000}}}}, fault.Conflict)
	if count() != before {
		t.Error("a refused act is told")
	}
	lend(app, app.A, app.As(policy.CSOfficer))
	if count() != before+1 {
		t.Errorf("%d deliveries, want %d", count(), before+1)
	}
	app.Super(`ALTER TABLE audit.entries DISABLE TRIGGER tells`)
	lend(app, app.A, app.As(policy.CSOfficer))
	if count() != before+1 {
		t.Error("without the trigger it is told by something else")
	}
}

// one is a webhook of A with one delivery that waits.
func one(t *testing.T, app *stewardtest.App, address string) (hook, delivery uuid.UUID) {
	t.Helper()
	id := app.As(policy.ProjectManager).Do(create, vars{"in": vars{"estateID": app.A.ID, "name": "x", "url": address, "kinds": []string{"keys.lend"}}}).Get("createWebhook.webhook.id").String()
	lend(app, app.A, app.As(policy.CSOfficer))
	return uuid.MustParse(id), app.IDs(`SELECT id FROM outgoing.deliveries WHERE webhook_id = $1`, id)[0]
}

// What is not taken is tried again, later each time, and then given up; who asks has it delivered once more, as the same event.
func TestWhatIsNotTakenIsTriedAgain(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t, stewardtest.Options{Webhooks: here})
	other, manager := receive(t), app.As(policy.ProjectManager)
	hook, delivery := one(t, app, other.URL)
	d := webhook.NewDeliverer(here)
	try := func(last bool) error { return d.Deliver(app.Context(), app.Runtime, delivery, last) }
	state := func() string {
		n := manager.Do(deliveries, vars{"w": hook}).Get("webhookDeliveries.edges.0.node")
		return n.Get("state").String() + " " + n.Get("attempts").String() + " " + n.Get("status").String() + " " + n.Get("problem").String()
	}
	other.answers(http.StatusInternalServerError)
	if err := try(false); err == nil || state() != "PENDING 1 500 it was answered with status 500" {
		t.Errorf("%v: %s", err, state())
	}
	other.answers(http.StatusFound)
	if err := try(false); err == nil || state() != "PENDING 2 302 it was answered with status 302" {
		t.Errorf("%v: %s", err, state())
	}
	if r, _ := other.got(); len(r) != 2 {
		t.Errorf("a redirect was followed: %d requests", len(r))
	}
	manager.Refused(redeliver, vars{"in": vars{"deliveryID": delivery}}, fault.Conflict)
	other.answers(http.StatusBadGateway)
	if err := try(true); err == nil || state() != "FAILED 3 502 it was answered with status 502" {
		t.Errorf("%v: %s", err, state())
	}
	if err := try(false); err != nil || state() != "FAILED 3 502 it was answered with status 502" {
		t.Errorf("what is given up is tried: %v %s", err, state())
	}
	other.answers(http.StatusOK)
	manager.Do(redeliver, vars{"in": vars{"deliveryID": delivery}})
	if err := try(false); err != nil || state() != "DELIVERED 1 200 " {
		t.Errorf("%v: %s", err, state())
	}
	if _, bodies := other.got(); bodies[0] != bodies[len(bodies)-1] {
		t.Error("the event is another when it is delivered again")
	}
	if err := try(false); err != nil {
		t.Error(err)
	}
	if r, _ := other.got(); len(r) != 4 {
		t.Errorf("what was delivered is delivered twice: %d requests", len(r))
	}
	manager.Do(redeliver, vars{"in": vars{"deliveryID": delivery}})
	other.answers(http.StatusGone)
	if err := try(false); err == nil || !strings.HasPrefix(state(), "FAILED 1 410") {
		t.Errorf("what is gone is tried again: %v %s", err, state())
	}
	manager.Do(redeliver, vars{"in": vars{"deliveryID": delivery}})
	manager.Do(update, vars{"in": vars{"webhookID": hook, "expectedVersion": 1, "active": false}})
	if err := try(false); err != nil || !strings.HasPrefix(state(), "CANCELLED") {
		t.Errorf("what is not active is told: %v %s", err, state())
	}
	manager.Refused(redeliver, vars{"in": vars{"deliveryID": delivery}}, fault.Conflict)
}

// What was given up is told when its job is tried again; what was told, or is not to be, is refused.
func TestWhatWasGivenUpIsToldWhenItsJobIsTriedAgain(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t, stewardtest.Options{Webhooks: here})
	other, manager, boss := receive(t), app.As(policy.ProjectManager), app.As(policy.GeneralManager)
	other.answers(http.StatusGone)
	hook, delivery := one(t, app, other.URL)
	client, err := jobs.NewClient(app.Runtime, jobs.Options{Policy: app.Policy, Run: true, Workers: app.Workers})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Stop(context.Background()) })
	becomes := func(state string) {
		t.Helper()
		var got gjson.Result
		for range 200 {
			if got = manager.Do(deliveries, vars{"w": hook}).Get("webhookDeliveries.edges.0.node"); got.Get("state").String() == state {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
		t.Fatalf("it is %s, and not %s", got.Raw, state)
	}
	retry := func() string {
		t.Helper()
		for range 200 {
			if n := boss.Do(`{ failedJobs { edges { node { number givenUp } } } }`, nil).Get("failedJobs.edges.0.node"); n.Get("givenUp").Bool() {
				return `mutation { retryJob(input: {number: ` + n.Get("number").String() + `}) { number } }`
			}
			time.Sleep(50 * time.Millisecond)
		}
		t.Fatal("it is no failed job")
		return ""
	}
	dispatch(t, app)
	becomes("FAILED")
	again := retry()
	manager.Do(update, vars{"in": vars{"webhookID": hook, "expectedVersion": 1, "active": false}})
	boss.Refused(again, nil, fault.Conflict)
	manager.Do(update, vars{"in": vars{"webhookID": hook, "expectedVersion": 2, "active": true}})
	other.answers(http.StatusOK)
	boss.Do(again, nil)
	becomes("DELIVERED")
	// Redelivered meanwhile, there is nothing left for the first job to do.
	other.answers(http.StatusGone)
	manager.Do(redeliver, vars{"in": vars{"deliveryID": delivery}})
	becomes("FAILED")
	again = retry()
	other.answers(http.StatusOK)
	manager.Do(redeliver, vars{"in": vars{"deliveryID": delivery}})
	becomes("DELIVERED")
	boss.Refused(again, nil, fault.Conflict)
}

// No webhook reaches what is this company's own network, whatever its name resolves to.
func TestWebhooksReachNoPrivateNetwork(t *testing.T) {
	t.Parallel()
	for address, ok := range map[string]bool{
		"8.8.8.8": true, "2606:4700::1111": true, "127.0.0.1": false, "10.1.2.3": false, "172.16.0.1": false, "192.168.1.1": false, "169.254.169.254": false, "100.64.0.1": false,
		"0.0.0.0": false, "224.0.0.1": false, "255.255.255.255": false, "::1": false, "::": false, "fe80::1": false, "fc00::1": false, "::127.0.0.1": false, "::ffff:0:127.0.0.1": false, "ff02::1": false, "::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false,
		"64:ff9b::7f00:1": false, "2002:7f00:1::": false, "192.0.2.1": false, "198.18.0.1": false,
	} {
		if got := (webhook.Config{}).Reaches(netip.MustParseAddr(address)); got != ok {
			t.Errorf("%s: %v", address, got)
		}
	}
	app := stewardtest.New(t)
	manager, other := app.As(policy.ProjectManager), receive(t)
	for _, address := range []string{other.URL, "http://example.com/", "https://127.0.0.1/", "https://[::1]/", "https://10.0.0.8/x", "https://169.254.169.254/latest", "https://user:pw@example.com/", "ftp://example.com/", "https://", "nonsense", "https://example.com/#x"} {
		r := manager.Refused(create, vars{"in": vars{"estateID": app.A.ID, "name": "x", "url": address, "kinds": []string{"*"}}}, fault.InvalidInput)
		if r.Field != "url" {
			t.Errorf("%s is refused at %q", address, r.Field)
		}
	}
	// A name is looked at when it is connected to.
	hook, delivery := one(t, app, "https://localhost:"+other.URL[strings.LastIndex(other.URL, ":")+1:]+"/")
	if err := webhook.NewDeliverer(webhook.Config{}).Deliver(app.Context(), app.Runtime, delivery, false); err == nil {
		t.Error("this machine was reached")
	}
	n := manager.Do(deliveries, vars{"w": hook}).Get("webhookDeliveries.edges.0.node")
	if r, _ := other.got(); len(r) != 0 || n.Get("state").String() != "FAILED" || !strings.Contains(n.Get("problem").String(), "private network") {
		t.Errorf("%d requests; %s", len(r), n.Raw)
	}
}

// Managers manage their own, auditors read, nobody sees a secret again.
func TestWhoManagesWebhooks(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	in := vars{"in": vars{"estateID": app.A.ID, "name": "x", "url": "https://example.com/a", "kinds": []string{"*"}}}
	manager := app.As(policy.ProjectManager)
	keyed := manager.With("Idempotency-Key", "one")
	made := keyed.Do(create, in).Get("createWebhook")
	id, secret := made.Get("webhook.id").String(), made.Get("secret").String()
	if again := keyed.Do(create, in).Get("createWebhook"); again.Get("webhook.id").String() != id || again.Get("secret").String() != "" {
		t.Errorf("repeated: %s", again.Raw)
	}
	if n := len(app.IDs(`SELECT id FROM outgoing.webhooks WHERE id = $1 AND position($2::bytea IN secret) = 0`, id, []byte(secret[6:]))); n != 1 {
		t.Error("the secret is kept as it is")
	}
	if n := len(app.IDs(`SELECT id FROM audit.entries WHERE position($1 IN body) > 0`, secret)); n != 0 {
		t.Error("the secret is on the trail")
	}
	for _, p := range []*stewardtest.Person{app.As(policy.CSOfficer), app.As(policy.Supervisor), app.As(policy.Auditor), app.Resident()} {
		p.Refused(create, in, fault.Forbidden)
	}
	app.Foreign(policy.ProjectManager).Refused(create, in, fault.NotFound)
	app.Nobody().Refused(list, nil, fault.Unauthenticated)
	app.As(policy.CSOfficer).Refused(list, nil, fault.Forbidden)
	manager.Refused(create, vars{"in": vars{"name": "x", "url": "https://example.com/", "kinds": []string{"*"}}}, fault.Forbidden)
	manager.Refused(create, vars{"in": vars{"estateID": app.A.ID, "name": "x", "url": "https://example.com/", "kinds": []string{"keys.nothing"}}}, fault.InvalidInput)
	manager.Refused(create, vars{"in": vars{"estateID": app.A.ID, "name": "x", "url": "https://example.com/", "kinds": []string{}}}, fault.InvalidInput)
	all := app.As(policy.GeneralManager).Do(create, vars{"in": vars{"name": "集团", "url": "https://example.com/all", "kinds": []string{"*"}}}).Get("createWebhook.webhook.id").String()
	sees := func(p *stewardtest.Person, id string) bool { return strings.Contains(p.Do(list, nil).Raw, id) }
	auditor := app.As(policy.Auditor)
	if !sees(manager, id) || sees(manager, all) || !sees(auditor, id) || !sees(auditor, all) || sees(app.Foreign(policy.ProjectManager), id) {
		t.Error("somebody sees another's webhooks, or not the own")
	}
	foreign := app.Foreign(policy.ProjectManager)
	for _, c := range []struct {
		document string
		in       vars
	}{
		{update, vars{"webhookID": id, "expectedVersion": 1, "active": false}}, {rotate, vars{"webhookID": id}},
	} {
		foreign.Refused(c.document, vars{"in": c.in}, fault.NotFound)
		auditor.Refused(c.document, vars{"in": c.in}, fault.Forbidden)
	}
	foreign.Refused(deliveries, vars{"w": id}, fault.NotFound)
	manager.Refused(deliveries, vars{"w": all}, fault.NotFound)
	if other := manager.Do(rotate, vars{"in": vars{"webhookID": id}}).Get("rotateWebhookSecret"); other.Get("secret").String() == secret || other.Get("webhook.version").Int() != 2 {
		t.Errorf("rotated: %s", other.Raw)
	}
	manager.Refused(update, vars{"in": vars{"webhookID": id, "expectedVersion": 1, "active": false}}, fault.Conflict)
	manager.Do(update, vars{"in": vars{"webhookID": id, "expectedVersion": 2, "active": false, "kinds": []string{"keys.lend"}}})
	before := len(app.IDs(`SELECT id FROM outgoing.deliveries WHERE webhook_id = $1`, id))
	lend(app, app.A, app.As(policy.CSOfficer))
	if len(app.IDs(`SELECT id FROM outgoing.deliveries WHERE webhook_id = $1`, id)) != before {
		t.Error("what is not active is told")
	}
}
