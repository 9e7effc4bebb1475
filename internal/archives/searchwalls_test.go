package archives_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/steward-pm/steward/internal/database"
	"github.com/steward-pm/steward/internal/demo"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// asked is an answer word for word, and the statements that it took.
func asked(t *testing.T, app *stewardtest.App, p *stewardtest.Person, text string) (answer string, sql []string) {
	t.Helper()
	answer, sql, _ = stated(t, app, p, text)
	return answer, sql
}

func stated(t *testing.T, app *stewardtest.App, p *stewardtest.Person, text string) (answer string, sql []string, args [][]any) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": search, "variables": lookingFor(app, text)})
	if err != nil {
		t.Fatal(err)
	}
	s := database.Statements{SQL: make(chan string, 100), Args: make(chan []any, 100)}
	r := httptest.NewRequestWithContext(database.CountStatements(t.Context(), &s), http.MethodPost, "/graphql", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+p.Token)
	w := httptest.NewRecorder()
	app.Handler().ServeHTTP(w, r)
	close(s.SQL)
	close(s.Args)
	for q := range s.SQL {
		sql, args = append(sql, q), append(args, <-s.Args)
	}
	return w.Body.String(), sql, args
}

// Who may not read a document learns nothing of its words by searching: the answer, what it took and what is on the trail are those of a
// word that stands nowhere.
func TestA6_SearchTellsNothingOfWhatIsHidden(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	scanned(t, app, "家庭纠纷", "application/pdf", string(demo.PDF("紫藤架下的秘密")))
	indexed(t, app)
	trail := func(p *stewardtest.Person) int {
		return len(app.IDs(`SELECT id FROM audit.entries WHERE actor_id = $1`, p.Account))
	}
	if got := found(app, app.As(policy.Archivist), "紫藤架"); len(got) != 1 {
		t.Fatalf("it is not there: %v", got)
	}
	for name, who := range map[string]*stewardtest.Person{
		"a neighbour": app.Neighbour(), "a guard": app.As(policy.Security), "the custodian": app.As(policy.KeyCustodian), "the accountant": app.As(policy.Accountant),
		"another estate": app.Foreign(policy.ProjectManager),
	} {
		before := trail(who)
		hidden, its := asked(t, app, who, "紫藤架")
		between := trail(who)
		nowhere, others := asked(t, app, who, "白玉兰")
		if hidden != nowhere || strings.Join(its, "\n") != strings.Join(others, "\n") {
			t.Errorf("%s: %s with %d statements, %s with %d", name, hidden, len(its), nowhere, len(others))
		}
		if between-before != trail(who)-between {
			t.Errorf("%s: %d entries of the trail, and %d", name, between-before, trail(who)-between)
		}
	}
}

// That somebody searched is on the trail, and which documents were shown; for what is not (A6).
func TestA6_SearchesAreOnTheTrailWithoutTheirWords(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	id := scanned(t, app, "家庭纠纷", "application/pdf", string(demo.PDF("紫藤架下的秘密")))
	indexed(t, app)
	supervisor := app.As(policy.Supervisor)
	found(app, supervisor, "紫藤架")
	if n := len(app.IDs(`SELECT id FROM audit.entries WHERE action = 'archives.search' AND outcome = 'read' AND estate_id = $1`, app.A.ID)); n != 1 {
		t.Errorf("%d searches are on the trail", n)
	}
	if n := len(app.IDs(`SELECT id FROM audit.entries WHERE action = 'archives.read' AND subject_id = $1`, id)); n != 1 {
		t.Errorf("%d readings of the document are on the trail", n)
	}
	if n := len(app.IDs(`SELECT id FROM audit.entries e WHERE position('紫藤' IN e::text) > 0`)); n != 0 {
		t.Errorf("%d entries say for what", n)
	}
}

// walls switches row-level security before what is searched.
func walls(app *stewardtest.App, on bool) {
	word := map[bool]string{true: "ENABLE", false: "DISABLE"}[on]
	for _, table := range []string{"search.postings", "archive_documents", "archive_files", "households", "estates"} {
		app.SQL(`ALTER TABLE ` + table + ` ` + word + ` ROW LEVEL SECURITY`)
	}
}

// Each wall alone hides another household's and another estate's documents from who searches; without both they are found.
func TestA6_EachWallAloneKeepsWhatIsHiddenFromSearch(t *testing.T) {
	t.Parallel()
	open, scoped := stewardtest.New(t, stewardtest.Options{Unscoped: true}), stewardtest.New(t)
	for _, app := range []*stewardtest.App{open, scoped} {
		scanned(t, app, "家庭纠纷", "application/pdf", string(demo.PDF("紫藤架下的秘密")))
		foreign := app.Foreign(policy.CSOfficer)
		handed(foreign, paper(app, set("estateID", app.B.ID), set("householdID", app.B.Household), set("title", "乙小区的紫藤架")))
		indexed(t, app)
	}
	of := func(app *stewardtest.App, p *stewardtest.Person, e stewardtest.Estate) int {
		answer, err := p.Try(search, lookingFor(app, "紫藤架", set("e", e.ID)))
		if err != nil {
			t.Fatal(err)
		}
		return len(answer.Get("data.searchArchive.edges").Array())
	}
	holds := func(wall string, app *stewardtest.App, want int) {
		t.Helper()
		if n := of(app, app.Neighbour(), app.A); n != 0 { // a search of who sees few documents asks for its scope itself, before it looks for words
			t.Errorf("%s: the neighbour finds %d", wall, n)
		}
		if n := of(app, app.As(policy.ProjectManager), app.B); n != want {
			t.Errorf("%s: estate B's are found by A's manager: %d, want %d", wall, n, want)
		}
		if n := of(app, app.Resident(), app.A); n != 1 {
			t.Errorf("%s: the household finds %d of its own", wall, n)
		}
	}
	holds("both", scoped, 0)
	holds("row-level security alone", open, 0)
	app := open
	app.SQL(`ALTER TABLE search.postings DISABLE ROW LEVEL SECURITY`)
	holds("row-level security of the documents alone", app, 0)
	app.SQL(`ALTER TABLE search.postings ENABLE ROW LEVEL SECURITY`)
	app.SQL(`ALTER TABLE archive_documents DISABLE ROW LEVEL SECURITY`)
	app.SQL(`ALTER TABLE estates DISABLE ROW LEVEL SECURITY`)
	holds("row-level security of the words alone", app, 0)
	walls(scoped, false)
	holds("scope alone", scoped, 0)
	walls(open, false)
	holds("none", open, 1) // or the test proves nothing
}
