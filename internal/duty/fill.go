package duty

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/handover"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/policy"
)

const (
	signWithin  = time.Hour        // after the incoming side is there
	filledEarly = 30 * time.Minute // before the shift ends, by who asks for it
	filledLate  = 24 * time.Hour   // after, where the program did not run
)

// dueSheet is due an hour after the incoming side is there; of one that is not signed by then the supervisor hears.
var dueSheet = obligation.Declare(obligation.Kind{Name: "duty.handover", Clause: handing, TitleZH: "签署交接表:", TitleEN: "Sign the sheet of the shift change: "})

// unfilled are the shift changes of an estate between $2 and $3 without a sheet; one that was cancelled counts unless $4.
const unfilled = `SELECT c.department_id, c.ended_at, c.begins_at, c.outgoing, c.incoming FROM duty_shift_changes($1, $2, $3) c
	WHERE NOT EXISTS (SELECT FROM duty_handovers h WHERE h.estate_id = $1 AND h.department_id = c.department_id AND h.ended_at = c.ended_at AND NOT (h.state = 'CANCELLED' AND $4))
	ORDER BY c.ended_at`

// withUnfilled are the estates that have any.
const withUnfilled = `SELECT e.id FROM estates e WHERE EXISTS (SELECT FROM duty_assignments a WHERE a.estate_id = e.id AND a.ends_at > $1 AND a.ends_at <= $2)
		AND EXISTS (SELECT FROM duty_shift_changes(e.id, $1, $2) c
			WHERE NOT EXISTS (SELECT FROM duty_handovers h WHERE h.estate_id = e.id AND h.department_id = c.department_id AND h.ended_at = c.ended_at)) ORDER BY e.code`

// shiftChange is where one shift hands over to the next.
type shiftChange struct {
	department         uuid.UUID
	endedAt, beginsAt  time.Time
	outgoing, incoming string // names
}

// FillSheets fills the sheet of each shift change that has come (D2). The viewer in ctx is the system. It may run anywhere, at any time, twice at once.
//
// Errors: those of single estates, joined; the others are done nevertheless.
func FillSheets(ctx context.Context, rt *act.Runtime) (done int, err error) {
	ctx = act.With(ctx, rt)
	now := rt.Clock.Now()
	var estates []uuid.UUID
	if err := rt.DB.As(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, withUnfilled, now.Add(-filledLate), now)
		if err != nil {
			return err
		}
		estates, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		return err
	}); err != nil {
		return 0, fmt.Errorf("fill sheets of shift changes: %w", err)
	}
	var failed []error
	for _, e := range estates {
		switch p, err := fillAll.Do(ctx, fillInput{e}); {
		case err == nil:
			done += p.count
		case ctx.Err() != nil:
			return done, ctx.Err()
		case !fault.Is(err, fault.Conflict): // another server was faster
			failed = append(failed, fmt.Errorf("fill sheets of shift changes in %s: %w", e, err))
		}
	}
	return done, errors.Join(failed...)
}

type fillInput struct {
	Estate uuid.UUID `json:"estate_id"`
}

type filled struct{ count int }

// fillAll is the program's own act.
var fillAll = act.New("duty.fillSheets", act.Needs(policy.DutyHandover, policy.Create), act.Clauses(handing), func(tx *act.Tx, in fillInput) (*filled, error) {
	list, err := changesOf(tx, in.Estate, tx.Now, false)
	if err != nil {
		return nil, err
	}
	for _, c := range list {
		if _, err := fill(tx, in.Estate, c); err != nil {
			return nil, err
		}
	}
	return &filled{len(list)}, nil
})

// FillDutyHandoverInput names the estate whose shift changes next.
type FillDutyHandoverInput struct{ EstateID uuid.UUID }

// FillDutyHandoverPayload is the sheet.
type FillDutyHandoverPayload struct{ Handover *ent.DutyHandover }

// Fill has the sheet of the present shift change filled before the program does it by itself: up to half an hour before the shift ends, so that who goes may
// look through it; or anew, after one that was cancelled (D2).
//
// Errors: NOT_FOUND; CONFLICT D2 if no shift changes now, or its sheet is filled.
var Fill = act.New("duty.fillSheet", act.Needs(policy.DutyHandover, policy.Create), act.Clauses(handing), func(tx *act.Tx, in FillDutyHandoverInput) (*FillDutyHandoverPayload, error) {
	if _, err := department(tx, in.EstateID, "estateID"); err != nil {
		return nil, err
	}
	list, err := changesOf(tx, in.EstateID, tx.Now.Add(filledEarly), true)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, filledAlready()
	}
	h, err := fill(tx, in.EstateID, list[len(list)-1])
	return &FillDutyHandoverPayload{h}, err
})

func filledAlready() *fault.Error {
	return fault.Clash("现在没有需要填写的交接表:没有换班,或表已填写。", "There is no sheet to be filled now: no shift changes, or its sheet is there.").By(handing).At("estateID")
}

func changesOf(tx *act.Tx, estate uuid.UUID, until time.Time, again bool) ([]shiftChange, error) {
	rows, err := tx.Raw.Query(tx, unfilled, estate, tx.Now.Add(-filledLate), until, again)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (c shiftChange, err error) {
		return c, row.Scan(&c.department, &c.endedAt, &c.beginsAt, &c.outgoing, &c.incoming)
	})
}

// fill freezes what is open now as the lines of a sheet, and has it due.
func fill(tx *act.Tx, estate uuid.UUID, c shiftChange) (*ent.DutyHandover, error) {
	var lines []*ent.DutyHandoverLineCreate
	matters := 0
	for _, s := range handover.All() {
		list, all, err := s.Find(tx, tx.Raw, estate, tx.Now)
		if err != nil {
			return nil, err
		}
		line := func() *ent.DutyHandoverLineCreate {
			l := tx.DutyHandoverLine.Create().SetEstateID(estate).SetDepartmentID(c.department).SetPosition(len(lines) + 1).SetSource(s.Name).SetTitle(s.ZH).SetTitleEn(s.EN).SetEntity(s.Entity)
			lines = append(lines, l)
			return l
		}
		for _, m := range list {
			line().SetSubjectID(m.Subject).SetText(m.ZH).SetTextEn(m.EN).SetNillableSinceAt(m.Since).SetNillableDueAt(m.Due)
		}
		if more := all - len(list); more > 0 {
			line().SetText(fmt.Sprintf("另有 %d 项", more)).SetTextEn(fmt.Sprintf("and %d more", more)).SetCounted(more)
		}
		matters += all
	}
	row := tx.DutyHandover.Create().SetEstateID(estate).SetDepartmentID(c.department).SetEndedAt(c.endedAt).SetBeginsAt(c.beginsAt).SetDueAt(c.beginsAt.Add(signWithin)).
		SetFilledAt(tx.Now).SetOutgoingNames(c.outgoing).SetIncomingNames(c.incoming).SetLines(len(lines)).SetMatters(matters)
	if !tx.Viewer.IsSystem() {
		row.SetFilledByID(tx.Viewer.Account).SetFilledByName(tx.Viewer.Name)
	}
	h, err := row.Save(tx)
	if err != nil {
		return nil, err
	}
	tx.About(ent.TypeDutyHandover, h.ID, h.RowScope())
	for _, l := range lines {
		l.SetHandoverID(h.ID)
	}
	if err := tx.DutyHandoverLine.CreateBulk(lines...).Exec(tx); err != nil {
		return nil, err
	}
	cal, err := tx.Calendar(estate)
	if err != nil {
		return nil, err
	}
	at := clockTime(cal, h.EndedAt)
	return h, dueSheet.Open(tx, obligation.Due{
		Estate: estate, Department: c.department, Subject: h.ID, At: h.DueAt,
		About: fmt.Sprintf("%s %s → %s", at, c.outgoing, c.incoming), AboutEN: fmt.Sprintf("%s, %s to %s", at, c.outgoing, c.incoming),
	})
}
