package fees

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/feedispatch"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/late"
	"github.com/steward-pm/steward/internal/signature"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

const (
	// mostStops is how many notices a route has at most.
	mostStops = 30
	// mostPostage is the most that one letter costs, in fen; more is a slip of the finger.
	mostPostage = 100_000
)

// DispatchFeeNoticesInput is a route: one or more notices, each with how it was brought.
type DispatchFeeNoticesInput struct {
	late.Given
	Dispatches []FeeDispatchInput
}

// FeeDispatchInput is one attempt to bring a fee notice or a dunning notice.
type FeeDispatchInput struct {
	NoticeID, DunningID *uuid.UUID
	Method              feedispatch.Method
	Capacity            *feedispatch.Capacity // in person: of the household, or of the family
	ResidentID          *uuid.UUID            // signs, as one of the household's residents
	Recipient           *string               // signs, by name: another than these
	Relation            *string               // of a member of the family
	Signature           *signature.Input
	Postage             *int
	Tracking, Reason    *string
	UploadIDs           []uuid.UUID // uploads that prove it
}

// Check refuses a route that says twice what was brought, and a stop that does not say how.
func (in DispatchFeeNoticesInput) Check() error {
	if len(in.Dispatches) == 0 || len(in.Dispatches) > mostStops {
		return fault.Invalid("dispatches", "请填写 1 到 %[1]d 份通知单的派发。", "Give between 1 and %[1]d notices.", mostStops).By("F3")
	}
	var seen []uuid.UUID
	for i, d := range in.Dispatches {
		field := fmt.Sprintf("dispatches.%d.", i)
		if err := d.check(field); err != nil {
			return err
		}
		if slices.Contains(seen, d.id()) {
			return fault.Invalid(field+d.of(), "同一份通知单只能填一次。", "Name each notice once.").By("F3")
		}
		seen = append(seen, d.id())
	}
	return in.Given.Check()
}

// id is of what is brought.
func (in FeeDispatchInput) id() uuid.UUID {
	if in.NoticeID != nil {
		return *in.NoticeID
	}
	return *in.DunningID
}

// of is the field that says what is brought.
func (in FeeDispatchInput) of() string {
	if in.NoticeID != nil {
		return "noticeID"
	}
	return "dunningID"
}

// clause is F3 of a fee notice, F8 of a dunning notice.
func (in FeeDispatchInput) clause() string {
	if in.DunningID != nil {
		return "F8"
	}
	return "F3"
}

func (in FeeDispatchInput) check(field string) error {
	if (in.NoticeID == nil) == (in.DunningID == nil) {
		return fault.Invalid(field+"noticeID", "请选择一份收费通知单或催缴通知单。", "Name a fee notice or a dunning notice, and one of them only.").By("F3")
	}
	if err := in.signed(field); err != nil {
		return err
	}
	posted := in.Method == feedispatch.MethodPost
	switch {
	case posted && (in.Postage == nil || *in.Postage < 1 || *in.Postage > mostPostage):
		return fault.Invalid(field+"postage", "邮寄请填写邮资,单位为分。", "Of what is posted, give the postage in fen.").By(in.clause())
	case !posted && in.Postage != nil:
		return fault.Invalid(field+"postage", "只有邮寄才有邮资。", "Only what is posted has postage.").By(in.clause())
	case !posted && in.Tracking != nil:
		return fault.Invalid(field+"tracking", "只有邮寄才有邮件号。", "Only what is posted has a number with the post.").By(in.clause())
	case in.needsReason() != (tidy(in.Reason) != ""):
		return fault.Invalid(field+"reason", "邮寄、无人在家请说明原因;当面签收、投入信箱不需要原因。", "Say why it was posted, or what was met where nobody was home; the other ways need no reason.").By(in.clause())
	case len(in.UploadIDs) > mostProofs:
		return tooManyProofs(field + "uploadIDs")
	}
	if err := wording.Optional(wording.CheckLine, field+"tracking", in.Tracking); err != nil {
		return err
	}
	return wording.Optional(wording.CheckLine, field+"reason", in.Reason)
}

// needsReason tells whether it is said why it was so: of what was posted, and of what was in vain.
func (in FeeDispatchInput) needsReason() bool {
	return in.Method == feedispatch.MethodPost || in.Method == feedispatch.MethodAbsent
}

// signed refuses a signature where nobody signs, and the lack of one where somebody does.
func (in FeeDispatchInput) signed(field string) error {
	given := in.Capacity != nil || in.ResidentID != nil || in.Recipient != nil || in.Relation != nil || in.Signature != nil
	switch {
	case in.Method != feedispatch.MethodInPerson && given:
		return fault.Invalid(field+"method", "只有当面送交才签收。", "Only what is handed over in person is signed for.").By(in.clause())
	case in.Method != feedispatch.MethodInPerson:
		return nil
	case in.Capacity == nil:
		return fault.Invalid(field+"capacity", "请说明签收人是业户本人还是家属。", "Say whether the household signs, or a member of the family.").By(in.clause())
	case (in.ResidentID == nil) == (in.Recipient == nil):
		return fault.Invalid(field+"residentID", "请指明签收人:住户,或其他人的姓名。", "Say who signs: a resident, or another by name.").By(in.clause())
	case (*in.Capacity == feedispatch.CapacityFamily) != (tidy(in.Relation) != ""):
		return fault.Invalid(field+"relation", "家属签收请写明与业户的关系;业户本人签收不用填。", "Of a member of the family say the relation to the household; of the household itself leave it out.").By(in.clause())
	case in.Recipient != nil:
		if err := wording.CheckName(field+"recipient", *in.Recipient); err != nil {
			return err
		}
	}
	return wording.Optional(wording.CheckLine, field+"relation", in.Relation)
}

// Prepare proves each signature: a resident with an account by the own password, others as attested by who brings the notice.
func (in DispatchFeeNoticesInput) Prepare(ctx context.Context) error {
	for i, d := range in.Dispatches {
		if d.Method != feedispatch.MethodInPerson {
			continue
		}
		field := fmt.Sprintf("dispatches.%d.", i)
		who := signature.Who{Resident: d.ResidentID, Field: field + "residentID"}
		if d.Recipient != nil {
			who = signature.Who{Name: *d.Recipient, Field: field + "recipient"}
		}
		if err := d.Signature.Prove(ctx, who, field+"signature"); err != nil {
			return err
		}
	}
	return nil
}

// DispatchFeeNoticesPayload are the attempts, in the order given.
type DispatchFeeNoticesPayload struct{ Dispatches []*ent.FeeDispatch }

// Dispatch records how notices were brought to their households, singly or along a route: handed over and signed for, into the mailbox because nobody was
// home, by post, or in vain (F3, F4). A dunning notice is signed for or posted (F8), and goes out only once it is stamped and with customer service (F7). A
// route is recorded as a whole or not at all.
//
// Errors: NOT_FOUND; INVALID_INPUT for a wrong password, and for a time before the last attempt or its return; CONFLICT F3 for a notice that customer service has not got, or that was dispatched and did not
// come back; RULE F7 for a dunning notice that is not stamped and handed over, F8 for one that goes into the mailbox; RULE F3 if who brings it signs, or somebody
// of another household.
var Dispatch = act.New("fees.dispatch", act.Needs(policy.FeeDispatch, policy.Create), act.Clauses("F3", "F4", "F7", "F8"), dispatch)

func dispatch(tx *act.Tx, in DispatchFeeNoticesInput) (*DispatchFeeNoticesPayload, error) {
	at, why, err := late.When(tx, in.Given, "F3")
	if err != nil {
		return nil, err
	}
	route, err := routeOf(tx, in.Dispatches)
	if err != nil {
		return nil, err
	}
	out := &DispatchFeeNoticesPayload{}
	for _, s := range route {
		d, err := s.bring(tx, at, why)
		if err != nil {
			return nil, err
		}
		out.Dispatches = append(out.Dispatches, d)
	}
	if err := allDispatched(tx, route, at); err != nil {
		return nil, err
	}
	return out, toReport(tx, route)
}
