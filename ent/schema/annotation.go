// Package schema declares the entities: one file per group, mixins carry identity, tenancy and versions. It
// imports nothing generated, so that everything generated can be made from nothing.
package schema

import (
	"entgo.io/ent/schema"
	"github.com/steward-pm/steward/internal/ids"
)

// Steward is the annotation by which an entity or a field declares itself to the code that is
// generated beside ent's (ent/template): tenancy, scope, filters, confidentiality.
// Entities set the first group, fields the second.
type Steward struct {
	Code       ids.Code `json:",omitempty"` // type code, the last two bytes of every id
	Estate     string   `json:",omitempty"` // column that holds the tenant
	Department string   `json:",omitempty"` // column that makes a row a department's own
	Self       string   `json:",omitempty"` // column with the account whom the row concerns
	Household  string   `json:",omitempty"` // column with the household whose residents may read the row
	Voided     string   `json:",omitempty"` // column that says when a row was voided, from when on it concerns nobody: neither account nor household reaches it
	Permits    string   `json:",omitempty"` // table of permits, by which single accounts may read single rows for a time
	Document   string   `json:",omitempty"` // column with what the row is a part of, or its own id: its confidential values go by that one's key
	Watched    bool     `json:",omitempty"` // who reads a row is on the audit trail (A6)
	AppendOnly bool     `json:",omitempty"` // the app role may insert and read, never update (but the columns of Voidable) or delete

	Filter       bool `json:",omitempty"` // may be filtered by: all other fields are left out of where-inputs
	Confidential bool `json:",omitempty"` // never in the audit trail, jobs or logs in clear: name and HMAC only
	Contact      bool `json:",omitempty"` // contact data, masked unless revealed
}

// Name is the annotation's key in ent's graph.
func (Steward) Name() string { return "Steward" }

// Merge joins the annotations of mixins and the entity's own.
func (a Steward) Merge(other schema.Annotation) schema.Annotation {
	b, ok := other.(Steward)
	if !ok {
		return a
	}
	for _, s := range []struct{ to, from *string }{
		{&a.Estate, &b.Estate}, {&a.Department, &b.Department}, {&a.Self, &b.Self}, {&a.Household, &b.Household}, {&a.Voided, &b.Voided}, {&a.Permits, &b.Permits}, {&a.Document, &b.Document},
	} {
		if *s.from != "" {
			*s.to = *s.from
		}
	}
	if b.Code != 0 {
		a.Code = b.Code
	}
	a.Watched = a.Watched || b.Watched
	a.AppendOnly = a.AppendOnly || b.AppendOnly
	a.Filter = a.Filter || b.Filter
	a.Confidential = a.Confidential || b.Confidential
	a.Contact = a.Contact || b.Contact
	return a
}

// Filter puts the field on the allow-list of its where-input.
func Filter() Steward { return Steward{Filter: true} }

// Confidential keeps the field's value out of the audit trail, jobs and logs (A6, A7).
func Confidential() Steward { return Steward{Confidential: true} }

// Contact marks contact data: confidential, and masked unless the viewer may see it in full.
func Contact() Steward { return Steward{Confidential: true, Contact: true} }
