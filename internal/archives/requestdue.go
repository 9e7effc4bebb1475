package archives

import (
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/ent"
	entapproval "github.com/steward-pm/steward/ent/approval"
	"github.com/steward-pm/steward/ent/archiverequest"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/policy"
)

// toAnswer is due from when it is asked until it is answered, whether documents are named or not: what is due does not tell who asked
// that there are any (A5).
var toAnswer = obligation.Declare(obligation.Kind{Name: "archives.answer", Clause: "A5", TitleZH: "答复调阅申请 ", TitleEN: "Answer the request ", Answer: whoAnswer, Of: ent.TypeArchiveRequest})

// open makes the answer due by the end of the second working day, and tells the archivists.
func open(tx *act.Tx, r *ent.ArchiveRequest) error {
	today, err := tx.Today(r.EstateID)
	if err != nil {
		return err
	}
	if err := toAnswer.Open(tx, obligation.Due{About: r.Code, Estate: r.EstateID, Subject: r.ID, Term: obligation.Term{From: today, Days: 2, NotAfter: r.ValidUntil}}); err != nil {
		return err
	}
	list, err := archivists(tx, r.EstateID)
	if err != nil {
		return err
	}
	messages := make([]account.Message, len(list))
	for i, id := range list {
		messages[i] = account.Message{
			AccountID: id, Estate: r.EstateID, Kind: "archives.requested", Subject: r.ID,
			TitleZH: "调阅申请 " + r.Code + ":" + r.AskedByName, TitleEN: "Request " + r.Code + ": " + r.AskedByName,
			BodyZH: "用途和内容见申请。", BodyEN: "The request says what for, and what.",
		}
	}
	return tx.Runtime().Accounts.Post(tx, tx.Raw, messages...)
}

func archivists(tx *act.Tx, estate uuid.UUID) ([]uuid.UUID, error) {
	return holders(tx, estate, policy.Archivist)
}

// holdersIn is the key of who holds a role in an estate.
type holdersIn struct {
	estate uuid.UUID
	role   policy.Role
}

// holders are the accounts that hold the role in the estate today.
func holders(tx *act.Tx, estate uuid.UUID, role policy.Role) ([]uuid.UUID, error) {
	return act.Once(tx, holdersIn{estate, role}, func() ([]uuid.UUID, error) {
		today, err := tx.Today(estate)
		if err != nil {
			return nil, err
		}
		rows, err := tx.Raw.Query(tx, `SELECT DISTINCT account FROM identity.holders($1, $2) WHERE role = $3 ORDER BY 1`, estate, today, role)
		if err != nil {
			return nil, err
		}
		return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	})
}

// whoAnswer finds who is to do something about each request: who decides once documents are named, and the archivists before.
func whoAnswer(tx *act.Tx, subjects []uuid.UUID) (map[uuid.UUID][]uuid.UUID, error) {
	out := make(map[uuid.UUID][]uuid.UUID, len(subjects))
	list, err := tx.ArchiveRequest.Query().Where(archiverequest.IDIn(subjects...)).All(tx)
	if err != nil {
		return nil, err
	}
	for _, r := range list {
		if out[r.ID], err = archivists(tx, r.EstateID); err != nil {
			return nil, err
		}
	}
	put, err := tx.Approval.Query().Where(entapproval.SubjectIDIn(subjects...), entapproval.Kind(showing.Name), entapproval.StateEQ(entapproval.StateAsked)).All(tx)
	if err != nil {
		return nil, err
	}
	for _, a := range put {
		if out[a.SubjectID], err = showing.Deciders(tx, a); err != nil {
			return nil, err
		}
	}
	return out, nil
}
