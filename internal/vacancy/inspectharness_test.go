package vacancy_test

import (
	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/stewardtest"
)

const (
	inspect = `mutation($in: RecordInspectionInput!) { recordInspection(input: $in) { inspection { id inspectedAt inspectedByName lateReason note
		results { id result finding doneOn dueOn voided departmentID item { code } photos { id contentType } } }
		vacancy { ventilatedOn ventilationDueOn cleanedOn cleaningDueOn dueOn } } }`
	voidInspection = `mutation($in: VoidInspectionInput!) { voidInspection(input: $in) { inspection { id voidedAt voidReason results { voided } } } }`
	dues           = `query($where: InspectionDueWhereInput, $overdue: Boolean) { inspectionDues(first: 200, where: $where, overdue: $overdue) { totalCount edges { node { doneOn dueOn item { code } unit { id } } } } }`
	inspections    = `query($where: InspectionWhereInput) { inspections(where: $where) { edges { node { id unit { label } results { item { code } result } } } } }`
)

// items are an estate's items by code.
func items(p *stewardtest.Person) map[string]string {
	out := map[string]string{}
	p.Do(`query { inspectionItems { edges { node { id code } } } }`, nil).Get("inspectionItems.edges.#.node").ForEach(func(_, i gjson.Result) bool {
		out[i.Get("code").String()] = i.Get("id").String()
		return true
	})
	return out
}

// visited is an inspection at which all is in order.
func visited(p *stewardtest.Person, vacancy string, codes ...string) vars {
	known, results := items(p), []vars{}
	for _, code := range codes {
		results = append(results, vars{"itemID": known[code], "result": "NORMAL"})
	}
	return vars{"in": vars{"vacancyID": vacancy, "results": results}}
}

// with changes an input.
func with(in vars, change func(in vars)) vars {
	change(in["in"].(vars))
	return in
}

// abnormal makes the first result one that is.
func abnormal(in vars, department any, finding string) vars {
	return with(in, func(in vars) {
		r := in["results"].([]vars)[0]
		r["result"], r["departmentID"], r["finding"] = "ABNORMAL", department, finding
	})
}

// duesOf are the days by which a vacancy's items are due.
func duesOf(p *stewardtest.Person, vacancy string) map[string]string {
	out := map[string]string{}
	p.Do(dues, vars{"where": vars{"vacancyID": vacancy}}).Get("inspectionDues.edges.#.node").ForEach(func(_, d gjson.Result) bool {
		out[d.Get("item.code").String()] = d.Get("dueOn").String()
		return true
	})
	return out
}
