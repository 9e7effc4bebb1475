package archives

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/archiveretention"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// SetArchiveRetentionInput is a line of the schedule as it is from now on.
type SetArchiveRetentionInput struct {
	ID              uuid.UUID
	ExpectedVersion int
	Years           *int    // after the document's date; nil: permanently
	Basis           *string // the schedule and the item in it; nil: as it was
}

// Check refuses impossible years and bad texts.
func (in SetArchiveRetentionInput) Check() error {
	if in.Years != nil && (*in.Years < 1 || *in.Years > 100) {
		return fault.Invalid("years", "保管期限为 1 到 100 年,永久保管请留空。", "A document is kept 1 to 100 years; leave it out for permanently.").By("A7")
	}
	if in.Basis != nil {
		return wording.CheckText("basis", *in.Basis, 1, 100)
	}
	return nil
}

// SetArchiveRetentionPayload is the line as it stands after.
type SetArchiveRetentionPayload struct{ Retention *ent.ArchiveRetention }

// SetRetention sets how long a category is kept (A7); what is on an order and is to be kept longer now is not destroyed by it.
//
// Errors: NOT_FOUND; INVALID_INPUT; FORBIDDEN A7 for who does not manage the estate and would keep it for a shorter time; CONFLICT if somebody set it meanwhile.
var SetRetention = act.New("archives.setRetention", act.Needs(policy.ArchiveRetention, policy.Update), act.Clauses("A7"), setRetention)

func init() { act.Explain("archive_retentions_shorter", keptShorter()) }

func keptShorter() *fault.Error {
	return fault.Denied("缩短保管期限(或把永久改为定期)由项目经理决定,档案管理员只能延长。",
		"To keep a category for a shorter time, or no longer permanently, is the project manager's to say; the archivist keeps it longer only.").By("A7").At("years")
}

// shorter tells whether years are fewer than they were; nil is for ever.
func shorter(was, now *int) bool { return now != nil && (was == nil || *now < *was) }

func setRetention(tx *act.Tx, in SetArchiveRetentionInput) (*SetArchiveRetentionPayload, error) {
	r, err := tx.ArchiveRetention.Query().Where(archiveretention.ID(in.ID)).ForUpdate().Only(tx)
	if r, err = act.Find(r, err, "id"); err != nil {
		return nil, err
	}
	if err := tx.Expect(r, r.Version, in.ExpectedVersion); err != nil {
		return nil, err
	}
	if shorter(r.Years, in.Years) && !tx.Viewer.Scope(policy.ArchiveRetention, policy.Approve).Covers(r.RowScope()) {
		return nil, keptShorter()
	}
	u := r.Update().SetSetByID(tx.Viewer.Account).SetSetByName(tx.Viewer.Name)
	if in.Basis != nil {
		u.SetBasis(wording.Tidy(*in.Basis))
	}
	if in.Years == nil {
		u.ClearYears()
	} else {
		u.SetYears(*in.Years)
	}
	r, err = u.Save(tx)
	return &SetArchiveRetentionPayload{r}, err
}
