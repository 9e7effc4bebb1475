package identity

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/audit"
)

// AccountKind is whose account it is: STAFF or RESIDENT.
type AccountKind account.Kind

// MarshalGQL writes the enum.
func (k AccountKind) MarshalGQL(w io.Writer) { writeEnum(w, k) }

// UnmarshalGQL reads the enum.
func (k *AccountKind) UnmarshalGQL(v any) error {
	return readEnum(k, v, AccountKind(account.Staff), AccountKind(account.Resident))
}

// AuditKind tells what was done (WRITE) from what was refused or read (READ).
type AuditKind audit.Kind

// MarshalGQL writes the enum.
func (k AuditKind) MarshalGQL(w io.Writer) { writeEnum(w, k) }

// UnmarshalGQL reads the enum.
func (k *AuditKind) UnmarshalGQL(v any) error {
	return readEnum(k, v, AuditKind(audit.Write), AuditKind(audit.Read))
}

// AuditOutcome is how an act ended: DONE, REFUSED or READ.
type AuditOutcome audit.Outcome

// MarshalGQL writes the enum.
func (o AuditOutcome) MarshalGQL(w io.Writer) { writeEnum(w, o) }

// UnmarshalGQL reads the enum.
func (o *AuditOutcome) UnmarshalGQL(v any) error {
	return readEnum(o, v, AuditOutcome(audit.Done), AuditOutcome(audit.Refused), AuditOutcome(audit.Viewed))
}

// AuditOp is what happened to a row: CREATE, UPDATE or DELETE.
type AuditOp audit.Op

// MarshalGQL writes the enum.
func (o AuditOp) MarshalGQL(w io.Writer) { writeEnum(w, o) }

// UnmarshalGQL reads the enum.
func (o *AuditOp) UnmarshalGQL(v any) error {
	return readEnum(o, v, AuditOp(audit.Create), AuditOp(audit.Update), AuditOp(audit.Delete))
}

// An enum's GraphQL name is the word in capitals.
func writeEnum[T ~string](w io.Writer, value T) {
	_, _ = io.WriteString(w, strconv.Quote(strings.ToUpper(string(value))))
}

func readEnum[T ~string](to *T, v any, all ...T) error {
	s, _ := v.(string)
	i := slices.IndexFunc(all, func(x T) bool { return strings.EqualFold(string(x), s) })
	if i < 0 {
		return fmt.Errorf("%q is not one of the enum's values", s)
	}
	*to = all[i]
	return nil
}
