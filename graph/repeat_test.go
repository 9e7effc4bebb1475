package graph_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// Every mutation, sent several times at once and once more afterwards under one idempotency key: who is answered is answered of the same
// rows, the others are told of a conflict, and what was done is done once: the estate is as it was after the first.
func TestWalkWhatIsRepeatedIsDoneOnce(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	own, p := rowsOf(t, app, app.B), everything(app, policy.GeneralManager, app.B)
	done := 0
	for _, f := range mutations() {
		if slices.Contains(ofSelf, f.Name) {
			continue // it ends the session that repeats it
		}
		for i, how := range formsOf(f) {
			document, in := documentOf("mutation", f, asking{t, f, how, of(own)}.arguments(), 2)
			once := p.With("Idempotency-Key", fmt.Sprintf("%s-%d", f.Name, i))
			answers := make([]gjson.Result, 3)
			var group sync.WaitGroup
			for n := range answers {
				group.Go(func() { answers[n], _ = once.Try(document, in) })
			}
			group.Wait()
			first := ""
			for _, a := range answers {
				code := fault.Code(a.Get("errors.0.extensions.code").String())
				switch {
				case a.Get("errors").Exists() && (code == fault.Internal || code == "" || strings.HasPrefix(string(code), "GRAPHQL")):
					t.Errorf("%s at once: %s", f.Name, a.Raw)
				case code == "" && first == "":
					first = rowsIn(a.Get("data"))
				case code == "" && rowsIn(a.Get("data")) != first:
					t.Errorf("%s at once is answered of %s and %s", f.Name, first, rowsIn(a.Get("data")))
				}
			}
			if first == "" {
				continue // refused: that nothing changed is another walk's
			}
			done++
			before := app.Fingerprint(app.B.ID)
			if again := rowsIn(once.Do(document, in)); again != first {
				t.Errorf("%s is answered of %s and then %s", f.Name, first, again)
			}
			if app.Fingerprint(app.B.ID) != before {
				t.Errorf("%s was done once more", f.Name)
			}
		}
	}
	if done < 40 {
		t.Errorf("only %d mutations were done at all", done)
	}
}

var anID = regexp.MustCompile(`"id":"([^"]+)"`)

// rowsIn are the rows that an answer is about: by their ids, since what is said of them is as it stands when it is asked.
func rowsIn(answer gjson.Result) string {
	return "rows " + strings.Join(anID.FindAllString(answer.Raw, -1), " ")
}
