package stewardtest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/policy"
)

// Password is everybody's.
const Password = "correct horse battery"

// Person is somebody who asks the server over HTTP.
type Person struct {
	Email   string
	Account uuid.UUID
	Token   string // bearer token; empty for nobody
	Header  http.Header

	app *App
	t   testing.TB
}

// With returns the person sending a further header, such as Idempotency-Key.
func (p *Person) With(header, value string) *Person {
	c := *p
	c.Header = p.Header.Clone()
	c.Header.Set(header, value)
	return &c
}

// In returns the person reporting to another test, for subtests.
func (p *Person) In(t testing.TB) *Person {
	c := *p
	c.t = t
	return &c
}

// Vars are the variables of a document.
type Vars = map[string]any

// Do sends the document and returns its data. It fails the test on any error.
func (p *Person) Do(document string, vars Vars) gjson.Result {
	p.t.Helper()
	answer := p.Ask(document, vars)
	if e := answer.Get("errors"); e.Exists() {
		p.t.Fatalf("%s: %s\n%s %v", p.Email, e.Raw, document, vars)
	}
	return answer.Get("data")
}

// Refusal is the first error of an answer.
type Refusal struct {
	Code, Clause, Field, Message string
	Extensions                   gjson.Result
}

// Refused sends the document and fails the test unless it is refused with the code and, if given, the clause.
func (p *Person) Refused(document string, vars Vars, code fault.Code, clause ...string) Refusal {
	p.t.Helper()
	answer := p.Ask(document, vars)
	e := answer.Get("errors.0")
	r := Refusal{e.Get("extensions.code").String(), e.Get("extensions.clause").String(), e.Get("extensions.field").String(), e.Get("message").String(), e.Get("extensions")}
	if r.Code != string(code) || len(clause) > 0 && r.Clause != clause[0] {
		p.t.Fatalf("%s: want %s %v, got %s\n%s %v", p.Email, code, clause, answer.Raw, document, vars)
	}
	return r
}

// Ask sends the document and returns the whole answer.
func (p *Person) Ask(document string, vars Vars) gjson.Result {
	p.t.Helper()
	_, body, err := p.post(document, vars)
	if err != nil {
		p.t.Fatal(err)
	}
	return gjson.ParseBytes(body)
}

// Try is Ask for goroutines, where a test must not be failed.
func (p *Person) Try(document string, vars Vars) (gjson.Result, error) {
	_, body, err := p.post(document, vars)
	return gjson.ParseBytes(body), err
}

func (p *Person) post(document string, vars Vars) (int, []byte, error) {
	body, err := json.Marshal(map[string]any{"query": document, "variables": vars})
	if err != nil {
		return 0, nil, err
	}
	r, err := p.Request(http.MethodPost, "/graphql", bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	return p.Send(r)
}

// Request makes an HTTP request of the person's.
func (p *Person) Request(method, path string, body io.Reader) (*http.Request, error) {
	r, err := http.NewRequestWithContext(context.Background(), method, p.app.URL+path, body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept-Language", "en")
	for k, v := range p.Header {
		r.Header[k] = v
	}
	if p.Token != "" {
		r.Header.Set("Authorization", "Bearer "+p.Token)
	}
	return r, nil
}

// Send sends it and reads the answer.
func (p *Person) Send(r *http.Request) (status int, body []byte, err error) {
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(resp.Body)
	return resp.StatusCode, body, err
}

// Nobody is not signed in.
func (a *App) Nobody() *Person {
	return &Person{Email: "nobody", Header: http.Header{}, app: a, t: a.t}
}

// As is the person who holds the role in estate A; a general manager or auditor holds it in the portfolio.
func (a *App) As(role policy.Role) *Person { return a.person(role, a.A, a.A.Household) }

// Foreign is the person who holds the role in estate B, and nothing in A.
func (a *App) Foreign(role policy.Role) *Person { return a.person(role, a.B, a.B.Household) }

// Resident lives in A.Household.
func (a *App) Resident() *Person { return a.person(policy.Resident, a.A, a.A.Household) }

// Neighbour lives in A.OtherHousehold.
func (a *App) Neighbour() *Person { return a.person(policy.Resident, a.A, a.A.OtherHousehold) }

func (a *App) person(role policy.Role, e Estate, household uuid.UUID) *Person {
	a.t.Helper()
	g := account.NewGrant{Role: string(role), Estate: e.ID, From: calendar.DayOf(Start.AddDate(-1, 0, 0))}
	switch role {
	case policy.GeneralManager, policy.Auditor:
		g.Estate = uuid.Nil
	case policy.Supervisor:
		g.Department = e.Department
	case policy.Security:
		g.Department = e.SecurityDepartment
	case policy.Engineering:
		g.Department = e.EngineeringDepartment
	case policy.Resident:
		g.Household = household
	}
	email := fmt.Sprintf("%s@%s.example", role, strings.ToLower(e.Code))
	if role == policy.Resident && household == e.OtherHousehold {
		email = "neighbour-" + email
	}
	return a.Member(email, g)
}

// Member is the person with the e-mail address, made with the grants if there is none yet.
func (a *App) Member(email string, grants ...account.NewGrant) *Person {
	a.t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	if p := a.people[email]; p != nil {
		return p
	}
	p := &Person{Email: email, Header: http.Header{}, app: a, t: a.t}
	kind := account.Staff
	err := a.DB.System(a.Context(), func(ctx context.Context, tx pgx.Tx) error {
		for _, g := range grants {
			if g.Role == string(policy.Resident) {
				kind = account.Resident
			}
		}
		acc, _, err := a.Runtime.Accounts.Create(ctx, tx, account.NewAccount{Email: email, Name: email, Kind: kind, Password: Password})
		if err != nil {
			return err
		}
		p.Account = acc.ID
		for _, g := range grants {
			g.Account = acc.ID
			if _, err := a.Runtime.Accounts.Grant(ctx, tx, g); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		a.t.Fatalf("member %s: %v", email, err)
	}
	p.SignIn()
	a.people[email] = p
	return p
}

// SignIn opens a new session.
func (p *Person) SignIn() {
	p.t.Helper()
	s, err := p.app.Runtime.Accounts.SignIn(context.Background(), account.Credentials{Email: p.Email, Password: Password, Address: "192.0.2.1"})
	if err != nil {
		p.t.Fatalf("sign in %s: %v", p.Email, err)
	}
	p.Token = s.Token
}
