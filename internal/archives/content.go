package archives

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/archivedocument"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/files"
)

// take makes an upload the content of the document: its row goes, so that from then on only the document shows it.
// Errors: NOT_FOUND for what the viewer did not upload to the estate.
func take(tx *act.Tx, c *ent.ArchiveDocumentCreate, estate, upload uuid.UUID) error {
	f, err := files.Take(tx, estate, upload, "uploadID")
	if err != nil {
		return err
	}
	c.SetName(f.Name).SetContentType(f.ContentType).SetSize(f.Size).SetSha256(f.Sha256).SetTextState(archivedocument.TextStateWaiting)
	return nil
}
