package program

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"golang.org/x/text/language"

	"github.com/steward-pm/steward/internal/importing"
	"github.com/steward-pm/steward/internal/keys"
	"github.com/steward-pm/steward/internal/registry"
)

type importCommand struct {
	Units importUnits `cmd:"" help:"Units and households (业户资料), from CSV or XLSX."`
	Keys  importKeys  `cmd:"" help:"Keys taken over from engineering (钥匙清单), from CSV or XLSX."`
}

// importFlags are common to both.
type importFlags struct {
	Estate       string           `help:"Code of the estate." required:"" placeholder:"CODE"`
	CreateEstate string           `help:"Create the estate under this name if there is none." placeholder:"NAME"`
	DryRun       bool             `help:"Say what would be done, and do nothing."`
	Policy       importing.Policy `help:"What to do about lines that cannot be taken: REJECT_ALL, REJECT_ROWS or IGNORE_FIELDS." default:"REJECT_ROWS"`
	Report       string           `help:"Write the report as JSON here; to standard output unless given." type:"path" placeholder:"FILE.json"`
	RejectFile   string           `help:"Write the rejected lines here, with the reasons, to be corrected and imported again." type:"path" placeholder:"FILE"`
	File         string           `arg:"" help:"The spreadsheet." type:"path"`
}

type importUnits struct{ importFlags }

// Run imports units.
func (c *importUnits) Run(ctx context.Context, m Main, s *Settings, log *slog.Logger) error {
	return m.importFile(ctx, s, log, registry.ImportUnits, c.importFlags)
}

type importKeys struct{ importFlags }

// Run imports keys.
func (c *importKeys) Run(ctx context.Context, m Main, s *Settings, log *slog.Logger) error {
	return m.importFile(ctx, s, log, keys.Import, c.importFlags)
}

func (m Main) importFile(ctx context.Context, s *Settings, log *slog.Logger, a *importing.Act, c importFlags) error {
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	req := importing.Request{
		EstateCode: c.Estate, CreateEstate: c.CreateEstate, DryRun: c.DryRun, Policy: c.Policy, Language: language.Chinese,
		Source:   &importing.Source{Name: filepath.Base(c.File), File: f},
		Progress: func(lines int) { fmt.Fprintf(m.Stderr, "\r%d lines", lines) },
	}
	if c.RejectFile != "" {
		rejects, err := os.OpenFile(c.RejectFile, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600) // contact data
		if err != nil {
			return err
		}
		defer rejects.Close()
		req.Rejects = rejects
	}
	return m.asSystem(ctx, s, log, func(ctx context.Context, _ *App) error {
		out, err := importing.Do(ctx, a, req)
		fmt.Fprintln(m.Stderr)
		if out == nil || out.Report == nil {
			return err
		}
		text, jsonErr := out.Report.JSON()
		if jsonErr != nil {
			return jsonErr
		}
		if writeErr := m.report(c.Report, text); writeErr != nil {
			return writeErr
		}
		return err
	})
}

func (m Main) report(path, text string) error {
	if path == "" {
		_, err := fmt.Fprintln(m.Stdout, text)
		return err
	}
	return os.WriteFile(path, []byte(text+"\n"), 0o644) //nolint:gosec // the report names lines and columns, no values
}
