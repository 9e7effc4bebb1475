package exports

import (
	"context"
	"io"
	"net/url"

	"golang.org/x/text/language"

	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/server"
	"github.com/steward-pm/steward/internal/server/request"
)

// HTTP answers GET /registers/NAME.FORMAT?estate=CODE&lang=zh|en&from=2026-03-01&to=2026-03-31&household=NUMBER; it
// implements server.Registers.
type HTTP struct{}

var _ server.Registers = HTTP{}

// Export implements server.Registers. Without lang the register is in the language of the request.
func (HTTP) Export(ctx context.Context, name, format string, query url.Values, w io.Writer) error {
	p := Params{Estate: query.Get("estate"), Household: query.Get("household"), Lang: request.From(ctx).Language}
	var err error
	switch lang := query.Get("lang"); lang {
	case "":
	case "zh", "en":
		p.Lang = language.Make(lang)
	default:
		return fault.Invalid("lang", "lang 须为 zh 或 en。", "lang is zh or en.")
	}
	if p.Estate == "" {
		return fault.Invalid("estate", "缺少 estate(小区代码)。", "estate, the code of the estate, is missing.")
	}
	if p.From, err = day(query, "from"); err != nil {
		return err
	}
	if p.To, err = day(query, "to"); err != nil {
		return err
	}
	return Write(ctx, name, format, p, w)
}

func day(query url.Values, field string) (d calendar.Day, err error) {
	text := query.Get(field)
	if text == "" {
		return d, nil
	}
	if d, err = calendar.ParseDay(text); err != nil {
		return d, fault.Invalid(field, "日期请写作 2026-03-31。", "Write the day as 2026-03-31.").Because(err)
	}
	return d, nil
}
