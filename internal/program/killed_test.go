package program_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/database/dbtest"
	"github.com/steward-pm/steward/internal/program"
	"github.com/steward-pm/steward/internal/stewardtest"
)

// asProgram has this test binary be the program: a process that can be killed.
const asProgram = "STEWARD_TEST_ARGS"

func TestMain(m *testing.M) {
	if args := os.Getenv(asProgram); args != "" {
		os.Exit(program.Main{Args: strings.Fields(args), Getenv: os.Getenv, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}.Run(context.Background()))
	}
	os.Exit(m.Run())
}

// process is a server of its own.
type process struct {
	t   *testing.T
	cmd *exec.Cmd
	url string
}

func serve(t *testing.T, env map[string]string) *process {
	t.Helper()
	cmd := exec.CommandContext(context.Background(), os.Args[0])
	cmd.Env = append(os.Environ(), asProgram+"=serve --listen 127.0.0.1:0")
	for k, v := range env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, cmd: cmd}
	t.Cleanup(p.kill)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if at, ok := strings.CutPrefix(lines.Text(), "ready "); ok {
			p.url = at
			return p
		}
	}
	t.Fatal("it did not start")
	return nil
}

// kill kills it as the machine's own failure would: nothing is finished.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // SIGKILL
	_ = p.cmd.Wait()
}

// ask sends a document; the error is the connection's.
func (p *process) ask(token, key, document string, v map[string]any) (gjson.Result, error) {
	body, err := json.Marshal(map[string]any{"query": document, "variables": v})
	if err != nil {
		return gjson.Result{}, err
	}
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.url+"/graphql", bytes.NewReader(body))
	if err != nil {
		return gjson.Result{}, err
	}
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return gjson.Result{}, err
	}
	defer resp.Body.Close()
	var answer bytes.Buffer
	if _, err := answer.ReadFrom(resp.Body); err != nil {
		return gjson.Result{}, err
	}
	return gjson.ParseBytes(answer.Bytes()), nil
}

// A server is killed in the middle of its work. Who asked asks again with the same keys, of another one: nothing that was acknowledged is
// lost, nothing is done twice, each act left what is to be told exactly once, and the trail is whole.
func TestAKilledServerLosesNothingAndDoublesNothing(t *testing.T) {
	t.Parallel()
	db := dbtest.New(t, stewardtest.Template())
	var mu sync.Mutex
	told := map[string]int{}
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var e struct{ ID, Kind string }
		_ = json.NewDecoder(r.Body).Decode(&e)
		time.Sleep(50 * time.Millisecond) // so that some are under way when it is killed
		mu.Lock()
		defer mu.Unlock()
		told[e.ID]++
	}))
	defer other.Close()
	env := map[string]string{"DATABASE_URL": db.AppURL, "DATABASE_DIRECT_URL": db.AppURL, "STEWARD_DATA": t.TempDir(), "STEWARD_WEBHOOK_NETWORKS": "127.0.0.0/8", "STEWARD_LOG_LEVEL": "error"}
	status, stdout, stderr := run(t.Context(), env, "account", "create", "boss@example.com", "--role", "general-manager")
	temporary := strings.Fields(stdout)
	if status != 0 || len(temporary) == 0 {
		t.Fatalf("account create: %s %s", stdout, stderr)
	}
	first := serve(t, env)
	signIn := `mutation($e: String!, $p: String!) { signIn(input: {email: $e, password: $p}) { token } }`
	answer, err := first.ask("", "", signIn, map[string]any{"e": "boss@example.com", "p": temporary[len(temporary)-1]})
	token := answer.Get("data.signIn.token").String()
	if err != nil || token == "" {
		t.Fatalf("sign in: %v %s (%s)", err, answer.Raw, stdout)
	}
	must := func(p *process, document string, v map[string]any) gjson.Result {
		t.Helper()
		answer, err := p.ask(token, "", document, v)
		if err != nil || answer.Get("errors").Exists() {
			t.Fatalf("%v %s", err, answer.Raw)
		}
		return answer.Get("data")
	}
	must(first, `mutation($a: String!) { changePassword(input: {currentPassword: $a, newPassword: "correct horse battery"}) { accountID } }`, map[string]any{"a": temporary[len(temporary)-1]})
	estate := must(first, `{ estates(first: 1) { edges { node { id } } } }`, nil).Get("estates.edges.0.node.id").String()
	must(first, `mutation($e: ID!, $u: String!) { createWebhook(input: {estateID: $e, name: "x", url: $u, kinds: ["registry.createArea"]}) { webhook { id } } }`, map[string]any{"e": estate, "u": other.URL})

	const n = 60
	acknowledged := make([]bool, n)
	create := func(p *process, i int) bool {
		answer, err := p.ask(token, fmt.Sprintf("area-%d", i), `mutation($e: ID!, $c: String!) { createArea(input: {estateID: $e, code: $c, name: $c}) { area { id } } }`, map[string]any{"e": estate, "c": fmt.Sprintf("K%d", i)})
		return err == nil && answer.Get("data.createArea.area.id").Exists()
	}
	var all sync.WaitGroup
	var done sync.WaitGroup
	done.Add(n / 3)
	count := 0
	for i := range n {
		all.Go(func() {
			acknowledged[i] = create(first, i)
			mu.Lock()
			defer mu.Unlock()
			if count++; count <= n/3 {
				done.Done()
			}
		})
	}
	done.Wait()
	first.kill()
	all.Wait()

	conn, err := pgx.Connect(t.Context(), db.SuperURL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	ask := func(sql string) (n int) {
		t.Helper()
		if err := conn.QueryRow(t.Context(), sql).Scan(&n); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		return n
	}
	had := ask(`SELECT count(*) FROM areas WHERE code LIKE 'K%'`)
	for i, was := range acknowledged {
		if was && ask(fmt.Sprintf(`SELECT count(*) FROM areas WHERE code = 'K%d'`, i)) != 1 {
			t.Errorf("area K%d was acknowledged and is not there", i)
		}
	}
	second := serve(t, env)
	for i := range n {
		all.Go(func() {
			for range 20 { // the key of an act whose server was killed may be held until the database knows it
				if create(second, i) {
					return
				}
				time.Sleep(500 * time.Millisecond)
			}
			t.Errorf("area %d is not made by the second server", i)
		})
	}
	all.Wait()
	if got := ask(`SELECT count(*) FROM areas WHERE code LIKE 'K%'`); got != n {
		t.Errorf("%d areas, want %d (%d were there when it was killed)", got, n, had)
	}
	if got, events := ask(`SELECT count(*) FROM outgoing.deliveries WHERE kind = 'registry.createArea' AND subject_id IN (SELECT id FROM areas WHERE code LIKE 'K%')`),
		ask(`SELECT count(DISTINCT event_id) FROM outgoing.deliveries WHERE kind = 'registry.createArea' AND subject_id IN (SELECT id FROM areas WHERE code LIKE 'K%')`); got != n || events != n {
		t.Errorf("%d deliveries of %d events, want %d", got, events, n)
	}
	// What the killed server had in hand is rescued after some minutes; all else is delivered, and nothing waits without a job.
	var waits int
	for range 300 {
		waits = ask(`SELECT count(*) FROM outgoing.deliveries d WHERE d.state = 'PENDING' AND d.kind = 'registry.createArea'
			AND NOT EXISTS (SELECT FROM river.river_job j WHERE j.kind = 'webhooks.deliver' AND j.state = 'running' AND j.args ->> 'delivery' = d.id::text AND j.attempted_at < now() - interval '2 seconds')`)
		if waits == 0 {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if waits != 0 {
		t.Errorf("%d deliveries wait", waits)
	}
	if lost := ask(`SELECT count(*) FROM outgoing.deliveries d WHERE d.state = 'PENDING' AND NOT EXISTS (SELECT FROM river.river_job j WHERE j.kind = 'webhooks.deliver' AND j.args ->> 'delivery' = d.id::text)`); lost != 0 {
		t.Errorf("%d deliveries are lost: no job has them", lost)
	}
	if twice := ask(`SELECT count(*) FROM (SELECT FROM river.river_job WHERE kind = 'webhooks.deliver' GROUP BY args HAVING count(*) > 1) x`); twice != 0 {
		t.Errorf("%d deliveries have two jobs", twice)
	}
	mu.Lock()
	t.Logf("%d areas were there when it was killed; %d events were told, of %d deliveries", had, len(told), n)
	mu.Unlock()
	second.kill()
	if status, stdout, stderr := run(t.Context(), env, "audit", "verify"); status != 0 || !strings.HasPrefix(stdout, "whole:") {
		t.Errorf("audit verify: %d %s %s", status, stdout, stderr)
	}
}
