package fees

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/feedispatch"
	"github.com/steward-pm/steward/ent/feedunning"
	"github.com/steward-pm/steward/ent/feenotice"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/signature"
)

// F3, F8: the household or its family signs, and who brings it; nobody is both.
var dispatchCeremony = signature.Declare(signature.Ceremony{
	Kind: "fees.dispatch", Clause: "F3", Capacities: []string{"recipient", "handler"}, Distinct: [][2]string{{"recipient", "handler"}}, Subject: ent.TypeFeeDispatch,
})

// stop is one notice on a route: a fee notice with its run, or a dunning notice.
type stop struct {
	in      FeeDispatchInput
	field   string
	notice  *ent.FeeNotice
	dunning *ent.FeeDunning
	before  []*ent.FeeDispatch // the attempts until now, the last one first
}

// routeOf finds what the route brings, and what was tried before, in a constant number of statements.
//
// Errors: NOT_FOUND; CONFLICT and RULE for what is not to be brought now.
func routeOf(tx *act.Tx, in []FeeDispatchInput) ([]*stop, error) {
	var ids []uuid.UUID
	for _, d := range in {
		ids = append(ids, d.id())
	}
	notices, err := tx.FeeNotice.Query().Where(feenotice.IDIn(ids...)).WithRun().Order(feenotice.ByID()).All(tx) // the database locks them with the attempt
	if err != nil {
		return nil, err
	}
	dunnings, err := tx.FeeDunning.Query().Where(feedunning.IDIn(ids...)).Order(feedunning.ByID()).ForUpdate().All(tx)
	if err != nil {
		return nil, err
	}
	before, err := tx.FeeDispatch.Query().Where(feedispatch.Or(feedispatch.NoticeIDIn(ids...), feedispatch.DunningIDIn(ids...))).Order(feedispatch.ByID()).All(tx)
	if err != nil {
		return nil, err
	}
	route := make([]*stop, len(in))
	for i, d := range in {
		s := &stop{in: d, field: fmt.Sprintf("dispatches.%d.", i)}
		for _, n := range notices {
			if n.ID == d.id() && d.NoticeID != nil {
				s.notice = n
			}
		}
		for _, n := range dunnings {
			if n.ID == d.id() && d.DunningID != nil {
				s.dunning = n
			}
		}
		for _, b := range before {
			if b.NoticeID != nil && *b.NoticeID == d.id() || b.DunningID != nil && *b.DunningID == d.id() {
				s.before = append([]*ent.FeeDispatch{b}, s.before...)
			}
		}
		if err := s.check(tx); err != nil {
			return nil, err
		}
		route[i] = s
	}
	return route, nil
}

// check refuses what is not to be brought now, and who signs for another.
func (s *stop) check(tx *act.Tx) error {
	switch {
	case s.notice == nil && s.dunning == nil:
		return fault.Missing().At(s.field + s.in.of())
	case s.notice != nil && s.notice.Edges.Run.ReceivedAt == nil:
		return notReceived().At(s.field + "noticeID")
	case s.notice != nil && s.notice.Dispatch == feenotice.DispatchDispatched:
		return dispatchedBefore().At(s.field + "noticeID")
	case s.dunning != nil && s.in.Method == feedispatch.MethodMailbox:
		return fault.Rule("F8", "催缴通知单须由业户或家属签收,或说明原因后邮寄,不能投入信箱。",
			"A dunning notice is signed for by the household or its family, or posted with a reason; it does not go into the mailbox.").At(s.field + "method")
	case s.dunning != nil && s.dunning.StampedAt == nil:
		return unstamped().At(s.field + "dunningID")
	case s.dunning != nil && s.dunning.State != feedunning.StateHanded && s.dunning.State != feedunning.StateDispatched:
		return notHanded().At(s.field + "dunningID")
	case s.in.ResidentID == nil:
		return nil
	}
	r, err := tx.Resident.Get(tx, *s.in.ResidentID)
	if r, err = act.Find(r, err, s.field+"residentID"); err != nil {
		return err
	}
	if r.HouseholdID != s.household() {
		return notOfHousehold().At(s.field + "residentID")
	}
	return nil
}

func (s *stop) estate() uuid.UUID {
	if s.notice != nil {
		return s.notice.EstateID
	}
	return s.dunning.EstateID
}

func (s *stop) household() uuid.UUID {
	if s.notice != nil {
		return s.notice.HouseholdID
	}
	return s.dunning.HouseholdID
}

// due is by when this attempt was to be made; nil where nothing was due.
func (s *stop) due(tx *act.Tx) (*time.Time, error) {
	for _, d := range s.before {
		if d.VoidedAt != nil || d.Method == feedispatch.MethodAbsent {
			continue
		}
		if d.ReturnedAt != nil {
			_, at, err := within(tx, d.EstateID, *d.ReturnedAt)
			return &at, err
		}
	}
	switch {
	case s.notice != nil:
		return s.notice.Edges.Run.DispatchDueAt, nil
	case s.dunning.DispatchedAt != nil:
		return s.dunning.DeliverDueAt, nil
	}
	return s.dunning.DispatchDueAt, nil
}

// bring records the attempt, has who is there sign for it, and keeps what proves it.
func (s *stop) bring(tx *act.Tx, at time.Time, why string) (*ent.FeeDispatch, error) {
	due, err := s.due(tx)
	if err != nil {
		return nil, err
	}
	c := tx.FeeDispatch.Create().SetEstateID(s.estate()).SetHouseholdID(s.household()).SetNillableNoticeID(s.in.NoticeID).SetNillableDunningID(s.in.DunningID).
		SetAttempt(len(s.before) + 1).SetMethod(s.in.Method).SetNillableCapacity(s.in.Capacity).SetRelation(tidy(s.in.Relation)).SetTracking(tidy(s.in.Tracking)).SetReason(tidy(s.in.Reason)).
		SetDispatchedAt(at).SetDispatchedByID(tx.Viewer.Account).SetDispatchedByName(tx.Viewer.Name).SetLateReason(why).SetNillableDueAt(due).SetLate(due != nil && at.After(*due))
	if s.notice != nil {
		c.SetNumber(s.notice.Number).SetAddress(s.notice.Address).SetSortKey(s.notice.SortKey)
	} else {
		c.SetNumber(dunningNumber(s.dunning)).SetAddress(s.dunning.Address).SetSortKey(s.dunning.SortKey)
	}
	if s.in.Postage != nil {
		c.SetPostage(int64(*s.in.Postage))
	}
	name, err := s.recipient(tx)
	if err != nil {
		return nil, err
	}
	d, err := c.SetRecipient(name).Save(tx)
	if err != nil {
		return nil, err
	}
	if d.Method == feedispatch.MethodInPerson {
		if err := dispatchCeremony.SignBoth(tx, signature.Signing{
			Estate: d.EstateID, Subject: d.ID, Household: &d.HouseholdID, By: s.in.Signature, Field: s.field + "signature", Content: s.receipt(d),
		}); err != nil {
			return nil, err
		}
	}
	if err := prove(tx, d, s.in.UploadIDs, s.field+"uploadIDs"); err != nil {
		return nil, err
	}
	return d, s.met(tx, d)
}

// recipient is the name of who signs; empty where nobody does.
func (s *stop) recipient(tx *act.Tx) (string, error) {
	if s.in.ResidentID == nil {
		return tidy(s.in.Recipient), nil
	}
	r, err := tx.Resident.Get(tx, *s.in.ResidentID)
	if err != nil {
		return "", err
	}
	return r.Name, nil
}

// signedReceipt is what the household signs for: what it got, of what amount.
type signedReceipt struct {
	Number    string    `json:"number"`
	Address   string    `json:"address"`
	Amount    int64     `json:"amount"`
	Recipient string    `json:"recipient"`
	Relation  string    `json:"relation,omitempty"`
	At        time.Time `json:"deliveredAt"`
}

func (s *stop) receipt(d *ent.FeeDispatch) signedReceipt {
	var amount int64
	switch {
	case s.notice != nil:
		amount = s.notice.Amount
	case s.dunning != nil:
		amount = s.dunning.Amount
	}
	return signedReceipt{d.Number, d.Address, amount, d.Recipient, d.Relation, d.DispatchedAt.UTC()}
}
