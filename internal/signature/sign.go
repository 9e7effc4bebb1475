package signature

import (
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/signature"
	"github.com/steward-pm/steward/ent/staff"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/fault"
)

// Signing is one signature to be recorded.
type Signing struct {
	Capacity        string     // one of the ceremony's
	Estate, Subject uuid.UUID  // what is signed
	Household       *uuid.UUID // concerned, if any: its residents see the signature
	By              *Input     // as proved; SignBySession takes no more of it than the strokes
	Content         any        // what exactly is signed, as JSON
	Field           string     // of the input, named in refusals
}

// Sign records the signature that By proved.
//
// Errors: INVALID_INPUT if nobody signed, or the signer is of another department than signs; RULE with the ceremony's clause if the
// same person signed in a distinct capacity, or a mere name is that of a member of staff or of the viewer; CONFLICT if it is signed already, if another content was signed, or if the signer has left; NOT_FOUND for a signer of another estate.
func (c *Ceremony) Sign(tx *act.Tx, s Signing) (*ent.Signature, error) {
	switch {
	case s.By == nil:
		return nil, unsigned(s.Field).By(c.Clause)
	case s.By.proved == nil:
		return nil, fmt.Errorf("signature: %s by %s was not proved before the transaction", c.Kind, s.Capacity)
	}
	return c.sign(tx, s, *s.By.proved, signature.MethodCredential)
}

// SignBySession records the viewer's signature, by being signed in: that of the handler of an everyday act.
//
// Errors: FORBIDDEN for an API token and for the program itself; else as Sign.
func (c *Ceremony) SignBySession(tx *act.Tx, s Signing) (*ent.Signature, error) {
	if err := inPerson(tx.Viewer); err != nil {
		return nil, err
	}
	return c.sign(tx, s, proof{Who: Who{Viewer: true, Field: s.Field}, name: tx.Viewer.Name, account: tx.Viewer.Account}, signature.MethodSession)
}

// SignBoth records two signatures over the same: that of the other side, which By proved, in the ceremony's first capacity, and the
// viewer's by session in the second.
//
// Errors: as Sign and SignBySession.
func (c *Ceremony) SignBoth(tx *act.Tx, s Signing) error {
	s.Capacity = c.Capacities[0]
	if _, err := c.Sign(tx, s); err != nil {
		return err
	}
	s.Capacity, s.By = c.Capacities[1], nil
	_, err := c.SignBySession(tx, s)
	return err
}

func (c *Ceremony) sign(tx *act.Tx, s Signing, p proof, method signature.Method) (*ent.Signature, error) {
	if !slices.Contains(c.Capacities, s.Capacity) {
		return nil, fmt.Errorf("signature: nobody signs %s as %s", c.Kind, s.Capacity)
	}
	_, hash, err := Canonical(s.Content)
	if err != nil {
		return nil, err
	}
	if err := p.belongs(tx, s); err != nil {
		return nil, err
	}
	row := tx.Signature.Create().SetEstateID(s.Estate).SetKind(c.Kind).SetSubjectID(s.Subject).SetCapacity(s.Capacity).
		SetSignerName(p.name).SetNillableStaffID(p.Staff).SetNillableResidentID(p.Resident).
		SetContentHash(hash).SetSignedAt(tx.Now).SetNillableHouseholdID(s.Household)
	if p.account != uuid.Nil {
		row.SetMethod(method).SetAccountID(p.account)
	} else {
		row.SetMethod(signature.MethodAttested).SetAttestedByID(tx.Viewer.Account).SetAttestedByName(tx.Viewer.Name)
	}
	if s.By != nil && s.By.Strokes != nil {
		row.SetStrokes(s.By.Strokes.json())
	}
	out, err := row.Save(tx)
	if act.RefusedBy(err, "signatures_name") || act.RefusedBy(err, "signatures_department") {
		s.Field = p.Field
	}
	return out, c.explain(err, s.Field)
}

// belongs refuses a signer of another estate and one who has left, and knows the viewer, or an account, as a member of staff of the estate.
func (p *proof) belongs(tx *act.Tx, s Signing) error {
	if p.Viewer || p.Account != uuid.Nil {
		m, err := tx.Staff.Query().Where(staff.EstateID(s.Estate), staff.AccountID(p.account)).Only(tx)
		if ent.IsNotFound(err) {
			return nil // a general manager is of no estate
		} else if err != nil {
			return err
		}
		p.name, p.Staff = m.Name, &m.ID
		if !p.Viewer {
			p.until = m.EmployedUntil
		}
	} else if p.estate != uuid.Nil && p.estate != s.Estate {
		return fault.Missing().At(p.Field)
	}
	if p.until == nil {
		return nil
	}
	today, err := tx.Today(s.Estate)
	if err == nil && !calendar.DayOf(*p.until).After(today) {
		err = fault.Clash("%[1]s 已离职,不能签字。", "%[1]s has left and cannot sign.", p.name).At(s.Field)
	}
	return err
}

// explain tells by which clause the database refused.
func (c *Ceremony) explain(err error, field string) error {
	if f := act.Explained(err); f != nil {
		return f.By(c.Clause).At(field)
	}
	return err
}
