package approval

import (
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/approval"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/policy"
)

// holder is an account that holds a role in an estate, or everywhere.
type holder struct {
	Account    uuid.UUID
	Role       policy.Role
	Everywhere bool
	Department *uuid.UUID
}

// holdersIn is the key of an estate's holders.
type holdersIn uuid.UUID

// holders reads who holds which role in the estate today, residents left out, in one statement.
func holders(tx *act.Tx, estate uuid.UUID) ([]holder, error) {
	return act.Once(tx, holdersIn(estate), func() ([]holder, error) {
		today, err := tx.Today(estate)
		if err != nil {
			return nil, err
		}
		rows, err := tx.Raw.Query(tx, `SELECT account, role, everywhere, department FROM identity.holders($1, $2)`, estate, today)
		if err != nil {
			return nil, err
		}
		return pgx.CollectRows(rows, pgx.RowToStructByPos[holder])
	})
}

// deciders are the accounts to whom the question is put: who may decide in the estate itself, and where there is
// nobody but who asked, those who may everywhere.
func (k *Kind) deciders(tx *act.Tx, a *ent.Approval) (list []uuid.UUID, err error) {
	all, err := holders(tx, a.EstateID)
	roles, heads := tx.Viewer.Holders(k.Resource, policy.Approve), tx.Viewer.Heads(k.Resource, policy.Approve)
	may := func(h holder) bool {
		if k.Led && h.Role == policy.Supervisor && (h.Department == nil || a.DepartmentID == nil || *h.Department != *a.DepartmentID) {
			return false
		}
		return slices.Contains(roles, h.Role) ||
			slices.Contains(heads, h.Role) && h.Department != nil && a.DepartmentID != nil && *h.Department == *a.DepartmentID
	}
	for _, everywhere := range []bool{false, true} {
		for _, h := range all {
			if h.Everywhere == everywhere && h.Account != a.AskedByID && may(h) && !slices.Contains(list, h.Account) {
				list = append(list, h.Account)
			}
		}
		if len(list) > 0 {
			break
		}
	}
	return list, err
}

// Deciders are the accounts to whom the question is put, for a chapter's own obligation.
func (k *Kind) Deciders(tx *act.Tx, a *ent.Approval) ([]uuid.UUID, error) { return k.deciders(tx, a) }

// tellDeciders puts the question into the inboxes of who may decide it.
func (k *Kind) tellDeciders(tx *act.Tx, a *ent.Approval) error {
	deciders, err := k.deciders(tx, a)
	if err != nil {
		return err
	}
	m := message(a, "approval.asked", "请审批:", "Please decide: ")
	m.BodyZH = fmt.Sprintf("%s 申请,理由:%s(%s)。", a.AskedByName, a.Reason, a.Clause)
	m.BodyEN = fmt.Sprintf("Asked by %s, because: %s (%s).", a.AskedByName, a.Reason, a.Clause)
	if k.Kept { // an inbox is no place for what goes with the question
		m.BodyZH, m.BodyEN = fmt.Sprintf("%s 申请(%s)。", a.AskedByName, a.Clause), fmt.Sprintf("Asked by %s (%s).", a.AskedByName, a.Clause)
	}
	messages := make([]account.Message, len(deciders))
	for i, decider := range deciders {
		messages[i] = m
		messages[i].AccountID = decider
	}
	return tx.Runtime().Accounts.Post(tx, tx.Raw, messages...)
}

// outcomes are how who asked is told what became of the question.
var outcomes = map[approval.State][2]string{
	approval.StateGiven:     {"已批准:", "Given: "},
	approval.StateDeclined:  {"未批准:", "Declined: "},
	approval.StateWithdrawn: {"已撤回:", "Withdrawn: "},
	approval.StateExpired:   {"已过期:", "Expired: "},
}

// tellAsker puts what became of the question into the inbox of who asked it, unless that is who did it.
func tellAsker(tx *act.Tx, a *ent.Approval, by, note string) error {
	if a.AskedByID == tx.Viewer.Account {
		return nil
	}
	title := outcomes[a.State]
	m := message(a, "approval.decided", title[0], title[1])
	m.AccountID = a.AskedByID
	if by == "" {
		m.BodyZH, m.BodyEN = "请在需要时重新申请。", "Ask again if it is still needed."
	} else {
		m.BodyZH, m.BodyEN = by+" 办理。", "By "+by+"."
	}
	if k := kinds[a.Kind]; note != "" && !(k != nil && k.Kept) {
		m.BodyZH, m.BodyEN = m.BodyZH+note, m.BodyEN+" "+note
	}
	return tx.Runtime().Accounts.Post(tx, tx.Raw, m)
}

func message(a *ent.Approval, kind, zh, en string) account.Message {
	return account.Message{Estate: a.EstateID, Kind: kind, Subject: a.ID, TitleZH: zh + a.Title, TitleEN: en + a.TitleEn}
}

// whoDecide finds who may decide each of the questions, to be reminded of what waits for them.
func whoDecide(tx *act.Tx, subjects []uuid.UUID) (map[uuid.UUID][]uuid.UUID, error) {
	list, err := tx.Approval.Query().Where(approval.IDIn(subjects...)).All(tx)
	if err != nil {
		return nil, err
	}
	out := make(map[uuid.UUID][]uuid.UUID, len(list))
	for _, a := range list {
		if k := kinds[a.Kind]; k != nil {
			if out[a.ID], err = k.deciders(tx, a); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}
