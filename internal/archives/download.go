package archives

import (
	"cmp"
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/archivepermit"
	"github.com/steward-pm/steward/ent/archiverequest"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/files"
	"github.com/steward-pm/steward/policy"
)

func init() { files.Hold(ent.TypeArchiveDocument, held) }

// held gives what a document holds to whoever may read the document (A4); each download is on the audit trail, and the
// household sees it (A5, A6).
func held(ctx context.Context, id uuid.UUID) (*files.Held, error) {
	d, err := act.From(ctx).DB.Ent.ArchiveDocument.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	h := &files.Held{
		ID: d.ID, Type: ent.TypeArchiveDocument, Of: d.RowScope(), Name: d.Name, ContentType: d.ContentType, SHA256: d.Sha256, Size: d.Size,
	}
	v := access.From(ctx)
	if v.IsSystem() || v.Scope(policy.ArchiveDocument, policy.Read).Covers(h.Of) {
		return h, nil
	}
	return h, throughPermit(ctx, v, h)
}

// throughPermit says how who reads through a permit is given it (A5): a copy that names them, to look at or, if copies were asked for, to
// keep. Whoever borrows is given the paper.
func throughPermit(ctx context.Context, v *access.Viewer, h *files.Held) error {
	list, err := act.From(ctx).DB.Ent.ArchivePermit.Query().WithRequest().Where(archivepermit.AccountID(v.Account), archivepermit.SubjectID(h.ID),
		archivepermit.EndedAtIsNil(), archivepermit.ValidFromLTE(v.At), archivepermit.ValidUntilGT(v.At)).Order(ent.Asc(archivepermit.FieldID)).All(ctx)
	if err != nil {
		return err
	}
	if len(list) == 0 { // it ended just now
		return fault.Missing()
	}
	best := slices.MaxFunc(list, func(a, b *ent.ArchivePermit) int { return cmp.Compare(gives(a), gives(b)) })
	h.Marked, h.Inline = true, !best.Copies
	if r := best.Edges.Request; r != nil {
		h.Through = r.Code
	}
	if gives(best) == 0 {
		h.Refused = fault.Rule("A5", "批准的是借用纸质原件,请到档案室领取;要看电子副本,请申请查阅或复制。",
			"The paper was lent: fetch it from the archive. To see a copy here, ask to view or to copy.")
	}
	return nil
}

// gives orders permits by what they give: the paper alone, a look, a copy.
func gives(p *ent.ArchivePermit) int {
	switch r := p.Edges.Request; {
	case p.Copies:
		return 2
	case r != nil && r.Kind == archiverequest.KindBorrow:
		return 0
	}
	return 1
}
