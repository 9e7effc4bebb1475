package registry

import (
	"context"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/importrun"
	"github.com/steward-pm/steward/ent/unit"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/importing"
	"github.com/steward-pm/steward/internal/intake"
	"github.com/steward-pm/steward/policy"
)

// ImportUnits reads 业户资料: units, their owners, and when they moved in. Units are matched by building,
// entrance and number, households by who owns the unit now; what differs is changed, so that a second run of
// the same file changes nothing. An empty cell says nothing: what is on record stays.
//
// Errors: those of importing.Perform.
var ImportUnits = act.New("registry.importUnits", act.Needs(policy.Unit, policy.Import), act.Clauses("F1", "A6"),
	func(tx *act.Tx, req importing.Request) (*importing.Outcome, error) {
		return importing.Perform(tx, req, unitForm)
	})

// ImportUploadedUnits imports an uploaded file.
func ImportUploadedUnits(ctx context.Context, up importing.Upload) (*importing.Payload, error) {
	return importing.Uploaded(ctx, ImportUnits, up)
}

var unitForm = importing.Form[*unitLine]{
	Kind:   importrun.KindUnits,
	Report: importing.OfUnits,
	Columns: []intake.Column{
		{Name: "building", Headings: []string{"楼栋", "栋号", "楼号"}, Required: true},
		{Name: "entrance", Headings: []string{"单元"}},
		{Name: "room", Headings: []string{"房号", "房间号"}, Required: true},
		{Name: "area", Headings: []string{"面积", "建筑面积"}, Required: true},
		{Name: "state", Headings: []string{"状态"}, Required: true},
		{Name: "name", Headings: []string{"业户姓名", "姓名"}},
		{Name: "phone", Headings: []string{"联系电话"}},
		{Name: "notice", Headings: []string{"入伙通知日期"}},
		{Name: "movedIn", Headings: []string{"入伙日期"}},
		{Name: "emergency", Headings: []string{"紧急联系人"}},
		{Name: "emergencyPhone", Headings: []string{"紧急联系电话"}},
		{Name: "remark", Headings: []string{"备注"}},
	},
	Begin: func(r *importing.Run) (importing.Chapter[*unitLine], error) { return newUnitImport(r) },
	NewEstate: func(tx *act.Tx, code, name string) (*ent.Estate, error) {
		in := CreateEstateInput{Code: code, Name: name}
		if err := in.Check(); err != nil {
			return nil, err
		}
		out, err := createEstate(tx, in)
		if err != nil {
			return nil, err
		}
		return out.Estate, nil
	},
}

// unitWords are the states that offices write.
var unitWords = map[string]unit.State{
	"空置": unit.StateVacant, "待入伙": unit.StateAwaitingMoveIn, "已入住": unit.StateOccupied, "装修中": unit.StateRenovating,
}
