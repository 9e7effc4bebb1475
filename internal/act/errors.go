package act

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/fault"
)

// PostgreSQL's codes that acts meet.
const (
	uniqueViolation     = "23505"
	checkViolation      = "23514"
	exclusionViolation  = "23P01"
	foreignKeyViolation = "23503"
	rowSecurity         = "42501"
	serialization       = "40001"
	deadlock            = "40P01"
)

// unfit are PostgreSQL's codes for values that no column of theirs can hold. Of class 22 only these: a
// division by zero, say, is a mistake of ours.
var unfit = []string{
	"22001", // text too long
	"22003", // number out of range
	"22007", // no such date
	"22008", // date out of range
	"22021", // characters that cannot be stored, such as NUL
	"22P02", // text that is none of the type
	"22P03", // bytes that are none of the type
	"22P05", // characters that cannot be converted
}

// Unfit tells whether the database could not take a value for what it was meant to be.
func Unfit(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return slices.Contains(unfit, pg.Code)
	}
	// pgx has no type for a value of Go that it cannot write as the column's.
	return err != nil && strings.Contains(err.Error(), "failed to encode args[")
}

var explained = map[string]*fault.Error{}

// Explain tells what it means for people when the database refuses by the constraint. The database
// decides; this is how a chapter explains it. Call it from a package-level init of the chapter.
func Explain(constraint string, e *fault.Error) { explained[constraint] = e }

// Translate makes refusals of what the database and ent refused; any other error stays as it is.
func Translate(err error) error {
	if err == nil || fault.From(err) != nil {
		return err
	}
	if ent.IsNotFound(err) {
		return fault.Missing().Because(err)
	}
	if v, ok := errors.AsType[*ent.ValidationError](err); ok {
		return fault.Invalid(v.Name, "%[1]s 的值不合要求。", "%[1]s has a value that is not allowed.", v.Name).Because(err)
	}
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return err
	}
	if e := explained[pg.ConstraintName]; e != nil {
		return e.Because(err)
	}
	switch pg.Code {
	case uniqueViolation, exclusionViolation:
		return fault.Clash("已经有一条相同的记录。", "There is one like it already.").With("constraint", pg.ConstraintName).Because(err)
	case checkViolation:
		return fault.Clash("现在的数据不允许这样做。", "The data as it stands does not allow this.").With("constraint", pg.ConstraintName).Because(err)
	case foreignKeyViolation, rowSecurity:
		return fault.Missing().Because(err)
	case serialization, deadlock:
		return fault.Clash("与他人的操作冲突,请重试。", "It collided with somebody else's act; try again.").Because(err)
	}
	if slices.Contains(unfit, pg.Code) {
		return fault.Invalid("", "有一个值无法存储(过长、超出范围或含有特殊字符),请检查后再提交。",
			"One of the values cannot be stored (too long, out of range, or of special characters): check them, and send it again.").Because(err)
	}
	return err
}

// retriable tells whether the transaction lost a race that it may win when run again.
func retriable(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pg.Code == serialization || pg.Code == deadlock) && !errors.Is(err, context.Canceled)
}

// RefusedBy tells whether it is the constraint that the database refused by.
func RefusedBy(err error, constraint string) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.ConstraintName == constraint
}

// Explained returns the refusal that a chapter gave to the constraint which the database refused by, or nil.
func Explained(err error) *fault.Error {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && explained[pg.ConstraintName] != nil {
		return explained[pg.ConstraintName].Because(err)
	}
	return nil
}
