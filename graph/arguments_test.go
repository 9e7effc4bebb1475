package graph_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/steward-pm/steward/internal/stewardtest"
)

// The walk's arguments are such as the schema admits and the acts accept, so that what refuses is never their form.

// form is what a field is asked with where the default will not do, by path; left out where that is nil.
type form map[string]any

// forms are the ways in which a field is asked; by default there is one, with all ids given.
var forms = map[string][]form{
	"createWebhook":  {{"createWebhook.input.url": "https://example.com/", "createWebhook.input.kinds": "keys.lend"}},
	"createApiToken": {{"createApiToken.input.role": "project-manager"}},
	"createAccount": {
		{"createAccount.input.role.departmentID": nil, "createAccount.input.role.householdID": nil},
		{"createAccount.input.role.role": "supervisor", "createAccount.input.email": "second@b.example", "createAccount.input.role.householdID": nil},
		{"createAccount.input.role.role": "resident", "createAccount.input.email": "third@b.example", "createAccount.input.role.departmentID": nil, "createAccount.input.kind": "RESIDENT"},
	},
	"grantRole": {
		{"grantRole.input.role": "archivist", "grantRole.input.departmentID": nil, "grantRole.input.householdID": nil},
		{"grantRole.input.role": "supervisor", "grantRole.input.householdID": nil},
		{"grantRole.input.role": "resident", "grantRole.input.departmentID": nil},
	},
	"endEmployment":   {{"endEmployment.input.reassignTo": nil}, {}},
	"createHousehold": {{"createHousehold.input.occupancy": nil, "createHousehold.input.code": "909"}, {}},
	"lendKeys": {
		{"lendKeys.input.borrower": "staffID", "lendKeys.input.fromID": nil, "lendKeys.input.approvalID": nil},
		{"lendKeys.input.borrower": "residentID", "lendKeys.input.approvalID": nil},
		{"lendKeys.input.borrower": "externalPersonID"},
	},
	"askKeyLoan": {
		{"askKeyLoan.input.borrower": "staffID", "askKeyLoan.input.until": "2026-03-05"},
		{"askKeyLoan.input.borrower": "residentID", "askKeyLoan.input.until": "2026-03-05"},
		{"askKeyLoan.input.borrower": "externalPersonID", "askKeyLoan.input.until": "2026-03-05"},
	},
	"askKeyLoanExtension": {{"askKeyLoanExtension.input.until": "2026-03-05"}},
	"returnKeys":          {{"returnKeys.input.lines": nil, "returnKeys.input.staffID": nil}, {}},
	"reportKeyLoss": {
		{"reportKeyLoss.input.setID": nil, "reportKeyLoss.input.holderID": nil},
		{"reportKeyLoss.input.loanLineID": nil},
	},
	"requestKeyScrapping": {{"requestKeyScrapping.input.signature.credential": stewardtest.Password}},
	"consentKeyScrapping": {{"consentKeyScrapping.input.signature.credential": stewardtest.Password}},
	"signKeyAcceptance": {
		{"signKeyAcceptance.input.engineering": nil, "signKeyAcceptance.input.security": nil, "signKeyAcceptance.input.signature.name": "王工"},
		{"signKeyAcceptance.input.signature.credential": stewardtest.Password, "signKeyAcceptance.input.security.signature.credential": stewardtest.Password},
	},
	"giveApproval": {{"giveApproval.input.signature.credential": stewardtest.Password}},
	"moveOut":      {{"moveOut.input.payerID": nil}, {}},
	"handOverKeys": {{"handOverKeys.input.residentID": nil, "handOverKeys.input.signature.name": "代办人"}, {}},
	"takeBackKeys": {{"takeBackKeys.input.residentID": nil, "takeBackKeys.input.signature.name": "代办人"}, {}},
	// Who signs for engineering is of that department, and the estate's one member of staff is not.
	"giveKeysToEngineering":   {{"giveKeysToEngineering.input.staffID": nil, "giveKeysToEngineering.input.signature.name": "钱工"}},
	"takeKeysFromEngineering": {{"takeKeysFromEngineering.input.staffID": nil, "takeKeysFromEngineering.input.signature.name": "钱工"}},
	// A document concerns a household, or a member of staff, or a department; an upload is taken by who uploaded it only, whose row no walk has.
	"handInDocument": {
		{"handInDocument.input.staffID": nil, "handInDocument.input.departmentID": nil, "handInDocument.input.manualID": nil, "handInDocument.input.uploadID": nil, "handInDocument.input.category": "COMPLAINTS"},
		{"handInDocument.input.householdID": nil, "handInDocument.input.departmentID": nil, "handInDocument.input.manualID": nil, "handInDocument.input.uploadID": nil, "handInDocument.input.category": "WORK"},
		{"handInDocument.input.householdID": nil, "handInDocument.input.staffID": nil, "handInDocument.input.uploadID": nil, "handInDocument.input.category": "MANAGEMENT_MANUAL", "handInDocument.input.edition": "二"},
	},
	"openVolume":             {{"openVolume.input.staffID": nil, "openVolume.input.category": "COMPLAINTS"}, {"openVolume.input.householdID": nil, "openVolume.input.category": "WORK"}},
	"registerExternalPerson": {{"registerExternalPerson.input.name": "外来师傅"}}, // who is on the staff by now is no outsider
	"closeVolume":            {{"closeVolume.input.periodUntil": "2026-03-02"}},
	"placeInArchive":         {{"placeInArchive.input.fileID": nil}, {"placeInArchive.input.volumeID": nil}},
	"advanceRenovation":      {{"advanceRenovation.input.to": "APPROVED"}},
	"placeArchiveHold": {
		{"placeArchiveHold.input.volumeID": nil, "placeArchiveHold.input.fileID": nil},
		{"placeArchiveHold.input.documentID": nil, "placeArchiveHold.input.fileID": nil},
		{"placeArchiveHold.input.documentID": nil, "placeArchiveHold.input.volumeID": nil},
	},
	// An upload is taken by who uploaded it only, whose row no walk has.
	"reportDefect":      {{"reportDefect.input.photoIDs": nil}},
	"resolveDefect":     {{"resolveDefect.input.photoIDs": nil}},
	"reinspectDefect":   {{"reinspectDefect.input.photoIDs": nil}},
	"proposeDefectTerm": {{"proposeDefectTerm.input.until": "2026-03-20"}},
	"extendDefectTerm":  {{"extendDefectTerm.input.until": "2026-03-20"}},
	// Mail is for a household or a department, or for neither.
	"registerMail": {{"registerMail.input.items.departmentID": nil}, {"registerMail.input.items.householdID": nil}},
	"decideMail":   {{"decideMail.input.to": "SORTED", "decideMail.input.departmentID": nil}, {"decideMail.input.to": "SORTED", "decideMail.input.householdID": nil}},
	// What is delivered is items, or the slot of a household or a department, each signed for by one of three.
	"deliverMail": {
		{"deliverMail.input.deliveries.householdID": nil, "deliverMail.input.deliveries.departmentID": nil, "deliverMail.input.deliveries.staffID": nil, "deliverMail.input.deliveries.signature": 1},
		{"deliverMail.input.deliveries.itemIDs": nil, "deliverMail.input.deliveries.departmentID": nil, "deliverMail.input.deliveries.staffID": nil, "deliverMail.input.deliveries.residentID": nil, "deliverMail.input.deliveries.recipient": "代收人", "deliverMail.input.deliveries.signature": 1},
		{"deliverMail.input.deliveries.itemIDs": nil, "deliverMail.input.deliveries.householdID": nil, "deliverMail.input.deliveries.residentID": nil, "deliverMail.input.deliveries.signature": 1},
	},
	"addPublication":          {{"addPublication.input.frequency": "DAILY", "addPublication.input.name": "走查日报"}},
	"subscribePress":          {{"subscribePress.input.departmentID": nil, "subscribePress.input.lastOn": "2030-01-01", "subscribePress.input.fromOn": "2029-01-01"}, {"subscribePress.input.householdID": nil, "subscribePress.input.lastOn": "2030-01-01", "subscribePress.input.fromOn": "2029-01-01"}},
	"renewPressSubscription":  {{"renewPressSubscription.input.lastOn": "2027-12-31"}},
	"endPressSubscription":    {{"endPressSubscription.input.lastOn": "2026-11-30"}},
	"pausePressSubscription":  {{"pausePressSubscription.input.fromOn": "2026-05-01", "pausePressSubscription.input.lastOn": "2026-05-02"}},
	"resumePressSubscription": {{"resumePressSubscription.input.on": "2026-07-10"}},
	"receivePress":            {{"receivePress.input.counts.delivered": 1}},
	"openMailCase":            {{"openMailCase.input.claimID": nil}, {"openMailCase.input.itemID": nil}},
	// What is in order goes to no department; photos are uploads, which whoever uploaded them takes only.
	"recordInspection": {
		{"recordInspection.input.results.departmentID": nil, "recordInspection.input.results.photoIDs": nil},
		{"recordInspection.input.results.result": "ABNORMAL", "recordInspection.input.results.finding": "渗水", "recordInspection.input.results.photoIDs": nil},
	},
	// A draft is of a month to come; shifts have times; who signs a sheet does so by the own password.
	"addDutyShift":      {{"addDutyShift.input.begins": "08:00", "addDutyShift.input.ends": "16:00"}},
	"draftDutyRoster":   {{"draftDutyRoster.input.month": "2026-05-01"}},
	"signDutyHandover":  {{"signDutyHandover.input.signature.credential": stewardtest.Password}},
	"setCalendarDays":   {{"setCalendarDays.input.days.day": "2026-03-05"}},
	"clearCalendarDays": {{"clearCalendarDays.input.days": "2027-06-01"}},
	"setFeeTariff":      {{"setFeeTariff.input.fee": "走查费"}},
	"endFeeTariff":      {{"endFeeTariff.input.lastOn": "2026-12-31"}},
	"runFeeBilling":     {{"runFeeBilling.input.month": "2026-03-01"}},
	// What is brought is a fee notice, for which a resident signs, or a dunning notice, which is posted.
	"dispatchFeeNotices": {
		{"dispatchFeeNotices.input.dispatches.dunningID": nil, "dispatchFeeNotices.input.dispatches.uploadIDs": nil, "dispatchFeeNotices.input.dispatches.capacity": "HOUSEHOLD", "dispatchFeeNotices.input.dispatches.signature": 1},
		{"dispatchFeeNotices.input.dispatches.noticeID": nil, "dispatchFeeNotices.input.dispatches.uploadIDs": nil, "dispatchFeeNotices.input.dispatches.residentID": nil,
			"dispatchFeeNotices.input.dispatches.method": "POST", "dispatchFeeNotices.input.dispatches.postage": 120, "dispatchFeeNotices.input.dispatches.reason": "外出"},
	},
	"stampFeeDunnings":          {{"stampFeeDunnings.input.signature.credential": stewardtest.Password}},
	"planInspectionRound":       {{"planInspectionRound.input.plannedOn": "2026-03-05"}},
	"startInspectionRound":      {{"startInspectionRound.input.withoutKeysReason": nil}},
	"closeInspectionRound":      {{"closeInspectionRound.input.skips": nil, "closeInspectionRound.input.signature.credential": stewardtest.Password}},
	"recordRoundInspections":    {{"recordRoundInspections.input.lines.results.departmentID": nil, "recordRoundInspections.input.lines.results.photoIDs": nil}},
	"approveArchiveDestruction": {{"approveArchiveDestruction.input.signature.credential": stewardtest.Password}},
	// What comes back is out, as the first document of the walk is not.
	"returnArchive":  {{"returnArchive.input.documents": nil, "returnArchive.input.staffID": nil}, {"returnArchive.input.documents": nil}},
	"destroyArchive": {{"destroyArchive.input.signature.credential": stewardtest.Password}},
	// A register that is of all households, and one of a single one.
	"requestRegisterExport": {
		{"requestRegisterExport.input.register": "units", "requestRegisterExport.input.householdID": nil},
		{"requestRegisterExport.input.register": "mail-items"},
	},
}

func formsOf(f *ast.FieldDefinition) []form {
	if list := forms[f.Name]; list != nil {
		return list
	}
	return []form{{}}
}

// plain are values of arguments whose name asks for something in particular.
var plain = map[string]any{
	"action": "keys.lend", "phone": "13900000000", "email": "new@b.example", "role": "cs-officer", "timeZone": "Asia/Shanghai",
	"code": "WALK", "number": "909", "currency": "CNY", "month": "2026-02-01", "text": "投诉",
}

// asking makes the arguments of one question; id gives the ids, by path and kind.
type asking struct {
	t     *testing.T
	field *ast.FieldDefinition
	form  form
	id    func(path, kind string) uuid.UUID
}

// arguments are those that are required, and those that hold ids.
func (a asking) arguments() map[string]any {
	out := map[string]any{}
	for _, arg := range a.field.Arguments {
		if v, ok := a.value(a.field.Name+"."+arg.Name, arg.Type, arg.DefaultValue); ok {
			out[arg.Name] = v
		}
	}
	return out
}

func (a asking) value(path string, t *ast.Type, preset *ast.Value) (any, bool) {
	special, named := a.form[path]
	required := t.NonNull && preset == nil
	def := schema.Types[t.Name()]
	switch {
	case named && special == nil || !required && !named && !holdsID(t):
		return nil, false
	case t.Elem != nil:
		v, ok := a.value(path, t.Elem, nil)
		return []any{v}, ok
	case t.NamedType == "ID":
		kind, err := kindOf(a.field, path)
		if err != nil {
			a.t.Fatal(err)
		}
		return a.id(path, kind), true
	case def.Kind == ast.InputObject:
		return a.object(path, def, special), true
	case named:
		return special, true
	case def.Kind == ast.Enum:
		return def.EnumValues[0].Name, true
	}
	name := path[strings.LastIndex(path, ".")+1:]
	if v, ok := plain[name]; ok {
		return v, true
	}
	return map[string]any{"Int": 1, "Float": 1.5, "Boolean": true, "Date": "2026-03-02", "JSON": map[string]any{},
		"Time": stewardtest.Start.AddDate(0, 1, 0), "String": "x" + name}[t.NamedType], true
}

// object fills an input; of those where exactly one field is given, the one that the form names, or the first.
func (a asking) object(path string, def *ast.Definition, only any) map[string]any {
	out := map[string]any{}
	for i, f := range def.Fields {
		if def.Directives.ForName("oneOf") != nil && f.Name != only && (only != nil || i > 0) {
			continue
		}
		if v, ok := a.value(path+"."+f.Name, f.Type, f.DefaultValue); ok {
			out[f.Name] = v
		}
	}
	return out
}

func holdsID(t *ast.Type) bool {
	def := schema.Types[t.Name()]
	return t.Name() == "ID" || def.Kind == ast.InputObject && !strings.HasSuffix(def.Name, "WhereInput") &&
		slices.ContainsFunc(def.Fields, func(f *ast.FieldDefinition) bool { return f.Type.Name() == "ID" || f.Type.NonNull && holdsID(f.Type) })
}

// of gives ids of an estate: the first of the kind, and where keys go another one than where they come from.
func of(rows map[string][]uuid.UUID) func(path, kind string) uuid.UUID {
	return func(path, kind string) uuid.UUID {
		if strings.HasSuffix(path, ".toID") {
			return rows[kind][1]
		}
		return rows[kind][0]
	}
}

// documentOf asks the field for everything that can be selected, so many levels down.
func documentOf(kind string, f *ast.FieldDefinition, args map[string]any, depth int) (string, stewardtest.Vars) {
	var declared, given []string
	for _, a := range f.Arguments {
		if _, ok := args[a.Name]; ok {
			declared = append(declared, fmt.Sprintf("$%s: %s", a.Name, a.Type))
			given = append(given, fmt.Sprintf("%s: $%s", a.Name, a.Name))
		}
	}
	text := kind
	if len(declared) > 0 {
		text += "(" + strings.Join(declared, ", ") + ")"
	}
	text += " { " + f.Name
	if len(given) > 0 {
		text += "(" + strings.Join(given, ", ") + ")"
	}
	return text + selection(schema.Types[f.Type.Name()], depth) + " }", args
}

// selection selects all plain fields, and objects while depth lasts; what needs arguments is left out.
func selection(t *ast.Definition, depth int) string {
	if t == nil || t.IsLeafType() {
		return ""
	}
	fields := []string{"__typename"}
	for _, f := range t.Fields {
		sub := schema.Types[f.Type.Name()]
		switch {
		case requiresArguments(f):
		case sub.IsLeafType():
			fields = append(fields, f.Name)
		case depth > 1:
			fields = append(fields, f.Name+selection(sub, depth-1))
		}
	}
	if t.Kind == ast.Union { // what is an interface's is selected above
		for _, p := range schema.PossibleTypes[t.Name] {
			fields = append(fields, "... on "+p.Name+" { id }")
		}
	}
	return " { " + strings.Join(fields, " ") + " }"
}

func requiresArguments(f *ast.FieldDefinition) bool {
	return slices.ContainsFunc(f.Arguments, func(a *ast.ArgumentDefinition) bool { return a.Type.NonNull && a.DefaultValue == nil })
}
