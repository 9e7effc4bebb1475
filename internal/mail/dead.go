package mail

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/mailevent"
	"github.com/steward-pm/steward/ent/mailitem"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/signature"
	"github.com/steward-pm/steward/internal/void"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// MarkMailDeadInput names an item that nobody here receives.
type MarkMailDeadInput struct {
	ItemID uuid.UUID
	Reason string
}

// Check refuses an empty or endless reason.
func (in MarkMailDeadInput) Check() error { return wording.CheckText("reason", in.Reason, 1, 500) }

// MarkMailDeadPayload is the item as it stands after.
type MarkMailDeadPayload struct{ Item *ent.MailItem }

// MarkDead records that an item is a dead letter: it is due back at the post office the same day (M4).
//
// Errors: NOT_FOUND; CONFLICT for an item that is neither just received nor sorted; RULE M4 for one that is signed for and was sorted.
var MarkDead = act.Guarded(act.New("mail.markDead", act.Needs(policy.MailItem, policy.Update), act.Clauses("M4"), markDead), guard(canMarkDead))

func markDead(tx *act.Tx, in MarkMailDeadInput) (*MarkMailDeadPayload, error) {
	item, err := itemOf(tx, in.ItemID, "itemID")
	if err != nil {
		return nil, err
	}
	if err := canMarkDead(tx, item); err != nil {
		return nil, err
	}
	reason := wording.Tidy(in.Reason)
	tx.Because(reason)
	if err := event(tx, item, mailevent.StateDead).SetReason(reason).Exec(tx); err != nil {
		return nil, err
	}
	if err := today(tx, dueReturn, item); err != nil {
		return nil, err
	}
	item, err = after(tx, item)
	return &MarkMailDeadPayload{item}, err
}

// canMarkDead refuses what is no longer on its way, and what was sorted and is signed for: of that a superior decides that it is dead, once
// it was raised as doubtful.
func canMarkDead(tx *act.Tx, item *ent.MailItem) error {
	if err := canSetAside(tx, item); err != nil {
		return err
	}
	if item.State == mailitem.StateSorted && accountable(item) {
		return notDeadAlone()
	}
	return nil
}

// M4: who takes dead mail back for the post office signs for each item, and who hands it over; nobody is both.
var returnCeremony = signature.Declare(signature.Ceremony{
	Kind: "mail.return", Clause: "M4", Capacities: []string{"taker", "handler"}, Distinct: [][2]string{{"taker", "handler"}},
})

// mostReturned is how many items go back at once, each signed for.
const mostReturned = 50

// ReturnMailInput names dead items, and who takes them back for the post office.
type ReturnMailInput struct {
	ItemIDs   []uuid.UUID
	TakenBy   string
	Signature *signature.Input // the taker's
}

// Check refuses what is no list of items, and no name.
func (in ReturnMailInput) Check() error {
	if err := wording.CheckName("takenBy", in.TakenBy); err != nil {
		return err
	}
	if len(in.ItemIDs) > mostReturned {
		return fault.Invalid("itemIDs", "一次最多退回 %[1]d 件邮件。", "Return at most %[1]d items at once.", mostReturned).By("M4")
	}
	return checkItems(in.ItemIDs)
}

// Prepare has who hands the items over attest the taker's signature.
func (in ReturnMailInput) Prepare(ctx context.Context) error {
	return in.Signature.Prove(ctx, signature.Who{Name: in.TakenBy, Field: "takenBy"}, "signature")
}

// ReturnMailPayload are the items as they stand after, in the order given.
type ReturnMailPayload struct{ Items []*ent.MailItem }

// Return records that dead items went back to the post office, signed for by who takes them and who hands them over (M4).
//
// Errors: NOT_FOUND; CONFLICT for an item that is not dead; RULE M4 if who takes them is who hands them over.
var Return = act.Guarded(act.New("mail.return", act.Needs(policy.MailItem, policy.Update), act.Clauses("M4"), returnMail), guard(canReturn))

func returnMail(tx *act.Tx, in ReturnMailInput) (*ReturnMailPayload, error) {
	items, err := itemsOf(tx, in.ItemIDs)
	if err != nil {
		return nil, err
	}
	for _, item := range items {
		if err := canReturn(tx, item); err != nil {
			return nil, err
		}
	}
	for _, item := range items {
		if err := in.handOver(tx, item); err != nil {
			return nil, err
		}
	}
	items, err = itemsOf(tx, in.ItemIDs)
	return &ReturnMailPayload{items}, err
}

// handOver records that an item went back, and both sign for it.
func (in ReturnMailInput) handOver(tx *act.Tx, item *ent.MailItem) error {
	taker := wording.Tidy(in.TakenBy)
	if err := event(tx, item, mailevent.StateReturned).SetTakenBy(taker).Exec(tx); err != nil {
		return err
	}
	if err := dueReturn.Meet(tx, item.ID); err != nil {
		return err
	}
	return returnCeremony.SignBoth(tx, signature.Signing{
		Estate: item.EstateID, Subject: item.ID, By: in.Signature, Field: "signature",
		Content: signedReturn{taker, tx.Now.UTC(), signedItem{item.ID, item.Kind, item.Barcode}},
	})
}

// signedReturn is what both sign.
type signedReturn struct {
	Taker      string     `json:"taker"`
	ReturnedAt time.Time  `json:"returnedAt"`
	Item       signedItem `json:"item"`
}

func canReturn(_ *act.Tx, item *ent.MailItem) error {
	if err := void.Refuse(item.VoidedAt); err != nil {
		return err
	}
	return in(item, mailitem.StateDead)
}
