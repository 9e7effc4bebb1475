package registers

import (
	"iter"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
)

// PageSize is how many rows of a table a register reads at once: no connection is held while a slow client
// takes them.
const PageSize = 500

// Pages makes a register's rows from pages that next reads, one after the other, until it says that there is
// no more. The rows can be gone through once.
func Pages[T any](next func() (rows []T, more bool, err error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for {
			rows, more, err := next()
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, row := range rows {
				if !yield(row, nil) {
					return
				}
			}
			if !more {
				return
			}
		}
	}
}

// After selects the rows behind one, in the order of a column and then the id: where the next page begins.
func After(column string, value any, id uuid.UUID) func(*sql.Selector) {
	return func(s *sql.Selector) { s.Where(sql.CompositeGT([]string{s.C(column), s.C("id")}, value, id)) }
}
