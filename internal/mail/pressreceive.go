package mail

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/pressclaim"
	"github.com/steward-pm/steward/ent/pressdelivery"
	"github.com/steward-pm/steward/ent/publication"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/late"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/signature"
	"github.com/steward-pm/steward/internal/void"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// M1: press is counted with who delivers it, as mail is, and both sign.
var pressCeremony = signature.Declare(signature.Ceremony{
	Kind: "mail.press", Clause: "M1", Capacities: []string{"deliverer", "receptionist"}, Distinct: [][2]string{{"deliverer", "receptionist"}},
})

// claimDays is how long a claim may take, before it is reported to who leads (M7).
const claimDays = 7

// dueClaim is due while a claim is open (M7).
var dueClaim = obligation.Declare(obligation.Kind{Name: "mail.claim", Clause: "M7", TitleZH: "追回少送报刊:", TitleEN: "Recover press that came short: "})

// ReceivePressInput says what came of the issues of a day.
type ReceivePressInput struct {
	late.Given
	EstateID  uuid.UUID
	Day       *calendar.Day // of the issues; nil: the day that they came
	Deliverer string        // for the post office: a person's name
	Counts    []PressCountInput
	Note      *string
	Signature *signature.Input // the deliverer's
}

// mostCounted is how many publications are counted at once.
const mostCounted = 150

// PressCountInput is the count of one publication: none, if it did not come.
type PressCountInput struct {
	PublicationID uuid.UUID
	Delivered     int
	Remark        *string
}

// Check refuses counts that are none, and a publication that is counted twice.
func (in ReceivePressInput) Check() error {
	if err := wording.CheckName("deliverer", in.Deliverer); err != nil {
		return err
	}
	if len(in.Counts) == 0 || len(in.Counts) > mostCounted {
		return fault.Invalid("counts", "请填写 1 到 %[1]d 种报刊的数量。", "Count between 1 and %[1]d publications.", mostCounted).By("M1")
	}
	seen := map[uuid.UUID]bool{}
	for i, c := range in.Counts {
		field := fmt.Sprintf("counts.%d.", i)
		switch {
		case seen[c.PublicationID]:
			return fault.Invalid(field+"publicationID", "报刊重复,请合并为一行。", "The publication is counted twice; make it one line.").By("M1")
		case c.Delivered < 0 || c.Delivered > most:
			return fault.Invalid(field+"delivered", "请填写 0 到 %[1]d 之间的份数。", "Give a number of copies between 0 and %[1]d.", most).By("M1")
		}
		seen[c.PublicationID] = true
		if err := wording.Optional(wording.CheckLine, field+"remark", c.Remark); err != nil {
			return err
		}
	}
	if err := wording.Optional(wording.CheckRemark, "note", in.Note); err != nil {
		return err
	}
	return in.Given.Check()
}

// Prepare has the receptionist attest the deliverer's signature.
func (in ReceivePressInput) Prepare(ctx context.Context) error {
	return in.Signature.Prove(ctx, signature.Who{Name: in.Deliverer, Field: "deliverer"}, "signature")
}

// ReceivePressPayload is the receipt, and what it says of each publication, in the order given.
type ReceivePressPayload struct {
	Receipt    *ent.PressReceipt
	Deliveries []*ent.PressDelivery
}

// ReceivePress takes press over from the post office, counted and signed by both (M1). What each subscriber gets follows by itself,
// households before departments; what came short is claimed, until it is recovered or written off (M7).
//
// Errors: NOT_FOUND; CONFLICT if the issue was counted already, or its publication was voided; INVALID_INPUT for a day to come, or
// more than a month ago; RULE M1 if who delivers is who takes it over.
var ReceivePress = act.New("mail.receivePress", act.Needs(policy.PressReceipt, policy.Create), act.Clauses("M1", "M7"), receivePress)

func receivePress(tx *act.Tx, in ReceivePressInput) (*ReceivePressPayload, error) {
	at, why, err := late.When(tx, in.Given, "M1")
	if err != nil {
		return nil, err
	}
	cal, err := tx.Calendar(in.EstateID)
	if cal, err = act.Find(cal, err, "estateID"); err != nil {
		return nil, err
	}
	day := cal.Today(at)
	if in.Day != nil {
		if in.Day.After(day) || in.Day.Before(day.AddDays(-31)) {
			return nil, fault.Invalid("day", "期号日期应在最近一个月内,且不晚于收到当天。", "Give the day of the issues: within the last month, and not one to come.").By("M1")
		}
		day = *in.Day
	}
	names, err := publications(tx, in)
	if err != nil {
		return nil, err
	}
	r, err := tx.PressReceipt.Create().SetEstateID(in.EstateID).SetDay(day.UTC()).SetReceivedAt(at).SetLateReason(why).SetDeliveredBy(wording.Tidy(in.Deliverer)).
		SetReceivedByID(tx.Viewer.Account).SetReceivedByName(tx.Viewer.Name).SetNote(tidy(in.Note)).Save(tx)
	if err != nil {
		return nil, err
	}
	list, err := counted(tx, r, in.Counts)
	if err != nil {
		return nil, err
	}
	if err := claims(tx, list, names); err != nil {
		return nil, err
	}
	content := signedPress{r.DeliveredBy, day, r.ReceivedAt.UTC(), nil}
	for i, d := range list {
		content.Counts = append(content.Counts, signedIssue{names[d.PublicationID], d.Delivered, tidy(in.Counts[i].Remark)})
	}
	return &ReceivePressPayload{r, list}, pressCeremony.SignBoth(tx, signature.Signing{
		Estate: r.EstateID, Subject: r.ID, By: in.Signature, Field: "signature", Content: content,
	})
}

// publications are the names of those counted. Errors: NOT_FOUND at the one that is not there; CONFLICT if one was voided.
func publications(tx *act.Tx, in ReceivePressInput) (map[uuid.UUID]string, error) {
	list := make([]uuid.UUID, len(in.Counts))
	for i, c := range in.Counts {
		list[i] = c.PublicationID
	}
	found, err := tx.Publication.Query().Where(publication.IDIn(list...), publication.EstateID(in.EstateID)).All(tx)
	if err != nil {
		return nil, err
	}
	names := make(map[uuid.UUID]string, len(found))
	for _, p := range found {
		if err := void.Refuse(p.VoidedAt); err != nil {
			return nil, err
		}
		names[p.ID] = p.Name
	}
	for i, id := range list {
		if names[id] == "" {
			return nil, fault.Missing().At(fmt.Sprintf("counts.%d.publicationID", i))
		}
	}
	return names, nil
}

// counted records the counts: the database says what was expected, allocates and claims. They come as given.
func counted(tx *act.Tx, r *ent.PressReceipt, counts []PressCountInput) ([]*ent.PressDelivery, error) {
	rows, at := make([]*ent.PressDeliveryCreate, len(counts)), make(map[uuid.UUID]int, len(counts))
	for i, c := range counts {
		at[c.PublicationID] = i
		rows[i] = tx.PressDelivery.Create().SetEstateID(r.EstateID).SetReceiptID(r.ID).SetPublicationID(c.PublicationID).SetDay(r.Day).
			SetDelivered(c.Delivered).SetRemark(tidy(c.Remark))
	}
	if err := tx.PressDelivery.CreateBulk(rows...).Exec(tx); err != nil {
		return nil, err
	}
	found, err := tx.PressDelivery.Query().Where(pressdelivery.ReceiptID(r.ID)).All(tx)
	list := make([]*ent.PressDelivery, len(counts))
	for _, d := range found {
		list[at[d.PublicationID]] = d
	}
	return list, err
}

// claims has what came short due within a week.
func claims(tx *act.Tx, list []*ent.PressDelivery, names map[uuid.UUID]string) error {
	ids := make([]uuid.UUID, len(list))
	for i, d := range list {
		ids[i] = d.ID
	}
	found, err := tx.PressClaim.Query().Where(pressclaim.DeliveryIDIn(ids...)).All(tx)
	if err != nil {
		return err
	}
	for _, c := range found {
		if err := openClaim(tx, c, names[c.PublicationID]); err != nil {
			return err
		}
	}
	return nil
}

func openClaim(tx *act.Tx, c *ent.PressClaim, name string) error {
	cal, err := tx.Calendar(c.EstateID)
	if err != nil {
		return err
	}
	day, rest := c.Day.Format(time.DateOnly), c.Short-c.Recovered
	return dueClaim.Open(tx, obligation.Due{
		About: fmt.Sprintf("%s %s,%d 份", name, day, rest), AboutEN: fmt.Sprintf("%s of %s, %d copies", name, day, rest), Estate: c.EstateID, Subject: c.ID,
		At: cal.EndOfDay(cal.Today(tx.Now).AddDays(claimDays)), Account: tx.Viewer.Account,
	})
}

// signedPress is what both sign.
type signedPress struct {
	Deliverer  string        `json:"deliverer"`
	Day        calendar.Day  `json:"day"`
	ReceivedAt time.Time     `json:"receivedAt"`
	Counts     []signedIssue `json:"counts"`
}

type signedIssue struct {
	Publication string `json:"publication"`
	Delivered   int    `json:"delivered"`
	Remark      string `json:"remark,omitempty"`
}
