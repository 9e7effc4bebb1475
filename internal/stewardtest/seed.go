package stewardtest

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jonboulle/clockwork"

	"github.com/steward-pm/steward/ent/department"
	"github.com/steward-pm/steward/ent/resident"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/audit"
	"github.com/steward-pm/steward/internal/calendar"
	"github.com/steward-pm/steward/internal/database"
	"github.com/steward-pm/steward/internal/ids"
	"github.com/steward-pm/steward/internal/program"
	"github.com/steward-pm/steward/internal/registry"
	"github.com/steward-pm/steward/internal/server"
)

// Estate is what a test finds in each of the two estates.
type Estate struct {
	ID                 uuid.UUID
	Code, Name         string
	Building, Area     uuid.UUID
	Units              []uuid.UUID // 1栋1单元101 and on: the first two Household's, the third OtherHousehold's, the fourth vacant
	Department         uuid.UUID   // customer service
	SecurityDepartment uuid.UUID
	EngineeringDepartment,
	FinanceDepartment uuid.UUID
	Staff, External           uuid.UUID
	Household, OtherHousehold uuid.UUID
	Resident, OtherResident   uuid.UUID
	Sets                      []uuid.UUID // of Units, in their order
	Source, Cabinet, Desk     uuid.UUID
	AtDesk, InCabinet         int // keys of each set
}

// Phone is the first resident's telephone number in both estates: a test that finds it in full has found a leak.
const Phone = "13812345678"

const (
	atDesk    = 2
	inCabinet = 3
)

// moved is when the keys that the seed makes were accepted and placed: a week ago, so that what is recorded late finds them.
var moved = Start.AddDate(0, 0, -7)

// seed fills the template through the acts, and with SQL what only an import makes.
func seed(ctx context.Context, ownerURL string) error {
	db, err := database.Open(ctx, database.Config{URL: ownerURL, AssumeRole: "steward_app", MaxConnections: 4})
	if err != nil {
		return err
	}
	defer db.Close()
	dir, err := os.MkdirTemp("", "steward-seed-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	keys, err := audit.OpenKeyDir(filepath.Join(dir, "keys"))
	if err != nil {
		return err
	}
	app, err := program.Assemble(program.Parts{
		DB: db, Clock: clockwork.NewFakeClockAt(Start), Log: slog.New(slog.DiscardHandler), Accounts: account.Config{Params: CheapPasswords},
		Keys: keys, Secret: []byte("a secret of tests"), FilesDir: filepath.Join(dir, "files"), Zone: Start.Location(), Server: server.Defaults(),
	})
	if err != nil {
		return err
	}
	ctx = access.With(app.Context(ctx), access.System(app.Policy, "seed"))
	for _, e := range []struct{ code, name string }{{"A", "甲小区"}, {"B", "乙小区"}} {
		if err := seedEstate(ctx, db, e.code, e.name); err != nil {
			return fmt.Errorf("seed %s: %w", e.code, err)
		}
	}
	return nil
}

func seedEstate(ctx context.Context, db *database.DB, code, name string) (err error) {
	s := seeder{ctx: ctx}
	e := do(&s, registry.CreateEstate, registry.CreateEstateInput{Code: code, Name: name}).Estate
	area := do(&s, registry.CreateArea, registry.CreateAreaInput{EstateID: e.ID, Code: "一区", Name: name + "一区"}).Area
	b := do(&s, registry.CreateBuilding, registry.CreateBuildingInput{EstateID: e.ID, Code: "1栋", AreaID: &area.ID}).Building
	var units []uuid.UUID
	for i := range 4 {
		entrance, size := "1单元", 8950
		units = append(units, do(&s, registry.CreateUnit, registry.CreateUnitInput{
			BuildingID: b.ID, Entrance: &entrance, Number: fmt.Sprint(101 + i), AreaHundredths: &size,
		}).Unit.ID)
	}
	var departments []uuid.UUID
	for _, d := range []struct {
		name string
		kind department.Kind
	}{{"客服部", department.KindCustomerService}, {"安全部", department.KindSecurity}, {"工程部", department.KindEngineering}, {"财务部", department.KindFinance}} {
		departments = append(departments, do(&s, registry.CreateDepartment, registry.CreateDepartmentInput{EstateID: e.ID, Name: d.name, Kind: d.kind}).Department.ID)
	}
	phone, day, head := Phone, calendar.DayOf(Start.AddDate(-1, 0, 0)), resident.RelationHead
	staff := do(&s, registry.HireStaff, registry.HireStaffInput{EstateID: e.ID, DepartmentID: departments[0], Name: name + "员工", Phone: &phone, EmployedFrom: &day}).Staff
	do(&s, registry.RegisterExternalPerson, registry.RegisterExternalPersonInput{EstateID: e.ID, Name: name + "师傅", Company: "装修公司", Phone: phone})
	var households []uuid.UUID
	for i, who := range []string{"业户", "邻居"} {
		unit := units[2*i]
		h := do(&s, registry.CreateHousehold, registry.CreateHouseholdInput{
			EstateID: e.ID, Name: name + who, Residents: []*registry.NewResidentInput{{Name: name + who, Relation: &head, Phone: &phone}},
			Occupancy: &registry.FirstOccupancyInput{UnitID: unit, NoticedOn: &day, MovedInOn: &day},
		}).Household
		if h == nil {
			break
		}
		households = append(households, h.ID)
		do(&s, registry.AddEmergencyContact, registry.AddEmergencyContactInput{HouseholdID: h.ID, Name: name + "亲戚", Phone: phone})
		if i == 0 {
			do(&s, registry.GiveMoveInNotice, registry.GiveMoveInNoticeInput{HouseholdID: h.ID, UnitID: units[1]})
		}
	}
	if s.err == nil {
		seedArchive(&s, e.ID, staff.ID, households)
	}
	seedVacancy(&s, e.ID, units[3])
	if s.err != nil {
		return s.err
	}
	return db.System(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if err := seedWebhook(ctx, tx, e.ID); err != nil {
			return err
		}
		return seedKeys(ctx, tx, e.ID, units)
	})
}

// seeder stops at the first error.
type seeder struct {
	ctx context.Context
	err error
}

func do[In any, Out any](s *seeder, a *act.Act[In, *Out], in In) *Out {
	if s.err == nil {
		var out *Out
		if out, s.err = a.Do(s.ctx, in); s.err == nil {
			return out
		}
	}
	return new(Out)
}

// seedKeys makes what the import of a key list makes: a sheet, sets and their keys; and a file, a run and
// a loan, so that every entity has a row.
func seedKeys(ctx context.Context, tx pgx.Tx, estate uuid.UUID, units []uuid.UUID) error {
	holder := map[string]uuid.UUID{}
	rows, err := tx.Query(ctx, `SELECT kind, id FROM key_holders WHERE estate_id = $1`, estate)
	if err != nil {
		return err
	}
	var kind string
	var id uuid.UUID
	if _, err := pgx.ForEachRow(rows, []any{&kind, &id}, func() error { holder[kind] = id; return nil }); err != nil {
		return err
	}
	var b batch
	draft, sheet := ids.New(0x0305), ids.New(0x0305)
	b.queue(`INSERT INTO key_acceptances (id, created_at, estate_id, source_file, handler, accepted_at) VALUES ($1, $2, $3, '钥匙清单.csv', '钥匙管理员', $2)`, sheet, Start, estate)
	for i, unit := range units {
		set, line, label := ids.New(0x0301), ids.New(0x0306), fmt.Sprintf("1栋1单元%d 户门", 101+i)
		b.queue(`INSERT INTO key_sets (id, created_at, estate_id, unit_id, place, label, kind, sort_key, outstanding) VALUES ($1, $2, $3, $4, '户门', $5, 'UNIT', $5, 1)`, set, Start, estate, unit, label)
		b.queue(`INSERT INTO key_acceptance_lines (id, created_at, estate_id, acceptance_id, set_id, due, delivered, outstanding, condition, deliverer, follow_up)
			VALUES ($1, $2, $3, $4, $5, 6, 5, 1, '完好', '工程部', '')`, line, Start, estate, sheet, set)
		if i == 0 {
			b.queue(`INSERT INTO key_follow_ups (id, created_at, estate_id, set_id, note, outstanding, noted_by_id, noted_by_name) VALUES ($1, $2, $3, $4, '已催工程部', 1, $5, '钥匙管理员')`,
				ids.New(0x030c), Start, estate, set, uuid.New())
		}
		for _, m := range []struct {
			from, to, reason string
			count            int
		}{{"SOURCE", "CABINET", "ACCEPTED", atDesk + inCabinet}, {"CABINET", "DESK", "PLACED", atDesk}} {
			b.queue(`INSERT INTO key_movements (id, created_at, estate_id, set_id, from_id, to_id, count, reason, acceptance_line_id, occurred_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $2)`,
				ids.New(0x0303), moved, estate, set, holder[m.from], holder[m.to], m.count, m.reason, line)
		}
	}
	account, loan, line, set := uuid.New(), ids.New(0x0307), ids.New(0x0308), ids.New(0x0301)
	b.queue(`INSERT INTO key_sets (id, created_at, estate_id, unit_id, place, label, kind, sort_key) VALUES ($1, $2, $3, $4, '设备间', '设备间', 'PUBLIC_AREA', 'z')`, set, Start, estate, units[3])
	b.queue(`INSERT INTO key_loans (id, created_at, estate_id, borrower_id, borrower_name, purpose, lent_by_id, lent_by_name, lent_at, due_at, returned_at, state)
		VALUES ($1, $2, $3, $4, '工程部', '检修', $5, '客服', $2, $2, $2, 'RETURNED')`, loan, Start.AddDate(0, 0, -3), estate, holder["ENGINEERING"], account)
	b.queue(`INSERT INTO key_loan_lines (id, created_at, estate_id, loan_id, set_id, from_id, label, count, returned) VALUES ($1, $2, $3, $4, $5, $6, '设备间', 1, 1)`, line, Start, estate, loan, set, holder["DESK"])
	back := ids.New(0x0309)
	b.queue(`INSERT INTO key_returns (id, created_at, estate_id, line_id, receipt_id, count, returned_by, received_by_id, received_by_name, returned_at) VALUES ($1, $2, $3, $4, $1, 1, '工程部', $5, '客服', $2)`,
		back, Start, estate, line, account)
	for _, capacity := range []string{"returner", "handler"} {
		b.queue(`INSERT INTO signatures (id, created_at, estate_id, kind, subject_id, capacity, signer_name, method, attested_by_id, attested_by_name, content_hash, signed_at)
			VALUES ($1, $2, $3, 'keys.return', $4, $5, $5, 'ATTESTED', $6, '客服', '00', $2)`, ids.New(0x0204), Start, estate, back, capacity, account)
	}
	b.queueRound(estate, account, set, holder)
	loss := ids.New(0x030a)
	b.queue(`INSERT INTO key_losses (id, created_at, estate_id, set_id, label, holder_id, holder_name, count, circumstances, occurred_at, reported_at, reported_by_id, reported_by_name)
		VALUES ($1, $2, $3, $4, '设备间', $5, '工程部', 1, '检修后遗失', $2, $2, $6, '客服')`, loss, Start.AddDate(0, 0, -2), estate, set, holder["ENGINEERING"], account)
	for _, m := range []struct {
		from, to, reason string
		loss             *uuid.UUID
	}{{"SOURCE", "ENGINEERING", "ACCEPTED", nil}, {"ENGINEERING", "LOST", "LOST", &loss}} {
		b.queue(`INSERT INTO key_movements (id, created_at, estate_id, set_id, from_id, to_id, count, reason, loss_id, occurred_at) VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $8, $2)`,
			ids.New(0x0303), moved, estate, set, holder[m.from], holder[m.to], m.reason, m.loss)
	}
	b.queue(`INSERT INTO key_cabinet_openings (id, created_at, estate_id, cabinet_id, outcome, purpose, opened_by_id, opened_by_name, occurred_at) VALUES ($1, $2, $3, $4, 'OPENED', '盘点', $5, '钥匙管理员', $2)`,
		ids.New(0x030b), Start.AddDate(0, 0, -2), estate, holder["CABINET"], account)
	b.queue(`INSERT INTO files (id, created_at, estate_id, name, content_type, size, sha256, uploaded_by) VALUES ($1, $2, $3, '清单.csv', 'text/csv', 1, $4, $5)`, ids.New(0x0201), Start, estate, fmt.Sprintf("%064d", 0), account)
	b.queue(`INSERT INTO import_runs (id, created_at, estate_id, kind, file_name, sha256, report) VALUES ($1, $2, $3, 'UNITS', '清单.csv', $4, '{}')`, ids.New(0x0202), Start, estate, fmt.Sprintf("%064d", 0))
	b.queueMore(estate, account, set, loan, draft, holder)
	b.queueArchive(estate, account)
	b.queueDestruction(estate, account)
	b.queueSearch(estate)
	b.queueLoans(estate, account)
	b.queueMail(estate, account)
	b.queueSnapshot(estate)
	b.queueDefect(estate, account, units[3])
	b.queuePress(estate, account)
	b.queueFees(estate, account)
	b.queueDuty(estate, account)
	b.queueBank(estate, account)
	b.queueDispatches(estate, account)
	b.queueExport(estate, account)
	return tx.SendBatch(ctx, &b.Batch).Close()
}

type batch struct{ pgx.Batch }

func (b *batch) queue(sql string, args ...any) { b.Queue(sql, args...) }

// load reads the estates that the seed made.
func (a *App) load() {
	a.t.Helper()
	for _, e := range []*Estate{&a.A, &a.B} {
		e.Code = map[bool]string{true: "A", false: "B"}[e == &a.A]
		e.AtDesk, e.InCabinet = atDesk, inCabinet
		e.ID = a.IDs(`SELECT id FROM estates WHERE code = $1`, e.Code)[0]
		e.Name = query[string](a, `SELECT name FROM estates WHERE id = $1`, e.ID)[0]
		one := func(sql string, args ...any) uuid.UUID { return a.IDs(sql, append([]any{e.ID}, args...)...)[0] }
		e.Area, e.Building = one(`SELECT id FROM areas WHERE estate_id = $1`), one(`SELECT id FROM buildings WHERE estate_id = $1`)
		e.Units = a.IDs(`SELECT id FROM units WHERE estate_id = $1 ORDER BY sort_key`, e.ID)
		for to, kind := range map[*uuid.UUID]string{&e.Department: "CUSTOMER_SERVICE", &e.SecurityDepartment: "SECURITY", &e.EngineeringDepartment: "ENGINEERING", &e.FinanceDepartment: "FINANCE"} {
			*to = one(`SELECT id FROM departments WHERE estate_id = $1 AND kind = $2`, kind)
		}
		e.Staff, e.External = one(`SELECT id FROM staffs WHERE estate_id = $1 ORDER BY id`), one(`SELECT id FROM external_persons WHERE estate_id = $1`)
		households := a.IDs(`SELECT household_id FROM occupancies WHERE estate_id = $1 AND state = 'MOVED_IN' ORDER BY unit_label`, e.ID)
		e.Household, e.OtherHousehold = households[0], households[1]
		e.Resident, e.OtherResident = one(`SELECT id FROM residents WHERE estate_id = $1 AND household_id = $2`, e.Household), one(`SELECT id FROM residents WHERE estate_id = $1 AND household_id = $2`, e.OtherHousehold)
		e.Sets = a.IDs(`SELECT id FROM key_sets WHERE estate_id = $1 AND kind = 'UNIT' ORDER BY label`, e.ID)
		for to, kind := range map[*uuid.UUID]string{&e.Source: "SOURCE", &e.Cabinet: "CABINET", &e.Desk: "DESK"} {
			*to = one(`SELECT id FROM key_holders WHERE estate_id = $1 AND kind = $2`, kind)
		}
	}
}
