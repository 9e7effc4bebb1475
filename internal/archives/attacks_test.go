package archives_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// What was uploaded under whatever name is saved under a safe one, and never runs in a browser.
func TestA6_NothingUploadedRunsOrLeavesItsFolder(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist := app.As(policy.Archivist)
	page, drawing := "<!DOCTYPE html><script>alert(1)</script>", `<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`
	for _, c := range []struct{ name, claimed, content string }{
		{"a.html", "application/octet-stream", page}, {"a.pdf", "application/pdf", page}, {"a.png", "image/png", page},
		{"a.svg", "application/octet-stream", drawing}, {"a.jpg", "image/jpeg", drawing}, {"a.xlsx", "application/octet-stream", "MZ\x90\x00program"},
		{"a\u202egpj.exe", "image/jpeg", "MZ\x90\x00program"}, {`"; filename="a.html`, "application/pdf", scan()}, {"%2e%2e%2fa.pdf", "application/pdf", scan()},
	} {
		id := upload(t, archivist, app.A.Code, url.QueryEscape(c.name), c.claimed, c.content)
		d := handed(archivist, paper(app, set("uploadID", id)))
		for _, address := range []string{"/files/" + d, linked(archivist, d)} {
			answer := get(t, archivist, address)
			if answer.status != http.StatusOK || answer.body != c.content {
				t.Fatalf("%s: %d", c.name, answer.status)
			}
			media, how := answer.header.Get("Content-Type"), answer.header.Get("Content-Disposition")
			if strings.Contains(media, "html") || strings.Contains(media, "xml") || strings.Contains(media, "svg") || strings.Contains(media, "javascript") ||
				c.content != scan() && (strings.Contains(media, "pdf") || strings.Contains(media, "image") || strings.Contains(media, "sheet")) {
				t.Errorf("%s is given as %s", c.name, media)
			}
			if !strings.HasPrefix(how, "attachment; ") || strings.ContainsAny(how, "\r\n\x00/\u202e") || strings.Count(how, `"`) != 2 {
				t.Errorf("%s: %s", c.name, how)
			}
			if answer.header.Get("X-Content-Type-Options") != "nosniff" || answer.header.Get("Content-Security-Policy") != "default-src 'none'; sandbox" {
				t.Errorf("%s: %v", c.name, answer.header)
			}
		}
	}
	for _, name := range []string{"../a.pdf", `..\a.pdf`, "a/b.pdf", "a\r\nSet-Cookie: x=1.pdf", "a\x00.pdf", "..", ".", ""} {
		if status, body := tryUpload(t, archivist, app.A.Code, name, strings.NewReader("x")); status != http.StatusBadRequest || gjson.GetBytes(body, "errors.0.extensions.field").String() != "name" {
			t.Errorf("%q: %d %s", name, status, body)
		}
	}
	for _, id := range []string{"../../etc/passwd", "..%2f..%2fkeys", "%00", strings.Repeat("a", 64)} {
		if answer := get(t, archivist, "/files/"+id); answer.status != http.StatusNotFound {
			t.Errorf("%s: %d %.100s", id, answer.status, answer.body)
		}
	}
}

func tryUpload(t *testing.T, p *stewardtest.Person, estate, name string, content *strings.Reader) (int, []byte) {
	t.Helper()
	r, err := p.Request(http.MethodPost, "/files?"+url.Values{"estate": {estate}, "name": {name}}.Encode(), content)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/octet-stream")
	status, body, err := p.Send(r)
	if err != nil {
		t.Fatal(err)
	}
	return status, body
}

// A file that unpacks to gigabytes is kept as it is: nothing unpacks it to find out what it is, or to give it back.
func TestA6_BombsDoNoHarm(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist, asker := app.As(policy.Archivist), app.As(policy.Receptionist)
	var all []string
	for _, inside := range []string{"bomb.txt", "xl/worksheets/sheet1.xml", "word/document.xml"} {
		bomb := zipped(t, inside, 1<<30)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		d := handed(archivist, paper(app, set("uploadID", upload(t, archivist, app.A.Code, "a.bin", "application/octet-stream", bomb))))
		if answer := get(t, archivist, "/files/"+d); answer.body != bomb {
			t.Errorf("%s: %d", inside, answer.status)
		}
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 200<<20 {
			t.Errorf("%s: %d MiB were used", inside, used>>20)
		}
		all = append(all, d)
	}
	permitted(app, asker, "COPY", all...)
	for _, d := range all {
		get(t, asker, "/files/"+d).refused(t, "RULE", "A5")
	}
}

// zipped is a ZIP of one file of so many bytes, all of them 0.
func zipped(t *testing.T, name string, size int) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	chunk := make([]byte, 1<<20)
	for range size >> 20 {
		if _, err := f.Write(chunk); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(fmt.Errorf("zip: %w", err))
	}
	return b.String()
}
