package duty

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/dutyfeed"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// mostFeeds is how many feeds one account has in an estate at once: a telephone, a computer, and some that were forgotten.
const mostFeeds = 10

// CreateDutyFeedInput says of which estate the calendar is, and what for.
type CreateDutyFeedInput struct {
	EstateID uuid.UUID
	Label    string // 手机日历
}

// Check refuses a label that is none.
func (in CreateDutyFeedInput) Check() error { return wording.CheckText("label", in.Label, 1, 40) }

// CreateDutyFeedPayload is the feed, with its address this once.
type CreateDutyFeedPayload struct {
	Feed *ent.DutyFeed
	Path *string `replay:"-"`
}

// CreateFeed makes a private address at which a calendar reads the own shifts (D1.1). It is shown once; of its token the hash is kept.
//
// Errors: NOT_FOUND; FORBIDDEN for an API token; RULE D1.1 for who is not on the staff of customer service; CONFLICT D1.1 at ten that stand.
var CreateFeed = act.New("duty.createFeed", act.Needs(policy.DutyFeed, policy.Create).SessionOnly(), act.Clauses(roster), createFeed)

func createFeed(tx *act.Tx, in CreateDutyFeedInput) (*CreateDutyFeedPayload, error) {
	d, err := department(tx, in.EstateID, "estateID")
	if err != nil {
		return nil, err
	}
	me, err := self(tx, in.EstateID)
	if err != nil {
		return nil, err
	}
	if me == nil || me.DepartmentID != d {
		return nil, fault.Rule(roster, "只有客服部员工有值班日历。", "Only the staff of customer service has a calendar of shifts.").At("estateID")
	}
	n, err := tx.DutyFeed.Query().Where(dutyfeed.EstateID(in.EstateID), dutyfeed.StaffID(me.ID), dutyfeed.RevokedAtIsNil()).Count(tx)
	if err != nil {
		return nil, err
	}
	if n >= mostFeeds {
		return nil, fault.Clash("最多 %[1]d 个日历地址,请先撤销不用的。", "There are %[1]d calendars already; revoke one that is not used.", mostFeeds).By(roster)
	}
	token := newToken()
	f, err := tx.DutyFeed.Create().SetEstateID(in.EstateID).SetDepartmentID(d).SetStaffID(me.ID).SetAccountID(tx.Viewer.Account).
		SetLabel(wording.Tidy(in.Label)).SetTokenHash(hashOf(token)).Save(tx)
	path := "/duty/calendars/" + token + ".ics"
	return &CreateDutyFeedPayload{f, &path}, err
}

// RevokeDutyFeedInput names a feed.
type RevokeDutyFeedInput struct{ FeedID uuid.UUID }

// RevokeDutyFeedPayload is the feed as it stands after.
type RevokeDutyFeedPayload struct{ Feed *ent.DutyFeed }

// RevokeFeed ends a feed at once: the own, or as a manager that of another (D1.1).
//
// Errors: NOT_FOUND; CONFLICT D1.1 if it was revoked before.
var RevokeFeed = act.Guarded(act.New("duty.revokeFeed", act.Needs(policy.DutyFeed, policy.Update), act.Clauses(roster), func(tx *act.Tx, in RevokeDutyFeedInput) (*RevokeDutyFeedPayload, error) {
	f, err := tx.DutyFeed.Query().Where(dutyfeed.ID(in.FeedID)).ForUpdate().Only(tx)
	if f, err = act.Find(f, err, "feedID"); err != nil {
		return nil, err
	}
	if !access.RuleFrom(tx).Scope.Covers(f.RowScope()) {
		return nil, fault.Missing().At("feedID") // a colleague's, whether it stands or not
	}
	if err := isRead(tx, f); err != nil {
		return nil, err
	}
	f, err = f.Update().SetRevokedAt(tx.Now).Save(tx)
	return &RevokeDutyFeedPayload{f}, err
}), act.Guard[*ent.DutyFeed]{
	Entity: ent.TypeDutyFeed,
	ID:     func(f *ent.DutyFeed) uuid.UUID { return f.ID },
	Load: func(tx *act.Tx, list []uuid.UUID) ([]*ent.DutyFeed, error) {
		return tx.DutyFeed.Query().Where(dutyfeed.IDIn(list...)).All(tx)
	},
	Check: isRead,
})

func isRead(_ *act.Tx, f *ent.DutyFeed) error {
	if f.RevokedAt != nil {
		return fault.Clash("该日历地址已撤销。", "The calendar was revoked before.").By(roster).At("feedID")
	}
	return nil
}

// tokenSize is how many random bytes a token has.
const tokenSize = 32

func newToken() string {
	b := make([]byte, tokenSize)
	_, _ = rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

func hashOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
