package vacancy

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/defect"
	"github.com/steward-pm/steward/ent/defectevent"
	"github.com/steward-pm/steward/ent/defectphoto"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/files"
	"github.com/steward-pm/steward/policy"
)

func init() {
	files.Hold(ent.TypeDefectPhoto, photoHeld)
	access.Narrow(ent.TypeDefectEvent, ofDefects(defectevent.FieldDefectID))
	access.Narrow(ent.TypeDefectPhoto, ofDefects(defectphoto.FieldDefectID))
}

// mostPhotos is how many photos one step of a defect has.
const mostPhotos = 9

// checkPhotos refuses too many photos, and one that is given twice.
func checkPhotos(list []uuid.UUID) error {
	if len(list) > mostPhotos {
		return fault.Invalid("photoIDs", "一次最多附 %[1]d 张照片。", "Give at most %[1]d photos at once.", mostPhotos).By("V5")
	}
	for i, id := range list {
		if slices.Contains(list[:i], id) {
			return fault.Invalid(fmt.Sprintf("photoIDs.%d", i), "照片重复,请去掉一张。", "The photo is given twice; leave one out.").By("V5")
		}
	}
	return nil
}

// photograph makes uploads photos of the defect: of a step of it, or of its report.
//
// Errors: NOT_FOUND for what the viewer did not upload to the estate; INVALID_INPUT for what is no photo.
func photograph(tx *act.Tx, d *ent.Defect, of *ent.DefectEvent, uploads []uuid.UUID) error {
	for i, id := range uploads {
		f, err := files.Take(tx, d.EstateID, id, fmt.Sprintf("photoIDs.%d", i))
		if err != nil {
			return err
		}
		if !strings.HasPrefix(f.ContentType, "image/") {
			return fault.Invalid(fmt.Sprintf("photoIDs.%d", i), "请附照片(JPEG、PNG 等图片文件)。", "Give a photo: a JPEG, PNG or other picture.").By("V5")
		}
		c := tx.DefectPhoto.Create().SetEstateID(d.EstateID).SetDefectID(d.ID).SetName(f.Name).SetContentType(f.ContentType).SetSize(f.Size).SetSha256(f.Sha256)
		if of != nil {
			c.SetEventID(of.ID)
		}
		if err := c.Exec(tx); err != nil {
			return err
		}
	}
	return nil
}

// photoHeld gives a photo to whoever may read its defect.
func photoHeld(ctx context.Context, id uuid.UUID) (*files.Held, error) {
	p, err := act.From(ctx).DB.Ent.DefectPhoto.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	return &files.Held{ID: p.ID, Type: ent.TypeDefectPhoto, Of: p.RowScope(), Name: p.Name, ContentType: p.ContentType, SHA256: p.Sha256, Size: p.Size}, nil
}

// ofDefects leaves out what belongs to a defect that the viewer may not read: a department reads those that were passed to it.
func ofDefects(column string) func(*access.Viewer) func(*sql.Selector) {
	return func(v *access.Viewer) func(*sql.Selector) {
		may := v.Scope(policy.Defect, policy.Read).Predicate(ent.Entities[ent.TypeDefect])
		if may == nil {
			return nil
		}
		return func(sel *sql.Selector) {
			t := sql.Table(defect.Table)
			of := sql.Select(t.C(defect.FieldID)).From(t).Where(sql.And(
				sql.ColumnsEQ(t.C(defect.FieldEstateID), sel.C(defect.FieldEstateID)), sql.ColumnsEQ(t.C(defect.FieldID), sel.C(column))))
			may(of)
			sel.Where(sql.Exists(of))
		}
	}
}
