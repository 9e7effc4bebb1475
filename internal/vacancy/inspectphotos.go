package vacancy

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/files"
)

func init() { files.Hold(ent.TypeInspectionPhoto, snapshotHeld) }

// mostSnapshots is how many photos one result has.
const mostSnapshots = 9

// checkSnapshots refuses too many photos, and one that is given twice.
func checkSnapshots(field string, list []uuid.UUID) error {
	if len(list) > mostSnapshots {
		return fault.Invalid(field, "每项最多 %[1]d 张照片。", "Give at most %[1]d photos of an item.", mostSnapshots).By("V4.2")
	}
	for i, id := range list {
		if slices.Contains(list[:i], id) {
			return fault.Invalid(fmt.Sprintf("%s.%d", field, i), "照片重复,请去掉一张。", "The photo is given twice; leave one out.").By("V4.2")
		}
	}
	return nil
}

// snapshots makes uploads photos of the result, and tells their SHA-256. How they were called is not kept: a name may tell of people.
//
// Errors: NOT_FOUND for what the viewer did not upload to the estate; INVALID_INPUT for what is no picture; RULE V4.2 for that of another visit.
func snapshots(tx *act.Tx, r *ent.InspectionResult, uploads []uuid.UUID, field string) (sums []string, err error) {
	for i, id := range uploads {
		at := fmt.Sprintf("%s.%d", field, i)
		f, err := files.Take(tx, r.EstateID, id, at)
		if err != nil {
			return nil, err
		}
		if !strings.HasPrefix(f.ContentType, "image/") {
			return nil, noPicture().At(at)
		}
		if err := tx.InspectionPhoto.Create().SetEstateID(r.EstateID).SetResultID(r.ID).SetContentType(f.ContentType).SetSize(f.Size).SetSha256(f.Sha256).Exec(tx); err != nil {
			if f := act.Explained(err); f != nil {
				return nil, f.At(at)
			}
			return nil, err
		}
		sums = append(sums, f.Sha256)
	}
	return sums, nil
}

// noPicture refuses an upload that is no photo.
func noPicture() *fault.Error {
	return fault.Invalid("", "请附照片(JPEG、PNG 等图片文件)。", "Give a photo: a JPEG, PNG or other picture.").By("V4.2")
}

// pictureElsewhere refuses a picture that is that of another visit.
func pictureElsewhere() *fault.Error {
	return fault.Rule("V4.2", "这张照片已用于另一次检查,请附这次拍的照片。", "The picture is that of another visit; give one that was taken at this one.")
}

// snapshotHeld gives a photo to whoever may read it.
func snapshotHeld(ctx context.Context, id uuid.UUID) (*files.Held, error) {
	p, err := act.From(ctx).DB.Ent.InspectionPhoto.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	name := "inspection-" + p.Sha256[:8] + "." + strings.TrimPrefix(p.ContentType, "image/")
	return &files.Held{ID: p.ID, Type: ent.TypeInspectionPhoto, Of: p.RowScope(), Name: name, ContentType: p.ContentType, SHA256: p.Sha256, Size: p.Size}, nil
}
