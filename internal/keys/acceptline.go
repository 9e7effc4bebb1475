package keys

import (
	"crypto/sha256"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/intake"
	"github.com/steward-pm/steward/internal/registry"
	"github.com/steward-pm/steward/internal/wording"
)

const (
	intact     = "完好"    // the state of keys that are good, and in the cabinet
	handedOver = "已移交业主" // that of keys that are with the household; any other word is one of their condition
)

// keyStates are the states that offices write, and whether the keys are with the household.
var keyStates = map[string]bool{intact: false, handedOver: true}

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

// outstanding is what engineering still owes (K1.4).
func (l *keyLine) outstanding() int { return l.due - l.delivered }

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
	l := &keyLine{rec: rec, at: registry.PlaceOf(rec), place: wording.Tidy(rec.Text("place")), state: rec.Text("state")}
	l.due = int(rec.Int("due", 0, maxKeys))
	l.delivered = int(rec.Int("delivered", 0, int64(l.due)))
	intake.Choice(rec, "state", keyStates)
	l.deliverer, l.followUp = wording.Tidy(rec.Text("deliverer")), rec.Text("followUp")
	rec.Check("place", l.place, wording.CheckName)
	rec.Check("deliverer", l.deliverer, wording.CheckName)
	rec.Check("followUp", l.followUp, wording.CheckRemark)
	return l
}

// doorOf is a compact key of the set.
func doorOf(l *keyLine) (key [16]byte) {
	sum := sha256.Sum256([]byte(l.at.Building + "\x00" + l.at.Entrance + "\x00" + l.at.Number + "\x00" + l.place))
	copy(key[:], sum[:])
	return key
}
