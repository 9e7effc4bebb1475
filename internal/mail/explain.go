package mail

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/mailexcuse"
	"github.com/steward-pm/steward/ent/mailscan"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// ExplainMailScansInput gives one reason for scans that match nothing.
type ExplainMailScansInput struct {
	ScanIDs []uuid.UUID
	Reason  string
}

// Check refuses what is no list of scans, and no reason.
func (in ExplainMailScansInput) Check() error {
	if len(in.ScanIDs) == 0 || len(in.ScanIDs) > mostItems {
		return fault.Invalid("scanIDs", "请选择 1 到 %[1]d 次刷码。", "Choose between 1 and %[1]d scans.", mostItems).By("M2")
	}
	for i, id := range in.ScanIDs {
		if slices.Contains(in.ScanIDs[:i], id) {
			return fault.Invalid(fmt.Sprintf("scanIDs.%d", i), "刷码重复,请去掉一个。", "The scan is named twice; leave one out.").By("M2")
		}
	}
	return wording.CheckText("reason", in.Reason, 1, 500)
}

// ExplainMailScansPayload are the scans, explained, and the explanations, in the order given.
type ExplainMailScansPayload struct {
	Scans   []*ent.MailScan
	Excuses []*ent.MailExcuse
}

// ExplainScans records why scans match nothing: the day does not close before (M2).
//
// Errors: NOT_FOUND; CONFLICT for a scan that matches, or is explained, and once the day is closed.
var ExplainScans = act.Guarded(act.New("mail.explainScans", act.Needs(policy.MailScan, policy.Update), act.Clauses("M2"), explainScans), explainGuard)

func explainScans(tx *act.Tx, in ExplainMailScansInput) (*ExplainMailScansPayload, error) {
	found, err := scansOf(tx, in.ScanIDs)
	if err != nil {
		return nil, err
	}
	reason := wording.Tidy(in.Reason)
	tx.Because(reason)
	rows := make([]*ent.MailExcuseCreate, len(found))
	for i, s := range found {
		if err := canExplain(tx, s); err != nil {
			return nil, fault.From(err).At(fmt.Sprintf("scanIDs.%d", i))
		}
		rows[i] = reasonFor(tx, s.Edges.Day, mailexcuse.KindUnmatched, reason).SetScanID(s.ID)
	}
	out := &ExplainMailScansPayload{}
	if out.Excuses, err = tx.MailExcuse.CreateBulk(rows...).Save(tx); err != nil {
		return nil, err
	}
	out.Scans, err = scansOf(tx, in.ScanIDs)
	return out, err
}

// scansOf are scans with their days, in the order given. Errors: NOT_FOUND at the one that is not there.
func scansOf(tx *act.Tx, list []uuid.UUID) ([]*ent.MailScan, error) {
	found, err := tx.MailScan.Query().Where(mailscan.IDIn(list...)).WithDay().All(tx)
	if err != nil {
		return nil, err
	}
	out := make([]*ent.MailScan, len(list))
	for i, id := range list {
		at := slices.IndexFunc(found, func(s *ent.MailScan) bool { return s.ID == id })
		if at < 0 {
			return nil, fault.Missing().At(fmt.Sprintf("scanIDs.%d", i))
		}
		out[i] = found[at]
	}
	return out, nil
}

var explainGuard = act.Guard[*ent.MailScan]{
	Entity: ent.TypeMailScan,
	ID:     func(s *ent.MailScan) uuid.UUID { return s.ID },
	Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.MailScan, error) {
		return tx.MailScan.Query().Where(mailscan.IDIn(list...)).WithDay().All(tx)
	},
	Check: canExplain,
}

// canExplain refuses what needs no explanation, or has one.
func canExplain(_ *act.Tx, s *ent.MailScan) error {
	switch {
	case s.Outcome == mailscan.OutcomeMatched:
		return fault.Clash("这次刷码已对上邮件,无须说明。", "The scan matches its item and needs no explanation.").By("M2")
	case s.ExplainedAt != nil:
		return fault.Clash("这次刷码已由 %[1]s 说明。", "%[1]s explained the scan already.", s.ExplainedByName).By("M2")
	}
	return canWork(s.Edges.Day)
}
