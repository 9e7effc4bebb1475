package obligation

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent/obligation"
	"github.com/steward-pm/steward/ent/predicate"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
)

// ObligationsOf says whose obligations are looked at.
type ObligationsOf string

// Whose.
const (
	OfMe         ObligationsOf = "ME"
	OfDepartment ObligationsOf = "DEPARTMENT"
	OfEstate     ObligationsOf = "ESTATE"
	OfPortfolio  ObligationsOf = "PORTFOLIO"
)

// MarshalGQL writes the enum.
func (o ObligationsOf) MarshalGQL(w io.Writer) { _, _ = io.WriteString(w, strconv.Quote(string(o))) }

// UnmarshalGQL reads the enum.
func (o *ObligationsOf) UnmarshalGQL(v any) error {
	return enum(o, v, OfMe, OfDepartment, OfEstate, OfPortfolio)
}

// ObligationStanding says how they stand.
type ObligationStanding string

// How they stand.
const (
	IsDue      ObligationStanding = "DUE"
	IsPastDue  ObligationStanding = "PAST_DUE"
	IsBreached ObligationStanding = "BREACHED"
)

// MarshalGQL writes the enum.
func (s ObligationStanding) MarshalGQL(w io.Writer) {
	_, _ = io.WriteString(w, strconv.Quote(string(s)))
}

// UnmarshalGQL reads the enum.
func (s *ObligationStanding) UnmarshalGQL(v any) error {
	return enum(s, v, IsDue, IsPastDue, IsBreached)
}

func enum[T ~string](to *T, v any, all ...T) error {
	text, _ := v.(string)
	if !slices.Contains(all, T(text)) {
		return fmt.Errorf("%q is not one of the enum's values", text)
	}
	*to = T(text)
	return nil
}

// View narrows what the viewer may see to whose it is and how it stands. It widens nothing: a department's, say, are those of them that
// the viewer may read.
func View(ctx context.Context, of *ObligationsOf, standing *ObligationStanding) []predicate.Obligation {
	var all []predicate.Obligation
	v := access.From(ctx)
	if of != nil && v != nil && !v.IsSystem() {
		all = append(all, whose(v, *of)...)
	}
	if standing == nil {
		return all
	}
	switch *standing {
	case IsDue:
		all = append(all, obligation.MetAtIsNil(), obligation.StateIn(obligation.StateOpen, obligation.StateBreached))
	case IsPastDue:
		all = append(all, obligation.MetAtIsNil(), obligation.StateIn(obligation.StateOpen, obligation.StateBreached), obligation.DueAtLT(act.From(ctx).Clock.Now()))
	case IsBreached:
		all = append(all, obligation.StateEQ(obligation.StateBreached))
	}
	return all
}

func whose(v *access.Viewer, of ObligationsOf) []predicate.Obligation {
	switch of {
	case OfMe:
		return []predicate.Obligation{obligation.AccountID(v.Account)}
	case OfDepartment:
		any := []predicate.Obligation{predicate.Obligation(func(s *sql.Selector) { s.Where(sql.False()) })}
		for _, p := range v.Workplaces() {
			any = append(any, obligation.And(obligation.EstateID(p.Estate), obligation.DepartmentID(p.Department)))
		}
		return []predicate.Obligation{obligation.Or(any...)}
	case OfEstate:
		var estates []uuid.UUID
		for _, g := range v.Grants {
			if g.Estate == uuid.Nil {
				return nil // a role in the portfolio is one in each of its estates
			}
			estates = append(estates, g.Estate)
		}
		return []predicate.Obligation{obligation.EstateIDIn(estates...)}
	}
	return nil
}
