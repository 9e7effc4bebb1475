package keys

import (
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// NoteOutstandingKeysInput says what is done about keys that engineering still owes.
type NoteOutstandingKeysInput struct {
	SetID      uuid.UUID
	Note       string
	FollowUpOn *calendar.Day // nil: not planned
}

// Check refuses an empty or endless note.
func (in NoteOutstandingKeysInput) Check() error { return wording.CheckText("note", in.Note, 1, 500) }

// NoteOutstandingKeysPayload is the note.
type NoteOutstandingKeysPayload struct{ FollowUp *ent.KeyFollowUp }

// NoteOutstanding notes what is done about keys not handed over yet; notes stay as they are (K1.4).
//
// Errors: NOT_FOUND; INVALID_INPUT for a day that is past; CONFLICT if engineering owes no key of the set.
var NoteOutstanding = act.New("keys.noteOutstanding", act.Needs(policy.KeyFollowUp, policy.Create), act.Clauses("K1.4"), noteOutstanding)

func noteOutstanding(tx *act.Tx, in NoteOutstandingKeysInput) (*NoteOutstandingKeysPayload, error) {
	set, err := tx.KeySet.Get(tx, in.SetID)
	if set, err = act.Find(set, err, "setID"); err != nil {
		return nil, err
	}
	if set.Outstanding == 0 {
		return nil, fault.Clash("这套钥匙已全部移交,无需跟进。", "All keys of this set were handed over; there is nothing to follow up.").By("K1.4").At("setID")
	}
	c := tx.KeyFollowUp.Create().SetEstateID(set.EstateID).SetSetID(set.ID).SetNote(wording.Tidy(in.Note)).SetOutstanding(set.Outstanding).
		SetNotedByID(tx.Viewer.Account).SetNotedByName(tx.Viewer.Name)
	if in.FollowUpOn != nil {
		today, err := tx.Today(set.EstateID)
		if err != nil {
			return nil, err
		}
		if in.FollowUpOn.Before(today) {
			return nil, fault.Invalid("followUpOn", "下次跟进不能早于今天。", "The next follow-up is today or later.").By("K1.4")
		}
		c.SetFollowUpOn(in.FollowUpOn.UTC())
	}
	n, err := c.Save(tx)
	return &NoteOutstandingKeysPayload{n}, err
}
