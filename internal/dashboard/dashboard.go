// Package dashboard gathers what the chapters count of estates, for who watches it change.
package dashboard

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/obligation"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/archives"
	"github.com/steward-pm/steward/internal/duty"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/fees"
	"github.com/steward-pm/steward/internal/figures"
	"github.com/steward-pm/steward/internal/keys"
	"github.com/steward-pm/steward/internal/mail"
	"github.com/steward-pm/steward/internal/streams"
	"github.com/steward-pm/steward/internal/vacancy"
	"github.com/steward-pm/steward/policy"
)

// EstateDashboard is the state of an estate now. A part is nil where the viewer may not see what it counts.
type EstateDashboard struct {
	At       time.Time
	EstateID uuid.UUID
	Keys     *keys.KeyFigures
	Archives *archives.ArchiveFigures
	Vacancy  *vacancy.VacancyFigures
	Mail     *mail.MailFigures
	Fees     *fees.FeeFigures
	Duty     *duty.DutyFigures
	Due      []*ChapterDue
}

// ChapterDue counts what is due in a chapter.
type ChapterDue struct {
	Chapter       string // as the kinds of obligations begin: keys, mail, fees
	Open, PastDue int    // not done; of those past their due time
	Breached      int    // of those past their grace, too
}

const (
	pause = time.Second // at most one look a second, however much happens
	every = time.Minute // what is past due changes by the time alone
)

// Watch gives the estate's figures: at once, and whenever one of them is another.
//
// Errors: UNAUTHENTICATED; NOT_FOUND at estateID for an estate of which the viewer sees nothing that is counted.
func Watch(ctx context.Context, estate uuid.UUID) (<-chan *EstateDashboard, error) {
	var last []byte
	return streams.Follow(ctx, act.From(ctx).Streams, pause, every, func(ctx context.Context) ([]*EstateDashboard, error) {
		list, err := count(ctx, []uuid.UUID{estate})
		if err == nil && len(list) == 0 {
			err = fault.Missing().At("estateID")
		}
		if err != nil {
			return nil, err
		}
		now, err := list[0].said()
		if err != nil || bytes.Equal(now, last) {
			return nil, err
		}
		last = now
		return list, nil
	}, streams.Estate(estate))
}

// said is what the dashboard says, without when.
func (d EstateDashboard) said() ([]byte, error) {
	d.At = time.Time{}
	return json.Marshal(d)
}

// Of counts of the estates given, or of all of which the viewer sees anything that is counted; by their codes, in a constant number of statements.
//
// Errors: UNAUTHENTICATED; NOT_FOUND at estateIDs for an estate of which the viewer sees nothing that is counted.
func Of(ctx context.Context, estates []uuid.UUID) ([]*EstateDashboard, error) {
	list, err := count(ctx, estates)
	if err == nil && slices.ContainsFunc(estates, func(id uuid.UUID) bool {
		return !slices.ContainsFunc(list, func(d *EstateDashboard) bool { return d.EstateID == id })
	}) {
		return nil, fault.Missing().At("estateIDs")
	}
	return list, err
}

func count(ctx context.Context, ids []uuid.UUID) ([]*EstateDashboard, error) {
	estates, err := figures.Estates(ctx, ids)
	if err != nil {
		return nil, err
	}
	v, rt := access.From(ctx), act.From(ctx)
	list := make([]*EstateDashboard, len(estates))
	for i, e := range estates {
		list[i] = &EstateDashboard{At: rt.Clock.Now(), EstateID: e.ID}
	}
	if err := rt.DB.As(ctx, func(tx pgx.Tx) error {
		l := look{ctx, tx, v, estates, list}
		for _, chapter := range []func(look) error{
			part(keys.Board, func(d *EstateDashboard, f *keys.KeyFigures) { d.Keys = f }),
			part(archives.Board, func(d *EstateDashboard, f *archives.ArchiveFigures) { d.Archives = f }),
			part(vacancy.Board, func(d *EstateDashboard, f *vacancy.VacancyFigures) { d.Vacancy = f }),
			part(mail.Board, func(d *EstateDashboard, f *mail.MailFigures) { d.Mail = f }),
			part(fees.Board, func(d *EstateDashboard, f *fees.FeeFigures) { d.Fees = f }),
			part(duty.Board, func(d *EstateDashboard, f *duty.DutyFigures) { d.Duty = f }),
		} {
			if err := chapter(l); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		return nil, err
	}
	if err := due(ctx, v, list); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(list, func(d *EstateDashboard) bool {
		return d.Keys == nil && d.Archives == nil && d.Vacancy == nil && d.Mail == nil && d.Fees == nil && d.Duty == nil && d.Due == nil
	}), nil
}

// look is a counting of all chapters in one transaction.
type look struct {
	context.Context
	tx      pgx.Tx
	viewer  *access.Viewer
	estates []*ent.Estate
	list    []*EstateDashboard // one for each of the estates
}

// part counts for a chapter, and puts down what there is.
func part[F any](b *figures.Board[F], put func(*EstateDashboard, *F)) func(look) error {
	return func(l look) error {
		if len(l.list) == 0 {
			return nil
		}
		c, err := b.Count(l, l.tx, l.viewer, l.list[0].At, l.estates)
		if err != nil {
			return err
		}
		for _, d := range l.list {
			put(d, c.Of(d.EstateID))
		}
		return nil
	}
}

// due counts what is due by chapters, of what the viewer may see: what says too much of its subject is left out for who may not
// read that.
func due(ctx context.Context, v *access.Viewer, list []*EstateDashboard) error {
	of, ids := map[uuid.UUID]*EstateDashboard{}, []uuid.UUID{}
	scope := v.Scope(policy.Obligation, policy.Read).EstatesOnly()
	for _, d := range list {
		if scope.Covers(access.Row{Estate: d.EstateID}) {
			d.Due, of[d.EstateID], ids = []*ChapterDue{}, d, append(ids, d.EstateID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	var open, past []struct {
		Estate uuid.UUID        `json:"estate_id"`
		Kind   string           `json:"kind"`
		State  obligation.State `json:"state"`
		Count  int              `json:"count"`
	}
	q := act.From(ctx).DB.Ent.Obligation.Query().Where(obligation.EstateIDIn(ids...), obligation.MetAtIsNil(), obligation.StateIn(obligation.StateOpen, obligation.StateBreached))
	err := q.Clone().GroupBy(obligation.FieldEstateID, obligation.FieldKind, obligation.FieldState).Aggregate(ent.Count()).Scan(ctx, &open)
	if err != nil {
		return err
	}
	if err := q.Where(obligation.DueAtLT(list[0].At)).GroupBy(obligation.FieldEstateID, obligation.FieldKind).Aggregate(ent.Count()).Scan(ctx, &past); err != nil {
		return err
	}
	for _, row := range open {
		c := of[row.Estate].chapter(row.Kind)
		if c.Open += row.Count; row.State == obligation.StateBreached {
			c.Breached += row.Count
		}
	}
	for _, row := range past {
		of[row.Estate].chapter(row.Kind).PastDue += row.Count
	}
	for _, d := range of {
		slices.SortFunc(d.Due, func(a, b *ChapterDue) int { return strings.Compare(a.Chapter, b.Chapter) })
	}
	return nil
}

// chapter is where the kind is counted.
func (d *EstateDashboard) chapter(kind string) *ChapterDue {
	name, _, _ := strings.Cut(kind, ".")
	if at := slices.IndexFunc(d.Due, func(c *ChapterDue) bool { return c.Chapter == name }); at >= 0 {
		return d.Due[at]
	}
	c := &ChapterDue{Chapter: name}
	d.Due = append(d.Due, c)
	return c
}
