// Package scalar writes and reads the GraphQL scalars that gqlgen has no type for.
package scalar

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/steward-pm/steward/internal/calendar"
)

// MarshalTime writes a moment.
func MarshalTime(t time.Time) graphql.Marshaler { return graphql.MarshalTime(t) }

// UnmarshalTime reads a moment, which is none without its zone: 2026-11-24T09:00:00+08:00.
func UnmarshalTime(v any) (time.Time, error) {
	s, _ := v.(string)
	t, err := time.Parse(time.RFC3339, s)
	if err != nil || !sane(t.Year()) {
		return t, fmt.Errorf("a Time is a moment with its zone, such as 2026-11-24T09:00:00+08:00, from %d to %d", firstYear, lastYear)
	}
	return t, nil
}

// The years in which days and moments lie that people mean: ends of days and deadlines computed from them
// can always be stored and written.
const firstYear, lastYear = 1800, 2999

func sane(year int) bool { return year >= firstYear && year <= lastYear }

// MarshalDate writes a civil date that ent holds as midnight UTC.
func MarshalDate(t time.Time) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) { _, _ = io.WriteString(w, strconv.Quote(t.Format(time.DateOnly))) })
}

// UnmarshalDate reads a civil date as midnight UTC.
func UnmarshalDate(v any) (time.Time, error) {
	d, err := UnmarshalDay(v)
	return d.UTC(), err
}

// MarshalDay writes a civil date.
func MarshalDay(d calendar.Day) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) { _, _ = io.WriteString(w, strconv.Quote(d.String())) })
}

// UnmarshalDay reads a civil date: 2026-11-24.
func UnmarshalDay(v any) (calendar.Day, error) {
	s, ok := v.(string)
	if !ok {
		return calendar.Day{}, fmt.Errorf("a Date is a string such as 2026-11-24")
	}
	d, err := calendar.ParseDay(s)
	if err != nil || !sane(d.Year()) {
		return d, fmt.Errorf("a Date is a day such as 2026-11-24, from %d to %d", firstYear, lastYear)
	}
	return d, nil
}

// MarshalJSON writes text that is JSON already.
func MarshalJSON(text string) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		if !json.Valid([]byte(text)) {
			text = "null"
		}
		_, _ = io.WriteString(w, text)
	})
}

// UnmarshalJSON reads any value as JSON text.
func UnmarshalJSON(v any) (string, error) {
	text, err := json.Marshal(v)
	return string(text), err
}
