package vacancy

import (
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"golang.org/x/text/language"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/inspection"
	"github.com/steward-pm/steward/ent/inspectionroundline"
	entvacancy "github.com/steward-pm/steward/ent/vacancy"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/late"
	"github.com/steward-pm/steward/internal/server/request"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// RecordRoundInspectionsInput is what a phone noted on a round, perhaps without a network.
type RecordRoundInspectionsInput struct {
	RoundID    uuid.UUID
	Lines      []*RoundInspectionInput
	LateReason *string // of all lines that are older than ten minutes
}

// RoundInspectionInput is a visit; its key is made by the phone, and the same however often it is sent.
type RoundInspectionInput struct {
	Key         string // a UUID
	VacancyID   uuid.UUID
	InspectedAt time.Time
	Results     []*InspectionResultInput
	Note        *string

	WithoutKeyReason *string // how the unit was entered while no key of it was lent for the round
}

// key is the line's key; Nil if it is none.
func (in RoundInspectionInput) key() uuid.UUID {
	id, err := uuid.Parse(in.Key)
	if err != nil {
		return uuid.Nil
	}
	return id
}

// mostLines is how many lines are sent at once: with the plan's five results each, and a photo of each, they stay below what one request holds
// (internal/server). A longer round is sent in parts.
const mostLines = 40

// offline is how old a line may be: the phone of who walks on a weekend comes into the network on Monday.
const offline = 72 * time.Hour

// Check refuses what is no batch. What is wrong with a line is that line's, and no reason to refuse the others.
func (in RecordRoundInspectionsInput) Check() error {
	if len(in.Lines) == 0 || len(in.Lines) > mostLines {
		return fault.Invalid("lines", "请提交 1 到 %[1]d 行检查记录,其余分次提交。", "Send between 1 and %[1]d lines, and the rest after them.", mostLines).By("V4.1")
	}
	return wording.Optional(func(field, text string) error { return wording.CheckText(field, text, 1, 200) }, "lateReason", in.LateReason)
}

// RecordRoundInspectionsPayload is what was taken, now or before, in the order of the lines, and what was not.
type RecordRoundInspectionsPayload struct {
	Inspections []*ent.Inspection
	Refused     []*RefusedInspectionLine
	Round       *ent.InspectionRound
}

// RefusedInspectionLine says what is wrong with a line, as a refusal of it alone would.
type RefusedInspectionLine struct {
	Line                              int
	Key, Code, Message, Clause, Field string
}

// RecordRound records what was noted on a round (V4). A line that was taken before, by its key, is answered with what stands; one that is wrong
// with its error, and the others are taken. What the database alone can tell, such as a race, refuses the batch as a whole, which can be sent
// again as it is.
//
// Errors: NOT_FOUND; FORBIDDEN for another than who walks; CONFLICT if the round is not under way.
var RecordRound = act.Guarded(act.New("vacancy.recordRound", act.Needs(policy.Inspection, policy.Create),
	act.Clauses("V4.1", "V4.2", "V4.3", "V4.4", "V4.5", "V5"), recordRound), roundGuard(canWalk))

func recordRound(tx *act.Tx, in RecordRoundInspectionsInput) (*RecordRoundInspectionsPayload, error) {
	r, err := roundOf(tx, in.RoundID)
	if err != nil {
		return nil, err
	}
	b, err := batchOf(tx, r, in)
	if err != nil {
		return nil, err
	}
	if err := b.find(tx, in.Lines); err != nil {
		return nil, err
	}
	if err := canWalk(tx, r); err != nil {
		return nil, err
	}
	out := &RecordRoundInspectionsPayload{Round: r}
	for n, line := range in.Lines {
		key := line.key()
		if stands := b.taken[key]; stands != nil && stands.VoidedAt == nil {
			out.Inspections = append(out.Inspections, stands)
			continue
		}
		v, err := b.fits(tx, line)
		if f := fault.From(err); f != nil {
			out.Refused = append(out.Refused, refusedLine(tx, n, line.Key, f))
			continue
		} else if err != nil {
			return nil, err
		}
		i, err := inspect(tx, visit{
			vacancy: v, at: line.InspectedAt, lateReason: b.lateReason(tx, line), note: wording.Tidy(value(line.Note)), withoutKey: b.withoutKey(line),
			results: line.Results, field: fmt.Sprintf("lines.%d.results", n), known: b.known, round: &r.ID, key: &key,
		})
		if err != nil {
			return nil, err
		}
		b.taken[key], b.visited[v.ID], b.instants[line.InspectedAt.UnixMicro()] = i, true, true
		out.Inspections = append(out.Inspections, i)
	}
	return out, nil
}

func refusedLine(tx *act.Tx, n int, key string, f *fault.Error) *RefusedInspectionLine {
	tongue := language.Chinese
	if request.From(tx).Language == language.English {
		tongue = language.English
	}
	return &RefusedInspectionLine{n, key, string(f.Code), f.In(tongue), f.Clause, f.Field}
}

// batch is what is known of the lines, read in a constant number of statements.
type batch struct {
	round   *ent.InspectionRound
	late    string
	known   named
	taken   map[uuid.UUID]*ent.Inspection // by key
	lines   map[uuid.UUID]*ent.Vacancy    // on the round
	visited map[uuid.UUID]bool
	photos  map[uuid.UUID]bool // that are named by a line before
	proofs
}

func batchOf(tx *act.Tx, r *ent.InspectionRound, in RecordRoundInspectionsInput) (*batch, error) {
	b := &batch{round: r, late: wording.Tidy(value(in.LateReason)), taken: map[uuid.UUID]*ent.Inspection{}, lines: map[uuid.UUID]*ent.Vacancy{}, visited: map[uuid.UUID]bool{},
		photos: map[uuid.UUID]bool{}}
	var all []*InspectionResultInput
	keys := make([]uuid.UUID, len(in.Lines))
	for i, l := range in.Lines {
		keys[i] = l.key()
		all = append(all, l.Results...)
	}
	var err error
	if b.known, err = namedIn(tx, r.EstateID, all); err != nil {
		return nil, err
	}
	before, err := tx.Inspection.Query().Where(inspection.EstateID(r.EstateID), inspection.LineKeyIn(keys...)).All(tx)
	if err != nil {
		return nil, err
	}
	for _, i := range before {
		b.taken[*i.LineKey] = i
	}
	lines, err := tx.InspectionRoundLine.Query().Where(inspectionroundline.RoundID(r.ID)).WithVacancy(func(q *ent.VacancyQuery) { q.WithUnit() }).All(tx)
	for _, l := range lines {
		b.lines[l.VacancyID], b.visited[l.VacancyID] = l.Edges.Vacancy, l.InspectionID != nil
	}
	if err != nil {
		return nil, err
	}
	b.proofs, err = b.proofsOf(tx, in.Lines)
	return b, err
}

// find refuses a batch that names what is not there: no phone notes that, whatever it was offline.
func (b *batch) find(tx *act.Tx, lines []*RoundInspectionInput) error {
	named := make([]uuid.UUID, len(lines))
	for i, l := range lines {
		named[i] = l.VacancyID
	}
	there, err := tx.Vacancy.Query().Where(entvacancy.IDIn(named...), entvacancy.EstateID(b.round.EstateID)).IDs(tx)
	if err != nil {
		return err
	}
	for i, l := range lines {
		if !slices.Contains(there, l.VacancyID) {
			return fault.Missing().At(fmt.Sprintf("lines.%d.vacancyID", i))
		}
		if err := b.known.find(fmt.Sprintf("lines.%d.results", i), l.Results); err != nil {
			return err
		}
	}
	return nil
}

// fits refuses a line that cannot be taken, with all that can be told before it is written.
func (b *batch) fits(tx *act.Tx, line *RoundInspectionInput) (*ent.Vacancy, error) {
	if line.key() == uuid.Nil {
		return nil, fault.Invalid("key", "每行需要一个 UUID 作为编号。", "A line takes a UUID as its key.").By("V4.1")
	}
	if b.taken[line.key()] != nil { // and was voided
		return nil, fault.Clash("这一行曾收到并已作废;如需重录,请换一个编号。", "The line was taken and voided; to record it anew, give it another key.").By("V4.1").At("key")
	}
	v := b.lines[line.VacancyID]
	if v == nil || b.visited[line.VacancyID] {
		return nil, visitedAlready().At("vacancyID")
	}
	if err := checkResults("results", line.Results); err != nil {
		return nil, err
	}
	if err := wording.Optional(wording.CheckRemark, "note", line.Note); err != nil {
		return nil, err
	}
	if err := b.inTime(tx, v, line.InspectedAt); err != nil {
		return nil, err
	}
	if err := b.wasThere(line); err != nil {
		return nil, err
	}
	return v, b.pictures(tx, line)
}

// inTime refuses a time to come, one before the round began, and one that is too long ago or takes a reason; and a unit that was lived in.
func (b *batch) inTime(tx *act.Tx, v *ent.Vacancy, at time.Time) error {
	cal, err := tx.Calendar(v.EstateID)
	if err != nil {
		return err
	}
	day := cal.Today(at).UTC()
	switch ago := tx.Now.Sub(at); {
	case ago < 0 || ago > offline || at.Before(*b.round.StartedAt):
		return fault.Invalid("inspectedAt", "检查时间应在巡查开始之后、最近 72 小时内。", "Give a time since the round began, within the last 72 hours.").By("V4.1")
	case ago > late.Free && b.late == "":
		return fault.Invalid("lateReason", "补记请说明原因。", "Say why it is recorded late.").By("V4.1")
	case v.State == entvacancy.StateClosed && v.EndedOn.Before(day):
		return ended().At("vacancyID")
	case v.SinceOn.After(day):
		return fault.Invalid("inspectedAt", "该房当时还未空置,请核对检查时间。", "The unit did not stand empty then; check the time.").By("V4.1")
	}
	return nil
}

func (b *batch) lateReason(tx *act.Tx, line *RoundInspectionInput) string {
	if tx.Now.Sub(line.InspectedAt) <= late.Free {
		return ""
	}
	return b.late
}
