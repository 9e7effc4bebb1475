package registry

import (
	"crypto/sha256"
	"strings"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/unit"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/intake"
	"github.com/steward-pm/steward/internal/wording"
)

// unitLine is a line of 业户资料, and what is on record about it.
type unitLine struct {
	rec                       *intake.Record
	building, entrance, room  string
	area                      int64 // hundredths of m²; 0: not said
	state                     unit.State
	name, phone               string
	notice, movedIn           calendar.Day
	emergency, emergencyPhone string
	remark                    string
	apart                     bool // says of the household what an earlier line contradicts

	unit   *ent.Unit        // nil: there is none yet
	owner  *ent.Occupancy   // of the unit's owner now, with household, residents and contacts; nil: none
	others []*ent.Occupancy // of tenants and users now
}

// Record implements importing.Line.
func (l *unitLine) Record() *intake.Record { return l.rec }

// Drop implements importing.Line. Phones are only ever warned about.
func (l *unitLine) Drop(column string) bool {
	switch column {
	case "area":
		l.area = 0
	case "notice":
		l.notice = calendar.Day{}
	case "movedIn":
		l.movedIn = calendar.Day{}
	case "phone":
		l.phone = ""
	case "emergency", "emergencyPhone":
		l.emergency, l.emergencyPhone = "", ""
	case "remark":
		l.remark = ""
	default:
		return false
	}
	return true
}

func (l *unitLine) occupied() bool { return l.state != unit.StateVacant }

func (l *unitLine) hasMovedIn() bool { return l.occupied() && l.state != unit.StateAwaitingMoveIn }

// fingerprint is a compact key; 100,000 of them are a few megabytes.
type fingerprint [16]byte

func fingerprintOf(parts ...string) (f fingerprint) {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	copy(f[:], sum[:])
	return f
}

func (l *unitLine) place() fingerprint { return fingerprintOf(l.building, l.entrance, l.room) }

// who identifies the household: by name and telephone. Two people of one name without a telephone are two.
func (l *unitLine) who() fingerprint { return fingerprintOf(l.name, l.phone) }

// readUnit reads what a line says, and notes what is wrong with it by itself.
func readUnit(rec *intake.Record, today calendar.Day) *unitLine {
	rec.Need("building", "room", "area")
	l := &unitLine{rec: rec, building: wording.Code(rec.Code("building")), entrance: wording.Code(rec.Code("entrance")), room: wording.Code(rec.Code("room"))}
	l.area = rec.Hundredths("area", 1, maxArea)
	l.state = intake.Choice(rec, "state", unitWords)
	l.name = wording.Tidy(rec.Text("name"))
	if l.state != "" && l.occupied() {
		rec.Need("name")
	}
	l.notice, l.movedIn = rec.Date("notice"), rec.Date("movedIn")
	if !l.notice.IsZero() && !l.movedIn.IsZero() && l.movedIn.Before(l.notice) {
		rec.Reject("movedIn", "入伙早于入伙通知。", "Moved in before the notice.")
	}
	if l.notice.After(today) {
		rec.Reject("notice", "日期不能晚于今天。", "The day is still to come.")
	}
	if l.movedIn.After(today) {
		rec.Reject("movedIn", "日期不能晚于今天。", "The day is still to come.")
	}
	l.phone, l.emergencyPhone = rec.Phone("phone"), rec.Phone("emergencyPhone")
	l.emergency, l.remark = wording.Tidy(rec.Text("emergency")), rec.Text("remark")
	rec.Check("building", l.building, wording.CheckCode)
	rec.Check("entrance", l.entrance, wording.CheckCode)
	rec.Check("room", l.room, wording.CheckCode)
	rec.Check("name", l.name, wording.CheckName)
	rec.Check("phone", l.phone, wording.CheckName)
	rec.Check("emergency", l.emergency, wording.CheckName)
	rec.Check("emergencyPhone", l.emergencyPhone, wording.CheckName)
	rec.Check("remark", l.remark, wording.CheckRemark)
	return l
}
