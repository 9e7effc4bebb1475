package demo

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/department"
	"github.com/steward-pm/steward/ent/household"
	"github.com/steward-pm/steward/ent/mailcase"
	"github.com/steward-pm/steward/ent/pressclaim"
	"github.com/steward-pm/steward/ent/publication"
	"github.com/steward-pm/steward/ent/staff"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/mail"
	"github.com/steward-pm/steward/policy"
)

// press is what people subscribe to, and how it came (M1, M7): in full, short and recovered in parts, short and written off, and yesterday
// short with a claim that is open. For what was lost there is a case concluded, and one that waits for its answer (M6).
func (h *history) press() map[int][]func() error {
	var daily uuid.UUID
	return map[int][]func() error{
		20: {func() (err error) { daily, err = h.subscribers(); return err }},
		6:  {func() error { _, err := h.brings(daily, 6); return err }},
		5: {func() error {
			claim, err := h.brings(daily, 3)
			if err != nil {
				return err
			}
			for _, copies := range []int{1, 2} {
				if _, err := mail.Recover.Do(h.as(policy.Receptionist), mail.RecoverPressClaimInput{ClaimID: claim, Copies: copies, Deliverer: postman, Signature: attested()}); err != nil {
					return err
				}
			}
			return nil
		}},
		4: {func() error {
			claim, err := h.brings(daily, 4)
			if err != nil {
				return err
			}
			if _, err := mail.WriteOff.Do(h.as(policy.Supervisor), mail.WriteOffPressClaimInput{ClaimID: claim, Reason: "邮局书面确认当日报纸已无余存,退还报款"}); err != nil {
				return err
			}
			return h.lost(mail.OpenMailCaseInput{Kind: mailcase.KindLoss, ClaimID: &claim, Circumstances: "报纸少送两份,当天未报主管"}, true)
		}},
		1: {func() error {
			claim, err := h.brings(daily, 3)
			if err != nil {
				return err
			}
			if _, err := mail.Recover.Do(h.as(policy.Receptionist), mail.RecoverPressClaimInput{ClaimID: claim, Copies: 1, Deliverer: postman, Signature: attested()}); err != nil {
				return err
			}
			day := h.thatDay().AddDays(-1)
			return h.lost(mail.OpenMailCaseInput{Kind: mailcase.KindBacklog, Day: &day, Circumstances: "两件平信隔日才投递,未登记原因"}, false)
		}},
	}
}

// subscribers are four households, one with two copies and one whose subscription was renewed, and the department of customer service.
func (h *history) subscribers() (daily uuid.UUID, err error) {
	var monthly uuid.UUID
	receptionist, day := h.as(policy.Receptionist), h.thatDay()
	first := 1
	for _, p := range []struct {
		to *uuid.UUID
		in mail.AddPublicationInput
	}{
		{&daily, mail.AddPublicationInput{Name: "人民日报", Kind: publication.KindNewspaper, Frequency: publication.FrequencyDaily}},
		{&monthly, mail.AddPublicationInput{Name: "当代", Kind: publication.KindMagazine, Frequency: publication.FrequencyMonthly, MonthDay: &first}},
	} {
		p.in.EstateID = h.estate.ID
		added, err := mail.AddPublication.Do(receptionist, p.in)
		if err != nil {
			return daily, err
		}
		*p.to = added.Publication.ID
	}
	db := act.From(h.system).DB.Ent
	homes, err := db.Household.Query().Where(household.EstateID(h.estate.ID), household.HasOccupancies()).Order(ent.Asc(household.FieldCode)).Limit(4).IDs(h.system)
	if err != nil {
		return daily, err
	}
	office, err := db.Department.Query().Where(department.EstateID(h.estate.ID), department.KindEQ(department.KindCustomerService)).OnlyID(h.system)
	if err != nil {
		return daily, err
	}
	two, paid := 2, "报刊收据 0415"
	var last *ent.PressSubscription
	for _, in := range []mail.SubscribePressInput{
		{PublicationID: daily, HouseholdID: &homes[0], LastOn: day.AddDays(365), PaidReference: &paid},
		{PublicationID: daily, HouseholdID: &homes[1], LastOn: day.AddDays(365), Copies: &two},
		{PublicationID: monthly, HouseholdID: &homes[2], LastOn: day.AddDays(365)},
		{PublicationID: daily, DepartmentID: &office, LastOn: day.AddDays(365), Copies: &two},
		{PublicationID: daily, HouseholdID: &homes[3], LastOn: day.AddDays(9)},
	} {
		in.FromOn = day
		s, err := mail.Subscribe.Do(receptionist, in)
		if err != nil {
			return daily, err
		}
		last = s.Subscription
	}
	if _, err := mail.Renew.Do(receptionist, mail.RenewPressSubscriptionInput{SubscriptionID: last.ID, LastOn: day.AddDays(374)}); err != nil {
		return daily, err
	}
	away := "外出旅行"
	_, err = mail.Pause.Do(receptionist, mail.PausePressSubscriptionInput{SubscriptionID: last.ID, FromOn: day.AddDays(2), LastOn: day.AddDays(6), Reason: &away})
	return daily, err
}

// brings takes over so many copies of the day's issue, and says what is claimed if it is short.
func (h *history) brings(publication uuid.UUID, copies int) (claim uuid.UUID, err error) {
	p, err := mail.ReceivePress.Do(h.as(policy.Receptionist), mail.ReceivePressInput{
		EstateID: h.estate.ID, Deliverer: postman, Signature: attested(), Counts: []mail.PressCountInput{{PublicationID: publication, Delivered: copies}},
	})
	if err != nil || p.Deliveries[0].Delivered >= p.Deliveries[0].Expected {
		return claim, err
	}
	return act.From(h.system).DB.Ent.PressClaim.Query().Where(pressclaim.DeliveryID(p.Deliveries[0].ID)).OnlyID(h.system)
}

// counts takes over what is expected of the day, in full, of what was not counted yet.
func (h *history) counts() error {
	receptionist := h.as(policy.Receptionist)
	expected, err := mail.Expected(receptionist, h.estate.ID, nil)
	if err != nil {
		return err
	}
	in := mail.ReceivePressInput{EstateID: h.estate.ID, Deliverer: postman, Signature: attested()}
	for _, e := range expected {
		if e.Delivery == nil {
			in.Counts = append(in.Counts, mail.PressCountInput{PublicationID: e.Publication.ID, Delivered: e.Households + e.Departments})
		}
	}
	if len(in.Counts) == 0 {
		return nil
	}
	_, err = mail.ReceivePress.Do(receptionist, in)
	return err
}

// lost opens a case for which the receptionist is responsible; one that is to be concluded is answered and concluded.
func (h *history) lost(in mail.OpenMailCaseInput, concluded bool) (err error) {
	in.EstateID = h.estate.ID
	receptionist := h.colleagues[h.estate.ID][policy.Receptionist]
	in.ResponsibleID, err = act.From(h.system).DB.Ent.Staff.Query().Where(staff.EstateID(h.estate.ID), staff.AccountID(receptionist.viewer.Account)).OnlyID(h.system)
	if err != nil {
		return err
	}
	c, err := mail.OpenCase.Do(h.as(policy.Supervisor), in)
	if err != nil || !concluded {
		return err
	}
	if _, err := mail.AnswerCase.Do(h.as(policy.Receptionist), mail.AnswerMailCaseInput{CaseID: c.Case.ID, Answer: "清点后急于投递,忘记上报"}); err != nil {
		return err
	}
	_, err = mail.ConcludeCase.Do(h.manager, mail.ConcludeMailCaseInput{CaseID: c.Case.ID, Finding: "清点属实,未按规定上报", Outcome: "批评教育,部门例会通报"})
	return err
}
