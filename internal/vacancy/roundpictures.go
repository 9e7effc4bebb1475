package vacancy

import (
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent/file"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
)

// pictures refuses photos that the viewer did not upload to the estate, that another line or visit has, or that are none, before anything is
// written of the line.
func (b *batch) pictures(tx *act.Tx, line *RoundInspectionInput) error {
	var asked []uuid.UUID
	for _, r := range line.Results {
		asked = append(asked, r.PhotoIDs...)
	}
	if len(asked) == 0 {
		return nil
	}
	list, err := tx.File.Query().Where(file.IDIn(asked...), file.EstateID(b.round.EstateID), file.UploadedBy(tx.Viewer.Account)).All(tx)
	if err != nil {
		return err
	}
	types, sums := map[uuid.UUID]string{}, map[uuid.UUID]string{}
	for _, f := range list {
		types[f.ID], sums[f.ID] = f.ContentType, f.Sha256
	}
	for i, r := range line.Results {
		for n, id := range r.PhotoIDs {
			at := fmt.Sprintf("results.%d.photoIDs.%d", i, n)
			if types[id] == "" || b.photos[id] {
				return fault.Missing().At(at)
			}
			if !strings.HasPrefix(types[id], "image/") {
				return noPicture().At(at)
			}
		}
	}
	if err := b.shown(tx, line, sums); err != nil {
		return err
	}
	for _, id := range asked { // of a line that is taken
		b.photos[id] = true
	}
	return nil
}
