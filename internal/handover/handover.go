// Package handover is what passes from one shift to the next (交接班, D2): each chapter declares once what of its own may be open when a shift ends,
// and the sheet of a shift change is filled from all of them. This package knows no chapter, and keeps nothing.
//
//	var _ = handover.Declare(handover.Source{Name: "keys.out", ZH: "未还钥匙", EN: "Keys that are out", Entity: ent.TypeKeyLoan, SQL: `SELECT …`})
//
// What stands on a sheet is read by all who hand over: a line names the row, and says no more of it than a label. Who may read the row asks for it by its id.
package handover

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/ent"
)

// Most is how many lines of one source a sheet has; what is beyond is counted in a line of its own.
const Most = 100

// Source is a kind of open matters.
type Source struct {
	Name     string // "keys.out"
	ZH, EN   string // what the matters are, in words
	Position int    // place on the sheet; the same for several: by name
	Entity   string // the type of what they are about: ent.TypeKeyLoan

	// SQL gives the matters of the estate $1 that are open at $2, in columns subject (the row's id), zh, en, since and due (null: not known).
	SQL  string
	Args func() []any // $3 and on; nil: none
}

// Matter is one that is open.
type Matter struct {
	Subject    uuid.UUID
	ZH, EN     string
	Since, Due *time.Time
}

var declared = map[string]*Source{}

// Declare makes a source known; call it from a package-level variable. It panics on one that is declared twice, or not in full.
func Declare(s Source) *Source {
	if s.Name == "" || s.ZH == "" || s.EN == "" || s.SQL == "" || ent.Entities[s.Entity].Code == 0 || declared[s.Name] != nil {
		panic("handover: source " + s.Name + " is declared twice, or not in full")
	}
	declared[s.Name] = &s
	return &s
}

// All lists the sources in the order of the sheet.
func All() []*Source {
	var list []*Source
	for _, s := range declared {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b *Source) int {
		return cmp.Or(cmp.Compare(a.Position, b.Position), strings.Compare(a.Name, b.Name))
	})
	return list
}

// Find reads what is open in the estate, what was due first before the rest: at most Most of them, and how many there are in all.
func (s *Source) Find(ctx context.Context, tx pgx.Tx, estate uuid.UUID, now time.Time) (list []Matter, all int, err error) {
	args := []any{estate, now}
	if s.Args != nil {
		args = append(args, s.Args()...)
	}
	rows, err := tx.Query(ctx, fmt.Sprintf(`SELECT x.subject, x.zh, x.en, x.since, x.due, count(*) OVER () FROM (%s) x
		ORDER BY x.due NULLS LAST, x.since NULLS LAST, x.subject LIMIT %d`, s.SQL, Most), args...)
	if err != nil {
		return nil, 0, fmt.Errorf("handover source %s: %w", s.Name, err)
	}
	list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (m Matter, err error) {
		return m, row.Scan(&m.Subject, &m.ZH, &m.EN, &m.Since, &m.Due, &all)
	})
	if err != nil {
		return nil, 0, fmt.Errorf("handover source %s: %w", s.Name, err)
	}
	return list, all, nil
}
