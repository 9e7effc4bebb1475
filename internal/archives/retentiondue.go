package archives

import (
	"time"

	"entgo.io/ent/dialect/sql"

	"github.com/steward-pm/steward/ent/predicate"
)

// RetentionDue are the documents that may be proposed for destruction: bound and past the retention of their category on the estate's
// day, or voided; not held, on no order, and the record behind them over (A7). It is one more condition of a list in the viewer's scope, so that what is hidden stays hidden.
func RetentionDue(now time.Time) predicate.ArchiveDocument {
	return func(s *sql.Selector) {
		s.Where(sql.P(func(b *sql.Builder) {
			column := func(name string) { b.WriteString(s.C(name)) }
			call := func(name string, columns ...string) {
				b.WriteString(name + "(")
				for i, c := range columns {
					if i > 0 {
						b.Comma()
					}
					column(c)
				}
			}
			column("state")
			b.WriteString(" IN ('BOUND', 'VOIDED') AND NOT ")
			column("current")
			b.WriteString(" AND archive_destroyable(").Ident(s.TableName()).WriteString(") <= ")
			call("archive_today", "estate_id")
			b.WriteString(", ").Arg(now).WriteString("::timestamptz) AND NOT ")
			call("archive_held", "estate_id", "id", "volume_id", "file_id")
			b.WriteString(") AND NOT ")
			call("archive_record_open", "estate_id", "subject_id")
			b.WriteString(") AND NOT EXISTS (SELECT FROM archive_destruction_lines l WHERE l.open AND l.estate_id = ")
			column("estate_id")
			b.WriteString(" AND l.document_id = ")
			column("id")
			b.WriteString(")")
		}))
	}
}
