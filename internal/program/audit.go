package program

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"

	"github.com/steward-pm/steward/internal/audit"
)

type auditCommand struct {
	Verify verifyCommand `cmd:"" help:"Prove the trail whole, or name the first broken entry."`
}

type verifyCommand struct {
	Export string `help:"Verify this export (steward export audit) instead of the database." type:"path" placeholder:"FILE"`
}

// Run fails if the trail is broken, after naming each break on Stdout.
func (c *verifyCommand) Run(ctx context.Context, m Main, s *Settings, log *slog.Logger) error {
	heads, err := s.signedHeads()
	if err != nil {
		return err
	}
	if c.Export != "" {
		f, err := os.Open(c.Export)
		if err != nil {
			return err
		}
		defer f.Close()
		report, err := audit.VerifyExport(f, heads)
		return tell(m.Stdout, report, err)
	}
	return m.with(ctx, s, log, func(ctx context.Context, app *App) error {
		report, err := audit.Verify(ctx, app.DB.Pool, heads, m.Clock.Now())
		return tell(m.Stdout, report, err)
	})
}

// signedHeads are the heads signed so far; nil before the first.
func (s *Settings) signedHeads() (*audit.SignedHeads, error) {
	f, err := os.Open(s.headsFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	key, err := audit.LoadPublic(s.file("audit-heads.pem.pub"))
	if err != nil {
		return nil, err
	}
	return audit.LoadHeads(f, key)
}

func tell(w io.Writer, r audit.Report, err error) error {
	if err != nil {
		return err
	}
	for _, b := range r.Broken {
		fmt.Fprintln(w, b)
	}
	if !r.Whole() {
		return fmt.Errorf("the audit trail is broken in %d places", len(r.Broken))
	}
	signed := "no head was signed yet"
	if !r.SignedAt.IsZero() {
		signed = "heads signed until " + r.SignedAt.Format("2006-01-02 15:04:05 MST")
	}
	_, err = fmt.Fprintf(w, "whole: %d chains, %d entries, %d changes; %s\n", r.Chains, r.Entries, r.Changes, signed)
	return err
}
