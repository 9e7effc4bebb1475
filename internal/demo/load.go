package demo

import (
	"bytes"
	"context"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/importing"
	"github.com/steward-pm/steward/internal/keys"
	"github.com/steward-pm/steward/internal/registry"
)

// load imports an estate's two spreadsheets, as an office would: the keys on the first day of the month in which the
// story begins, so that this month can be closed (K4.2).
func (p plan) load(ctx context.Context, rt *act.Runtime, n int) (*ent.Estate, error) {
	units, keyList := p.sheets(seeded(uint64(n)), calendar.DayOf(rt.Clock.Now()))
	if err := p.read(ctx, registry.ImportUnits, p.code+"-业户资料.csv", units); err != nil {
		return nil, err
	}
	e, err := find(ctx, rt, p.code)
	if err != nil {
		return nil, err
	}
	cal, err := act.CalendarOf(e.TimeZone)
	if err != nil {
		return nil, err
	}
	past, clock := replay(rt)
	clock.Advance(at(firstDay(cal.Today(rt.Clock.Now())), cal.Zone(), 8, 0).Sub(clock.Now()))
	return e, p.read(act.With(ctx, past), keys.Import, p.code+"-钥匙清单.csv", keyList)
}

// firstDay is the first of the month in which the story begins: a month that is over.
func firstDay(today calendar.Day) calendar.Day {
	begins := today.AddDays(-31)
	return calendar.Date(begins.Year(), begins.Month(), 1)
}

func (p plan) read(ctx context.Context, a *importing.Act, name string, text []byte) error {
	_, err := importing.Do(ctx, a, importing.Request{
		EstateCode: p.code, CreateEstate: p.name, Policy: importing.RejectAll,
		Source: &importing.Source{Name: name, File: bytes.NewReader(text)},
	})
	return err
}
