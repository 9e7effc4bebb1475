package vacancy_test

import (
	"testing"
	"time"

	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// A vacancy lists what was found to be wrong in it, page by page, as far as one may see it.
func TestV5_AVacancyListsItsDefects(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	const list = `query($id: ID!, $after: Cursor) { vacancies(where: {id: $id}) { edges { node {
		defects(first: 1, after: $after, orderBy: {field: FOUND_AT, direction: DESC}) { totalCount pageInfo { hasNextPage endCursor } edges { node { id finding } } } } } } }`
	officer, engineer := app.As(policy.CSOfficer), app.As(policy.Engineering)
	app.Clock.Advance(time.Minute)
	first := officer.Do(reportDefect, reporting(app, nil)).Get("reportDefect.defect.id").String()
	app.Clock.Advance(time.Minute)
	second := officer.Do(reportDefect, reporting(app, vars{"departmentID": app.A.SecurityDepartment})).Get("reportDefect.defect.id").String()
	of := vars{"id": app.IDs(`SELECT vacancy_id FROM defects WHERE id = $1`, first)[0]}
	all := len(app.IDs(`SELECT id FROM defects WHERE vacancy_id = $1`, of["id"]))
	page := officer.Do(list, of).Get("vacancies.edges.0.node.defects")
	if int(page.Get("totalCount").Int()) != all || page.Get("edges.#").Int() != 1 || !page.Get("pageInfo.hasNextPage").Bool() || page.Get("edges.0.node.id").String() != second {
		t.Errorf("the first page: %s", page.Raw)
	}
	next := vars{"id": of["id"], "after": page.Get("pageInfo.endCursor").String()}
	if page := officer.Do(list, next).Get("vacancies.edges.0.node.defects"); page.Get("edges.0.node.id").String() != first {
		t.Errorf("the second: %s", page.Raw)
	}
	if page := engineer.Do(list, of).Get("vacancies.edges.0.node.defects"); int(page.Get("totalCount").Int()) != all-1 || page.Get("edges.0.node.id").String() != first {
		t.Errorf("engineering sees %s", page.Raw)
	}
}
