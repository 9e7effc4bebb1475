package exports_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// column are the cells of a register's column, sorted.
func column(t *testing.T, p *stewardtest.Person, path, heading string) (list []string) {
	t.Helper()
	for _, row := range table(t, sheet(t, p, path), heading) {
		list = append(list, row[heading])
	}
	slices.Sort(list)
	return list
}

// listed are the codes of a list, sorted.
func listed(p *stewardtest.Person, query string) (list []string) {
	p.Do(query, nil).ForEach(func(_, l gjson.Result) bool {
		for _, code := range l.Get("edges.#.node.code").Array() {
			list = append(list, code.String())
		}
		return true
	})
	slices.Sort(list)
	return list
}

// No register shows more than the list does, nor less: each asks for the viewer's scope.
func TestA4_2_ARegisterShowsWhatTheListShows(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	for _, c := range []struct {
		register, heading, query string
		who                      []policy.Role
		not                      []policy.Role
	}{
		{"archives-volumes", "Code", `{ archiveVolumes { edges { node { code } } } }`,
			[]policy.Role{policy.Archivist, policy.ProjectManager, policy.Auditor, policy.Supervisor, policy.CSOfficer}, []policy.Role{policy.Security, policy.Receptionist}},
		{"archives-files", "File", `{ archiveFiles(where: {householdIDNotNil: true}) { edges { node { code } } } }`,
			[]policy.Role{policy.Archivist, policy.ProjectManager, policy.Auditor, policy.Supervisor, policy.CSOfficer}, []policy.Role{policy.Security, policy.Receptionist}},
		{"archives-requests", "Request", `{ archiveRequests { edges { node { code } } } }`,
			[]policy.Role{policy.Archivist, policy.ProjectManager, policy.Auditor}, []policy.Role{policy.Supervisor, policy.CSOfficer, policy.Receptionist}},
		{"archives-loans", "Loan", `{ archiveLoans { edges { node { code } } } }`,
			[]policy.Role{policy.Archivist, policy.ProjectManager, policy.Auditor}, []policy.Role{policy.Supervisor, policy.CSOfficer, policy.Receptionist}},
	} {
		for _, role := range c.who {
			p := app.As(role)
			got, want := slices.Compact(column(t, p, c.register+".xlsx?estate=A", c.heading)), listed(p, ofEstate(c.query, app.A.ID))
			if !slices.Equal(got, want) || len(want) == 0 {
				t.Errorf("%s for %s: %v, and the list shows %v", c.register, role, got, want)
			}
		}
		for _, role := range c.not {
			if status, body := get(t, app.As(role), c.register+".csv?estate=A"); status != http.StatusForbidden {
				t.Errorf("%s for %s: %d %s", c.register, role, status, body)
			}
		}
		for _, p := range []*stewardtest.Person{app.Foreign(policy.Archivist), app.Resident()} {
			if status, _ := get(t, p, c.register+".xlsx?estate=A"); status != http.StatusNotFound {
				t.Errorf("%s for %s: %d", c.register, p.Email, status)
			}
		}
		if status, body := get(t, app.As(policy.Archivist), c.register+".html?estate=A&lang=zh"); status != http.StatusOK || !strings.Contains(string(body), "制表:") {
			t.Errorf("%s to be printed: %d", c.register, status)
		}
	}
}

// ofEstate asks a list for one estate's rows.
func ofEstate(query string, estate uuid.UUID) string {
	of := `estateID: "` + estate.String() + `"`
	if strings.Contains(query, "where: {") {
		return strings.Replace(query, "where: {", "where: {"+of+", ", 1)
	}
	return strings.Replace(query, " { edges", "(where: {"+of+"}) { edges", 1)
}

func TestA3_TheCatalogueOfVolumesIsInTheOrderOfTheShelf(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	rows := table(t, sheet(t, app.As(policy.Archivist), "archives-volumes.xlsx?estate=A&lang=zh"), "案卷号")
	var classes []string
	for _, r := range rows {
		classes = append(classes, r["类别"])
	}
	if !slices.Equal(slices.Compact(classes), []string{"内部资料", "员工档案", "业户档案"}) {
		t.Errorf("by class: %v", classes)
	}
	at := slices.IndexFunc(rows, func(r map[string]string) bool { return r["案卷号"] == "AJ-10" })
	if r := rows[at]; r["分类"] != "工作档案" || r["页数"] != "4" || r["份数"] != "1" || r["起始日期"] != "2025-03-02" || r["状态"] != "未封卷" || !strings.HasPrefix(r["所属档案"], "S-") {
		t.Errorf("row: %v", r)
	}
}

func TestA5_TheRegistersOfLoansAndRequests(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist := app.As(policy.Archivist)
	states := func() (list []string) { return column(t, archivist, "archives-loans.xlsx?estate=A&lang=zh", "状态") }
	if got := states(); !slices.Equal(got, []string{"借阅中", "已归还"}) {
		t.Errorf("states: %v", got)
	}
	for _, r := range table(t, sheet(t, archivist, "archives-loans.xlsx?estate=A&lang=zh&from=2026-02-28&to=2026-02-28"), "借阅编号") {
		if r["借阅编号"] != "AL-0001" || r["申请编号"] != "AR-0003" || r["借阅人"] != "前台" || (r["案卷号"] == "AJ-10") != (r["归还页数"] == "4") || r["应还时间"] != "2026-03-22 09:00" {
			t.Errorf("row: %v", r)
		}
	}
	if rows := table(t, sheet(t, archivist, "archives-loans.csv?estate=A&lang=zh&from=2026-03-01"), "借阅编号"); len(rows) != 0 {
		t.Errorf("lent since: %v", rows)
	}
	requests := table(t, sheet(t, archivist, "archives-requests.xlsx?estate=A&lang=zh"), "申请编号")
	at := slices.IndexFunc(requests, func(r map[string]string) bool { return r["申请编号"] == "AR-0003" })
	if r := requests[at]; len(requests) != 3 || r["方式"] != "借用" || r["结果"] != "已批准" || r["批准人"] != "经理" || r["用途"] != "核对" {
		t.Errorf("%d requests, %v", len(requests), r)
	}
	app.Clock.Advance(21 * 24 * time.Hour)
	archivist.SignIn()
	if got := states(); !slices.Equal(got, []string{"已归还", "逾期未还"}) {
		t.Errorf("after it was due: %v", got)
	}
}

func TestA6_TheIndexOfHouseholdFiles(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	rows := table(t, sheet(t, app.As(policy.Archivist), "archives-files.xlsx?estate=A&lang=zh"), "档案号")
	if len(rows) != 2 || rows[0]["案卷数"] != "2" || rows[0]["份数"] != "4" || rows[0]["页数"] != "5" || rows[0]["房屋"] == "" || rows[0]["业户"] == "" {
		t.Errorf("rows: %v", rows)
	}
	if got := exported(t, app, "read"); len(got) != 1 || !strings.HasPrefix(got[0], "archives-files.xlsx") {
		t.Errorf("on the trail: %v", got)
	}
}

func TestA7_TheRegisterOfDestructions(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	archivist, manager, guard := app.As(policy.Archivist), app.As(policy.ProjectManager), app.As(policy.Security)
	witness, own := uuid.New(), vars{"credential": stewardtest.Password}
	app.SQL(`INSERT INTO staffs (id, created_at, estate_id, name, sort_key, department_id, account_id, phone, employed_from) VALUES ($1, $2, $3, '监销员甲', 'b', $4, $5, '', '2025-01-01')`,
		witness, stewardtest.Start, app.A.ID, app.A.Department, guard.Account)
	d := archivist.Do(`mutation($in: HandInDocumentInput!) { handInDocument(input: $in) { document { id } } }`, vars{"in": vars{
		"estateID": app.A.ID, "category": "LAW", "title": "旧法规", "dated": "2010-01-05", "pages": 3}}).Get("handInDocument.document.id").String()
	v := archivist.Do(`mutation($in: OpenVolumeInput!) { openVolume(input: $in) { volume { id } } }`, vars{"in": vars{
		"estateID": app.A.ID, "category": "LAW", "code": "FG-01", "title": "法规", "periodFrom": "2010-01-01"}}).Get("openVolume.volume.id").String()
	archivist.Do(`mutation($in: BindDocumentsInput!) { bindDocuments(input: $in) { volume { id } } }`, vars{"in": vars{"volumeID": v, "documentIDs": []string{d}}})
	order := archivist.Do(`mutation($in: ProposeArchiveDestructionInput!) { proposeArchiveDestruction(input: $in) { destruction { id } } }`, vars{"in": vars{
		"estateID": app.A.ID, "documentIDs": []string{d}, "method": "SHREDDING", "reason": "保管期满"}}).Get("proposeArchiveDestruction.destruction.id").String()
	manager.Do(`mutation($in: ApproveArchiveDestructionInput!) { approveArchiveDestruction(input: $in) { destruction { id } } }`, vars{"in": vars{"destructionID": order, "witnessID": witness, "signature": own}})
	archivist.Do(`mutation($in: DestroyArchiveInput!) { destroyArchive(input: $in) { destruction { id } } }`, vars{"in": vars{"destructionID": order, "witnessID": witness, "signature": own, "witnessSignature": own}})
	rows := table(t, sheet(t, archivist, "archives-destructions.xlsx?estate=A&lang=zh"), "证明编号")
	if len(rows) != 1 || rows[0]["监销员"] != "监销员甲" || rows[0]["页数"] != "3" || rows[0]["销毁方式"] != "粉碎" || rows[0]["起始日期"] != "2010-01-05" || len(rows[0]["销毁前内容摘要"]) != 64 ||
		rows[0]["批准人"] == "" || rows[0]["销毁人"] == "" || rows[0]["审计链位置"] == "" || rows[0]["无保管限制声明"] == "" {
		t.Errorf("rows: %v", rows)
	}
	for _, p := range []*stewardtest.Person{app.As(policy.Supervisor), app.As(policy.CSOfficer), guard} {
		if status, _ := get(t, p, "archives-destructions.csv?estate=A"); status != http.StatusForbidden {
			t.Errorf("%s: %d", p.Email, status)
		}
	}
	if status, _ := get(t, app.Foreign(policy.Archivist), "archives-destructions.csv?estate=A"); status != http.StatusNotFound {
		t.Errorf("another estate's archivist: %d", status)
	}
}
