package audit

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/steward-pm/steward/internal/fault"
)

// exportFormat stands in the first line of an export.
const exportFormat = "steward audit trail 1"

// Export writes the whole trail as of now as JSON lines, from one snapshot of the database, in constant
// memory. VerifyExport proves it far from the database. Confidential values are not in it, since they
// are not on the trail.
func Export(ctx context.Context, db Beginner, now time.Time, w io.Writer) (err error) {
	defer fault.Wrap(&err, "audit.Export")
	out := bufio.NewWriter(w)
	lines := json.NewEncoder(out)
	for rec, err := range stored(ctx, db, now) {
		if err != nil {
			return err
		}
		if err := lines.Encode(rec); err != nil {
			return err
		}
	}
	return out.Flush()
}

// exported reads what Export wrote.
func exported(r io.Reader) iter.Seq2[record, error] {
	return func(yield func(record, error) bool) {
		lines := json.NewDecoder(bufio.NewReader(r))
		ended := false
		for n := 1; ; n++ {
			var rec record
			err := lines.Decode(&rec)
			switch {
			case errors.Is(err, io.EOF) && ended:
				return
			case errors.Is(err, io.EOF):
				err = errors.New("the export is cut short: its last line is missing")
			case err != nil:
				err = fmt.Errorf("line %d of the export: %w", n, err)
			case (n == 1) != (rec.Begin != nil) || n == 1 && rec.Begin.Format != exportFormat:
				err = fmt.Errorf("line %d: this is not an export of the audit trail", n)
			case ended:
				err = fmt.Errorf("line %d of the export follows its end", n)
			}
			ended = rec.End != nil
			if !yield(rec, err) || err != nil {
				return
			}
		}
	}
}
