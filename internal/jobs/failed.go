package jobs

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"regexp"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/audit"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/paging"
	"github.com/steward-pm/steward/policy"
)

// FailedJob is a job whose last attempt failed: it is tried again, or was given up.
type FailedJob struct {
	Number                int // the queue's own
	Kind                  string
	GivenUp               bool
	Attempts, MaxAttempts int
	Error                 string // of the last attempt, without what may be a secret or somebody's
	FailedAt              time.Time
	NextAt                *time.Time // of the next attempt; nil: it was given up
	CreatedAt             time.Time
}

// FailedJobEdge is a job and its place in the list.
type FailedJobEdge struct {
	Node   *FailedJob
	Cursor ent.Cursor
}

// FailedJobConnection is a page of jobs.
type FailedJobConnection struct {
	Edges    []*FailedJobEdge
	PageInfo *ent.PageInfo
}

const failed = `state IN ('retryable', 'discarded', 'cancelled') AND cardinality(errors) > 0`

const failedColumns = `id, kind, state IN ('discarded', 'cancelled'), attempt, max_attempts, errors[array_upper(errors, 1)]::text, scheduled_at, created_at`

func scanFailed(row pgx.CollectableRow) (*FailedJob, error) {
	j, next, last := &FailedJob{}, time.Time{}, ""
	if err := row.Scan(&j.Number, &j.Kind, &j.GivenUp, &j.Attempts, &j.MaxAttempts, &last, &next, &j.CreatedAt); err != nil {
		return nil, err
	}
	var attempt struct {
		At    time.Time
		Error string
	}
	if err := json.Unmarshal([]byte(last), &attempt); err != nil {
		return nil, err
	}
	j.FailedAt, j.Error = attempt.At, Harmless(attempt.Error)
	if !j.GivenUp {
		j.NextAt = &next
	}
	return j, nil
}

// Failed lists the jobs that failed, the newest first: one statement. They are of no estate, so that who administers the whole
// portfolio sees them.
//
// Errors: UNAUTHENTICATED; FORBIDDEN; INVALID_INPUT at after.
func Failed(ctx context.Context, first *int, after *ent.Cursor) (*FailedJobConnection, error) {
	v, rt := access.From(ctx), act.From(ctx)
	if v == nil {
		return nil, fault.SignedOut()
	}
	if v.Token != uuid.Nil || !v.Scope(policy.Job, policy.Read).Whole() {
		return nil, rt.RefuseEntry(ctx, rt.Entry(ctx, "read.Job"), fault.Denied("只有负责全部小区的总经理和审计人员可以查看后台任务,且须登录。", "Only a general manager or an auditor of all estates sees jobs, signed in."))
	}
	text, err := paging.Place(after)
	if err != nil {
		return nil, err
	}
	from := int64(1<<63 - 1)
	if text != "" {
		if from, err = strconv.ParseInt(text, 10, 64); err != nil {
			return nil, paging.BadCursor()
		}
	}
	size := paging.Size(first)
	var list []*FailedJob
	err = rt.DB.As(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `SELECT `+failedColumns+` FROM `+Schema+`.river_job WHERE `+failed+` AND id < $1 ORDER BY id DESC LIMIT $2`, from, size+1)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, scanFailed)
		return err
	})
	if err != nil {
		return nil, err
	}
	more := len(list) > size
	list = list[:min(len(list), size)]
	page := &FailedJobConnection{Edges: make([]*FailedJobEdge, len(list))}
	cursors := make([]ent.Cursor, len(list))
	for i, j := range list {
		cursors[i] = paging.Cursor(idOf(j.Number), strconv.Itoa(j.Number))
		page.Edges[i] = &FailedJobEdge{j, cursors[i]}
	}
	page.PageInfo = paging.Info(cursors, after, more)
	return page, nil
}

// RetryJobInput names a job.
type RetryJobInput struct{ Number int }

// RetryJobPayload tells which job is tried again.
type RetryJobPayload struct{ Number int }

// again is what is to be done beside, by kind, when a job is tried again.
var again = map[string]func(tx *act.Tx, args []byte) error{}

// Again says what is to be done when a job of a kind is tried again, in the same transaction: what the job is about may say that it was given up, or that there is
// nothing left to do, which f refuses with a CONFLICT. Call it from a package-level variable.
func Again[A river.JobArgs](f func(tx *act.Tx, args A) error) string {
	var of A
	again[of.Kind()] = func(tx *act.Tx, text []byte) error {
		var args A
		if err := json.Unmarshal(text, &args); err != nil {
			return err
		}
		return f(tx, args)
	}
	return of.Kind()
}

// Retry has a job that failed tried again at once.
//
// Errors: FORBIDDEN; NOT_FOUND for one that is not there, or did not fail; CONFLICT where there is nothing to be tried again any more.
var Retry = act.New("jobs.retry", act.Needs(policy.Job, policy.Update).SessionOnly(), nil, func(tx *act.Tx, in RetryJobInput) (*RetryJobPayload, error) {
	if !access.RuleFrom(tx).Scope.Whole() {
		return nil, fault.Denied("只有总经理可以重试后台任务。", "Only the general manager has jobs tried again.")
	}
	rows, err := tx.Raw.Query(tx, `SELECT `+failedColumns+` FROM `+Schema+`.river_job WHERE `+failed+` AND id = $1 FOR UPDATE`, in.Number)
	if err != nil {
		return nil, err
	}
	found, err := pgx.CollectRows(rows, scanFailed)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, fault.Missing().At("number")
	}
	if f := again[found[0].Kind]; f != nil {
		var args []byte
		if err := tx.Raw.QueryRow(tx, `SELECT args::text FROM `+Schema+`.river_job WHERE id = $1`, in.Number).Scan(&args); err != nil {
			return nil, err
		}
		if err := f(tx, args); err != nil {
			return nil, at(err, "number")
		}
	}
	if _, err := tx.Runtime().Jobs.JobRetryTx(tx, tx.Raw, int64(in.Number)); err != nil {
		return nil, err
	}
	f, err := audit.Plain("kind", nil, found[0].Kind)
	if err != nil {
		return nil, err
	}
	return &RetryJobPayload{in.Number}, tx.Note(audit.Portfolio, audit.Change{Type: "Job", ID: idOf(in.Number), Op: audit.Update, Fields: []audit.Field{f}})
})

// at places a refusal at a field.
func at(err error, field string) error {
	if f := fault.From(err); f != nil {
		return f.At(field)
	}
	return err
}

// idOf is the id of a job where only ids will do: on the audit trail, in cursors.
func idOf(number int) (id uuid.UUID) {
	binary.BigEndian.PutUint64(id[8:], uint64(number)) //nolint:gosec // numbers of jobs are positive
	return id
}

// harmful is what an error may hold that is not for who reads it: addresses with what follows their host, e-mail addresses, bearer tokens
// and secrets, long numbers (telephones), what is quoted.
var harmful = []struct {
	what *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`([a-z][a-z0-9+.-]*://)(?:[^\s/@"]*@)?([^\s/?#"]*)[^\s"]*`), "$1$2/…"},
	{regexp.MustCompile(`[^\s<>"'@:;,(]+@[^\s<>"'@:;,)]+`), "…@…"},
	{regexp.MustCompile(`\b(?:stw[a-z]|whsec)_[A-Za-z0-9_-]+`), "…"},
	{regexp.MustCompile(`(?i)\b(password|secret|token|authorization)(["']?\s*[=:]\s*)\S+`), "$1$2…"},
	{regexp.MustCompile(`\+?\d[\d -]{5,}\d`), "…"},
}

// Harmless is an error's text without what may be a secret, or somebody's, and not too long.
func Harmless(text string) string {
	for _, h := range harmful {
		text = h.what.ReplaceAllString(text, h.with)
	}
	if utf8.RuneCountInString(text) > 500 {
		text = string([]rune(text)[:499]) + "…"
	}
	return text
}
