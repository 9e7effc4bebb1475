package fees_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// download takes a register over HTTP.
func download(t *testing.T, p *stewardtest.Person, register string) (status int, body string) {
	t.Helper()
	r, err := p.Request(http.MethodGet, "/registers/"+register, nil)
	if err != nil {
		t.Fatal(err)
	}
	status, content, err := p.Send(r)
	if err != nil {
		t.Fatal(err)
	}
	return status, string(content)
}

func TestF9_DispatchesAndReceiptsAreReportedAndAcknowledged(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	officer, supervisor := app.As(policy.CSOfficer), app.As(policy.Supervisor)
	in := vars{"in": vars{"estateID": app.A.ID, "note": "二月补派"}}
	officer.Refused(reportAll, in, fault.Conflict, "F9") // the seed's is reported, and there is no other
	n := februaryOf(app, app.A.Household)
	dispatched(app, absent("noticeID", n))
	d := dispatched(app, byResident("noticeID", n, app.A.Resident))[0].Get("id").String()

	// The signed receipt is kept.
	proof := vars{"in": vars{"dispatchID": d, "uploadIDs": []string{uploaded(t, officer, "1")}}}
	for _, p := range []*stewardtest.Person{app.As(policy.Accountant), app.As(policy.Auditor), app.Resident()} {
		p.Refused(addProofs, proof, fault.Forbidden)
	}
	app.Foreign(policy.CSOfficer).Refused(addProofs, proof, fault.NotFound)
	officer.Refused(addProofs, vars{"in": vars{"dispatchID": d, "uploadIDs": []string{}}}, fault.InvalidInput, "F9")
	kept := officer.Do(addProofs, proof).Get("addFeeProofs.dispatch.proofs.0")
	if kept.Get("name").String() != "回执.png" {
		t.Errorf("kept: %s", kept.Raw)
	}
	officer.Refused(addProofs, proof, fault.NotFound) // an upload is taken once
	link := `query($id: ID!) { feeProofLink(feeProofID: $id) { url } }`
	if got := app.As(policy.Accountant).Do(link, vars{"id": kept.Get("id").String()}).Get("feeProofLink.url").String(); got == "" {
		t.Error("there is no link to it")
	}
	app.Resident().Refused(link, vars{"id": kept.Get("id").String()}, fault.NotFound)

	for _, p := range []*stewardtest.Person{app.As(policy.Accountant), app.As(policy.Auditor), app.Resident()} {
		p.Refused(reportAll, in, fault.Forbidden)
	}
	app.Foreign(policy.CSOfficer).Refused(reportAll, in, fault.NotFound)
	r := officer.Do(reportAll, in).Get("reportFeeDispatches.report")
	if r.Get("number").Int() != 2 || r.Get("dispatches").Int() != 2 || r.Get("signed").Int() != 1 || r.Get("absent").Int() != 1 || r.Get("late").Int() != 2 || r.Get("waiting").Int() != 0 || r.Get("fromOn").String() != "2026-03-02" {
		t.Errorf("reported: %s", r.Raw)
	}
	if got := value[int](t, app, `SELECT count(*)::int FROM identity.inbox WHERE account_id = $1 AND title_zh LIKE '通知单派发汇报第 2 号%'`, supervisor.Account); got != 1 {
		t.Errorf("the supervisor has %d messages", got)
	}
	officer.Refused(reportAll, in, fault.Conflict, "F9") // each is reported once

	ack := vars{"in": vars{"reportID": r.Get("id").String(), "answer": "已阅,二月逾期请说明"}}
	for _, p := range []*stewardtest.Person{officer, app.As(policy.Accountant), app.As(policy.Auditor), app.Resident()} {
		p.Refused(acknowledge, ack, fault.Forbidden)
	}
	app.Foreign(policy.Supervisor).Refused(acknowledge, ack, fault.NotFound)
	stewardtest.Race(t, supervisor, acknowledge, ack)
	supervisor.Refused(acknowledge, ack, fault.Conflict, "F9")
	dispatched(app, posted("noticeID", noticeOfNext(app)))
	own := supervisor.Do(reportAll, in).Get("reportFeeDispatches.report.id").String()
	supervisor.Refused(acknowledge, vars{"in": vars{"reportID": own}}, fault.RuleBroken, "F9")
	if got := refusedBy(app.TrySQL(`UPDATE fee_reports SET acknowledged_at = now(), acknowledged_by_id = recorded_by_id, acknowledged_by_name = 'x' WHERE id = $1`, own)); got != "fee_reports_acknowledged" {
		t.Errorf("refused by %q", got)
	}
}

// noticeOfNext bills March, has customer service get it, and gives a notice of it.
func noticeOfNext(app *stewardtest.App) string {
	app.As(policy.CSOfficer).Do(receiveNotices, vars{"in": vars{"runID": billed(app, "2026-03-01").Get("id").String()}})
	return noticesOf(app, app.A.Household, "2026-03-01")[0].Get("id").String()
}

func TestF9_WhatWasLateAndWhere(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	d := pastDue(t, app).Get("id").String()
	later(app, 4, policy.Accountant, policy.CSOfficer, policy.SealKeeper, policy.Supervisor) // the 15th: finance is late
	app.Resident().SignIn()
	handed(app, d)
	dispatched(app, byResident("dunningID", d, app.A.Resident))
	steps := func(p *stewardtest.Person, more vars) map[string]string {
		in := vars{"e": app.A.ID}
		for k, v := range more {
			in[k] = v
		}
		list := map[string]string{}
		for _, s := range p.Do(feeSteps, in).Get("feeSteps.edges.#.node").Array() {
			if s.Get("household").String() != app.A.Name+"邻居" {
				list[s.Get("kind").String()] = map[bool]string{true: "late", false: "in time"}[s.Get("late").Bool()]
			}
		}
		return list
	}
	want := map[string]string{"BILL": "in time", "DISPATCH_NOTICE": "late", "DRAFT": "in time", "HAND_OVER": "late", "DISPATCH_DUNNING": "in time", "DELIVER_DUNNING": "in time"}
	got := steps(app.As(policy.Supervisor), nil)
	for kind, how := range want {
		if got[kind] != how {
			t.Errorf("%s: %q, want %q", kind, got[kind], how)
		}
	}
	if late := steps(app.As(policy.Auditor), vars{"late": true, "from": "2026-03-01"}); len(late) != 1 || late["HAND_OVER"] != "late" {
		t.Errorf("late in March: %v", late)
	}
	// By pages.
	page := app.As(policy.Supervisor).Do(feeSteps, vars{"e": app.A.ID, "first": 2}).Get("feeSteps")
	seen, all := len(page.Get("edges").Array()), len(app.As(policy.Supervisor).Do(feeSteps, vars{"e": app.A.ID}).Get("feeSteps.edges").Array())
	for page.Get("pageInfo.hasNextPage").Bool() {
		page = app.As(policy.Supervisor).Do(feeSteps, vars{"e": app.A.ID, "first": 2, "after": page.Get("pageInfo.endCursor").String()}).Get("feeSteps")
		seen += len(page.Get("edges").Array())
	}
	if seen != all {
		t.Errorf("by pages %d of %d", seen, all)
	}
	app.As(policy.Receptionist).Refused(feeSteps, vars{"e": app.A.ID}, fault.Forbidden)
	app.Resident().Refused(feeSteps, vars{"e": app.A.ID}, fault.NotFound)
	app.Foreign(policy.Supervisor).Refused(feeSteps, vars{"e": app.A.ID}, fault.NotFound)

	if status, csv := download(t, app.As(policy.Supervisor), "fee-steps.csv?estate=A&lang=zh"); status != http.StatusOK || !strings.Contains(csv, "通知单流程时限表") || !strings.Contains(csv, "审核、盖章、移交客服") || !strings.Contains(csv, "逾期") {
		t.Errorf("%d: %s", status, csv)
	}
}

func TestF9_TheEvidenceOfAFee(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	d := pastDue(t, app).Get("id").String()
	stampedBy(app, policy.SealKeeper, d)
	pays(app, app.A.Household, 100, nil)
	now := app.As(policy.Accountant).Do(feeDunnings, vars{"where": vars{"householdID": app.A.Household, "state": "DRAFT"}}).Get("feeDunnings.edges.0.node.id").String()
	handed(app, now)
	dispatched(app, absent("dunningID", now), posted("noticeID", februaryOf(app, app.A.Household)))
	dispatched(app, byResident("dunningID", now, app.A.Resident))
	e := app.As(policy.Supervisor).Do(feeEvidence, vars{"id": februaryOf(app, app.A.Household)}).Get("feeEvidence")
	if e.Get("notice.amount").Int() != whole || len(e.Get("notice.dispatches").Array()) != 1 || len(e.Get("dunnings").Array()) != 2 || e.Get("dunnings.0.state").String() != "REPLACED" || len(e.Get("dunnings.1.dispatches").Array()) != 2 ||
		len(e.Get("certificates").Array()) != 2 || e.Get("certificates.1.contentHash").String() != e.Get("dunnings.1.contentHash").String() || len(e.Get("signatures").Array()) != 6 {
		t.Errorf("evidence: %s", e.Raw)
	}
	own := app.Resident().Do(feeEvidence, vars{"id": februaryOf(app, app.A.Household)}).Get("feeEvidence")
	if len(own.Get("dunnings").Array()) != 1 || len(own.Get("certificates").Array()) != 0 {
		t.Errorf("the household sees %s", own.Raw)
	}
	app.Neighbour().Refused(feeEvidence, vars{"id": februaryOf(app, app.A.Household)}, fault.NotFound)
	app.Foreign(policy.Supervisor).Refused(feeEvidence, vars{"id": februaryOf(app, app.A.Household)}, fault.NotFound)
	app.As(policy.Receptionist).Refused(feeEvidence, vars{"id": februaryOf(app, app.A.Household)}, fault.NotFound)
}
