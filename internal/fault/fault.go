// Package fault holds the refusals that Steward gives: one type with a code, the clause of the
// rulebook, the field that is wrong, and a sentence in Chinese and in English that says what to do.
//
// Every package raises refusals with the constructors below; graph translates them to GraphQL errors,
// the command line prints them, and nothing else is ever shown to a user. Any other error is
// internal: it is logged, and the user gets an id.
package fault

import (
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"golang.org/x/text/language"
)

// Code is the machine-readable kind of a refusal, sent as extensions.code.
type Code string

// The codes that clients may rely on.
const (
	Unauthenticated Code = "UNAUTHENTICATED" // nobody is signed in, or the session ended
	Forbidden       Code = "FORBIDDEN"       // no grant of the viewer allows this act
	NotFound        Code = "NOT_FOUND"       // not there, or not for this viewer: the same answer
	InvalidInput    Code = "INVALID_INPUT"   // an argument is wrong; Field says which
	Conflict        Code = "CONFLICT"        // the state changed, or does not allow it: read again
	RuleBroken      Code = "RULE"            // a clause of the rulebook refuses; Clause says which
	RateLimited     Code = "RATE_LIMITED"    // try again after RetryAfter
	Internal        Code = "INTERNAL"        // ours; the message holds an id and no detail
)

// Error is a refusal. The zero value is not useful; use a constructor.
type Error struct {
	Code       Code
	Clause     string         // "K2.2", for rules and where a clause explains the refusal
	Field      string         // path into the input: "lines.0.count"
	ZH, EN     string         // what happened and what to do about it
	RetryAfter time.Duration  // for RateLimited
	Details    map[string]any // further extensions, such as the newer version on a CONFLICT
	Account    uuid.UUID      // whose password was not right: whatever the code, the audit trail tells of it
	cause      error
}

// Error returns the English message, with the cause, for logs.
func (e *Error) Error() string {
	if e.cause != nil {
		return fmt.Sprintf("%s: %s: %v", e.Code, e.EN, e.cause)
	}
	return fmt.Sprintf("%s: %s", e.Code, e.EN)
}

// Unwrap returns the error that led to the refusal, if any.
func (e *Error) Unwrap() error { return e.cause }

// In returns the message in the given language: Chinese for any zh, otherwise English.
func (e *Error) In(lang language.Tag) string {
	if base, _ := lang.Base(); base.String() == "zh" {
		return e.ZH
	}
	return e.EN
}

// At returns a copy that names the input field, unless one is named already.
func (e *Error) At(field string) *Error {
	if e.Field != "" {
		return e
	}
	c := *e
	c.Field = field
	return &c
}

// Of returns a copy that says whose password it was.
func (e *Error) Of(account uuid.UUID) *Error {
	c := *e
	c.Account = account
	return &c
}

// Because returns a copy that carries the cause for the log; users never see it.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// By returns a copy that names the clause.
func (e *Error) By(clause string) *Error {
	c := *e
	c.Clause = clause
	return &c
}

// With returns a copy with a further extension.
func (e *Error) With(key string, value any) *Error {
	c := *e
	c.Details = make(map[string]any, len(e.Details)+1)
	for k, v := range e.Details {
		c.Details[k] = v
	}
	c.Details[key] = value
	return &c
}

// New makes a refusal. The same args fill both messages, which therefore may use %[1]v.
func New(code Code, zh, en string, args ...any) *Error {
	if len(args) > 0 {
		zh, en = fmt.Sprintf(zh, args...), fmt.Sprintf(en, args...)
	}
	return &Error{Code: code, ZH: zh, EN: en}
}

// Invalid is INVALID_INPUT at a field of the input.
func Invalid(field, zh, en string, args ...any) *Error {
	return New(InvalidInput, zh, en, args...).At(field)
}

// Rule is RULE by a clause of the rulebook.
func Rule(clause, zh, en string, args ...any) *Error {
	return New(RuleBroken, zh, en, args...).By(clause)
}

// Clash is CONFLICT.
func Clash(zh, en string, args ...any) *Error { return New(Conflict, zh, en, args...) }

// Denied is FORBIDDEN.
func Denied(zh, en string, args ...any) *Error { return New(Forbidden, zh, en, args...) }

// Missing is NOT_FOUND: the one answer for what is not there and for what the viewer may not see.
func Missing() *Error {
	return New(NotFound, "没有找到,或您无权查看。", "Not found, or not yours to see.")
}

// SignedOut is UNAUTHENTICATED.
func SignedOut() *Error {
	return New(Unauthenticated, "请先登录。", "Sign in first.")
}

// Busy is RATE_LIMITED with the time after which to try again.
func Busy(after time.Duration, zh, en string, args ...any) *Error {
	e := New(RateLimited, zh, en, args...)
	e.RetryAfter = after
	return e
}

// From returns the refusal in err's chain, or nil.
func From(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return nil
}

// Is tells whether err is a refusal with the code.
func Is(err error, code Code) bool {
	e := From(err)
	return e != nil && e.Code == code
}

// Wrap adds context to *err on the way out of a function: defer fault.Wrap(&err, "lend(%s)", id).
func Wrap(err *error, format string, args ...any) {
	if *err != nil {
		*err = fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), *err)
	}
}
