package archives

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	entapproval "github.com/steward-pm/steward/ent/approval"
	"github.com/steward-pm/steward/ent/archivepermit"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// WithdrawArchivePermitInput says which permit ends at once, and why.
type WithdrawArchivePermitInput struct {
	PermitID uuid.UUID
	Reason   string
}

// Check refuses an empty or endless reason.
func (in WithdrawArchivePermitInput) Check() error {
	return wording.CheckText("reason", in.Reason, 1, 500)
}

// WithdrawArchivePermitPayload is the permit, ended.
type WithdrawArchivePermitPayload struct{ Permit *ent.ArchivePermit }

// WithdrawPermit ends a permit before its time, by who gave it or a manager (A5).
//
// Errors: NOT_FOUND; FORBIDDEN A5 for who neither gave it nor manages the estate; CONFLICT if it has ended.
var WithdrawPermit = act.Guarded(act.New("archives.withdrawPermit", act.Needs(policy.ArchivePermit, policy.Approve), act.Clauses("A5"), withdrawPermit),
	act.Guard[*ent.ArchivePermit]{
		Entity: ent.TypeArchivePermit, ID: func(p *ent.ArchivePermit) uuid.UUID { return p.ID }, Check: canWithdraw,
		Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.ArchivePermit, error) {
			return tx.ArchivePermit.Query().Where(archivepermit.IDIn(list...)).All(tx)
		},
	})

func withdrawPermit(tx *act.Tx, in WithdrawArchivePermitInput) (*WithdrawArchivePermitPayload, error) {
	p, err := tx.ArchivePermit.Query().Where(archivepermit.ID(in.PermitID)).ForUpdate().Only(tx)
	if p, err = act.Find(p, err, "permitID"); err != nil {
		return nil, err
	}
	if err := canWithdraw(tx, p); err != nil {
		return nil, err
	}
	reason := wording.Tidy(in.Reason)
	tx.Because(reason)
	if p, err = p.Update().SetEndedAt(tx.Now).SetEndReason(reason).Save(tx); err != nil {
		return nil, err
	}
	return &WithdrawArchivePermitPayload{p}, tx.Runtime().Accounts.Post(tx, tx.Raw, account.Message{
		AccountID: p.AccountID, Estate: p.EstateID, Kind: "archives.withdrawn", Subject: p.ID,
		TitleZH: "查阅许可已收回", TitleEN: "A permit of the archive was withdrawn", BodyZH: reason, BodyEN: reason,
	})
}

// canWithdraw refuses who neither gave it nor manages the estate, and what has ended.
func canWithdraw(tx *act.Tx, p *ent.ArchivePermit) error {
	if !tx.Viewer.Scope(policy.ArchivePermit, policy.Update).Covers(p.RowScope()) {
		gave, err := gaveIt(tx, p.RequestID)
		if err != nil {
			return err
		}
		if !gave {
			return fault.Denied("只有批准人或经理可以收回。", "Who gave it, or a manager, withdraws it.").By("A5")
		}
	}
	if p.EndedAt != nil || !tx.Now.Before(p.ValidUntil) {
		return fault.Clash("这项许可已结束。", "The permit has ended.").By("A5")
	}
	return nil
}

// given is the key of the requests that the viewer has given.
type given struct{}

// gaveIt tells whether the viewer gave a request; one statement, however many are asked about.
func gaveIt(tx *act.Tx, request *uuid.UUID) (bool, error) {
	all, err := act.Once(tx, given{}, func() (map[uuid.UUID]bool, error) {
		list, err := tx.Approval.Query().Where(entapproval.Kind(showing.Name), entapproval.DecidedByID(tx.Viewer.Account)).All(tx)
		out := make(map[uuid.UUID]bool, len(list))
		for _, a := range list {
			out[a.SubjectID] = true
		}
		return out, err
	})
	return request != nil && all[*request], err
}
