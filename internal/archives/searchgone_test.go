package archives_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/archives"
	"github.com/steward-pm/steward/internal/demo"
	"github.com/steward-pm/steward/internal/files"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// postings are how many words of a document can be found.
func postings(app *stewardtest.App, id string) int {
	return len(app.IDs(`SELECT document_id FROM search.postings WHERE document_id = $1`, id))
}

// What was handed in by mistake is found no more, and gets no words again, whoever puts them.
func TestA6_WhatIsGoneIsNotFound(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist := app.As(policy.Archivist)
	id := scanned(t, app, "家庭纠纷", "application/pdf", string(demo.PDF("紫藤架下的秘密")))
	indexed(t, app)
	before := postings(app, id)
	again := `UPDATE search.unread SET asked = asked; INSERT INTO search.unread (estate, document, content) SELECT estate_id, id, true FROM archive_documents WHERE id = '` + id + `' ON CONFLICT DO NOTHING`
	app.SQL(again)
	if n := indexed(t, app); n != 1 || before == 0 || postings(app, id) != before {
		t.Errorf("a repeated job read %d, and made %d of %d words", n, postings(app, id), before)
	}
	archivist.Do(`mutation($id: ID!) { voidDocument(input: {id: $id, reason: "错交"}) { document { id textState } } }`, vars{"id": id})
	if n := postings(app, id); n != 0 {
		t.Errorf("%d words are left", n)
	}
	if got := titles(archivist, vars{"id": id, "textState": "NONE"}); len(got) != 1 {
		t.Errorf("it is said to be searchable")
	}
	app.SQL(again)
	if indexed(t, app); postings(app, id) != 0 {
		t.Errorf("%d words are back", postings(app, id))
	}
	if n := len(app.IDs(`SELECT document FROM search.unread WHERE document = $1`, id)); n != 0 {
		t.Errorf("it is still to be read")
	}
	err := app.TrySQL(`INSERT INTO search.postings (estate_id, term, document_id, page) VALUES ($1, '秘密', $2, 1)`, app.A.ID, id)
	if err == nil || !strings.Contains(err.Error(), "destroyed or voided") {
		t.Errorf("the owner's words: %v", err)
	}
}

// A destruction that runs while the document is read wins whole: none of its words is left, whichever commits first.
func TestA7_ADestructionWinsOverItsReader(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist := app.As(policy.Archivist)
	witness := member(app, app.As(policy.Security), "监销员")
	indexed(t, app)
	content, err := files.OpenContent(app.FilesDir)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 6 {
		code := "TS-9" + string(rune('0'+i))
		d, _ := old(app, code, set("uploadID", upload(t, archivist, app.A.Code, code+".csv", "text/csv", strings.Repeat("紫藤架下的秘密,"+code+"\n", 1+i*100))))
		id := proposed(app, d)
		app.As(policy.ProjectManager).Do(approving, approved(id, witness))
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := archives.Index(app.Context(), app.Runtime, content); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			if answer, err := archivist.Try(destroying, executed(id, witness)); err != nil || answer.Get("errors").Exists() {
				t.Error(err, answer.Raw)
			}
		})
		wg.Wait()
		indexed(t, app)
		if n := postings(app, d); n != 0 {
			t.Errorf("round %d: %d words are left", i, n)
		}
		if got := found(app, archivist, code); len(got) != 0 {
			t.Errorf("round %d: %v is found", i, got)
		}
	}
}

// served runs a statement as the serving role does for a manager.
func served(app *stewardtest.App, sql string, args ...any) error {
	manager := access.Viewer{Account: uuid.New(), Name: "经理", Grants: []access.Grant{{Role: policy.ProjectManager, Estate: app.A.ID}}}
	return app.DB.As(access.With(app.Context(), access.New(app.Policy, manager)), func(tx pgx.Tx) error {
		_, err := tx.Exec(context.Background(), sql, args...)
		return err
	})
}

// The serving role puts no words for anybody: neither into the table, nor by the program's functions.
func TestA6_NobodyPutsWords(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	id := uuid.MustParse(handed(app.As(policy.Archivist), paper(app)))
	for _, sql := range []string{
		`INSERT INTO search.postings (estate_id, term, document_id, page) VALUES ($1, 'x', $2, 0)`,
		`UPDATE search.postings SET page = 3 WHERE estate_id = $1 OR document_id = $2`,
		`DELETE FROM search.postings WHERE estate_id = $1 OR document_id = $2`,
		`SELECT search.put($1, $2, 1, true, 'INDEXED', '{x}', '{1}')`,
		`SELECT document FROM search.unread WHERE estate = $1 OR document = $2`,
	} {
		if err := served(app, sql, app.A.ID, id); err == nil || !strings.Contains(err.Error(), "42501") {
			t.Errorf("%s: %v", sql, err)
		}
	}
	if err := served(app, `SELECT FROM search.take(now(), now()) WHERE estate = $1 OR document = $2 HAVING count(*) > 0`, app.A.ID, id); err != nil {
		t.Error(err)
	}
	if n := len(app.IDs(`SELECT document FROM search.unread WHERE document = $1 AND tries = 0`, id)); n != 1 {
		t.Error("it was taken by nobody's right")
	}
}
