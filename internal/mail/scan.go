package mail

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/jackc/pgx/v5"
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/mailscan"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/audit"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/wording"
	"github.com/steward-pm/steward/policy"
)

// mostScans is how many codes one call brings.
const mostScans = 100

// ScanMailInput is what a desk scanned since it last told.
type ScanMailInput struct {
	EstateID uuid.UUID
	Desk     string
	Scans    []MailScanInput
}

// MailScanInput is one code, with a key of its own: what is sent again under it is the same scan.
type MailScanInput struct{ Key, Code string }

// Check refuses what is no list of codes.
func (in ScanMailInput) Check() error {
	if err := wording.CheckText("desk", in.Desk, 1, 40); err != nil {
		return err
	}
	if len(in.Scans) == 0 || len(in.Scans) > mostScans {
		return fault.Invalid("scans", "请一次提交 1 到 %[1]d 个条码。", "Send between 1 and %[1]d codes at once.", mostScans).By("M2")
	}
	seen := make(map[string]bool, len(in.Scans))
	for i, s := range in.Scans {
		field := fmt.Sprintf("scans.%d.", i)
		if err := wording.CheckText(field+"key", s.Key, 1, 64); err != nil {
			return err
		}
		if seen[s.Key] {
			return fault.Invalid(field+"key", "每次刷码要有自己的键,请勿重复。", "Each scan has a key of its own; this one is given twice.").By("M2")
		}
		seen[s.Key] = true
		if err := wording.CheckCode(field+"code", s.Code); err != nil {
			return err
		}
	}
	return nil
}

// ScanMailPayload are the scans with what they are of, in the order given, and the day.
type ScanMailPayload struct {
	Scans []*ent.MailScan
	Day   *ent.MailDay
}

// Scan records what a desk scanned, and answers each code at once: it matches an item that is here, for the first time today; nothing of the
// code is known; it was scanned before today; or it was delivered already (M2). The database decides, however many desks scan at once.
//
// Errors: NOT_FOUND; CONFLICT once the day is closed, and for a key that another code was sent under.
var Scan = act.New("mail.scan", act.Needs(policy.MailScan, policy.Create), act.Clauses("M2"), scan)

// insertScans asks the items' locks in the order of their codes, so that two desks with the same pile do not wait for each other; what was
// sent before under its key stays what it was.
const insertScans = `INSERT INTO mail_scans (id, created_at, estate_id, day_id, key, code, desk, scanned_at, scanned_by_id, scanned_by_name)
	SELECT new_id(x'0807'::int), $1, $2, $3, s.key, s.code, $4, $1, $5, $6 FROM unnest($7::text[], $8::text[]) WITH ORDINALITY s(key, code, n) ORDER BY s.code, s.n
	ON CONFLICT (estate_id, key) DO NOTHING RETURNING id, code, outcome, item_id`

func scan(tx *act.Tx, in ScanMailInput) (*ScanMailPayload, error) {
	today, err := tx.Today(in.EstateID)
	if today, err = act.Find(today, err, "estateID"); err != nil {
		return nil, err
	}
	day, err := openDay(tx, in.EstateID, today)
	if err != nil {
		return nil, err
	}
	tx.About(ent.TypeMailDay, day.ID, day.RowScope())
	keys, codes := make([]string, len(in.Scans)), make([]string, len(in.Scans))
	for i, s := range in.Scans {
		keys[i], codes[i] = s.Key, codeOf(s.Code)
	}
	rows, err := tx.Raw.Query(tx, insertScans, tx.Now, day.EstateID, day.ID, wording.Tidy(in.Desk), tx.Viewer.Account, tx.Viewer.Name, keys, codes)
	if err != nil {
		return nil, err
	}
	made, err := pgx.CollectRows(rows, pgx.RowToStructByPos[scanned])
	if err != nil {
		return nil, err
	}
	for _, s := range made {
		if err := s.note(tx, day.EstateID); err != nil {
			return nil, err
		}
	}
	list, err := scansByKey(tx, day.EstateID, keys, codes)
	return &ScanMailPayload{list, day}, err
}

// scanned is what the database made of a code.
type scanned struct {
	ID            uuid.UUID
	Code, Outcome string
	Item          *uuid.UUID
}

// note puts the scan on the audit trail.
func (s scanned) note(tx *act.Tx, estate uuid.UUID) error {
	c := audit.Change{Type: ent.TypeMailScan, ID: s.ID, Op: audit.Create}
	for _, f := range []struct {
		name  string
		value any
	}{{mailscan.FieldCode, s.Code}, {mailscan.FieldOutcome, s.Outcome}, {mailscan.FieldItemID, s.Item}} {
		field, err := audit.Plain(f.name, nil, f.value)
		if err != nil {
			return err
		}
		c.Fields = append(c.Fields, field)
	}
	return tx.Note(estate, c)
}

// scansByKey are the scans under their keys, in the order of these. Errors: CONFLICT where another code was sent under a key.
func scansByKey(tx *act.Tx, estate uuid.UUID, keys, codes []string) ([]*ent.MailScan, error) {
	found, err := tx.MailScan.Query().Where(mailscan.EstateID(estate), mailscan.KeyIn(keys...)).WithItem().All(tx)
	if err != nil {
		return nil, err
	}
	out := make([]*ent.MailScan, len(keys))
	for i, key := range keys {
		at := slices.IndexFunc(found, func(s *ent.MailScan) bool { return s.Key == key })
		if at < 0 || found[at].Code != codes[i] {
			return nil, fault.Clash("该键已用于另一次刷码,请换一个键。", "Another scan was sent under the key; take a new one.").By("M2").At(fmt.Sprintf("scans.%d.key", i))
		}
		out[i] = found[at]
	}
	return out, nil
}
