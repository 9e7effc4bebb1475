package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/steward-pm/steward/internal/access"
)

// entDriver is ent's door to PostgreSQL. Every statement travels with the viewer's settings in one
// pgx batch, which is one implicit transaction: the settings cost no round trip and cannot leak
// to the connection's next user. In a transaction they travel with BEGIN.
type entDriver struct {
	pool *pgxpool.Pool
	role string // assumed in every batch when one URL serves owner and app; else empty
}

var _ dialect.Driver = (*entDriver)(nil)

// Dialect is PostgreSQL, always.
func (*entDriver) Dialect() string { return dialect.Postgres }

// Close leaves the pool to DB.
func (*entDriver) Close() error { return nil }

// Exec runs one statement that returns no rows, under the viewer's settings.
func (d *entDriver) Exec(ctx context.Context, query string, args, v any) error {
	batch, err := d.batch(ctx, query, args)
	if err != nil {
		return err
	}
	results := d.pool.SendBatch(ctx, batch)
	_, err = results.Exec() // the settings
	var tag pgconn.CommandTag
	if err == nil {
		tag, err = results.Exec()
	}
	if err := errors.Join(err, closed(err, results)); err != nil {
		return err
	}
	return setResult(v, tag)
}

// Query runs one statement that returns rows, under the viewer's settings.
func (d *entDriver) Query(ctx context.Context, query string, args, v any) error {
	batch, err := d.batch(ctx, query, args)
	if err != nil {
		return err
	}
	results := d.pool.SendBatch(ctx, batch)
	if _, err := results.Exec(); err != nil { // the settings
		return errors.Join(err, closed(err, results))
	}
	r, err := results.Query()
	if err != nil {
		return errors.Join(err, closed(err, results))
	}
	return setRows(v, &rows{Rows: r, after: results.Close})
}

// closed closes the batch; after a failure its own error repeats that failure and is dropped.
func closed(err error, results pgx.BatchResults) error {
	if again := results.Close(); err == nil {
		return again
	}
	return nil
}

func (d *entDriver) batch(ctx context.Context, query string, args any) (*pgx.Batch, error) {
	list, err := arguments(args)
	if err != nil {
		return nil, err
	}
	countStatement(ctx, query, list)
	batch := &pgx.Batch{}
	queueSettings(batch, access.From(ctx).Settings(), d.role)
	batch.Queue(query, list...)
	return batch, nil
}

const (
	settingsSQL = `SELECT set_config('app.estate_ids', $1, true), set_config('app.households', $2, true), set_config('app.account_id', $3, true)`
	roleSQL     = settingsSQL + `, set_config('role', $4, true)`
)

func queueSettings(b *pgx.Batch, s access.Settings, role string) {
	if role != "" {
		b.Queue(roleSQL, s.EstateIDs, s.Households, s.Account, role)
		return
	}
	b.Queue(settingsSQL, s.EstateIDs, s.Households, s.Account)
}

// Tx begins a transaction under the viewer's settings.
func (d *entDriver) Tx(ctx context.Context) (dialect.Tx, error) {
	tx, err := begin(ctx, d.pool, d.role)
	if err != nil {
		return nil, err
	}
	if out, ok := ctx.Value(txHolder{}).(*pgx.Tx); ok {
		*out = tx
	}
	return &entTx{ctx: ctx, tx: tx}, nil
}

// txHolder is the context key under which InTx asks the driver for the pgx transaction that ent hides.
type txHolder struct{}

// begin opens a transaction under the viewer's settings, in one round trip: BEGIN and the settings are
// one simple query, whose values are ids that Go wrote.
func begin(ctx context.Context, pool *pgxpool.Pool, role string) (pgx.Tx, error) {
	s := access.From(ctx).Settings()
	query := fmt.Sprintf(`BEGIN; SELECT set_config('app.estate_ids', '%s', true), set_config('app.households', '%s', true), set_config('app.account_id', '%s', true)`,
		s.EstateIDs, s.Households, s.Account)
	if role != "" {
		query += fmt.Sprintf(`, set_config('role', '%s', true)`, role)
	}
	return pool.BeginTx(ctx, pgx.TxOptions{BeginQuery: query})
}

// entTx is a transaction as ent sees it.
type entTx struct {
	ctx context.Context
	tx  pgx.Tx
}

var _ driver.Tx = (*entTx)(nil)

// Exec runs one statement in the transaction.
func (t *entTx) Exec(ctx context.Context, query string, args, v any) error {
	list, err := arguments(args)
	if err != nil {
		return err
	}
	countStatement(ctx, query, list)
	tag, err := t.tx.Exec(ctx, query, list...)
	if err != nil {
		return err
	}
	return setResult(v, tag)
}

// Query runs one query in the transaction.
func (t *entTx) Query(ctx context.Context, query string, args, v any) error {
	list, err := arguments(args)
	if err != nil {
		return err
	}
	countStatement(ctx, query, list)
	r, err := t.tx.Query(ctx, query, list...)
	if err != nil {
		return err
	}
	return setRows(v, &rows{Rows: r, after: func() error { return nil }})
}

// Commit commits.
func (t *entTx) Commit() error { return t.tx.Commit(t.ctx) }

// Rollback rolls back, also when the request's context has ended: the connection goes back clean.
func (t *entTx) Rollback() error {
	if err := t.tx.Rollback(context.WithoutCancel(t.ctx)); !errors.Is(err, pgx.ErrTxClosed) {
		return err
	}
	return nil
}

func arguments(args any) ([]any, error) {
	list, ok := args.([]any)
	if !ok && args != nil {
		return nil, fmt.Errorf("database: arguments are %T, not []any", args)
	}
	return list, nil
}

func setResult(v any, tag pgconn.CommandTag) error {
	switch r := v.(type) {
	case nil:
	case *sql.Result:
		*r = driver.RowsAffected(tag.RowsAffected())
	default:
		return fmt.Errorf("database: result is %T, not *sql.Result", v)
	}
	return nil
}

func setRows(v any, r *rows) error {
	out, ok := v.(*entsql.Rows)
	if !ok {
		return errors.Join(fmt.Errorf("database: rows are %T, not *sql.Rows", v), r.Close())
	}
	out.ColumnScanner = r
	return nil
}

// rows shows pgx rows to ent.
type rows struct {
	pgx.Rows
	after func() error
}

// Close ends the rows and the batch they came in.
func (r *rows) Close() error {
	r.Rows.Close()
	return errors.Join(r.Rows.Err(), r.after())
}

// Columns lists the columns' names.
func (r *rows) Columns() ([]string, error) {
	fields := r.FieldDescriptions()
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	return names, nil
}

// ColumnTypes is not asked for with PostgreSQL.
func (*rows) ColumnTypes() ([]*sql.ColumnType, error) {
	return nil, errors.New("database: column types are not kept")
}

// NextResultSet is never there: one statement, one result.
func (*rows) NextResultSet() bool { return false }
