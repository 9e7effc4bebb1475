// Package exports is the catalogue of the registers that can be downloaded, and the one way to download
// them: permission first, then the entry on the audit trail, then the rows, page by page.
//
// exports.go permission, audit · catalogue.go what there is · places.go, households.go the registry's lists ·
// http.go GET /registers/NAME.FORMAT, streamed. The registers of a chapter are defined in its package.
//
// A register that takes long is asked for as a job: request.go it is asked for, and cancelled · work.go it is written · steps.go what becomes of it,
// and who is told · download.go it is downloaded · tidy.go it is removed.
package exports

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/text/language"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/estate"
	"github.com/steward-pm/steward/ent/household"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/audit"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/registers"
	"github.com/steward-pm/steward/policy"
)

// Params say what of a register is wanted.
type Params struct {
	Estate string       // code
	Lang   language.Tag // Chinese for any zh, otherwise English
	From   calendar.Day // first day, for registers of a time; zero: from the beginning
	To     calendar.Day // last day; zero: until now

	Household string // number, for registers of one; empty: all
}

const action = "registers.export"

// Write writes the register called name as xlsx, csv or html, or sheets to print as pdf, for the viewer in ctx, who sees in it what they may
// read. Nothing is written before it stands on the audit trail who takes what.
//
// Errors: UNAUTHENTICATED; NOT_FOUND for an unknown register, or at estate or household; FORBIDDEN; INVALID_INPUT at
// format, from, to or household. See registers.Register.Write for what is written after an error.
func Write(ctx context.Context, name, format string, p Params, w io.Writer) (err error) {
	defer fault.Wrap(&err, "export %s.%s", name, format)
	entry, known := catalogue[name]
	switch {
	case access.From(ctx) == nil:
		return fault.SignedOut()
	case !known:
		return fault.Missing()
	}
	if err := entry.takes(format, p); err != nil {
		return err
	}
	e, err := permit(ctx, entry, p.Estate)
	if err != nil {
		return err
	}
	home, err := householdOf(ctx, e, p.Household)
	if err != nil {
		return err
	}
	return entry.make(ctx, e, wanted{name: name, format: registers.Format(format), household: home, Params: p}, out{w: w})
}

// wanted is a register of one estate, as it is wanted.
type wanted struct {
	Params
	name      string
	format    registers.Format
	household *uuid.UUID
}

// make writes the register for the viewer in ctx, once it stands on the audit trail.
func (entry entry) make(ctx context.Context, e *ent.Estate, want wanted, to out) error {
	cal, err := act.CalendarOf(e.TimeZone)
	if err != nil {
		return fmt.Errorf("time zone of estate %s: %w", e.Code, err)
	}
	if err := note(ctx, e, want.name+"."+string(want.format), want.Params); err != nil {
		return err
	}
	rt := act.From(ctx)
	return entry.write(ctx, job{
		out: to, format: want.format, lang: want.Lang, db: rt.DB.Ent, estate: e.ID, household: want.household, now: rt.Clock.Now(),
		from: startOf(cal, want.From), until: endOf(cal, want.To),
		head: registers.Head{Estate: e.Name, At: rt.Clock.Now(), Zone: cal.Zone()},
	})
}

// takes refuses what the register is not written as, or not asked by. Errors: NOT_FOUND; INVALID_INPUT at format, from, to or household.
func (entry entry) takes(format string, p Params) error {
	switch {
	case entry.sheets != (format == string(registers.PDF)):
		return fault.Missing() // what is printed sheet by sheet is no list, and the other way round
	case !entry.sheets && !slices.Contains(registers.Formats, registers.Format(format)):
		return registers.NoFormat(format)
	case entry.sheets && p.From.IsZero() && p.Household == "":
		return fault.Invalid("from", "请用 from、to 指定月份,或用 household 指定业户。", "Say of which month, by from and to, or of which household.")
	case entry.ofHome && p.Household == "":
		return fault.Invalid("household", "请用 household 指定业户。", "Say of which household.")
	case !entry.byTime && (!p.From.IsZero() || !p.To.IsZero()):
		return fault.Invalid("from", "该登记表不按时间筛选。", "This register is not of a time.")
	case !entry.byHome && p.Household != "":
		return fault.Invalid("household", "该登记表不按业户筛选。", "This register is not of a household.")
	case !p.From.IsZero() && !p.To.IsZero() && p.To.Before(p.From):
		return fault.Invalid("to", "截止日期不能早于开始日期。", "The last day lies before the first.")
	}
	return nil
}

// permit finds the estate if the viewer may take the register out of it.
func permit(ctx context.Context, entry entry, code string) (*ent.Estate, error) {
	rt, v := act.From(ctx), access.From(ctx)
	e, err := rt.DB.Ent.Estate.Query().Where(estate.Code(code)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, rt.Refuse(ctx, action, audit.Portfolio, fault.Missing().At("estate"))
	}
	if err != nil {
		return nil, err
	}
	if !entry.open(v, e.ID) {
		return nil, rt.Refuse(ctx, action, e.ID, closed())
	}
	return e, nil
}

// open tells whether the viewer may take the register out of the estate.
func (entry entry) open(v *access.Viewer, estate uuid.UUID) bool {
	return !slices.ContainsFunc(entry.resources, func(r policy.Resource) bool {
		may := v.Scope(r, policy.Export)
		if entry.some {
			may = may.EstatesOnly()
		}
		return !may.Covers(access.Row{Estate: estate})
	})
}

func closed() *fault.Error {
	return fault.Denied("您的岗位无权导出该登记表。", "None of your roles may export this register.")
}

// householdOf finds the estate's household of the number; nil for none given. Errors: NOT_FOUND.
func householdOf(ctx context.Context, e *ent.Estate, code string) (*uuid.UUID, error) {
	if code == "" {
		return nil, nil
	}
	id, err := act.From(ctx).DB.Ent.Household.Query().Where(household.EstateID(e.ID), household.Code(code)).OnlyID(ctx)
	if id, err = act.Find(id, err, "household"); err != nil {
		return nil, err
	}
	return &id, nil
}

// note puts the export on the audit trail.
func note(ctx context.Context, e *ent.Estate, file string, p Params) error {
	rt := act.From(ctx)
	read := rt.Entry(ctx, action)
	read.Outcome, read.Estate, read.SubjectType, read.Subject = audit.Viewed, e.ID, ent.TypeEstate, e.ID
	read.Reason = strings.TrimSpace(fmt.Sprintf("%s %s %s %s", file, p.From, p.To, p.Household))
	return rt.AppendRead(ctx, read)
}

func startOf(cal *calendar.Calendar, d calendar.Day) (t time.Time) {
	if !d.IsZero() {
		t = cal.StartOfDay(d)
	}
	return t
}

func endOf(cal *calendar.Calendar, d calendar.Day) (t time.Time) {
	if !d.IsZero() {
		t = cal.EndOfDay(d)
	}
	return t
}
