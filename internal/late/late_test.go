package late_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/late"
)

var now = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func ago(d time.Duration, reason string) late.Given {
	at := now.Add(-d)
	if reason == "" {
		return late.Given{OccurredAt: &at}
	}
	return late.Given{&at, &reason}
}

func TestWhen(t *testing.T) {
	t.Parallel()
	why := "系统停机"
	for name, c := range map[string]struct {
		given  late.Given
		at     time.Time
		reason string
		field  string // refused there
	}{
		"now":                            {late.Given{}, now, "", ""},
		"now, with a reason for nothing": {late.Given{nil, &why}, now, "", ""},
		"just now":                       {ago(0, ""), now, "", ""},
		"ten minutes ago":                {ago(late.Free, ""), now.Add(-late.Free), "", ""},
		"ten minutes ago, with a reason": {ago(late.Free, why), now.Add(-late.Free), "", ""},
		"a bit more, without a reason":   {ago(late.Free+1, ""), now, "", "lateReason"},
		"a bit more, with an empty one":  {ago(late.Free+1, " \t"), now, "", "lateReason"},
		"a bit more, with a reason":      {ago(late.Free+1, " 系统  停机 "), now.Add(-late.Free - 1), "系统 停机", ""},
		"a day ago":                      {ago(late.Most, why), now.Add(-late.Most), why, ""},
		"more than a day ago":            {ago(late.Most+1, why), now, "", "occurredAt"},
		"to come":                        {ago(-1, why), now, "", "occurredAt"},
	} {
		at, reason, err := late.When(&act.Tx{Now: now}, c.given, "K2.1")
		if c.field != "" {
			if f := fault.From(err); f == nil || f.Field != c.field || f.Code != fault.InvalidInput || f.Clause != "K2.1" {
				t.Errorf("%s: %v, want a refusal at %s", name, err, c.field)
			}
			continue
		}
		if err != nil || !at.Equal(c.at) || reason != c.reason {
			t.Errorf("%s: %v, %q, %v", name, at, reason, err)
		}
	}
}

// Whatever is given: what passes is within the day, and has a reason exactly if it is late.
func TestWhatPassesIsInTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := ago(time.Duration(rapid.Int64Range(-int64(late.Most), 3*int64(late.Most)).Draw(t, "ago")), rapid.SampledFrom([]string{"", " ", "停电"}).Draw(t, "reason"))
		at, reason, err := late.When(&act.Tx{Now: now}, g, "")
		if err != nil {
			return
		}
		if since := now.Sub(at); since < 0 || since > late.Most || (since > late.Free) != (reason != "") {
			t.Fatalf("%v ago passes with the reason %q", since, reason)
		}
	})
}

func TestCheck(t *testing.T) {
	t.Parallel()
	if f := fault.From(ago(0, " ").Check()); f == nil || f.Field != "lateReason" {
		t.Errorf("an empty reason passes: %v", f)
	}
	for _, g := range []late.Given{{}, ago(0, ""), ago(time.Hour, "停电")} {
		if err := g.Check(); err != nil {
			t.Errorf("%v: %v", g, err)
		}
	}
}
