package vacancy_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const (
	defectFields = `{ id state finding departmentID notifiedAt acknowledgeBy acknowledgedAt acknowledgedByName resolveBy proposedUntil resolvedAt resolvedByName resolution
		reinspectBy reinspectedAt reinspectedByName closedAt reopened dueAt escalatedAt voidedAt lateReason foundAt events { kind note actedByName dueAt } photos { id name contentType eventID } }`

	reportDefect      = `mutation($in: ReportDefectInput!) { reportDefect(input: $in) { defect ` + defectFields + ` } }`
	acknowledgeDefect = `mutation($in: AcknowledgeDefectInput!) { acknowledgeDefect(input: $in) { defect ` + defectFields + ` } }`
	resolveDefect     = `mutation($in: ResolveDefectInput!) { resolveDefect(input: $in) { defect ` + defectFields + ` } }`
	proposeTerm       = `mutation($in: ProposeDefectTermInput!) { proposeDefectTerm(input: $in) { defect ` + defectFields + ` } }`
	extendTerm        = `mutation($in: ExtendDefectTermInput!) { extendDefectTerm(input: $in) { defect ` + defectFields + ` } }`
	reinspectDefect   = `mutation($in: ReinspectDefectInput!) { reinspectDefect(input: $in) { defect ` + defectFields + ` } }`
	reassignDefect    = `mutation($in: ReassignDefectInput!) { reassignDefect(input: $in) { defect ` + defectFields + ` } }`
	voidDefect        = `mutation($in: VoidDefectInput!) { voidDefect(input: $in) { defect ` + defectFields + ` } }`
	listDefects       = `query($where: DefectWhereInput, $overdue: Boolean) { defects(where: $where, overdue: $overdue) { totalCount edges { node ` + defectFields + ` } } }`
)

// reporting is a defect of the flat that stands empty, passed to engineering.
func reporting(app *stewardtest.App, more vars) vars {
	vacancy := app.IDs(`SELECT id FROM vacancies WHERE unit_id = $1 AND state = 'OPEN'`, app.A.Units[3])[0]
	in := vars{"vacancyID": vacancy, "departmentID": app.A.EngineeringDepartment, "finding": "卫生间地漏渗水"}
	for k, v := range more {
		in[k] = v
	}
	return vars{"in": in}
}

// reported is the id of a defect that a CS officer reported.
func reported(app *stewardtest.App) string {
	return app.As(policy.CSOfficer).Do(reportDefect, reporting(app, nil)).Get("reportDefect.defect.id").String()
}

// upon are the input of an act upon a defect, and what more it says.
func upon(defect string, more vars) vars {
	in := vars{"id": defect}
	for k, v := range more {
		in[k] = v
	}
	return vars{"in": in}
}

// resolved is the id of a defect that engineering resolved.
func resolved(app *stewardtest.App) string {
	id, engineer := reported(app), app.As(policy.Engineering)
	engineer.Do(acknowledgeDefect, upon(id, nil))
	engineer.Do(resolveDefect, upon(id, vars{"resolution": "更换地漏密封圈"}))
	return id
}

// seenAs is the defect as a person sees it; nothing if they do not.
func seenAs(p *stewardtest.Person, id string) gjson.Result {
	return p.Do(listDefects, vars{"where": vars{"id": id}}).Get("defects.edges.0.node")
}

// messages are the kinds of what a person was told of a subject, the newest first.
func messages(p *stewardtest.Person, subject string) string {
	var kinds []string
	for _, m := range p.Do(`{ inbox(first: 100) { edges { node { kind subjectID } } } }`, nil).Get(`inbox.edges.#(node.subjectID=="` + subject + `")#.node.kind`).Array() {
		kinds = append(kinds, m.String())
	}
	return strings.Join(kinds, " ")
}

// obligations are the states of what is due about a subject, by kind.
func obligations(t *testing.T, app *stewardtest.App, subject string) string {
	t.Helper()
	return texts(t, app, `SELECT coalesce(string_agg(substr(kind, 16) || ' ' || state || CASE WHEN met_at IS NULL THEN '' ELSE ' met' END, ', ' ORDER BY created_at, kind), '') FROM obligations WHERE subject_id = $1`, subject)
}

// texts reads one value past all walls.
func texts(t *testing.T, app *stewardtest.App, sql string, args ...any) (text string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), app.SuperURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if err := conn.QueryRow(t.Context(), sql, args...).Scan(&text); err != nil {
		t.Fatal(err)
	}
	return text
}

func remind(t *testing.T, app *stewardtest.App) int {
	t.Helper()
	n, err := obligation.Remind(app.Context(), app.Runtime)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// uploaded is the id of a file that a person uploaded to estate A.
func uploaded(t *testing.T, p *stewardtest.Person, content string) string {
	t.Helper()
	r, err := p.Request(http.MethodPost, "/files?"+url.Values{"estate": {"A"}, "name": {"照片.png"}}.Encode(), strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/octet-stream")
	status, body, err := p.Send(r)
	if err != nil || status >= 300 {
		t.Fatalf("%d %s %v", status, body, err)
	}
	return gjson.GetBytes(body, "id").String()
}

// picture is content that is found to be a PNG; each number makes another.
func picture(n int) string { return "\x89PNG\x0D\x0A\x1A\x0A" + fmt.Sprint(n) }
