package exports

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/household"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/files"
	"github.com/steward-pm/steward/internal/jobs"
)

// writing is the job of one export.
type writing struct {
	Export uuid.UUID `json:"export"`
}

// Kind implements river.JobArgs.
func (writing) Kind() string { return "exports.write" }

// InsertOpts has an export tried four times, within some minutes.
func (writing) InsertOpts() river.InsertOpts {
	return river.InsertOpts{MaxAttempts: 4, UniqueOpts: river.UniqueOpts{ByArgs: true}}
}

// Standing puts an account into the context, with what it may do now. Errors: UNAUTHENTICATED for one that is disabled.
type Standing interface {
	Standing(ctx context.Context, account uuid.UUID) (context.Context, error)
}

// Writer writes what was asked for.
type Writer struct {
	content *files.Content
	who     Standing
}

// NewWriter makes one: what it writes is kept there.
func NewWriter(content *files.Content, who Standing) *Writer { return &Writer{content, who} }

// Workers adds what works the jobs of exports.
func (w *Writer) Workers(workers *river.Workers) {
	river.AddWorker(workers, jobs.Long(func(ctx context.Context, job *river.Job[writing]) error {
		return w.Work(ctx, job.Args.Export, job.ID, job.Attempt >= job.MaxAttempts)
	}))
}

// Work writes an export, if it is not over; job is its number in the queue, and last says that no attempt follows. It may be killed at any
// time, run anew, and run twice at once: there is one content, of which the export knows before it is put in its place, and what another attempt
// left of it is removed first.
//
// Errors: what went wrong, so that the queue tries again. What is refused is none: it would be refused again.
func (w *Writer) Work(ctx context.Context, id uuid.UUID, job int64, last bool) error {
	rt := act.From(ctx)
	x, err := rt.DB.Ent.RegisterExport.Get(ctx, id)
	if err != nil {
		return err
	}
	if canWrite(x) != nil {
		return nil
	}
	done, err := begin.Do(ctx, beginInput{id, job})
	if err != nil {
		return err // what is over by now will be so at the next attempt
	}
	if done.left != "" {
		if err := w.content.Forget(ctx, rt, done.left, x.EstateID); err != nil {
			return err
		}
	}
	err = w.write(ctx, done.X)
	if err == nil {
		return nil
	}
	ctx = context.WithoutCancel(ctx) // it may have taken too long, or the server may be about to stop
	if x, again := rt.DB.Ent.RegisterExport.Get(ctx, id); again != nil || !unfinished(x) {
		return again // it was cancelled meanwhile, or another server was faster
	}
	if f := fault.From(err); f != nil && final[f.Code] {
		_, err = refuse.Do(ctx, endInput{id, f})
		return err
	}
	_, failed := fail.Do(ctx, failInput{id, last})
	return errors.Join(err, failed)
}

// final are the refusals that another attempt would meet again.
var final = map[fault.Code]bool{fault.Unauthenticated: true, fault.Forbidden: true, fault.NotFound: true, fault.InvalidInput: true, fault.RuleBroken: true}

// write writes the export by the rights that who asked for it has now.
func (w *Writer) write(ctx context.Context, x *ent.RegisterExport) (err error) {
	as, err := w.who.Standing(ctx, x.AccountID)
	if fault.Is(err, fault.Unauthenticated) {
		err = fault.Denied("申请人的账号已停用。", "The account that asked for it is disabled.").By(clause)
	}
	if err != nil {
		return err
	}
	p := &progress{rt: act.From(ctx), ctx: ctx, export: x, zh: x.Register, en: x.Register}
	p.at = p.rt.Clock.Now()
	made, err := w.content.Compose(func(to io.Writer) error { return produce(as, x, out{to, p.titled, p.row}) })
	if err != nil {
		return err
	}
	defer made.Discard()
	if _, err := found.Do(ctx, foundInput{x.ID, made}); err != nil {
		return err
	}
	err = made.Place(ctx, x.EstateID)
	if err == nil {
		_, err = finish.Do(ctx, finishInput{x.ID, made, p.rows, p.zh, p.en})
	}
	if err != nil {
		err = errors.Join(err, w.content.Forget(context.WithoutCancel(ctx), p.rt, made.SHA256, x.EstateID))
	}
	return err
}

// produce writes the register for the viewer in ctx, who may take it out of the estate, or is refused.
func produce(ctx context.Context, x *ent.RegisterExport, to out) error {
	rt, v := act.From(ctx), access.From(ctx)
	entry, known := catalogue[x.Register]
	if !known {
		return fault.Missing().At("register")
	}
	e, err := rt.DB.Ent.Estate.Get(ctx, x.EstateID)
	if ent.IsNotFound(err) {
		return rt.Refuse(ctx, action, x.EstateID, fault.Missing().At("estateID"))
	}
	if err != nil {
		return err
	}
	if !entry.open(v, e.ID) {
		return rt.Refuse(ctx, action, e.ID, closed().By(clause))
	}
	want := wanted{Params: Params{Estate: e.Code, Lang: tagOf(x.Language)}, name: x.Register, format: formatOf(x.Format), household: x.HouseholdID}
	if x.FromOn != nil {
		want.From = calendar.DayOf(*x.FromOn)
	}
	if x.UntilOn != nil {
		want.To = calendar.DayOf(*x.UntilOn)
	}
	if x.HouseholdID != nil {
		home, err := rt.DB.Ent.Household.Query().Where(household.ID(*x.HouseholdID), household.EstateID(e.ID)).Only(ctx)
		if home, err = act.Find(home, err, "householdID"); err != nil {
			return err
		}
		want.Household = home.Code
	}
	return entry.make(ctx, e, want, to)
}

// progress counts the rows, shows how far it is, and hears of it when nobody wants them any more.
type progress struct {
	rt     *act.Runtime
	ctx    context.Context // the program's
	export *ent.RegisterExport
	rows   int
	at     time.Time // when it was last shown
	zh, en string    // what the register is called
}

// shownEvery is how often it is shown how far an export is.
const shownEvery = 2 * time.Second

func (p *progress) titled(zh, en string) { p.zh, p.en = zh, en }

func (p *progress) row() error {
	if p.rows++; p.rows%500 != 0 || p.rt.Clock.Since(p.at) < shownEvery {
		return nil
	}
	p.at = p.rt.Clock.Now()
	return p.rt.DB.System(p.ctx, func(ctx context.Context, tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE register_exports SET rows = $1 WHERE estate_id = $2 AND id = $3 AND state = 'RUNNING'`, p.rows, p.export.EstateID, p.export.ID)
		if err == nil && tag.RowsAffected() == 0 {
			return over()
		}
		return err
	})
}
