package mail

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/mailreceiptline"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/late"
	"github.com/steward-pm/steward/internal/signature"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// M1: who delivers and who takes over count together, and both sign.
var receiveCeremony = signature.Declare(signature.Ceremony{
	Kind: "mail.receive", Clause: "M1", Capacities: []string{"deliverer", "receptionist"}, Distinct: [][2]string{{"deliverer", "receptionist"}},
})

// most is how many of a kind come at once; more is a slip of the finger.
const most = 100_000

// ReceiveMailInput says what came, how many were stated and how many counted.
type ReceiveMailInput struct {
	late.Given
	EstateID  uuid.UUID
	Deliverer string // for the post office: a person's name
	Counts    []MailCountInput
	Note      *string
	Signature *signature.Input // the deliverer's
}

// MailCountInput is the count of one kind.
type MailCountInput struct {
	Kind            mailreceiptline.Kind
	Stated, Counted int
	Remark          *string
}

// Check refuses counts that are none, and a kind that is counted twice.
func (in ReceiveMailInput) Check() error {
	if err := wording.CheckName("deliverer", in.Deliverer); err != nil {
		return err
	}
	if len(in.Counts) == 0 {
		return fault.Invalid("counts", "请按种类填写数量。", "Count the mail by kind.").By("M1")
	}
	seen := map[mailreceiptline.Kind]bool{}
	for i, c := range in.Counts {
		field := fmt.Sprintf("counts.%d.", i)
		switch {
		case seen[c.Kind]:
			return fault.Invalid(field+"kind", "种类重复,请合并为一行。", "The kind is counted twice; make it one line.").By("M1")
		case c.Stated < 0 || c.Stated > most:
			return fault.Invalid(field+"stated", "请填写 0 到 %[1]d 之间的数量。", "Give a number between 0 and %[1]d.", most).By("M1")
		case c.Counted < 0 || c.Counted > most:
			return fault.Invalid(field+"counted", "请填写 0 到 %[1]d 之间的数量。", "Give a number between 0 and %[1]d.", most).By("M1")
		}
		seen[c.Kind] = true
		if err := wording.Optional(wording.CheckRemark, field+"remark", c.Remark); err != nil {
			return err
		}
	}
	if err := wording.Optional(wording.CheckRemark, "note", in.Note); err != nil {
		return err
	}
	return in.Given.Check()
}

// Prepare has the receptionist attest the deliverer's signature.
func (in ReceiveMailInput) Prepare(ctx context.Context) error {
	return in.Signature.Prove(ctx, signature.Who{Name: in.Deliverer, Field: "deliverer"}, "signature")
}

// ReceiveMailPayload is the receipt.
type ReceiveMailPayload struct{ Receipt *ent.MailReceipt }

// Receive takes mail over from the post office: what is counted stands beside what was stated, differences as they are, and
// both sign (M1).
//
// Errors: NOT_FOUND; RULE M1 if who delivers is who takes it over; CONFLICT M5 if the day is closed.
var Receive = act.New("mail.receive", act.Needs(policy.MailReceipt, policy.Create), act.Clauses("M1"), receive)

func receive(tx *act.Tx, in ReceiveMailInput) (*ReceiveMailPayload, error) {
	at, why, err := late.When(tx, in.Given, "M1")
	if err != nil {
		return nil, err
	}
	cal, err := tx.Calendar(in.EstateID)
	if cal, err = act.Find(cal, err, "estateID"); err != nil {
		return nil, err
	}
	if _, err := openDay(tx, in.EstateID, cal.Today(at)); err != nil { // M5: what comes is due the same day, which does not close meanwhile
		return nil, err
	}
	deliverer := wording.Tidy(in.Deliverer)
	r, err := tx.MailReceipt.Create().SetEstateID(in.EstateID).SetReceivedOn(cal.Today(at).UTC()).SetReceivedAt(at).SetLateReason(why).
		SetDeliveredBy(deliverer).SetReceivedByID(tx.Viewer.Account).SetReceivedByName(tx.Viewer.Name).SetNote(tidy(in.Note)).Save(tx)
	if err != nil {
		return nil, err
	}
	content := signedReceipt{deliverer, r.ReceivedAt.UTC(), nil}
	lines := make([]*ent.MailReceiptLineCreate, len(in.Counts))
	for i, c := range in.Counts {
		lines[i] = tx.MailReceiptLine.Create().SetEstateID(r.EstateID).SetReceiptID(r.ID).SetKind(c.Kind).SetStated(c.Stated).SetCounted(c.Counted).SetRemark(tidy(c.Remark))
		content.Counts = append(content.Counts, signedCount{c.Kind, c.Stated, c.Counted, tidy(c.Remark)})
	}
	if err := tx.MailReceiptLine.CreateBulk(lines...).Exec(tx); err != nil {
		return nil, err
	}
	return &ReceiveMailPayload{r}, receiveCeremony.SignBoth(tx, signature.Signing{
		Estate: r.EstateID, Subject: r.ID, By: in.Signature, Field: "signature", Content: content,
	})
}

// signedReceipt is what both sign.
type signedReceipt struct {
	Deliverer  string        `json:"deliverer"`
	ReceivedAt time.Time     `json:"receivedAt"`
	Counts     []signedCount `json:"counts"`
}

type signedCount struct {
	Kind    mailreceiptline.Kind `json:"kind"`
	Stated  int                  `json:"stated"`
	Counted int                  `json:"counted"`
	Remark  string               `json:"remark,omitempty"`
}

func tidy(text *string) string {
	if text == nil {
		return ""
	}
	return wording.Tidy(*text)
}

// Difference is how many more were counted than stated; fewer are below zero (M1).
func Difference(l *ent.MailReceiptLine) int { return l.Counted - l.Stated }
