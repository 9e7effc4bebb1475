package server

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"regexp"
	"runtime/debug"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/server/request"
)

// presenter turns every error into what a client may read: refusals in the language asked for, errors
// of the document as they are, anything else as an id that the log explains.
type presenter struct {
	log         *slog.Logger
	suggestions bool
	translate   func(context.Context, error) error // may be nil
}

// present is gqlgen's ErrorPresenterFunc, and serves the other routes too.
func (p presenter) present(ctx context.Context, err error) *gqlerror.Error {
	out := &gqlerror.Error{Path: graphql.GetPath(ctx)}
	g, isGraphQL := errors.AsType[*gqlerror.Error](err)
	if isGraphQL {
		out.Locations = g.Locations
		if g.Path != nil {
			out.Path = g.Path
		}
	}
	lang := request.From(ctx).Language
	if p.translate != nil {
		err = p.translate(ctx, err)
	}
	f := fault.From(err)
	switch {
	case f != nil:
	case isGraphQL && ofDocument(g):
		out.Message, out.Extensions = p.withoutSuggestions(g.Message), map[string]any{"code": fault.InvalidInput}
		if field := variable(g.Path); field != "" {
			out.Extensions["field"] = field
		}
		return out
	case isGraphQL && argument(ctx, g) != "":
		f = fault.Invalid(argument(ctx, g), "参数 %[1]s 的值不正确:%[2]s。", "The value of %[1]s is wrong: %[2]s.",
			argument(ctx, g), p.withoutSuggestions(g.Message))
	case errors.Is(err, context.DeadlineExceeded) || errors.Is(ctx.Err(), context.DeadlineExceeded):
		f = timedOut()
	case errors.Is(ctx.Err(), context.Canceled):
		f = interrupted()
	default:
		f = p.internal(ctx, err)
	}
	out.Message, out.Extensions = f.In(lang), extensions(f)
	return out
}

// extensions are what a refusal tells a program.
func extensions(f *fault.Error) map[string]any {
	ext := map[string]any{}
	maps.Copy(ext, f.Details)
	ext["code"] = f.Code
	if f.Clause != "" {
		ext["clause"] = f.Clause
	}
	if f.Field != "" {
		ext["field"] = f.Field
	}
	if f.RetryAfter > 0 {
		ext["retryAfter"] = int(math.Ceil(f.RetryAfter.Seconds()))
	}
	return ext
}

// asInvalid marks an error of the parser like those that the executor finds.
func asInvalid(g *gqlerror.Error) *gqlerror.Error {
	errcode.Set(g, errcode.ParseFailed)
	return g
}

// ofDocument tells whether parsing, validation or the coercion of variables raised the error.
func ofDocument(g *gqlerror.Error) bool {
	code := g.Extensions["code"]
	return code == errcode.ParseFailed || code == errcode.ValidationFailed
}

// variable names the place in the variables that could not be read: "input.lines.0".
func variable(path ast.Path) string {
	if len(path) > 1 && path[0] == ast.PathName("variable") {
		return dotted(path[1:])
	}
	return ""
}

// argument names the argument of the present field that could not be read. Such an error's path goes
// on below its field, which a resolver's own error does not.
func argument(ctx context.Context, g *gqlerror.Error) string {
	fc := graphql.GetFieldContext(ctx)
	if fc == nil || len(g.Path) <= len(fc.Path()) {
		return ""
	}
	return dotted(g.Path[len(fc.Path()):])
}

func dotted(path ast.Path) string {
	parts := make([]string, len(path))
	for i, p := range path {
		parts[i] = fmt.Sprint(p)
	}
	return strings.Join(parts, ".")
}

var suggestion = regexp.MustCompile(` Did you mean [^?]*\?`)

// withoutSuggestions removes what would tell the schema's names when introspection is off.
func (p presenter) withoutSuggestions(message string) string {
	if p.suggestions {
		return message
	}
	return suggestion.ReplaceAllString(message, "")
}

func timedOut() *fault.Error {
	return fault.Busy(retryAfter,
		"请求超过了时限,已中止。请缩小范围或稍后再试;若是写操作,请用同一个 Idempotency-Key 重试。",
		"The request took too long and was stopped. Ask for less or try later; repeat a mutation with the same Idempotency-Key.")
}

func interrupted() *fault.Error {
	return fault.Busy(retryAfter, "请求已中断,请再试一次。", "The request was interrupted: send it again.")
}

// internal logs err under a new id and returns a refusal that holds the id and no detail.
func (p presenter) internal(ctx context.Context, err error) *fault.Error {
	id := randomID()
	attrs := []any{"error_id", id, "error", err}
	if c, ok := errors.AsType[*crash](err); ok {
		attrs = append(attrs, "stack", string(c.stack))
	}
	p.log.ErrorContext(ctx, "internal error", append(attrs, "request_id", request.From(ctx).ID)...)
	return fault.New(fault.Internal,
		"系统内部错误,编号 %[1]s;请把编号告诉管理员。",
		"Internal error %[1]s: please tell an administrator this number.", id,
	).With("id", id)
}

func randomID() string {
	b := make([]byte, 6)
	_, _ = rand.Read(b) // never fails, as documented
	return hex.EncodeToString(b)
}

// crash is a recovered panic.
type crash struct {
	value any
	stack []byte
}

func (c *crash) Error() string { return fmt.Sprintf("panic: %v", c.value) }

func recovered(_ context.Context, value any) error {
	return &crash{value: value, stack: debug.Stack()}
}
