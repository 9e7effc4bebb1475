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

// load imports an estate's two spreadsheets, as an office would.
func (p plan) load(ctx context.Context, rt *act.Runtime, n int) (*ent.Estate, error) {
	units, keyList := p.sheets(seeded(uint64(n)), calendar.DayOf(rt.Clock.Now()))
	for _, sheet := range []struct {
		act  *importing.Act
		name string
		text []byte
	}{{registry.ImportUnits, p.code + "-业户资料.csv", units}, {keys.Import, p.code + "-钥匙清单.csv", keyList}} {
		_, err := importing.Do(ctx, sheet.act, importing.Request{
			EstateCode: p.code, CreateEstate: p.name, Policy: importing.RejectAll,
			Source: &importing.Source{Name: sheet.name, File: bytes.NewReader(sheet.text)},
		})
		if err != nil {
			return nil, err
		}
	}
	return find(ctx, rt, p.code)
}
