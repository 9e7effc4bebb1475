package program

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/text/language"

	"github.com/steward-pm/steward/internal/audit"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/exports"
)

type exportCommand struct {
	Register string       `arg:"" help:"Name of the register (keys-loans, keys-acceptance, keys-outstanding, keys-distribution, keys-statistics, vacancies, mail-receipts, mail-items, mail-files, press-subscriptions, press-records, archives-volumes, archives-files, archives-requests, archives-loans, archives-destructions, fee-notices, fee-notice-sheets, fee-dispatches, fee-dunnings, fee-dunning-sheets, fee-evidence, fee-steps, fee-payments, fee-accounts, fee-journal, units, households), or audit for the whole audit trail."`
	File     string       `arg:"" help:"File to write: its name ends in .xlsx, .csv or .html (to print), of sheets and of fee-evidence in .pdf, the trail's in .jsonl." type:"path"`
	Estate   string       `help:"Code of the estate." placeholder:"CODE"`
	Lang     string       `help:"Language of title and headings." enum:"zh,en" default:"zh"`
	From     calendar.Day `help:"First day, for registers of a time." placeholder:"DAY"`
	To       calendar.Day `help:"Last day, for registers of a time." placeholder:"DAY"`

	Household string `help:"Number of the household, for registers of one." placeholder:"NUMBER"`
}

// Run writes the file whole or not at all.
func (c *exportCommand) Run(ctx context.Context, m Main, s *Settings, log *slog.Logger) error {
	return m.asSystem(ctx, s, log, func(ctx context.Context, app *App) error {
		return writeWhole(c.File, func(w io.Writer) error {
			if c.Register == "audit" {
				return audit.Export(ctx, app.DB.Pool, m.Clock.Now(), w)
			}
			format := strings.TrimPrefix(filepath.Ext(c.File), ".")
			return exports.Write(ctx, c.Register, format, exports.Params{Estate: c.Estate, Lang: language.Make(c.Lang), From: c.From, To: c.To, Household: c.Household}, w)
		})
	})
}

// writeWhole writes beside the file and then puts it in place.
func writeWhole(path string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".steward-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	w := bufio.NewWriter(f)
	if err := write(w); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
