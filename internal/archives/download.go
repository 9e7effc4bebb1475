package archives

import (
	"context"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/files"
)

func init() { files.Hold(ent.TypeArchiveDocument, held) }

// held gives what a document holds to whoever may read the document (A4); each download is on the audit trail, and the
// household sees it (A5, A6).
func held(ctx context.Context, id uuid.UUID) (*files.Held, error) {
	d, err := act.From(ctx).DB.Ent.ArchiveDocument.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	if d.Sha256 == "" {
		return nil, fault.Missing()
	}
	return &files.Held{
		ID: d.ID, Type: ent.TypeArchiveDocument, Of: d.RowScope(), Name: d.Name, ContentType: d.ContentType, SHA256: d.Sha256, Size: d.Size,
	}, nil
}
