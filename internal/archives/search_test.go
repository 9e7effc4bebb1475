package archives_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/steward-pm/steward/internal/archives"
	"github.com/steward-pm/steward/internal/demo"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/files"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

const search = `query($e: ID!, $t: String!, $w: ArchiveDocumentWhereInput, $n: Int, $after: Cursor) {
	searchArchive(estateID: $e, text: $t, where: $w, first: $n, after: $after) { edges { said page node { id title textState } } pageInfo { hasNextPage endCursor } } }`

// indexed has the program read what waits, and gives how much it was.
func indexed(t *testing.T, app *stewardtest.App) int {
	t.Helper()
	content, err := files.OpenContent(app.FilesDir)
	if err != nil {
		t.Fatal(err)
	}
	n, err := archives.Index(app.Context(), app.Runtime, content)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func lookingFor(app *stewardtest.App, text string, change ...func(vars)) vars {
	in := vars{"e": app.A.ID, "t": text}
	for _, f := range change {
		f(in)
	}
	return in
}

// found are the titles of what somebody finds in estate A, in their order.
func found(app *stewardtest.App, p *stewardtest.Person, text string, change ...func(vars)) []string {
	list := []string{}
	for _, title := range p.Do(search, lookingFor(app, text, change...)).Get("searchArchive.edges.#.node.title").Array() {
		list = append(list, title.String())
	}
	return list
}

// scanned hands in a paper of the household with a content.
func scanned(t *testing.T, app *stewardtest.App, name, media, content string, change ...func(vars)) string {
	t.Helper()
	officer := app.As(policy.CSOfficer)
	return handed(officer, paper(app, append([]func(vars){set("title", name), set("uploadID", upload(t, officer, app.A.Code, name, media, content))}, change...)...))
}

func docx(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create("word/document.xml")
	if err == nil {
		_, err = fmt.Fprintf(w, `<w:document xmlns:w="x"><w:p><w:t>%s</w:t></w:p></w:document>`, text)
	}
	if err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	return b.String()
}

// What files hold is found by its words, Chinese by two characters and more, and what is on paper by what is said of it.
func TestA4_1_WordsOfFilesAreFound(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist := app.As(policy.Archivist)
	gb, err := simplifiedchinese.GB18030.NewEncoder().String("户号,欠费\n0042,防水层渗漏\n")
	if err != nil {
		t.Fatal(err)
	}
	indexed(t, app)
	scanned(t, app, "a.pdf", "application/pdf", string(demo.PDF("装修申请书", "厨房防水层须做闭水\n试验 ABC-0042")), set("dated", "2026-02-03"))
	scanned(t, app, "b.docx", "application/octet-stream", docx(t, "楼上渗漏,请查防水层"), set("dated", "2026-02-02"))
	scanned(t, app, "c.csv", "text/csv", gb, set("dated", "2026-02-01"))
	scanned(t, app, "d.pdf", "application/pdf", string(demo.PDF("")))
	scanned(t, app, "e.pdf", "application/pdf", "%PDF-1.7 damaged")
	onPaper := handed(archivist, paper(app, set("title", "防水层验收照片"), set("source", "鼎盛防水公司"), set("dated", "2026-01-01")))
	states := func(state string) []string { return titles(archivist, vars{"textState": state}) }
	if got := states("WAITING"); len(got) != 5 {
		t.Errorf("waiting: %v", got)
	}
	if n := indexed(t, app); n != 6 {
		t.Errorf("%d documents were read", n)
	}
	if n := indexed(t, app); n != 0 {
		t.Errorf("%d documents were read again", n)
	}
	if got := states("UNREADABLE"); strings.Join(got, " ") != "d.pdf e.pdf" && strings.Join(got, " ") != "e.pdf d.pdf" {
		t.Errorf("unreadable: %v", got)
	}
	for text, want := range map[string]string{
		"防水": "防水层验收照片 c.csv b.docx a.pdf", "防水层": "防水层验收照片 c.csv b.docx a.pdf", "闭水试验": "a.pdf", "abc-0042": "a.pdf", "0042": "c.csv a.pdf",
		"渗漏 防水层": "c.csv b.docx", "鼎盛防水公司": "防水层验收照片", "水闭": "", "装修申请": "a.pdf",
	} {
		if got := strings.Join(found(app, archivist, text), " "); got != want {
			t.Errorf("%s finds %q, want %q", text, got, want)
		}
	}
	edge := archivist.Do(search, lookingFor(app, "闭水试验")).Get("searchArchive.edges.0")
	if edge.Get("page").Int() != 2 || edge.Get("said").Bool() || edge.Get("node.textState").String() != "INDEXED" {
		t.Errorf("found as %s", edge.Raw)
	}
	edge = archivist.Do(search, lookingFor(app, "鼎盛")).Get("searchArchive.edges.0")
	if !edge.Get("said").Bool() || edge.Get("page").Type != gjson.Null || edge.Get("node.textState").String() != "NONE" {
		t.Errorf("found as %s", edge.Raw)
	}
	// Filtered, and a page at a time.
	if got := found(app, archivist, "防水", set("w", vars{"contentType": "text/csv"})); len(got) != 1 {
		t.Errorf("filtered: %v", got)
	}
	var all []string
	for after, more := any(nil), true; more; {
		page := archivist.Do(search, lookingFor(app, "防水", set("n", 3), set("after", after))).Get("searchArchive")
		for _, title := range page.Get("edges.#.node.title").Array() {
			all = append(all, title.String())
		}
		after, more = page.Get("pageInfo.endCursor").String(), page.Get("pageInfo.hasNextPage").Bool()
	}
	if got := strings.Join(all, " "); got != "防水层验收照片 c.csv b.docx a.pdf" {
		t.Errorf("by pages: %s", got)
	}
	// It goes with what is said of it: described anew, bound into a volume.
	archivist.Do(`mutation($in: CorrectDocumentInput!) { correctDocument(input: $in) { document { id } } }`,
		vars{"in": vars{"id": onPaper, "expectedVersion": 1, "title": "闭水验收", "dated": "2026-01-01", "pages": 1}})
	archivist.Do(bind, into(opened(archivist, volumeOf(app, "TS-2026-01")), onPaper))
	indexed(t, app)
	for text, want := range map[string]string{"验收照片": "", "闭水验收": "闭水验收", "鼎盛防水": "", "TS-2026-01": "闭水验收"} {
		if got := strings.Join(found(app, archivist, text), " "); got != want {
			t.Errorf("then %s finds %q, want %q", text, got, want)
		}
	}
}

// Each finds what the list of documents shows them, and nothing else (A4.1-A4.3, A5).
func TestA4_1_A4_2_A4_3_EachFindsWhatTheyMayRead(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist, guard := app.As(policy.Archivist), app.As(policy.Security)
	member := uuid.New()
	app.SQL(`INSERT INTO staffs (id, created_at, estate_id, name, sort_key, department_id, account_id, phone, employed_from)
		VALUES ($1, $2, $3, '保安', 'b', $4, $5, '', '2025-01-01')`, member, stewardtest.Start, app.A.ID, app.A.SecurityDepartment, guard.Account)
	const word = "紫藤架"
	handed(archivist, paper(app, without("householdID"), set("category", "WORK"), set("staffID", member), set("title", "保安的"+word)))
	handed(archivist, paper(app, without("householdID"), set("category", "LAW"), set("departmentID", app.A.SecurityDepartment), set("title", "部门的"+word)))
	handed(archivist, paper(app, without("householdID"), set("category", "LAW"), set("title", "法规的"+word)))
	scanned(t, app, "业户的", "application/pdf", string(demo.PDF(word)))
	d := handed(archivist, paper(app, set("householdID", app.A.OtherHousehold), set("title", "邻居的"+word)))
	indexed(t, app)
	custodian := app.As(policy.KeyCustodian)
	for name, who := range map[string]*stewardtest.Person{
		"general manager": app.As(policy.GeneralManager), "project manager": app.As(policy.ProjectManager), "auditor": app.As(policy.Auditor), "archivist": archivist,
		"supervisor": app.As(policy.Supervisor), "CS officer": app.As(policy.CSOfficer), "the guard": guard, "accountant": app.As(policy.Accountant),
		"key custodian": custodian, "resident": app.Resident(), "neighbour": app.Neighbour(),
	} {
		shown := slices.DeleteFunc(titles(who, nil), func(title string) bool { return !strings.Contains(title, word) && title != "业户的" })
		if got := found(app, who, word); !slices.Equal(got, shown) {
			t.Errorf("%s finds %v, and is shown %v", name, got, shown)
		}
	}
	for name, want := range map[string]int{"archivist": 5, "the guard": 1, "resident": 1, "key custodian": 0} {
		who := map[string]*stewardtest.Person{"archivist": archivist, "the guard": guard, "resident": app.Resident(), "key custodian": custodian}[name]
		if got := found(app, who, word); len(got) != want {
			t.Errorf("%s finds %v", name, got)
		}
	}
	if got := found(app, app.Resident(), word); len(got) != 1 || got[0] != "业户的" {
		t.Errorf("the resident finds %v", got)
	}
	app.Foreign(policy.ProjectManager).Refused(search, lookingFor(app, word), fault.NotFound)
	app.Nobody().Refused(search, lookingFor(app, word), fault.Unauthenticated)

	// A permit finds one document while it lasts (A5).
	app.SQL(`INSERT INTO archive_permits (id, created_at, estate_id, subject_id, account_id, valid_from, valid_until)
		VALUES (new_id(x'0605'::int), $1, $2, $3, $4, $1::timestamptz + interval '1 hour', $1::timestamptz + interval '3 hours')`, stewardtest.Start, app.A.ID, d, custodian.Account)
	for _, want := range []int{0, 1, 0} {
		if got := found(app, custodian, word); len(got) != want {
			t.Errorf("at %v the custodian finds %v, want %d", app.Clock.Now(), got, want)
		}
		app.Clock.Advance(2 * time.Hour)
	}
}

func TestA4_1_WhatCannotBeSearchedForIsRefused(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	for _, text := range []string{"", " ", "业", "a", "张 三", "。,", strings.Repeat("业主", 60), "一二三四五六七八九十甲乙丙丁戊己庚辛"} {
		if r := app.As(policy.Archivist).Refused(search, lookingFor(app, text), fault.InvalidInput); r.Field != "text" || r.Message == "" {
			t.Errorf("%q is refused at %q: %s", text, r.Field, r.Message)
		}
	}
	app.As(policy.Archivist).Refused(search, lookingFor(app, "业主", set("e", uuid.New())), fault.NotFound)
}
