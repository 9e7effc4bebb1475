package mail

import (
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/mailcase"
	"github.com/steward-pm/steward/ent/mailitem"
	"github.com/steward-pm/steward/ent/pressclaim"
	"github.com/steward-pm/steward/ent/staff"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/void"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// How many working days the person responsible has to answer a case, and the manager to conclude it, from when it is opened.
const (
	caseAnswerDays     = 3
	caseConclusionDays = 7
)

// M6: a case is answered and concluded; what is due is told to who may read the case only.
var (
	dueCaseAnswer = obligation.Declare(obligation.Kind{Name: "mail.caseAnswer", Clause: "M6", TitleZH: "说明邮件差错:", TitleEN: "Answer the case of mail: ", Of: ent.TypeMailCase})
	dueCase       = obligation.Declare(obligation.Kind{Name: "mail.case", Clause: "M6", TitleZH: "处理邮件差错:", TitleEN: "Conclude the case of mail: ", Of: ent.TypeMailCase, Counted: casesMove})
)

// casesMove has open cases say until when they are to be answered by the calendar as it is now: those, too, whose answer nobody owes in person.
func casesMove(tx *act.Tx, estate uuid.UUID, due map[uuid.UUID]time.Time) error {
	cal, err := tx.HoldCalendar(estate)
	if err != nil {
		return err
	}
	list, err := tx.MailCase.Query().Where(mailcase.EstateID(estate), mailcase.StateEQ(mailcase.StateOpen), mailcase.AnswerByGT(tx.Now), mailcase.IDIn(slices.Collect(maps.Keys(due))...)).
		Order(mailcase.ByID()).All(tx)
	if err != nil {
		return err
	}
	for _, c := range list {
		by := obligation.Term{From: cal.Today(c.CreatedAt), Days: caseAnswerDays}.By(cal)
		if by.Equal(c.AnswerBy) {
			continue
		}
		if err := c.Update().SetAnswerBy(by).Exec(tx); err != nil {
			return err
		}
	}
	return nil
}

// OpenMailCaseInput says what was lost or lay about, and who is responsible.
type OpenMailCaseInput struct {
	EstateID        uuid.UUID
	Kind            mailcase.Kind
	ItemID, ClaimID *uuid.UUID // what it is about: an item, a claim, or a whole day
	Day             *calendar.Day
	ResponsibleID   uuid.UUID
	Circumstances   string
}

// Check refuses a case about nothing, or about several things.
func (in OpenMailCaseInput) Check() error {
	about := 0
	for _, given := range []bool{in.ItemID != nil, in.ClaimID != nil, in.Day != nil} {
		if given {
			about++
		}
	}
	if about != 1 {
		return fault.Invalid("itemID", "请填写邮件、追索或日期之一。", "Give the item, the claim or the day that it is about, one of them.").By("M6")
	}
	return wording.CheckText("circumstances", in.Circumstances, 1, 2000)
}

// OpenMailCasePayload is the case.
type OpenMailCasePayload struct{ Case *ent.MailCase }

// OpenCase opens a case about mail that was lost or lay about (M6). The person responsible hears of it, reads it, and answers within three working days.
//
// Errors: NOT_FOUND; FORBIDDEN for the supervisor of another department; INVALID_INPUT for a day to come; RULE M6 for a case against oneself.
var OpenCase = act.New("mail.openCase", act.Needs(policy.MailCase, policy.Create).SessionOnly(), act.Clauses("M6"), openCase)

func openCase(tx *act.Tx, in OpenMailCaseInput) (*OpenMailCasePayload, error) {
	cal, err := tx.Calendar(in.EstateID)
	if cal, err = act.Find(cal, err, "estateID"); err != nil {
		return nil, err
	}
	today := cal.Today(tx.Now)
	if in.Day != nil && in.Day.After(today) {
		return nil, fault.Invalid("day", "日期不能晚于今天。", "Give a day that is not to come.").By("M6")
	}
	if err := ofCustomerService(tx, policy.MailCase, policy.Create, in.EstateID, "M6"); err != nil {
		return nil, err
	}
	if err := caseAbout(tx, in); err != nil {
		return nil, err
	}
	person, err := tx.Staff.Query().Where(staff.ID(in.ResponsibleID), staff.EstateID(in.EstateID)).Only(tx)
	if person, err = act.Find(person, err, "responsibleID"); err != nil {
		return nil, err
	}
	if person.AccountID != nil && *person.AccountID == tx.Viewer.Account {
		return nil, notOwnCase()
	}
	term, answerBy, err := obligation.Within(tx, in.EstateID, caseAnswerDays)
	if err != nil {
		return nil, err
	}
	row := tx.MailCase.Create().SetEstateID(in.EstateID).SetKind(in.Kind).SetNillableItemID(in.ItemID).SetNillableClaimID(in.ClaimID).
		SetCircumstances(wording.Tidy(in.Circumstances)).SetResponsibleID(person.ID).SetResponsibleName(person.Name).SetNillableResponsibleAccountID(person.AccountID).
		SetOpenedByID(tx.Viewer.Account).SetOpenedByName(tx.Viewer.Name).SetAnswerBy(answerBy)
	if in.Day != nil {
		row.SetDay(in.Day.UTC())
	}
	c, err := row.Save(tx)
	if err != nil {
		return nil, err
	}
	if err := dueCase.Open(tx, obligation.Due{
		About: kindOfCaseZH(c.Kind), AboutEN: kindOfCaseEN(c.Kind), Estate: c.EstateID, Subject: c.ID, Term: obligation.Term{From: today, Days: caseConclusionDays},
	}); err != nil {
		return nil, err
	}
	return &OpenMailCasePayload{c}, askAnswer(tx, c, term)
}

// caseAbout finds what a case is about. Errors: NOT_FOUND.
func caseAbout(tx *act.Tx, in OpenMailCaseInput) error {
	if in.ItemID != nil {
		item, err := tx.MailItem.Query().Where(mailitem.ID(*in.ItemID), mailitem.EstateID(in.EstateID)).Only(tx)
		if item, err = act.Find(item, err, "itemID"); err != nil {
			return err
		}
		return void.Refuse(item.VoidedAt)
	}
	if in.ClaimID != nil {
		c, err := tx.PressClaim.Query().Where(pressclaim.ID(*in.ClaimID), pressclaim.EstateID(in.EstateID)).Only(tx)
		_, err = act.Find(c, err, "claimID")
		return err
	}
	return nil
}

// askAnswer tells the person responsible, who has an account or is heard otherwise, and has the answer due.
func askAnswer(tx *act.Tx, c *ent.MailCase, term obligation.Term) error {
	if c.ResponsibleAccountID == nil {
		return nil
	}
	zh, en := kindOfCaseZH(c.Kind), kindOfCaseEN(c.Kind)
	if err := dueCaseAnswer.Open(tx, obligation.Due{About: zh, AboutEN: en, Estate: c.EstateID, Subject: c.ID, Term: term, Account: *c.ResponsibleAccountID}); err != nil {
		return err
	}
	return tx.Runtime().Accounts.Post(tx, tx.Raw, account.Message{
		AccountID: *c.ResponsibleAccountID, Estate: c.EstateID, Kind: dueCaseAnswer.Name, Subject: c.ID, TitleZH: "邮件差错待说明:" + zh, TitleEN: "A case of mail to answer: " + en,
		BodyZH: tx.Viewer.Name + " 登记了由您负责的邮件差错,请在三个工作日内说明情况(M6)。", BodyEN: tx.Viewer.Name + " opened a case for which you are responsible. Please answer it within three working days (M6).",
	})
}

// notOwnCase refuses who is responsible to open, to conclude or to void the case, and who opened it to conclude it.
func notOwnCase() *fault.Error {
	return fault.Rule("M6", "登记人、责任人和处理人须为不同的人,请由另一位主管或经理办理。", "Who opened a case, who is responsible and who concludes it are different persons; another superior does this.")
}

func init() {
	act.Explain("mail_cases_persons", notOwnCase())
	act.Explain("mail_cases_heard", notHeard())
	act.Explain("mail_cases_open", caseClosed())
}

func notHeard() *fault.Error {
	return fault.Rule("M6", "责任人尚未说明情况,期限届满后才能处理。", "The person responsible has not answered yet; it is concluded once they have, or their time is over.")
}

func caseClosed() *fault.Error {
	return fault.Clash("这项差错已处理,不能更改。", "The case was concluded and does not change any more.").By("M6")
}
