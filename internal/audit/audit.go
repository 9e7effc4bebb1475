// Package audit is the trail of who did what: append-only, hash-chained, and provable without trust in
// the database's owner.
//
// Every estate has two chains, and so has the portfolio (sign-ins, grants, settings): what was done, and
// what was refused or read. An entry is one act; its row changes lie beside it, counted and digested in
// its body. PostgreSQL appends (audit.append, ent/migrations/00003_audit.sql) under the lock of the chain's
// head; the chains' heads are signed with a key that the database never sees (HeadWriter), and Verify
// proves the whole, from the database or from an export.
package audit

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Portfolio stands for the estate of what belongs to no estate: sign-ins, grants, settings.
var Portfolio = uuid.Nil

// Kind tells the two chains of an estate apart.
type Kind string

// Refusals and reads have a chain of their own, so that they never wait for a long act's commit.
const (
	Write Kind = "write"
	Read  Kind = "read"
)

// Outcome says how an act ended.
type Outcome string

// The outcomes: Done goes to the write chain, the others to the read chain.
const (
	Done    Outcome = "done"
	Refused Outcome = "refused"
	Viewed  Outcome = "read"
)

// Actor is who acted, as known at that moment: names and roles change later, the entry does not.
type Actor struct {
	Account uuid.UUID `json:"account,omitzero"` // Nil: nobody signed in, or the program itself
	Name    string    `json:"name,omitzero"`
	Roles   []string  `json:"roles,omitempty"`
	Address string    `json:"address,omitzero"` // network address of the request
}

// Entry is one act on the trail. Its JSON is the text that is hashed: only add fields, with omitzero.
type Entry struct {
	ID          uuid.UUID `json:"id"`     // made by the recorder
	Estate      uuid.UUID `json:"estate"` // or Portfolio
	Kind        Kind      `json:"kind"`   // set by the recorder
	At          time.Time `json:"at"`     // when it was recorded; stored in microseconds, UTC
	Actor       Actor     `json:"actor,omitzero"`
	Action      string    `json:"action"` // the act's name: "keys.lend"
	Outcome     Outcome   `json:"outcome"`
	Clause      string    `json:"clause,omitzero"` // the clause that refused, or that the act follows
	SubjectType string    `json:"subjectType,omitzero"`
	Subject     uuid.UUID `json:"subject,omitzero"`
	Household   uuid.UUID `json:"household,omitzero"` // whose file: the household may see who read it (A5)
	Reason      string    `json:"reason,omitzero"`    // given by the actor, or the refusal's code
	Through     string    `json:"through,omitzero"`   // number of the request that it was read through (A5)
	Marked      bool      `json:"marked,omitzero"`    // a copy was given that names who read it (A5)
	Request     string    `json:"request,omitzero"`   // id of the request, the same in the logs
	Changes     Summary   `json:"changes,omitzero"`   // set by the recorder
}

// Summary binds an entry to its changes: their number, and SHA-256 over each body after its length.
type Summary struct {
	Count  int    `json:"count"`
	SHA256 []byte `json:"sha256"`
}

// Op is what happened to a row.
type Op string

// The three things that can happen to a row.
const (
	Create Op = "create"
	Update Op = "update"
	Delete Op = "delete"
)

// Change is what an act did to one row.
type Change struct {
	Type   string    `json:"type"` // the entity's name: "KeySet"
	ID     uuid.UUID `json:"id"`
	Op     Op        `json:"op"`
	Fields []Field   `json:"fields,omitempty"`
}

// Field is one column's value before and after, as JSON; absent where there was none.
// Of a confidential one (see Confidential) both are digests.
type Field struct {
	Name         string          `json:"name"`
	Confidential bool            `json:"confidential,omitzero"`
	Before       json.RawMessage `json:"before,omitempty"`
	After        json.RawMessage `json:"after,omitempty"`
}

// Plain makes the Field of a value that everybody who may read the trail may read. Nil stands for none.
func Plain(name string, before, after any) (f Field, err error) {
	f.Name = name
	if f.Before, err = plain(before); err == nil {
		f.After, err = plain(after)
	}
	if err != nil {
		return Field{}, fmt.Errorf("audit field %s: %w", name, err)
	}
	return f, nil
}

func plain(v any) (json.RawMessage, error) {
	if v == nil {
		return nil, nil
	}
	return json.Marshal(v)
}

// Querier is what the trail needs of a database: *pgxpool.Pool, *pgx.Conn and pgx.Tx have it.
type Querier interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

// body writes the text that is hashed. PostgreSQL parses it, and its text knows no NUL.
func (e Entry) body() (string, error) {
	if e.At.IsZero() || e.Action == "" || e.Outcome == "" {
		return "", fmt.Errorf("audit entry without time, action or outcome: %q", e.Action)
	}
	e.At = e.At.UTC().Truncate(time.Microsecond)
	for _, s := range []*string{&e.Actor.Name, &e.Actor.Address, &e.Action, &e.Clause, &e.SubjectType, &e.Reason, &e.Request} {
		*s = strings.ReplaceAll(*s, "\x00", "\uFFFD")
	}
	b, err := json.Marshal(e)
	return string(b), err
}

// body writes the text that is digested. PostgreSQL never parses it, but stores only valid UTF-8, and
// encoding/json lets a RawMessage's bytes pass.
func (c Change) body() (string, error) {
	b, err := json.Marshal(c)
	return strings.ToValidUTF8(string(b), "\uFFFD"), err
}

// digest sums changes in order; the zero value is ready.
type digest struct {
	count int
	sum   hash.Hash
}

func (d *digest) add(body string) {
	if d.sum == nil {
		d.sum = sha256.New()
	}
	d.sum.Write(binary.BigEndian.AppendUint64(nil, uint64(len(body))))
	d.sum.Write([]byte(body))
	d.count++
}

func (d *digest) summary() Summary {
	if d.count == 0 {
		return Summary{}
	}
	return Summary{Count: d.count, SHA256: d.sum.Sum(nil)}
}
