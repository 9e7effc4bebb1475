package approval_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/approval"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

type vars = stewardtest.Vars

const (
	fields    = `approval { id state version decidedByID decidedByName decidedAt decisionNote withdrawnByName withdrawReason usedAt }`
	give      = `mutation($in: GiveApprovalInput!) { giveApproval(input: $in) { ` + fields + ` } }`
	decline   = `mutation($in: DeclineApprovalInput!) { declineApproval(input: $in) { ` + fields + ` } }`
	withdraw  = `mutation($in: WithdrawApprovalInput!) { withdrawApproval(input: $in) { ` + fields + ` } }`
	approvals = `query($id: ID!) { approvals(where: {id: $id}) { edges { node { id kind clause title titleEn reason content contentHash state askedByID askedByName expiresAt } } } }`
)

// lapses is how long a question of the tests may wait.
const lapses = 72 * time.Hour

// plain is what a supervisor or a manager decides, top what only a general manager does; outcome is what plain's
// chapter was told last, by approval.
var (
	plain = approval.Declare(approval.Kind{Name: "test.plain", Clause: "K2.3", Resource: policy.KeyCopyOrder, Lapses: lapses, Decided: noted})
	top   = approval.Declare(approval.Kind{Name: "test.top", Clause: "K2.2", Resource: policy.KeyLoanRequest, Lapses: lapses})
)

// noted leaves what became of the question in the estate's areas, so that the tests see it commit with the decision.
func noted(tx *act.Tx, a *ent.Approval) error {
	code := string(a.State) + " " + a.ID.String()
	return tx.Area.Create().SetEstateID(a.EstateID).SetCode(code).SetName(code).SetSortKey(code).Exec(tx)
}

// ask and use are the acts of a chapter that asks, and does what was approved.
var (
	ask = act.New("test.ask", act.Needs(policy.KeyCopyOrder, policy.Read), nil, func(tx *act.Tx, in askInput) (*ent.Approval, error) {
		return in.kind.Ask(tx, in.q)
	})
	use = act.New("test.use", act.Needs(policy.KeyCopyOrder, policy.Read), nil, func(tx *act.Tx, in useInput) (*ent.Approval, error) {
		return in.kind.Use(tx, in.id, "approvalID")
	})
)

type askInput struct {
	kind *approval.Kind
	q    approval.Question
}

type useInput struct {
	kind *approval.Kind
	id   uuid.UUID
}

// copies is what the tests ask for: what they ask is of no matter.
type copies struct {
	SetID uuid.UUID `json:"setID"`
	Count int       `json:"count"`
}

func question(e stewardtest.Estate) approval.Question {
	return approval.Question{
		Estate: e.ID, Subject: e.Sets[0], TitleZH: "复制钥匙 2 把", TitleEN: "Copy 2 keys", Reason: "丢失补配",
		Content: copies{e.Sets[0], 2},
	}
}

// as is a context in which somebody acts without HTTP, for the acts of the tests.
func as(app *stewardtest.App, p *stewardtest.Person, role policy.Role, e stewardtest.Estate) context.Context {
	g := access.Grant{Role: role, Estate: e.ID}
	switch role {
	case policy.GeneralManager:
		g.Estate = uuid.Nil
	case policy.Supervisor:
		g.Department = e.Department
	}
	return access.With(app.Context(), access.New(app.Policy, access.Viewer{Account: p.Account, Name: p.Email, Grants: []access.Grant{g}}))
}

// custodian asks and uses in A.
func custodian(app *stewardtest.App) context.Context {
	return as(app, app.As(policy.KeyCustodian), policy.KeyCustodian, app.A)
}

// asked is a question of the custodian's in A.
func asked(t testing.TB, app *stewardtest.App, kind *approval.Kind) uuid.UUID {
	t.Helper()
	return askedBy(custodian(app), t, kind, question(app.A))
}

func askedBy(ctx context.Context, t testing.TB, kind *approval.Kind, q approval.Question) uuid.UUID {
	t.Helper()
	a, err := ask.Do(ctx, askInput{kind, q})
	if err != nil {
		t.Fatal(err)
	}
	return a.ID
}

// signed is a yes, signed with the password.
func signed(id uuid.UUID, password string) vars {
	return vars{"in": vars{"approvalID": id, "note": "同意", "signature": vars{"credential": password}}}
}

func yes(id uuid.UUID) vars { return signed(id, stewardtest.Password) }

func no(id uuid.UUID) vars { return vars{"in": vars{"approvalID": id, "note": "不必"}} }

func back(id uuid.UUID) vars { return vars{"in": vars{"approvalID": id, "reason": "不需要了"}} }

// awake is somebody who signs in again: sessions end while the clock moves.
func awake(p *stewardtest.Person) *stewardtest.Person {
	p.SignIn()
	return p
}

// seen is the approval as the project manager of A sees it.
func seen(app *stewardtest.App, id uuid.UUID) gjson.Result {
	return awake(app.As(policy.ProjectManager)).Do(approvals, vars{"id": id}).Get("approvals.edges.0.node")
}

func state(t testing.TB, app *stewardtest.App, id uuid.UUID) string {
	t.Helper()
	return text(t, app, `SELECT state FROM approvals WHERE id = $1`, id)
}

// due is the state of the obligation to decide.
func due(t testing.TB, app *stewardtest.App, id uuid.UUID) string {
	t.Helper()
	return text(t, app, `SELECT state FROM obligations WHERE subject_id = $1 AND kind = 'approval.decide'`, id)
}

// text is a single text, read as the program itself.
func text(t testing.TB, app *stewardtest.App, sql string, args ...any) (s string) {
	t.Helper()
	err := app.DB.System(app.Context(), func(ctx context.Context, tx pgx.Tx) error { return tx.QueryRow(ctx, sql, args...).Scan(&s) })
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return s
}

// inbox is what somebody was told about an approval, the newest first.
func inbox(t testing.TB, app *stewardtest.App, p *stewardtest.Person, id uuid.UUID) (list []account.Message) {
	t.Helper()
	err := app.DB.System(app.Context(), func(ctx context.Context, tx pgx.Tx) error {
		page, err := app.Runtime.Accounts.ListMessages(ctx, tx, p.Account, account.MessageFilter{}, 200, "")
		for _, m := range page.Items {
			if m.Subject == id {
				list = append(list, m)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// toldChapter tells whether the chapter was told of the state.
func toldChapter(app *stewardtest.App, id uuid.UUID, state string) bool {
	return len(app.IDs(`SELECT id FROM areas WHERE code = $1`, state+" "+id.String())) == 1
}

func contentOf(node gjson.Result) (c copies, err error) {
	return c, json.Unmarshal([]byte(node.Get("content").Raw), &c)
}
