package graph

import (
	"context"

	"github.com/steward-pm/steward/graph/model"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/server/request"
)

// can asks about acts, and says the answers in the language of the request.
func can(ctx context.Context, checks []*model.CanInput) ([]*model.CanAnswer, error) {
	if len(checks) > 200 {
		return nil, fault.Invalid("checks", "一次最多询问 200 项。", "Ask at most 200 questions at once.")
	}
	asks := make([]act.Ask, len(checks))
	for i, c := range checks {
		asks[i] = act.Ask{Action: c.Action, ID: c.ID}
	}
	refusals, err := act.Can(ctx, asks)
	if err != nil {
		return nil, err
	}
	answers := make([]*model.CanAnswer, len(checks))
	for i, c := range checks {
		answers[i] = &model.CanAnswer{Action: c.Action, ID: c.ID, Allowed: refusals[i] == nil}
		if f := fault.From(refusals[i]); f != nil {
			code, message := string(f.Code), f.In(request.From(ctx).Language)
			answers[i].Code, answers[i].Message = &code, &message
			if f.Clause != "" {
				answers[i].Clause = &f.Clause
			}
		}
	}
	return answers, nil
}
