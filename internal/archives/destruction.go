package archives

import (
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/archivedestruction"
	"github.com/steward-pm/steward/ent/archivedestructionline"
	"github.com/steward-pm/steward/ent/archivedocument"
	"github.com/steward-pm/steward/ent/archiveretention"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/approval"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// maxDestroyed is how many documents one order is upon.
const maxDestroyed = 500

// ProposeArchiveDestructionInput says what is to be destroyed, how and why.
type ProposeArchiveDestructionInput struct {
	EstateID    uuid.UUID
	DocumentIDs []uuid.UUID
	Method      archivedestruction.Method
	Reason      string
}

// Check refuses none, too many, one that is named twice, and a bad reason.
func (in ProposeArchiveDestructionInput) Check() error {
	if len(in.DocumentIDs) == 0 || len(in.DocumentIDs) > maxDestroyed {
		return fault.Invalid("documentIDs", "请选择 1 到 %[1]d 份文件。", "Name between 1 and %[1]d documents.", maxDestroyed).By("A7")
	}
	for i, id := range in.DocumentIDs {
		if slices.Contains(in.DocumentIDs[:i], id) {
			return fault.Invalid(fmt.Sprintf("documentIDs.%d", i), "文件重复,请去掉一个。", "The document is named twice; leave one out.").By("A7")
		}
	}
	return wording.CheckText("reason", in.Reason, 1, 500)
}

// ProposeArchiveDestructionPayload is the order, which awaits the project manager.
type ProposeArchiveDestructionPayload struct{ Destruction *ent.ArchiveDestruction }

// Propose proposes to destroy bound documents that are past their retention and not held; each is frozen as it is (A7). It is the
// archivist's to propose.
//
// Errors: NOT_FOUND; INVALID_INPUT; RULE A7 for a document that is neither bound nor voided, kept permanently or longer, or held; CONFLICT for one
// that is on an order.
var Propose = act.New("archives.proposeDestruction", act.Needs(policy.ArchiveDestruction, policy.Create), act.Clauses("A7"), propose)

func propose(tx *act.Tx, in ProposeArchiveDestructionInput) (*ProposeArchiveDestructionPayload, error) {
	e, err := tx.Estate.Get(tx, in.EstateID)
	if e, err = act.Find(e, err, "estateID"); err != nil {
		return nil, err
	}
	list, err := proposable(tx, e.ID, in.DocumentIDs)
	if err != nil {
		return nil, err
	}
	if in.Method == archivedestruction.MethodErasure && slices.ContainsFunc(list, func(l proposed) bool { return l.Pages > 0 }) {
		return nil, fault.Invalid("method", "其中有纸质文件,请选择粉碎、化浆或焚毁。", "Some of it is on paper: have it shredded, pulped or burnt.").By("A7")
	}
	c := tx.ArchiveDestruction.Create().SetEstateID(e.ID).SetMethod(in.Method).SetReason(wording.Tidy(in.Reason)).SetQuantity(len(list)).
		SetProposedByID(tx.Viewer.Account).SetProposedByName(tx.Viewer.Name).SetProposedAt(tx.Now)
	pages, from, until, eligible := 0, list[0].Dated, list[0].Dated, list[0].eligible
	for _, l := range list {
		pages, from, until, eligible = pages+l.Pages, earlier(from, l.Dated), later(until, l.Dated), later(eligible, l.eligible)
	}
	d, err := c.SetPages(pages).SetDatedFrom(from).SetDatedUntil(until).SetEligibleOn(eligible).Save(tx)
	if err != nil {
		return nil, err
	}
	if err := freeze(tx, d, list); err != nil {
		return nil, err
	}
	return ask(tx, d)
}

// proposed is a document that is past its retention, and what the schedule says of it.
type proposed struct {
	*ent.ArchiveDocument
	field    string
	rule     *ent.ArchiveRetention
	eligible time.Time
}

// proposable finds the documents, locked in the order of their ids, with the schedule's line of each.
func proposable(tx *act.Tx, estate uuid.UUID, list []uuid.UUID) ([]proposed, error) {
	found, err := tx.ArchiveDocument.Query().Where(archivedocument.IDIn(list...), archivedocument.EstateID(estate)).
		Order(archivedocument.ByID()).WithVolume().ForUpdate().All(tx)
	if err != nil {
		return nil, err
	}
	rules, err := tx.ArchiveRetention.Query().Where(archiveretention.EstateID(estate)).All(tx)
	if err != nil {
		return nil, err
	}
	cal, err := tx.Calendar(estate)
	if err != nil {
		return nil, err
	}
	today, zone := cal.Today(tx.Now), cal.Zone()
	out := make([]proposed, len(list))
	for i, id := range list {
		field := fmt.Sprintf("documentIDs.%d", i)
		at := slices.IndexFunc(found, func(d *ent.ArchiveDocument) bool { return d.ID == id })
		if at < 0 {
			return nil, fault.Missing().At(field)
		}
		d := found[at]
		if err := destroyable(d); err != nil {
			return nil, err.At(field)
		}
		rule := rules[slices.IndexFunc(rules, func(r *ent.ArchiveRetention) bool { return string(r.Category) == string(d.Category) })]
		if d.VoidedAt != nil {
			out[i] = proposed{d, field, &ent.ArchiveRetention{Years: new(0), Basis: voidedBasis}, calendar.DayOf(d.VoidedAt.In(zone)).UTC()}
			continue
		}
		if rule.Years == nil {
			return nil, fault.Rule("A7", "这类档案永久保管,不能销毁。", "Documents of this category are kept permanently.").At(field)
		}
		eligible := calendar.DayOf(*d.RetainedFrom).AddMonths(12 * *rule.Years) // as the database counts years from a 29 February
		if eligible.After(today) {
			return nil, fault.Rule("A7", "保管期限未满,%[1]s 起才可销毁。", "It is within its retention: it may be destroyed from %[1]s.", eligible).At(field)
		}
		out[i] = proposed{d, field, rule, eligible.UTC()}
	}
	return out, nil
}

// voidedBasis says why what was voided is destroyed: by no line of the schedule.
const voidedBasis = "作废 voided"

// destroyable refuses what is neither bound nor voided, the edition of a manual in force, and what is lent.
func destroyable(d *ent.ArchiveDocument) *fault.Error {
	switch {
	case d.State == archivedocument.StateDestroyed:
		return fault.Rule("A7", "文件已销毁,只留存根。", "The document was destroyed; this is its stub.")
	case d.State != archivedocument.StateBound && d.State != archivedocument.StateVoided || d.Current:
		return notBound()
	case d.LentUntil != nil:
		return lentOut()
	}
	return nil
}

func notBound() *fault.Error {
	return fault.Rule("A7", "只有已立卷或已作废、且不是手册现行版本的文件才能销毁。", "Only what is bound or voided, and no edition of a manual in force, is destroyed.")
}

// freeze records each document as it is proposed.
func freeze(tx *act.Tx, d *ent.ArchiveDestruction, list []proposed) error {
	cal, err := tx.Calendar(d.EstateID)
	if err != nil {
		return err
	}
	for _, l := range list {
		code := ""
		if l.Edges.Volume != nil {
			code = l.Edges.Volume.Code
		}
		if err := tx.ArchiveDestructionLine.Create().SetEstateID(d.EstateID).SetDestructionID(d.ID).SetDocumentID(l.ID).
			SetCategory(archivedestructionline.Category(l.Category)).SetVolumeCode(code).SetVoided(l.VoidedAt != nil).SetHandedInOn(calendar.DayOf(l.HandedInAt.In(cal.Zone())).UTC()).SetDated(l.Dated).SetPages(l.Pages).
			SetYears(*l.rule.Years).SetBasis(l.rule.Basis).SetEligibleOn(l.eligible).Exec(tx); err != nil {
			if f := act.Explained(err); f != nil {
				return f.At(l.field)
			}
			return err
		}
	}
	return nil
}

// ask puts the order to the project manager; of the documents it says what their stubs will say.
func ask(tx *act.Tx, d *ent.ArchiveDestruction) (*ProposeArchiveDestructionPayload, error) {
	lines, err := d.QueryLines().Order(archivedestructionline.ByID()).All(tx)
	if err != nil {
		return nil, err
	}
	a, err := destructionConsent.Ask(tx, approval.Question{
		Estate: d.EstateID, Subject: d.ID, Reason: d.Reason,
		TitleZH: fmt.Sprintf("销毁到期档案:%d 份", d.Quantity), TitleEN: fmt.Sprintf("Destroy documents past their retention: %d", d.Quantity),
		Content: map[string]any{"destruction": d.ID, "method": d.Method, "reason": d.Reason, "documents": described(lines)},
	})
	if err != nil {
		return nil, err
	}
	if d, err = d.Update().SetApprovalID(a.ID).Save(tx); err != nil {
		return nil, err
	}
	_, err = followRetention(tx, d.EstateID)
	return &ProposeArchiveDestructionPayload{d}, err
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
