package fees

import (
	"context"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/certificate"
	"github.com/steward-pm/steward/ent/feedispatch"
	"github.com/steward-pm/steward/ent/feedunning"
	"github.com/steward-pm/steward/ent/feedunningline"
	"github.com/steward-pm/steward/ent/feenotice"
	"github.com/steward-pm/steward/ent/signature"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
)

// FeeEvidence is all that proves what a household was asked for by a fee notice, and how it got it: as far as the viewer sees it.
type FeeEvidence struct {
	Notice       *ent.FeeNotice
	Dunnings     []*ent.FeeDunning
	Signatures   []*ent.Signature
	Certificates []*ent.Certificate
}

// Evidence puts together the evidence of one fee notice. It costs a constant number of statements and those of what is selected below, to which below
// moves the context.
//
// Errors: UNAUTHENTICATED; NOT_FOUND at noticeID.
func Evidence(ctx context.Context, notice uuid.UUID, below func(path ...string) context.Context) (*FeeEvidence, error) {
	if access.From(ctx) == nil {
		return nil, fault.SignedOut()
	}
	db, e := act.From(ctx).DB.Ent, &FeeEvidence{}
	in := below("notice")
	qn, err := db.FeeNotice.Query().Where(feenotice.ID(notice)).CollectFields(in)
	if err != nil {
		return nil, err
	}
	e.Notice, err = qn.Only(in)
	if e.Notice, err = act.Find(e.Notice, err, "noticeID"); err != nil {
		return nil, err
	}
	ids, err := e.subjects(ctx, db, notice)
	if err != nil {
		return nil, err
	}
	in = below("dunnings")
	qd, err := db.FeeDunning.Query().Where(feedunning.HasLinesWith(feedunningline.NoticeID(notice))).Order(feedunning.ByNumber(), feedunning.ByRevision()).CollectFields(in)
	if err != nil {
		return nil, err
	}
	if e.Dunnings, err = qd.All(in); err != nil {
		return nil, err
	}
	in = below("signatures")
	qs, err := db.Signature.Query().Where(signature.SubjectIDIn(ids...)).Order(signature.BySignedAt(), signature.ByID()).CollectFields(in)
	if err != nil {
		return nil, err
	}
	if e.Signatures, err = qs.All(in); err != nil {
		return nil, err
	}
	in = below("certificates")
	qc, err := db.Certificate.Query().Where(certificate.SubjectIDIn(ids...)).Order(certificate.ByIssuedAt(), certificate.ByID()).CollectFields(in)
	if err != nil {
		return nil, err
	}
	e.Certificates, err = qc.All(in)
	return e, err
}

// subjects are the dunning notices that ask for a fee notice, and the attempts to bring these and it: what signatures are under.
func (e *FeeEvidence) subjects(ctx context.Context, db *ent.Client, notice uuid.UUID) ([]uuid.UUID, error) {
	ids, err := db.FeeDunning.Query().Where(feedunning.HasLinesWith(feedunningline.NoticeID(notice))).IDs(ctx)
	if err != nil {
		return nil, err
	}
	out, err := db.FeeDispatch.Query().Where(feedispatch.Or(feedispatch.NoticeID(notice), feedispatch.DunningIDIn(ids...))).IDs(ctx)
	return append(ids, out...), err
}
