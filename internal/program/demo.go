package program

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"

	"github.com/steward-pm/steward/internal/archives"
	"github.com/steward-pm/steward/internal/database/local"
	"github.com/steward-pm/steward/internal/demo"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/server"
)

type demoCommand struct {
	Listening
	Fresh bool `help:"Throw the demo's data away and make it anew."`
}

// signInsFile keeps the demo's passwords for the next start; it is there once the portfolio is complete.
const signInsFile = "demo-sign-ins"

// Run serves a demo portfolio from a private database: made at the first start, kept from then on.
func (c *demoCommand) Run(ctx context.Context, m Main, s *Settings, log *slog.Logger) error {
	if s.DatabaseURL != "" {
		return fault.Clash("demo 只用私有数据库,请去掉 DATABASE_URL。", "The demo has a private database of its own; unset DATABASE_URL.")
	}
	if s.Files != "" {
		return fault.Clash("demo 的文件只存在数据目录,请去掉 STEWARD_FILES。", "The demo keeps its files in the data directory; unset STEWARD_FILES.")
	}
	if c.Fresh {
		if err := c.clear(s); err != nil {
			return err
		}
	}
	cfg := c.config(s.Connections)
	var served *App
	var lines []byte
	cfg.Examples = func(ctx context.Context) ([]server.Example, error) {
		return demoExamples(ctx, served, cfg.Listen, string(lines))
	}
	return m.serve(ctx, s, cfg, log, func(app *App) (_ []byte, err error) {
		served = app
		lines, err = signIns(ctx, m, s, app)
		return lines, err
	})
}

// clear removes what the demo made, and nothing else of the data directory.
func (c *demoCommand) clear(s *Settings) error {
	lock, err := local.Lock(s.Data)
	if err != nil {
		return err
	}
	defer lock.Release()
	if err := local.Remove(s.Data); err != nil {
		return err
	}
	for _, name := range []string{signInsFile, "files", "keys", s.headsFile()} {
		if name != s.headsFile() {
			name = s.file(name)
		}
		if err := os.RemoveAll(name); err != nil {
			return err
		}
	}
	return nil
}

// signIns loads the portfolio unless it is there, and returns how to sign in.
func signIns(ctx context.Context, m Main, s *Settings, app *App) ([]byte, error) {
	lines, err := os.ReadFile(s.file(signInsFile))
	if !errors.Is(err, fs.ErrNotExist) {
		return lines, err
	}
	loaded, err := demo.Loaded(app.Context(ctx), app.Runtime, app.Policy)
	if err != nil {
		return nil, err
	}
	if loaded {
		return nil, fault.Clash("数据目录里已有数据但不是完整的演示数据,请用 --fresh 重建。", "The data directory holds data that is no complete demo; start with --fresh.")
	}
	list, err := demo.Load(ctx, app.Runtime, app.Policy, app.Files, m.since())
	if err != nil {
		return nil, err
	}
	if _, err := archives.Index(app.Context(ctx), app.Runtime, app.content); err != nil { // the tab that searches finds at once
		return nil, err
	}
	var b bytes.Buffer
	for _, l := range list {
		fmt.Fprintln(&b, l)
	}
	return b.Bytes(), os.WriteFile(s.file(signInsFile), b.Bytes(), 0o600)
}

// since shows progress with the seconds gone by.
func (m Main) since() func(string, ...any) {
	start := m.Clock.Now()
	return func(format string, args ...any) {
		fmt.Fprintf(m.Stderr, "%4.1fs "+format+"\n", append([]any{m.Clock.Since(start).Seconds()}, args...)...)
	}
}
