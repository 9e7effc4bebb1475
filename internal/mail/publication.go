package mail

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/publication"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// AddPublicationInput describes a newspaper or a magazine.
type AddPublicationInput struct {
	EstateID  uuid.UUID
	Name      string
	Kind      publication.Kind
	Frequency publication.Frequency
	Weekday   *int // of a weekly one: 1 is Monday
	MonthDay  *int // of a monthly one
}

// Check refuses a day that the frequency does not have, and lacks one that it needs.
func (in AddPublicationInput) Check() error {
	if err := wording.CheckName("name", in.Name); err != nil {
		return err
	}
	for _, day := range []struct {
		field string
		value *int
		of    publication.Frequency
		most  int
	}{
		{"weekday", in.Weekday, publication.FrequencyWeekly, 7},
		{"monthDay", in.MonthDay, publication.FrequencyMonthly, 31},
	} {
		switch needed := in.Frequency == day.of; {
		case !needed && day.value != nil:
			return fault.Invalid(day.field, "这种出版周期不需要填写此项,请去掉。", "A publication of this frequency has no such day; leave it out.").By("M1")
		case needed && (day.value == nil || *day.value < 1 || *day.value > day.most):
			return fault.Invalid(day.field, "请填写 1 到 %[1]d 之间的出版日。", "Give the day on which it is issued, between 1 and %[1]d.", day.most).By("M1")
		}
	}
	return nil
}

// AddPublicationPayload is the publication.
type AddPublicationPayload struct{ Publication *ent.Publication }

// AddPublication puts a newspaper or a magazine on the list of what people subscribe to (M1).
//
// Errors: NOT_FOUND; CONFLICT if the estate has one of that name.
var AddPublication = act.New("mail.addPublication", act.Needs(policy.Publication, policy.Create), act.Clauses("M1"), addPublication)

func addPublication(tx *act.Tx, in AddPublicationInput) (*AddPublicationPayload, error) {
	cal, err := tx.Calendar(in.EstateID)
	if _, err = act.Find(cal, err, "estateID"); err != nil {
		return nil, err
	}
	p, err := tx.Publication.Create().SetEstateID(in.EstateID).SetName(wording.Tidy(in.Name)).SetKind(in.Kind).SetFrequency(in.Frequency).
		SetNillableWeekday(in.Weekday).SetNillableMonthDay(in.MonthDay).
		SetRecordedByID(tx.Viewer.Account).SetRecordedByName(tx.Viewer.Name).Save(tx)
	return &AddPublicationPayload{p}, err
}
