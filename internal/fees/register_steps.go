package fees

import (
	"context"
	"iter"
	"time"

	"github.com/steward-pm/steward/internal/registers"
)

// StepRegister is 通知单流程时限表: what was to be done by when, and when it was (F9).
func StepRegister(say func(zh, en string) string) registers.Register[*FeeStep] {
	type row = *FeeStep
	return registers.Register[row]{
		Name: "fee-steps", ZH: "通知单流程时限表", EN: "Steps of fee notices",
		Columns: []registers.Column[row]{
			{ZH: "环节", EN: "Step", Width: 20, Value: func(s row) any { return stepWords(say, s.Kind) }},
			{ZH: "条款", EN: "Clause", Value: func(s row) any { return s.Clause }},
			{ZH: "单号", EN: "Number", Value: func(s row) any { return s.Number }},
			{ZH: "业户", EN: "Household", Width: 16, Value: func(s row) any { return s.Household }},
			{ZH: "房号", EN: "Units", Width: 20, Value: func(s row) any { return s.Address }},
			{ZH: "应完成时间", EN: "Due", Kind: registers.Time, Value: func(s row) any { return s.DueAt }},
			{ZH: "完成时间", EN: "Done", Kind: registers.Time, Value: func(s row) any { return s.DoneAt }},
			{ZH: "经办人", EN: "By", Value: func(s row) any { return s.DoneBy }},
			{ZH: "是否逾期", EN: "Late", Value: func(s row) any { return lateWords(say, s.Late) }},
		},
	}
}

// StepRows reads the steps that were due within a time.
func StepRows(ctx context.Context, w Within) iter.Seq2[*FeeStep, error] {
	var since, until *time.Time
	if !w.From.IsZero() {
		since = &w.From
	}
	if !w.Until.IsZero() {
		until = &w.Until
	}
	var last stepPlace
	return registers.Pages(func() ([]*FeeStep, bool, error) {
		list, err := readSteps(ctx, w.Estate, since, until, false, last, registers.PageSize)
		if err != nil || len(list) == 0 {
			return nil, false, err
		}
		s := list[len(list)-1]
		last = stepPlace{&s.DueAt, s.SubjectID, s.Kind}
		return list, len(list) == registers.PageSize, nil
	})
}
