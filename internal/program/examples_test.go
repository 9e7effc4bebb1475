package program_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/program"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// The demo, as a newcomer starts it: each tab of GraphiQL, in the order of the tabs, answers as it stands.
func TestExamplesOfTheDemoRun(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithTimeout(t.Context(), 5*time.Minute)
	defer stop()
	var out, errs buffer
	done := make(chan int, 1)
	go func() {
		done <- program.Main{
			Args:   []string{"demo", "--data", filepath.Join(t.TempDir(), "data"), "--listen", "127.0.0.1:0"},
			Getenv: func(string) string { return "" }, Stdout: &out, Stderr: &errs,
		}.Run(ctx)
	}()
	ready := regexp.MustCompile(`(?m)^ready (\S+)$`)
	for !ready.MatchString(out.String()) {
		select {
		case status := <-done:
			t.Fatalf("ended with %d: %s", status, errs.String())
		case <-time.After(20 * time.Millisecond):
		}
	}
	url := ready.FindStringSubmatch(out.String())[1]
	jar, _ := cookiejar.New(nil) // fails for no options
	browser := &http.Client{Jar: jar}
	page := get(t, browser, url)
	tabs := gjson.Parse(html.UnescapeString(regexp.MustCompile(`(?s)id="examples">(.*?)</script>`).FindStringSubmatch(page)[1])).Array()
	if len(tabs) != len(serveTabs(t))+6 { // to lend a key, to watch figures, a set's life, to search the archive, and a month for who signs in anew
		t.Errorf("%d tabs", len(tabs))
	}
	for _, tab := range tabs {
		body := `{"query":` + tab.Get("query").Raw + `,"variables":` + tab.Get("variables").String() + `}`
		if !tab.Get("variables").Exists() {
			body = `{"query":` + tab.Get("query").Raw + `}`
		}
		var answer string
		switch query := tab.Get("query").String(); {
		case strings.HasPrefix(query, "subscription Watch"):
			answer = first(t, browser, url+"/graphql", body)
			if keys := gjson.Get(answer, "data.dashboard.keys.keysOut").Int(); keys == 0 {
				t.Errorf("no key is out, though one was lent: %s", answer)
			}
		case strings.HasPrefix(query, "subscription"):
			listen(t, browser, url+"/graphql", body).Close() // nothing is told
			continue
		default:
			answer = post(t, browser, url+"/graphql", body)
		}
		if gjson.Get(answer, "errors").Exists() || !gjson.Get(answer, "data").IsObject() || strings.Contains(answer, `"edges":[]`) {
			t.Errorf("%s: %s", tab.Get("title"), answer)
		}
	}
	again := get(t, browser, url)
	if !strings.Contains(again, "Lend a key") {
		t.Error("once a key is lent there is no other to lend")
	}
	stop()
	if status := <-done; status != 0 {
		t.Errorf("stopped with %d: %s", status, errs.String())
	}
}

// Those of serve answer whatever the portfolio; who has an account fills in the first.
func TestExamplesOfServeRun(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	for i, tab := range serveTabs(t) {
		vars := stewardtest.Vars{}
		if tab.Get("variables").Exists() {
			if err := json.Unmarshal([]byte(tab.Get("variables").String()), &vars); err != nil {
				t.Errorf("%s: %v", tab.Get("title"), err)
			}
		}
		if p := app.As(policy.CSOfficer); i == 0 {
			app.Nobody().Do(tab.Get("query").String(), stewardtest.Vars{"email": p.Email, "password": stewardtest.Password})
		} else if strings.HasPrefix(tab.Get("query").String(), "subscription") {
			p.Subscribe(tab.Get("query").String(), vars).Silent(200 * time.Millisecond) // refused it would say so
		} else if len(vars) > 0 {
			t.Errorf("%s needs to know something of the portfolio: %v", tab.Get("title"), vars)
		} else {
			p.Do(tab.Get("query").String(), nil)
		}
	}
}

func serveTabs(t *testing.T) []gjson.Result {
	t.Helper()
	list, err := program.ServeExamples(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	return gjson.ParseBytes(text).Array()
}

func get(t *testing.T, c *http.Client, url string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return send(t, c, r)
}

// first is the first event of a subscription, as the page asks for it.
func first(t *testing.T, c *http.Client, url, body string) string {
	t.Helper()
	events := listen(t, c, url, body)
	defer events.Close()
	for lines := bufio.NewScanner(events); lines.Scan(); {
		if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			return data
		}
	}
	t.Errorf("no event of %s", body)
	return ""
}

func listen(t *testing.T, c *http.Client, url, body string) io.ReadCloser {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	r.Header.Set("Accept", "text/event-stream")
	answer, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if kind := answer.Header.Get("Content-Type"); answer.StatusCode != http.StatusOK || !strings.HasPrefix(kind, "text/event-stream") {
		t.Errorf("%s is answered %d as %s", body, answer.StatusCode, kind)
	}
	return answer.Body
}

func post(t *testing.T, c *http.Client, url, body string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	return send(t, c, r)
}

func send(t *testing.T, c *http.Client, r *http.Request) string {
	t.Helper()
	answer, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
