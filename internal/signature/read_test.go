package signature_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/signature"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// What was drawn is shown to who sees the signature: the staff who handle keys, and the household's own residents.
func TestDrawnSignaturesAreSeenByWhoSeesTheSignature(t *testing.T) {
	t.Parallel()
	app := start(t)
	subject := uuid.New()
	in := signInput{Ceremony: lend, Capacity: "borrower", Estate: app.A.ID, Household: &app.A.Household, Subject: subject, Who: signature.Who{Resident: &app.A.Resident},
		Signature: &signature.Input{Strokes: &signature.Strokes{{1, 2, 3.5, 4}}}}
	if _, err := sign.Do(clerk(app), in); err != nil {
		t.Fatal(err)
	}
	in.Capacity, in.Household, in.Session = "handler", nil, true
	in.Signature = nil
	if _, err := sign.Do(clerk(app), in); err != nil {
		t.Fatal(err)
	}
	const list = `query($id: ID!) { signatures(where: {subjectID: $id}, orderBy: {field: SIGNED_AT, direction: ASC}) { edges { node { capacity method strokes } } } }`
	const drawn = `{"node":{"capacity":"borrower","method":"ATTESTED","strokes":[[1,2,3.5,4]]}}`
	const clicked = `{"node":{"capacity":"handler","method":"SESSION","strokes":null}}`
	for name, c := range map[string]struct {
		who  *stewardtest.Person
		want map[string]bool
	}{
		"an officer":         {app.As(policy.CSOfficer), map[string]bool{drawn: true, clicked: true}},
		"the household":      {app.Resident(), map[string]bool{drawn: true}},
		"the neighbours":     {app.Neighbour(), map[string]bool{}},
		"of another estate":  {app.Foreign(policy.CSOfficer), map[string]bool{}},
		"who handles no key": {app.As(policy.Security), map[string]bool{}},
	} {
		edges := c.who.Do(list, stewardtest.Vars{"id": subject}).Get("signatures.edges").Array()
		for _, e := range edges {
			if !c.want[e.Raw] {
				t.Errorf("%s sees %s", name, e.Raw)
			}
		}
		if len(edges) != len(c.want) {
			t.Errorf("%s sees %d signatures, want %d", name, len(edges), len(c.want))
		}
	}
}
