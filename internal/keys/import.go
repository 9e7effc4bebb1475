package keys

import (
	"context"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/importrun"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/importing"
	"github.com/steward-pm/steward/internal/intake"
	"github.com/steward-pm/steward/internal/registry"
	"github.com/steward-pm/steward/policy"
)

// Import reads 钥匙清单: an acceptance sheet of what engineering owes and delivered (K1.1, K1.4). What it delivered
// goes from the source to the cabinet, and on to the household where the list says so (K4.1). Sets are matched by
// unit and place; a list that says more of a set than the last one makes a further line, and moves the difference,
// so that a second run of the same file changes nothing.
//
// Errors: those of importing.Perform.
var Import = act.New("keys.import", act.Needs(policy.KeyAcceptance, policy.Import), act.Clauses("K1.1", "K1.4", "K4.1"),
	func(tx *act.Tx, req importing.Request) (*importing.Outcome, error) {
		return importing.Perform(tx, req, keyForm)
	})

// ImportUploaded imports an uploaded file.
func ImportUploaded(ctx context.Context, up importing.Upload) (*importing.Payload, error) {
	return importing.Uploaded(ctx, Import, up)
}

var keyForm = importing.Form[*keyLine]{
	Kind:   importrun.KindKeys,
	Report: importing.OfKeys,
	Columns: []intake.Column{
		{Name: "building", Headings: []string{"楼栋", "栋号", "楼号"}, Required: true},
		{Name: "entrance", Headings: []string{"单元"}},
		{Name: "room", Headings: []string{"房号", "房间号"}, Required: true},
		{Name: "place", Headings: []string{"位置"}, Required: true},
		{Name: "due", Headings: []string{"应交数量"}, Required: true},
		{Name: "delivered", Headings: []string{"实交数量"}, Required: true},
		{Name: "state", Headings: []string{"状态"}, Required: true},
		{Name: "deliverer", Headings: []string{"交验人"}},
		{Name: "followUp", Headings: []string{"跟进情况"}},
	},
	Begin: func(r *importing.Run) (importing.Chapter[*keyLine], error) { return newAcceptance(r) },
}

// handedOver is the state of keys that are with the household; any other word is one of their condition.
const handedOver = "已移交业主"

// keyStates are the states that offices write, and whether the keys are with the household.
var keyStates = map[string]bool{"完好": false, handedOver: true}

// keyLine is a line of 钥匙清单, and what is on record about it.
type keyLine struct {
	rec            *intake.Record
	at             registry.Place
	place          string
	due, delivered int
	state          string
	deliverer      string
	followUp       string

	unit *ent.Unit              // nil: there is none
	set  *ent.KeySet            // nil: there is none yet
	last *ent.KeyAcceptanceLine // of the set; nil: none
}

// Record implements importing.Line.
func (l *keyLine) Record() *intake.Record { return l.rec }

// Drop implements importing.Line: only what is told beside the keys can be left out.
func (l *keyLine) Drop(column string) bool {
	switch column {
	case "deliverer":
		l.deliverer = ""
	case "followUp":
		l.followUp = ""
	default:
		return false
	}
	return true
}

func (l *keyLine) withHousehold() bool { return keyStates[l.state] }

// owner is the household that owns the unit now, or nil.
func (l *keyLine) owner() *ent.Household {
	if l.unit == nil || len(l.unit.Edges.Occupancies) == 0 {
		return nil
	}
	return l.unit.Edges.Occupancies[0].Edges.Household
}

// maxKeys is how many keys a set may have.
const maxKeys = 10_000

// readKeys reads what a line says, and notes what is wrong with it by itself.
func readKeys(rec *intake.Record) *keyLine {
	rec.Need("room", "place", "due", "delivered", "state")
	l := &keyLine{rec: rec, at: registry.PlaceOf(rec), place: rec.Text("place"), state: rec.Text("state")}
	l.due = int(rec.Int("due", 0, maxKeys))
	l.delivered = int(rec.Int("delivered", 0, int64(l.due)))
	intake.Choice(rec, "state", keyStates)
	l.deliverer, l.followUp = rec.Text("deliverer"), rec.Text("followUp")
	for _, part := range []struct {
		column, text string
		most         int
	}{{"place", l.place, 200}, {"deliverer", l.deliverer, 200}, {"followUp", l.followUp, 4000}} {
		if len(part.text) > part.most {
			rec.Reject(part.column, "超过 %[1]d 字节。", "It has more than %[1]d bytes.", part.most)
		}
	}
	return l
}
