package program

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/steward-pm/steward/internal/audit"
	"github.com/steward-pm/steward/internal/database/local"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/outbox"
	"github.com/steward-pm/steward/internal/server"
)

type serveCommand struct {
	Listening
}

// Run serves until the context ends.
func (c *serveCommand) Run(ctx context.Context, m Main, s *Settings, log *slog.Logger) error {
	cfg := c.config(s.Connections)
	cfg.Examples = serveExamples
	return m.serve(ctx, s, cfg, log, func(*App) ([]byte, error) { return nil, nil })
}

// serve holds the data directory, opens the database, takes the port, prepares, prints what preparing
// gave and the line "ready", and answers until ctx ends or the private database does.
func (m Main) serve(ctx context.Context, s *Settings, cfg server.Config, log *slog.Logger, prepare func(*App) ([]byte, error)) (err error) {
	if err := cfg.Check(); err != nil {
		return err
	}
	lock, err := local.Lock(s.Data)
	if err != nil {
		return err
	}
	defer lock.Release()
	st, err := s.open(ctx, m.Stderr)
	if err != nil {
		return err
	}
	defer st.close()
	db, err := st.connect(ctx, s)
	if err != nil {
		return err
	}
	defer db.Close()
	app, err := s.assemble(db, st.direct, m, log, cfg, true)
	if err != nil {
		return err
	}
	if err := app.content.Check(ctx); err != nil {
		return fault.Clash("文件存储不可用(须能写入、读取和彻底删除),请检查 --files 或数据目录:%[1]s",
			"The store of files does not take, give and remove content; check --files or the data directory: %[1]s", err.Error()).Because(err)
	}
	if err := app.Server.Listen(ctx); err != nil {
		return err
	}
	lines, err := prepare(app)
	if err != nil {
		return err
	}
	stopTraces, err := server.Tracing(ctx, version())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stopTraces(context.WithoutCancel(ctx))) }()
	fmt.Fprintf(m.Stdout, "%sready http://%s\n", lines, app.Server.Addr())
	return app.run(ctx, s, st)
}

// run answers and works until ctx ends; what was acknowledged is finished, and the trail's heads are signed last.
func (a *App) run(ctx context.Context, s *Settings, st *store) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-st.ended():
			cancel(fault.Clash("私有数据库已停止,请重新启动 steward。", "The private database stopped; start steward again."))
		case <-ctx.Done():
		}
	}()
	if err := a.Runtime.Jobs.Start(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	signed := make(chan struct{})
	heads, stopSigning := context.WithCancel(context.WithoutCancel(ctx))
	go func() {
		defer close(signed)
		audit.NewHeadWriter(a.DB.Pool, a.Signer, audit.FileSink(s.headsFile()), a.Runtime.Clock).Run(heads, time.Minute, a.Runtime.Log)
	}()
	err := a.hear(ctx, func() error { return a.Server.Serve(a.Context(ctx)) })
	stop, enough := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	err = errors.Join(err, a.Runtime.Jobs.Stop(stop)) // jobs under way are finished, or tried again elsewhere
	enough()
	stopSigning()
	<-signed
	if cause := context.Cause(ctx); err == nil && fault.From(cause) != nil {
		return cause
	}
	return err
}

// hear has streams hear of changes, and the outbox handed over, while f runs.
func (a *App) hear(ctx context.Context, f func() error) error {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	var both sync.WaitGroup
	both.Go(func() { a.Runtime.Streams.Run(ctx) })
	both.Go(func() { outbox.Run(ctx, a.Runtime, a.boxes()...) })
	defer both.Wait()
	defer stop()
	return f()
}

type migrateCommand struct{}

// Run migrates as the owner.
func (migrateCommand) Run(ctx context.Context, m Main, s *Settings) error {
	st, err := s.open(ctx, m.Stderr)
	if err != nil {
		return err
	}
	defer st.close()
	if err := st.migrate(ctx); err != nil {
		return err
	}
	fmt.Fprintln(m.Stdout, "the database is up to date")
	return nil
}

type databaseCommand struct {
	URL urlCommand `cmd:"" name:"url" help:"Print the owner's URL of the private database, for psql."`
}

type urlCommand struct{}

// Run prints the URL, whether the database runs or not.
func (urlCommand) Run(m Main, s *Settings) error {
	url := s.MigrateURL
	if url == "" {
		url = s.DatabaseURL
	}
	if url == "" {
		var err error
		if url, err = local.URL(s.Data); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(m.Stdout, url)
	return err
}

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(m Main) error {
	_, err := fmt.Fprintln(m.Stdout, version())
	return err
}

// with opens the database and the app for a command, beside a running server or alone.
func (m Main) with(ctx context.Context, s *Settings, log *slog.Logger, f func(context.Context, *App) error) error {
	st, err := s.open(ctx, m.Stderr)
	if err != nil {
		return err
	}
	defer st.close()
	db, err := st.connect(ctx, s)
	if err != nil {
		return err
	}
	defer db.Close()
	cfg := server.Defaults()
	app, err := s.assemble(db, "", m, log, cfg, false)
	if err != nil {
		return err
	}
	return f(app.Context(ctx), app)
}
