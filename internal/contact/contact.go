// Package contact is contact data that shows itself only to those who need it: CS officers, managers and
// the own household see a number in full, everybody else its last four digits (the rulebook, "Who may do what").
//
// A value loaded from the database is masked until database's read interceptor reveals it for the viewer,
// so every way out (GraphQL, exports, logs, fmt) is masked unless somebody proved the need.
package contact

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"unicode/utf8"
)

// Phone is a telephone number, or another short contact. Its zero value is an empty one.
type Phone struct {
	full     string
	revealed bool
}

// New makes a masked value of a number as written.
func New(number string) Phone { return Phone{full: strings.TrimSpace(number)} }

// Reveal returns the value as the viewer with the need sees it.
func (p Phone) Reveal() Phone { return Phone{p.full, true} }

// Full returns the number whoever asks; for storing, matching and dialling, never for showing.
func (p Phone) Full() string { return p.full }

// IsZero tells whether there is no number.
func (p Phone) IsZero() bool { return p.full == "" }

// String shows the number in full if it was revealed, and else its last four characters.
func (p Phone) String() string {
	n := utf8.RuneCountInString(p.full)
	switch {
	case p.revealed || n == 0:
		return p.full
	case n <= 4:
		return strings.Repeat("*", n)
	}
	r := []rune(p.full)
	return strings.Repeat("*", n-4) + string(r[n-4:])
}

// LogValue keeps numbers out of logs altogether.
func (Phone) LogValue() slog.Value { return slog.StringValue("(contact)") }

// MarshalText shows what String shows.
func (p Phone) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// MarshalGQL writes the GraphQL scalar Phone.
func (p Phone) MarshalGQL(w io.Writer) { text, _ := json.Marshal(p.String()); _, _ = w.Write(text) }

// UnmarshalGQL reads the GraphQL scalar Phone.
func (p *Phone) UnmarshalGQL(v any) error {
	s, ok := v.(string)
	if !ok {
		return fmt.Errorf("Phone must be a string")
	}
	*p = New(s)
	return nil
}

// Value stores the number in full.
func (p Phone) Value() (driver.Value, error) { return p.full, nil }

// Scan loads a number, masked.
func (p *Phone) Scan(src any) error {
	switch s := src.(type) {
	case nil:
		*p = Phone{}
	case string:
		*p = Phone{full: s}
	case []byte:
		*p = Phone{full: string(s)}
	default:
		return fmt.Errorf("contact: cannot scan %T", src)
	}
	return nil
}
