package fees

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/feebook"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// mostDays is how long a fee may be open before it is due.
const mostDays = 90

// SetFeeBookInput changes what an estate's notices say of paying; what is not given stays.
type SetFeeBookInput struct {
	EstateID        uuid.UUID
	ExpectedVersion int
	PayAt           *string
	DueDays         *int
	DunningDays     *int // after it was delivered, what a dunning notice asks for is due
}

// Check refuses days that nobody waits.
func (in SetFeeBookInput) Check() error {
	if in.DueDays != nil && (*in.DueDays < 0 || *in.DueDays > mostDays) {
		return fault.Invalid("dueDays", "请填写 0 到 %[1]d 之间的天数。", "Give a number of days between 0 and %[1]d.", mostDays).By("F5")
	}
	if in.DunningDays != nil && (*in.DunningDays < 1 || *in.DunningDays > mostDays) {
		return fault.Invalid("dunningDays", "请填写 1 到 %[1]d 之间的天数。", "Give a number of days between 1 and %[1]d.", mostDays).By("F6")
	}
	return wording.Optional(wording.CheckLine, "payAt", in.PayAt)
}

// SetFeeBookPayload is the book as it stands now.
type SetFeeBookPayload struct{ Book *ent.FeeBook }

// SetBook says where and when households pay (F5), and how long after its notice a fee is due.
//
// Errors: NOT_FOUND; CONFLICT at expectedVersion if somebody changed it meanwhile.
var SetBook = act.New("fees.setBook", act.Needs(policy.FeeBook, policy.Update).SessionOnly(), act.Clauses("F5"), setBook)

func setBook(tx *act.Tx, in SetFeeBookInput) (*SetFeeBookPayload, error) {
	b, err := tx.FeeBook.Query().Where(feebook.EstateID(in.EstateID)).ForUpdate().Only(tx)
	if b, err = act.Find(b, err, "estateID"); err != nil {
		return nil, err
	}
	if err := tx.Expect(b, b.Version, in.ExpectedVersion); err != nil {
		return nil, err
	}
	u := b.Update().SetNillableDueDays(in.DueDays).SetNillableDunningDays(in.DunningDays)
	if in.PayAt != nil {
		u.SetPayAt(tidy(in.PayAt))
	}
	b, err = u.Save(tx)
	return &SetFeeBookPayload{b}, err
}
