package archives_test

import (
	"testing"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// A conflict says that there is a newer version, and nothing of what it says: that would be a reading without a trace (A6).
func TestA6_AConflictIsNoReading(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	pm, archivist := app.As(policy.ProjectManager), app.As(policy.Archivist)
	d := handed(archivist, paper(app, set("uploadID", upload(t, archivist, app.A.Code, "a.pdf", "application/pdf", "%PDF-1.7 x"))))
	_, volume := old(app, "ZZ-50")
	document := pm.Refused(`mutation($in: CorrectDocumentInput!) { correctDocument(input: $in) { document { id } } }`,
		vars{"in": vars{"id": d, "expectedVersion": 99, "title": "x", "dated": "2026-02-10", "pages": 1}}, fault.Conflict).Extensions.Get("current")
	placed := pm.Refused(`mutation($in: PlaceInArchiveInput!) { placeInArchive(input: $in) { volume { id } } }`,
		vars{"in": vars{"volumeID": volume, "place": "x", "expectedVersion": 77}}, fault.Conflict).Extensions.Get("current")
	if document.Raw != `{"id":"`+d+`","version":1}` || placed.Get("id").String() != volume || placed.Get("version").Int() == 0 || len(placed.Map()) != 2 {
		t.Errorf("shown: %s and %s", document.Raw, placed.Raw)
	}
}
