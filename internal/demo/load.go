package demo

import (
	"bytes"
	"context"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
)

// load imports an estate's two spreadsheets.
func (p plan) load(ctx context.Context, rt *act.Runtime, n int) (*ent.Estate, error) {
	units, keyList := p.sheets(seeded(uint64(n)), calendar.DayOf(rt.Clock.Now()))
	_, _ = bytes.NewReader(units), keyList
	return find(ctx, rt, p.code)
}
