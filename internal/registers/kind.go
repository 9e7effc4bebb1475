package registers

import (
	"fmt"
	"reflect"
	"time"
	"unicode/utf8"

	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/contact"
)

// Kind says what a column holds and how it is written.
type Kind int

// The kinds, and what a column's Value returns for them: the type named, a type made of it, or a
// pointer to either.
const (
	Text       Kind = iota // string, or a fmt.Stringer; never a formula
	Int                    // any integer
	Hundredths             // an integer of hundredths, written with two decimals
	Date                   // calendar.Day
	Time                   // time.Time, shown in the estate's zone to the minute
	Contact                // contact.Phone, shown as far as it was revealed; a bare string is masked
)

const minute = "2006-01-02 15:04"

// width is the number of characters that the kind usually needs.
func (k Kind) width() float64 {
	return [...]float64{Text: 14, Int: 8, Hundredths: 11, Date: 12, Time: 17, Contact: 14}[k]
}

// plain reduces a value to nil, string, int64, calendar.Day or time.Time.
func (k Kind) plain(value any) (any, error) {
	v := reflect.ValueOf(value)
	if !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		return nil, nil
	}
	v = reflect.Indirect(v)
	value = v.Interface()
	switch k {
	case Text, Contact:
		if s, ok := value.(fmt.Stringer); ok {
			return s.String(), nil
		}
		if v.Kind() == reflect.String && k == Contact {
			return contact.New(v.String()).String(), nil
		}
		if v.Kind() == reflect.String {
			return v.String(), nil
		}
	case Int, Hundredths:
		if v.CanInt() {
			return v.Int(), nil
		}
	case Date:
		if day, ok := value.(calendar.Day); ok {
			return unlessZero(day), nil
		}
	case Time:
		if at, ok := value.(time.Time); ok {
			return unlessZero(at), nil
		}
	}
	return nil, fmt.Errorf("a %T is no value for a column of kind %d", value, k)
}

func unlessZero[V interface{ IsZero() bool }](value V) any {
	if value.IsZero() {
		return nil
	}
	return value
}

// displayWidth counts Chinese letters twice, as they take that much of a line.
func displayWidth(text string) float64 {
	return float64(utf8.RuneCountInString(text)+len(text)) / 2
}
