package importing

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
)

// Act is the act of importing a kind of spreadsheet; its rule is Perform.
type Act = act.Act[Request, *Outcome]

// errRehearsed rolls a dry run back.
var errRehearsed = errors.New("rehearsed")

// Do performs the import, or rehearses it. A file that RejectAll refused has its outcome beside the error.
func Do(ctx context.Context, a *Act, req Request) (*Outcome, error) {
	if req.DryRun {
		ctx = rehearsal(ctx)
	}
	out, err := a.Do(ctx, req)
	f := fault.From(err)
	if f == nil {
		return out, err
	}
	report, _ := f.Details["report"].(*Report)
	if errors.Is(err, errRehearsed) {
		err = nil
	}
	return &Outcome{Report: report}, err
}

// rehearsal is the context in which an act leaves nothing behind when it is rolled back: no keys of
// households that never come to be, and no mark on metrics and traces.
func rehearsal(ctx context.Context) context.Context {
	rt := *act.From(ctx)
	rt.Keys, rt.Observe, rt.Rehearsal = noKeys{}, nil, errRehearsed
	return act.With(ctx, &rt)
}

// noKeys makes digests that nobody will ever see.
type noKeys struct{}

// Key implements audit.KeyStore.
func (noKeys) Key(context.Context, uuid.UUID) ([]byte, error) { return make([]byte, 32), nil }

// Erase implements audit.KeyStore.
func (noKeys) Erase(context.Context, uuid.UUID) error { return nil }

// Upload is an uploaded file to import.
type Upload struct {
	EstateID    uuid.UUID
	FileID      uuid.UUID
	DryRun      *bool
	ErrorPolicy *Policy
}

// Payload is what importing an uploaded file gave.
type Payload struct {
	Run    *ent.ImportRun // nil for a dry run, and if nothing was new
	Report string         // as JSON
}

// Uploaded imports an uploaded file.
func Uploaded(ctx context.Context, a *Act, up Upload) (*Payload, error) {
	req := Request{EstateID: up.EstateID, FileID: up.FileID, DryRun: up.DryRun != nil && *up.DryRun}
	if up.ErrorPolicy != nil {
		req.Policy = *up.ErrorPolicy
	}
	out, err := Do(ctx, a, req)
	if err != nil {
		return nil, err
	}
	text, err := out.Report.JSON()
	return &Payload{out.Run, text}, err
}
