// Package migrations holds the SQL that makes the database, in order, and applies it with goose.
package migrations

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5/pgxpool"
	_ "github.com/jackc/pgx/v5/stdlib" // goose speaks database/sql
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

// Files are the migrations, in goose's format.
//
//go:embed *.sql
var Files embed.FS

// Up brings the database at the owner's URL to the newest version, River's tables included.
func Up(ctx context.Context, ownerURL string) error {
	p, close, err := provider(ownerURL)
	if err != nil {
		return err
	}
	defer close()
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return river(ctx, ownerURL)
}

// Pending tells how many migrations the database lacks, and whether it is newer than this program.
func Pending(ctx context.Context, url string) (missing int, newer bool, err error) {
	p, close, err := provider(url)
	if err != nil {
		return 0, false, err
	}
	defer close()
	have, want, err := p.GetVersions(ctx)
	if err != nil {
		return 0, false, fmt.Errorf("migration version: %w", err)
	}
	return int(max(0, want-have)), have > want, nil
}

func provider(url string) (*goose.Provider, func(), error) {
	db, err := sql.Open("pgx", url)
	if err != nil {
		return nil, nil, fmt.Errorf("database: %w", err)
	}
	p, err := goose.NewProvider(goose.DialectPostgres, db, Files)
	if err != nil {
		db.Close()
		return nil, nil, fmt.Errorf("migrations: %w", err)
	}
	return p, func() { db.Close() }, nil
}

// river makes the tables of the job queue in a schema of their own, and lets the app role use them.
func river(ctx context.Context, ownerURL string) error {
	pool, err := pgxpool.New(ctx, ownerURL)
	if err != nil {
		return fmt.Errorf("river: %w", err)
	}
	defer pool.Close()
	m, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Schema: "river", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fmt.Errorf("river: %w", err)
	}
	if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("river: %w", err)
	}
	_, err = pool.Exec(ctx, `GRANT USAGE ON SCHEMA river TO steward_app;
		GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA river TO steward_app;
		GRANT USAGE ON ALL SEQUENCES IN SCHEMA river TO steward_app`)
	return err
}
