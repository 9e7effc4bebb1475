package vacancy

import (
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/area"
	"github.com/steward-pm/steward/ent/staff"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/policy"
)

// V4.1: a round is walked on the day that it is planned for.
var dueRound = obligation.Declare(obligation.Kind{Name: "vacancy.round", Clause: "V4.1", TitleZH: "空置房巡查:", TitleEN: "Round of vacant units: "})

// mostUnits is how many units one walks through in a day; what is due beyond takes another round.
const mostUnits = 200

// PlanInspectionRoundInput says when and where a round is walked, and by whom.
type PlanInspectionRoundInput struct {
	EstateID  uuid.UUID
	PlannedOn calendar.Day
	WalkerID  uuid.UUID
	AreaID    *uuid.UUID
}

// PlanInspectionRoundPayload is the round.
type PlanInspectionRoundPayload struct{ Round *ent.InspectionRound }

// PlanRound plans a round through the vacant units in which something is due by its day, as many as one walks through, in walking order: by
// area, building, entrance, floor and door (V4). What is on another round of the day, or on one that is under way, is left to that.
//
// Errors: NOT_FOUND; INVALID_INPUT for a day that is over, or a walker without an account; CONFLICT if nothing is due.
var PlanRound = act.New("vacancy.planRound", act.Needs(policy.InspectionRound, policy.Create), act.Clauses("V4.1", "V4.2", "V4.3", "V4.4", "V4.5"), planRound)

func planRound(tx *act.Tx, in PlanInspectionRoundInput) (*PlanInspectionRoundPayload, error) {
	cal, err := tx.Calendar(in.EstateID)
	if cal, err = act.Find(cal, err, "estateID"); err != nil {
		return nil, err
	}
	if today := cal.Today(tx.Now); in.PlannedOn.Before(today) || in.PlannedOn.After(today.AddDays(31)) {
		return nil, fault.Invalid("plannedOn", "巡查日期应在今天起的一个月内。", "Plan it for today or a day within a month.").By("V4.1")
	}
	walker, err := tx.Staff.Query().Where(staff.ID(in.WalkerID), staff.EstateID(in.EstateID)).Only(tx)
	if walker, err = act.Find(walker, err, "walkerID"); err != nil {
		return nil, err
	}
	if walker.AccountID == nil || walker.EmployedUntil != nil && !calendar.DayOf(*walker.EmployedUntil).After(in.PlannedOn) {
		return nil, fault.Invalid("walkerID", "巡查人须在职并有账号,才能签字。", "Who walks signs, so it takes a member of staff with an account.").By("V4.1")
	}
	if in.AreaID != nil {
		a, err := tx.Area.Query().Where(area.ID(*in.AreaID), area.EstateID(in.EstateID)).Only(tx)
		if _, err = act.Find(a, err, "areaID"); err != nil {
			return nil, err
		}
	}
	list, err := onTheWay(tx, in)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, fault.Clash("到这一天没有待检查的空置房(或已在当天或进行中的其他巡查里)。", "Nothing is due by that day that is not on another round, of the day or under way.").By("V4.1").At("plannedOn")
	}
	r, err := tx.InspectionRound.Create().SetEstateID(in.EstateID).SetPlannedOn(in.PlannedOn.UTC()).SetNillableAreaID(in.AreaID).SetWalkerID(walker.ID).SetWalkerName(walker.Name).
		SetUnits(len(list)).SetPlannedByID(tx.Viewer.Account).SetPlannedByName(tx.Viewer.Name).Save(tx)
	if err != nil {
		return nil, err
	}
	lines := make([]*ent.InspectionRoundLineCreate, len(list))
	for i, at := range list {
		lines[i] = tx.InspectionRoundLine.Create().SetEstateID(r.EstateID).SetRoundID(r.ID).SetVacancyID(at.Vacancy).SetUnitID(at.Unit).SetPosition(i + 1).SetPlannedOn(r.PlannedOn)
	}
	if err := tx.InspectionRoundLine.CreateBulk(lines...).Exec(tx); err != nil {
		return nil, err
	}
	return &PlanInspectionRoundPayload{r}, dueRound.Open(tx, obligation.Due{
		About: fmt.Sprintf("%s %d 套", in.PlannedOn, len(list)), AboutEN: fmt.Sprintf("%s, %d units", in.PlannedOn, len(list)),
		Estate: r.EstateID, Subject: r.ID, At: cal.EndOfDay(in.PlannedOn), Account: *walker.AccountID,
	})
}

// stop is a unit on the way.
type stop struct{ Vacancy, Unit uuid.UUID }

// onTheWay are the vacancies in which something is due by the day, in walking order.
func onTheWay(tx *act.Tx, in PlanInspectionRoundInput) ([]stop, error) {
	rows, err := tx.Raw.Query(tx, `SELECT v.id, v.unit_id
		FROM vacancies v JOIN buildings b ON b.estate_id = v.estate_id AND b.id = v.building_id LEFT JOIN areas a ON a.estate_id = v.estate_id AND a.id = v.area_id
		WHERE v.estate_id = $1 AND v.state = 'OPEN' AND v.due_on <= $2 AND ($3::uuid IS NULL OR v.area_id = $3)
			AND NOT EXISTS (SELECT FROM inspection_round_lines n WHERE n.open AND n.estate_id = v.estate_id AND n.vacancy_id = v.id AND (n.under_way OR n.planned_on = $2))
		ORDER BY a.sort_key COLLATE "C" NULLS LAST, a.id, b.sort_key COLLATE "C", b.id, v.sort_key, v.id LIMIT $4`, in.EstateID, in.PlannedOn.UTC(), in.AreaID, mostUnits)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[stop])
}
