package archives_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/png"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/internal/watermark"
	"github.com/steward-pm/steward/policy"
)

// scan is a PDF of one page; what its trailer says besides is for spoiling it.
func scan(trailer ...string) string {
	const drawing = "0 0 1 rg 50 50 200 200 re f"
	objects := []string{
		"<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Count 1/Kids[3 0 R]>>", "<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 400]/Contents 4 0 R>>",
		fmt.Sprintf("<</Length %d>>\nstream\n%s\nendstream", len(drawing), drawing),
	}
	var b, index strings.Builder
	b.WriteString("%PDF-1.7\n")
	for i, o := range objects {
		fmt.Fprintf(&index, "%010d 00000 n \n", b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 5\n0000000000 65535 f \n%strailer\n<</Size 5/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n", &index, strings.Join(trailer, ""), start)
	return b.String()
}

// photo is a picture.
func photo(t testing.TB) string {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 400, 300))); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// holding hands in a document of the content.
func holding(t *testing.T, app *stewardtest.App, name, content string) string {
	t.Helper()
	archivist := app.As(policy.Archivist)
	return handed(archivist, paper(app, set("uploadID", upload(t, archivist, app.A.Code, name, "application/octet-stream", content))))
}

// permitted has a request of the kind given for the documents, and gives its number.
func permitted(app *stewardtest.App, asker *stewardtest.Person, kind string, documents ...string) string {
	r := asker.Do(askArchive, question(app, set("kind", kind))).Get("requestArchive.request")
	app.As(policy.Archivist).Do(nameForIt, naming(r.Get("id").String(), documents...))
	pm := app.As(policy.ProjectManager)
	pm.Do(giveIt, yes(approvalFor(pm, r.Get("id").String())))
	return r.Get("code").String()
}

// got is what a server answered.
type got struct {
	status int
	header http.Header
	body   string
}

func (g got) refused(t *testing.T, code fault.Code, clause string) {
	t.Helper()
	e := gjson.Get(g.body, "errors.0.extensions")
	if e.Get("code").String() != string(code) || e.Get("clause").String() != clause {
		t.Errorf("want %s %s: %d %.300s", code, clause, g.status, g.body)
	}
}

// get asks for an address of the server's.
func get(t *testing.T, p *stewardtest.Person, path string) got {
	t.Helper()
	r, err := p.Request(http.MethodGet, path, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return got{resp.StatusCode, resp.Header, string(body)}
}

func TestA5_WhoReadsThroughARequestGetsACopyThatNamesThem(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, asker := app.As(policy.CSOfficer), app.As(policy.Receptionist)
	paper, picture := holding(t, app, "a.pdf", scan()), holding(t, app, "b.png", photo(t))
	number := permitted(app, asker, "VIEW", paper, picture)
	for _, c := range []struct{ id, original string }{{paper, scan()}, {picture, photo(t)}} {
		seen := get(t, asker, "/files/"+c.id)
		if seen.status != http.StatusOK || seen.body == c.original || seen.header.Get("Content-Length") != fmt.Sprint(len(seen.body)) {
			t.Fatalf("to look at: %d, %d bytes, the original: %v", seen.status, len(seen.body), seen.body == c.original)
		}
		for name, want := range map[string]string{"Content-Disposition": "inline; ", "Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'"} {
			if !strings.HasPrefix(seen.header.Get(name), want) {
				t.Errorf("%s: %s", name, seen.header.Get(name))
			}
		}
		if whole := get(t, officer, "/files/"+c.id); whole.body != c.original || !strings.HasPrefix(whole.header.Get("Content-Disposition"), "attachment") {
			t.Errorf("who needs no request gets %d bytes", len(whole.body))
		}
		if marked := get(t, officer, "/files/"+c.id+"?marked=true"); marked.status != http.StatusOK || marked.body == c.original {
			t.Errorf("who asks for a marked copy gets %d", marked.status)
		}
		if again := get(t, asker, "/files/"+c.id+"?marked=false"); again.body == c.original {
			t.Error("who reads through a request gets the original")
		}
	}
	// The mark says who, when by the estate's clock, and through which request.
	name := asker.Do(`{ viewer { name } }`, nil).Get("viewer.name").String()
	want, err := watermark.Make(t.Context(), watermark.PNG, strings.NewReader(photo(t)), name+" 2026-03-02 09:00 "+number)
	if err != nil {
		t.Fatal(err)
	}
	defer want.Close()
	expected, err := io.ReadAll(want)
	if err != nil || get(t, asker, "/files/"+picture).body != string(expected) {
		t.Errorf("the mark does not say %s %s: %v", name, number, err)
	}
	// To keep it is asked for as a copy.
	permitted(app, asker, "COPY", picture)
	if kept := get(t, asker, "/files/"+picture); !strings.HasPrefix(kept.header.Get("Content-Disposition"), "attachment") || kept.body == photo(t) {
		t.Errorf("a copy to keep: %v", kept.header)
	}
	// The trail and the household's list name the request and the copy.
	list := app.Resident().Do(`query($h: ID!) { householdFileReadings(householdID: $h) { edges { node { download marked through refused actorRoles } } } }`,
		vars{"h": app.A.Household}).Get("householdFileReadings.edges")
	through := list.Get(fmt.Sprintf(`#(node.through=="%s")#`, number)).Array()
	if len(through) != 5 || !through[0].Get("node.marked").Bool() || !through[0].Get("node.download").Bool() || through[0].Get("node.refused").Bool() {
		t.Errorf("the household sees %s", list.Raw)
	}
	if own := list.Get(`#(node.actorRoles.0=="cs-officer")#`).Array(); len(own) != 4 || own[0].Get("node.through").String() != "" {
		t.Errorf("of the officer it sees %v", own)
	}
}

func TestA5_WhatCannotBeMarkedIsNotGiven(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	asker := app.As(policy.Receptionist)
	documents := map[string]string{
		"a table":               holding(t, app, "a.csv", "secret,1\n"),
		"no PDF but by name":    holding(t, app, "a.pdf", "secret"),
		"a broken PDF":          holding(t, app, "b.pdf", "%PDF-1.7 secret"),
		"an encrypted PDF":      holding(t, app, "c.pdf", scan("/ID[<00><00>]/Encrypt<</Filter/Standard/V 2/R 3/Length 128/P -4/O<"+strings.Repeat("00", 32)+">/U<"+strings.Repeat("00", 32)+">>>")),
		"half a picture":        holding(t, app, "d.png", photo(t)[:80]),
		"a picture of no end":   holding(t, app, "e.png", vast(t)),
		"a page upon a page":    holding(t, app, "f.pdf", strings.Replace(scan(), "Kids[3 0 R]", "Kids[2 0 R]", 1)),
		"a web page":            holding(t, app, "g.html", "<html><script>alert(1)</script>"),
		"a drawing with script": holding(t, app, "h.svg", `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`),
	}
	var all []string
	for _, id := range documents {
		all = append(all, id)
	}
	permitted(app, asker, "COPY", all...)
	for name, id := range documents {
		t.Run(name, func(t *testing.T) {
			answer := get(t, asker, "/files/"+id)
			answer.refused(t, fault.RuleBroken, "A5")
			if strings.Contains(answer.body, "secret") || strings.Contains(answer.body, "script") {
				t.Errorf("the original is given: %s", answer.body)
			}
		})
	}
	// The paper was lent, and that is no copy.
	lent := holding(t, app, "i.pdf", scan())
	permitted(app, asker, "BORROW", lent)
	get(t, asker, "/files/"+lent).refused(t, fault.RuleBroken, "A5")
	if n := len(app.IDs(`SELECT id FROM audit.entries WHERE action = 'files.download' AND outcome = 'refused' AND body::jsonb ->> 'through' LIKE 'AR-%' AND body::jsonb ->> 'clause' = 'A5'`)); n != len(documents)+1 {
		t.Errorf("%d refusals on the trail", n)
	}
}

// vast says that it is a picture of 50,000 × 50,000 pixels.
func vast(t testing.TB) string {
	b := []byte(photo(t))
	const ihdr = 8
	copy(b[ihdr+8:], []byte{0, 0, 0xc3, 0x50, 0, 0, 0xc3, 0x50})
	binary.BigEndian.PutUint32(b[ihdr+8+13:], crc32.ChecksumIEEE(b[ihdr+4:ihdr+8+13]))
	return string(b)
}
