package files

import (
	"context"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/file"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/audit"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/policy"
)

// Held is content, and what holds it.
type Held struct {
	ID      uuid.UUID
	Type    string     // of what holds it: ent.TypeFile
	Of      access.Row // whose it is: a household may see who read what concerns it (A5)
	Refused *fault.Error

	Marked  bool   // given as a copy that names who reads it, and not otherwise (A5)
	Inline  bool   // to be looked at, not kept
	Through string // number of the request that it is read through

	Name, ContentType, SHA256 string
	Size                      int64 // bytes
}

// Holder finds what holds content among what the viewer may know of; Refused says why the viewer may not see what it holds.
// Errors: not found, ent's or a fault.
type Holder func(ctx context.Context, id uuid.UUID) (*Held, error)

var holders = map[string]Holder{ent.TypeFile: uploadHeld}

// Hold makes a chapter's entity one whose content is downloaded by its id; call it from a package-level init.
func Hold(entity string, find Holder) { holders[entity] = find }

func uploadHeld(ctx context.Context, id uuid.UUID) (*Held, error) {
	f, err := act.From(ctx).DB.Ent.File.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	held := &Held{ID: f.ID, Type: ent.TypeFile, Of: f.RowScope(), Name: f.Name, ContentType: f.ContentType, SHA256: f.Sha256, Size: f.Size}
	if !access.From(ctx).Scope(policy.File, policy.Reveal).Covers(held.Of) {
		held.Refused = confidential()
	}
	return held, nil
}

// Take takes an upload of the viewer's to the estate over into what is recorded now: its row goes, and with it the way to its
// content past what holds it then. Whoever takes it keeps its SHA-256 where the SQL function content_used looks for it. The key of the
// upload's digests on the audit trail goes, too: what holds it has a key of its own, which goes with its destruction (A7).
//
// Errors: NOT_FOUND at the field, also for what another has uploaded.
func Take(tx *act.Tx, estate, id uuid.UUID, field string) (*ent.File, error) {
	f, err := tx.File.Query().Where(file.ID(id), file.EstateID(estate)).Only(tx)
	if f, err = act.Find(f, err, field); err != nil {
		return nil, err
	}
	if f.UploadedBy != tx.Viewer.Account && !tx.Viewer.IsSystem() {
		return nil, fault.Missing().At(field)
	}
	if err := lock(tx, tx.Raw, f.Sha256, estate); err != nil {
		return nil, err
	}
	var taken bool
	if err := tx.Raw.QueryRow(tx, `SELECT file_take($1, $2)`, estate, id).Scan(&taken); err != nil {
		return nil, err
	}
	if !taken {
		return nil, fault.Missing().At(field) // by another act at the same time
	}
	if err := tx.Runtime().Keys.Erase(tx, id); err != nil { // before it commits: of an upload that stays, too, nobody needs to prove the name
		return nil, err
	}
	return f, tx.Note(estate, audit.Change{Type: ent.TypeFile, ID: f.ID, Op: audit.Delete})
}
