package demo_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jonboulle/clockwork"

	"github.com/steward-pm/steward/ent/migrations"
	"github.com/steward-pm/steward/internal/database/dbtest"
	"github.com/steward-pm/steward/internal/demo"
	"github.com/steward-pm/steward/internal/stewardtest"
)

// shows are what the demo has to show, by clause: statements that find no row where it does not.
var shows = []struct{ what, sql string }{
	{"K1.1 an imported sheet", `SELECT FROM key_acceptances a JOIN key_acceptance_lines l ON l.acceptance_id = a.id WHERE a.source_file <> '' AND l.delivered > 0`},
	{"K1.1 a sheet checked and signed by three", `SELECT FROM key_acceptances a JOIN signatures s ON s.subject_id = a.id WHERE a.state = 'EFFECTIVE' GROUP BY a.id HAVING count(*) = 3`},
	{"K1.1 a faulty key outstanding", `SELECT FROM key_acceptance_checks c JOIN key_sets s ON s.unit_id = c.unit_id WHERE c.faulty > 0 AND s.outstanding > 0`},
	{"K1.1 a sheet in draft", `SELECT FROM key_acceptances WHERE state = 'DRAFT'`},
	{"K1.2 keys on hooks", `SELECT FROM key_hooks WHERE set_id IS NOT NULL`},
	{"K1.2 a free hook", `SELECT FROM key_hooks WHERE set_id IS NULL`},
	{"K1.2 keys at the front desk", `SELECT FROM key_balances b JOIN key_holders h ON h.id = b.holder_id WHERE h.kind = 'DESK' AND b.count > 0`},
	{"K1.2 the cabinet opened", `SELECT FROM key_cabinet_openings WHERE outcome = 'OPENED' AND voided_at IS NULL`},
	{"K1.2 the cabinet refused", `SELECT FROM key_cabinet_openings WHERE outcome = 'REFUSED'`},
	{"K1.3 keys sealed with security", `SELECT FROM key_seals s JOIN key_balances b ON b.set_id = s.set_id JOIN key_holders h ON h.id = b.holder_id WHERE s.state = 'SEALED' AND h.kind = 'SEAL' AND b.count = s.count`},
	{"K1.3 a seal replaced", `SELECT FROM key_seals WHERE state = 'REPLACED'`},
	{"K1.3 a seal broken", `SELECT FROM key_seals WHERE state = 'BROKEN'`},
	{"K1.4 keys outstanding, followed up", `SELECT FROM key_sets s JOIN key_follow_ups f ON f.set_id = s.id WHERE s.outstanding > 0`},
	{"K2.1 a loan signed by both", `SELECT FROM signatures WHERE kind = 'keys.lend' GROUP BY subject_id HAVING count(*) = 2`},
	{"K2.1 a loan voided", `SELECT FROM key_loans WHERE state = 'VOIDED'`},
	{"K2.1 a return voided", `SELECT FROM key_returns WHERE voided_at IS NOT NULL`},
	{"K2.1 a loan recorded late", `SELECT FROM key_loans WHERE late_reason <> ''`},
	{"K2.2 an open loan that is not due", `SELECT FROM key_loans WHERE state = 'OPEN' AND due_at > $1`},
	{"K2.2 an overdue loan", `SELECT FROM key_loans WHERE state = 'OPEN' AND due_at < $1`},
	{"K2.2 a long loan, approved, extended, back", `SELECT FROM key_loans WHERE state = 'RETURNED' AND due_at - lent_at > '4 days'`},
	{"K2.2 an approval signed", `SELECT FROM approvals a JOIN signatures s ON s.subject_id = a.id WHERE a.state = 'USED' AND s.method = 'CREDENTIAL'`},
	{"K2.2 an approval declined", `SELECT FROM approvals WHERE state = 'DECLINED'`},
	{"K2.2 an approval withdrawn", `SELECT FROM approvals WHERE state = 'WITHDRAWN'`},
	{"K2.2 a long loan asked for", `SELECT FROM approvals WHERE kind = 'keys.longLoan' AND state = 'ASKED' AND expires_at > $1`},
	{"K2.2 an extension asked for", `SELECT FROM approvals WHERE kind = 'keys.extension' AND state = 'ASKED' AND expires_at > $1`},
	{"K2.3 a loss that waits for its answer", `SELECT FROM key_losses WHERE state = 'OPEN'`},
	{"K2.3 a loss answered", `SELECT FROM key_losses WHERE state = 'ANSWERED' AND lock_change_requested`},
	{"K2.3 a loss found", `SELECT FROM key_losses WHERE found > 0`},
	{"K2.3 a loss voided", `SELECT FROM key_losses WHERE state = 'VOIDED'`},
	{"K2.3 copies by an approved order", `SELECT FROM key_copy_orders o JOIN key_movements m ON m.set_id = o.set_id WHERE o.state = 'MADE' AND m.reason = 'COPIED'`},
	{"K2.3 copies asked for", `SELECT FROM approvals WHERE kind = 'keys.copy' AND state = 'ASKED' AND expires_at > $1`},
	{"K3.1 a lock change ordered and not done", `SELECT FROM key_lock_changes c JOIN key_losses l ON l.id = c.loss_id WHERE c.state = 'ORDERED'`},
	{"K3.1 a set in use of a later generation", `SELECT FROM key_sets s JOIN key_lock_changes c ON c.set_id = s.id WHERE c.state = 'DONE' AND s.condition = 'IN_USE' AND s.generation > 1`},
	{"K3.1 a set due for scrapping", `SELECT FROM key_sets WHERE condition = 'DUE_FOR_SCRAPPING'`},
	{"K3.2 a set scrapped under a certificate signed by three", `SELECT FROM key_scrappings k JOIN certificates c ON c.id = k.certificate_id JOIN signatures s ON s.subject_id = c.subject_id
		WHERE k.state = 'DONE' GROUP BY k.id HAVING count(*) = 3`},
	{"K3.2 a scrapping that waits for consent", `SELECT FROM approvals WHERE kind = 'keys.scrap' AND state = 'ASKED' AND expires_at > $1`},
	{"A1.3 a staff file read for promotion, and told", `SELECT FROM staff_file_consultations c JOIN identity.inbox m ON m.subject_id = c.id WHERE c.purpose = 'PROMOTION' AND c.work_documents > 0`},
	{"A4.3 registers that were asked for, as jobs", `SELECT FROM register_exports x JOIN river.river_job j ON j.args ->> 'export' = x.id::text HAVING count(DISTINCT x.account_id) = 2`},
	{"A5 paper that is lent, and not due", `SELECT FROM archive_loans WHERE state = 'OPEN' AND due_at > $1`},
	{"A5 paper that is overdue", `SELECT FROM archive_loans WHERE state = 'OPEN' AND due_at < $1`},
	{"A5 paper that came back with a page missing, signed by both", `SELECT FROM archive_returns r JOIN signatures s ON s.subject_id = r.id WHERE r.missing = 1 GROUP BY r.id HAVING count(*) = 2`},
	{"A7 a document held", `SELECT FROM archive_holds WHERE released_at IS NULL`},
	{"A7 a destruction that waits for its witness", `SELECT FROM archive_destructions o JOIN approvals a ON a.id = o.approval_id WHERE o.state = 'APPROVED' AND a.state = 'GIVEN' AND a.expires_at > $1`},
	{"A7 a destruction under a certificate signed by three, and its stub", `SELECT FROM archive_documents d JOIN certificates c ON c.number = d.certificate_number
		JOIN signatures s ON s.subject_id = c.subject_id WHERE d.state = 'DESTROYED' GROUP BY d.id HAVING count(*) = 3`},
	{"K4.1 an entry countered", `SELECT FROM key_movements WHERE reverses_id IS NOT NULL`},
	{"K4.1 keys handed over to a household, signed", `SELECT FROM key_movements m JOIN signatures s ON s.subject_id = m.id WHERE m.reason = 'HANDED_OVER'`},
	{"K4.1 keys taken back from it", `SELECT FROM key_movements WHERE reason = 'TAKEN_BACK'`},
	{"K4.1 keys with engineering", `SELECT FROM key_balances b JOIN key_holders h ON h.id = b.holder_id WHERE h.kind = 'ENGINEERING' AND b.count > 0`},
	{"K4.2 a month closed", `SELECT FROM key_statements s JOIN key_statement_lines l ON l.statement_id = s.id WHERE l.accepted > 0 AND l.closing > 0`},
	{"K4.3 a spot check closed", `SELECT FROM reconciliations WHERE kind = 'keys.spotCheck' AND state = 'CLOSED'`},
	{"A1.4 a violation put right", `SELECT FROM violations WHERE state = 'RESOLVED'`},
	{"A1.4 arrears that are open", `SELECT FROM violations WHERE state = 'OPEN' AND kind = 'ARREARS' AND amount > 0`},
	{"A1.4 a complaint that waits, and is due", `SELECT FROM complaints c JOIN obligations o ON o.subject_id = c.id WHERE c.state = 'OPEN' AND o.state = 'OPEN' AND o.due_at > $1`},
	{"A1.4 a complaint answered in time", `SELECT FROM complaints c JOIN obligations o ON o.subject_id = c.id WHERE c.state = 'ANSWERED' AND o.state = 'MET'`},
	{"A1.4 a complaint voided, and its document", `SELECT FROM complaints c JOIN archive_documents d ON d.subject_id = c.id WHERE c.state = 'VOIDED' AND d.state = 'VOIDED'`},
	{"A1.4 a renovation under way with a deposit held", `SELECT FROM renovations WHERE state = 'UNDER_WAY' AND deposit > 0 AND settled_at IS NULL`},
	{"A1.4 a renovation closed, of whose deposit something was kept", `SELECT FROM renovations WHERE state = 'CLOSED' AND deducted > 0 AND deducted + returned = deposit`},
	{"A1.4 a letter that waits for its answer", `SELECT FROM correspondences WHERE direction = 'IN' AND state = 'OPEN'`},
	{"A1.4 a letter that went out", `SELECT FROM correspondences WHERE direction = 'OUT'`},
	{"A1.4 records that filed themselves", `SELECT FROM archive_documents WHERE subject_id IS NOT NULL AND state = 'INBOX' AND category IN ('VIOLATIONS', 'COMPLAINTS', 'RENOVATION_RECORDS', 'CORRESPONDENCE')
		GROUP BY estate_id HAVING count(DISTINCT category) = 4`},
	{"V3 a vacant unit described, its meters read", `SELECT FROM vacancies v JOIN units u ON u.id = v.unit_id WHERE v.state = 'OPEN' AND v.condition <> '' AND v.water_read_at IS NOT NULL AND u.state <> 'OCCUPIED'`},
	{"V4.1 a vacant unit that is overdue", `SELECT FROM vacancies v WHERE v.state = 'OPEN' AND v.due_on < ($1::timestamptz AT TIME ZONE 'Asia/Shanghai')::date`},
	{"V4.1 most of them are not", `SELECT FROM vacancies v WHERE v.state = 'OPEN' HAVING count(*) FILTER (WHERE v.due_on < ($1::timestamptz AT TIME ZONE 'Asia/Shanghai')::date) < count(*) / 5`},
	{"V4.4 a vacant unit that was cleaned", `SELECT FROM vacancies WHERE state = 'OPEN' AND cleaned_on IS NOT NULL`},
	{"V4.1 inspections that are overdue", `SELECT FROM inspection_dues WHERE due_on < ($1::timestamptz AT TIME ZONE 'Asia/Shanghai')::date`},
	{"V4.1 a round that nobody walked, and is overdue", `SELECT FROM inspection_rounds r JOIN obligations o ON o.subject_id = r.id AND o.kind = 'vacancy.round' AND o.met_at IS NULL
		WHERE r.state = 'PLANNED' AND r.planned_on < ($1::timestamptz AT TIME ZONE 'Asia/Shanghai')::date`},
	{"V4.1 a round for today", `SELECT FROM inspection_rounds WHERE state = 'PLANNED' AND planned_on = ($1::timestamptz AT TIME ZONE 'Asia/Shanghai')::date`},
	{"V4.1 a round under way, its keys out and a unit visited", `SELECT FROM inspection_rounds r JOIN inspection_round_keys k ON k.round_id = r.id JOIN key_loans l ON l.id = k.loan_id
		JOIN inspection_round_lines n ON n.round_id = r.id WHERE r.state = 'UNDER_WAY' AND l.state = 'OPEN' AND n.inspection_id IS NOT NULL`},
	{"V5 a defect that an inspection found, resolved and closed", `SELECT FROM defects WHERE state = 'CLOSED' AND inspection_result_id IS NOT NULL AND reopened = 0`},
	{"V5 a defect closed at the second inspection", `SELECT FROM defects WHERE state = 'CLOSED' AND reopened = 1`},
	{"V5 a defect that customer service resolved itself", `SELECT FROM defects d JOIN departments p ON p.id = d.department_id WHERE d.state = 'CLOSED' AND p.kind = 'CUSTOMER_SERVICE' AND d.resolved_by_id <> d.reinspected_by_id`},
	{"V5 a defect that waits to be inspected again", `SELECT FROM defects WHERE state = 'RESOLVED'`},
	{"V5 a defect with more time", `SELECT FROM defects d JOIN defect_events e ON e.defect_id = d.id WHERE d.state = 'ACKNOWLEDGED' AND e.kind = 'EXTENDED'`},
	{"V5 a defect that is open, and not due", `SELECT FROM defects WHERE state = 'REPORTED' AND due_at > $1`},
	{"V5 a defect that is overdue", `SELECT FROM defects WHERE due_at < $1`},
	{"V5 a defect voided", `SELECT FROM defects WHERE voided_at IS NOT NULL`},
	{"V3 a meter changed", `SELECT FROM meter_readings WHERE change_reason <> '' AND voided_at IS NULL`},
	{"V3 a reading voided", `SELECT FROM meter_readings WHERE voided_at IS NOT NULL`},
	{"A5 a document to be copied, with its content", `SELECT FROM archive_permits p JOIN archive_documents d ON d.id = p.subject_id WHERE p.copies AND p.valid_until > $1 AND d.content_type = 'application/pdf'`},
	{"M1 a receipt that was short, signed by both", `SELECT FROM mail_receipts r JOIN mail_receipt_lines l ON l.receipt_id = r.id JOIN signatures s ON s.subject_id = r.id
		WHERE l.counted < l.stated GROUP BY r.id HAVING count(*) = 2`},
	{"M3 mail in its slot", `SELECT FROM mail_items WHERE state = 'SORTED' AND slot <> ''`},
	{"M2 a day's list scanned, and a code explained", `SELECT FROM mail_days d JOIN mail_scans s ON s.day_id = d.id WHERE d.state = 'CLOSED' AND d.matched > 0 AND s.outcome = 'UNKNOWN' AND s.explanation <> ''`},
	{"M3 mail that a resident signed for", `SELECT FROM mail_deliveries d JOIN signatures s ON s.subject_id = d.id WHERE d.method = 'SIGNED' AND s.resident_id IS NOT NULL AND d.voided_at IS NULL`},
	{"M1 other items than were counted, explained", `SELECT FROM mail_excuses x JOIN mail_days d ON d.id = x.day_id WHERE x.kind = 'MISCOUNTED' AND d.state = 'CLOSED' AND d.miscounted > 0`},
	{"M2 a parcel with a code of the estate's own", `SELECT FROM mail_items WHERE kind = 'PARCEL' AND barcode LIKE 'S-%'`},
	{"M2 an explanation that was voided, and given anew", `SELECT FROM mail_excuses v JOIN mail_excuses x ON x.item_id = v.item_id AND x.kind = v.kind AND x.day_id = v.day_id
		WHERE v.kind = 'UNSCANNED' AND v.voided_at IS NOT NULL AND x.voided_at IS NULL`},
	{"M5 a letter that was excused", `SELECT FROM mail_excuses x JOIN mail_days d ON d.id = x.day_id WHERE x.kind = 'UNDELIVERED' AND d.state = 'CLOSED'`},
	{"M5 a day that cannot close yet, and is due", `SELECT FROM mail_days d JOIN obligations o ON o.subject_id = d.id JOIN mail_scans s ON s.day_id = d.id
		WHERE d.state = 'OPEN' AND o.kind = 'mail.closeDay' AND o.met_at IS NULL AND s.outcome = 'UNKNOWN' AND s.explained_at IS NULL`},
	{"M4 a doubtful letter that waits, and is due", `SELECT FROM mail_items i JOIN obligations o ON o.subject_id = i.id WHERE i.state = 'DOUBTFUL' AND o.kind = 'mail.decide' AND o.met_at IS NULL`},
	{"M4 a doubtful letter decided upon", `SELECT FROM mail_items i JOIN mail_events e ON e.item_id = i.id WHERE i.state = 'SORTED' AND e.state = 'DOUBTFUL'`},
	{"M4 a dead letter that is here", `SELECT FROM mail_items WHERE state = 'DEAD'`},
	{"M4 a dead letter that went back in time", `SELECT FROM mail_items i JOIN obligations o ON o.subject_id = i.id WHERE i.state = 'RETURNED' AND o.state = 'MET'`},
	{"M1 a subscription that was renewed, and paused", `SELECT FROM press_subscriptions s JOIN press_subscriptions n ON n.renews_id = s.id JOIN press_pauses p ON p.subscription_id = s.id`},
	{"M7 a household before a department", `SELECT FROM press_allocations a JOIN press_allocations d ON d.delivery_id = a.delivery_id
		WHERE a.household_id IS NOT NULL AND a.given = a.wanted AND d.department_id IS NOT NULL AND d.given = 0`},
	{"M7 a claim that is open, in part recovered, and due", `SELECT FROM press_claims c JOIN obligations o ON o.subject_id = c.id WHERE c.state = 'OPEN' AND c.recovered > 0 AND o.state = 'OPEN' AND o.due_at > $1`},
	{"M7 a claim recovered in parts", `SELECT FROM press_claims c JOIN press_recoveries r ON r.claim_id = c.id WHERE c.state = 'RECOVERED' GROUP BY c.id HAVING count(*) > 1`},
	{"M7 a claim written off", `SELECT FROM press_claims WHERE state = 'WRITTEN_OFF'`},
	{"M6 a case concluded", `SELECT FROM mail_cases WHERE state = 'CONCLUDED' AND answer <> ''`},
	{"M6 a case that waits for its answer", `SELECT FROM mail_cases c JOIN obligations o ON o.subject_id = c.id WHERE c.state = 'OPEN' AND o.kind = 'mail.caseAnswer' AND o.met_at IS NULL`},
	{"F1 two months billed", `SELECT FROM fee_runs WHERE state = 'BILLED' AND notices > 20 GROUP BY estate_id HAVING count(*) = 2`},
	{"F2 a late run that was reported", `SELECT FROM fee_runs r JOIN obligations o ON o.subject_id = r.id JOIN identity.inbox m ON m.subject_id = r.id WHERE r.late AND o.state = 'BREACHED' AND o.met_at IS NOT NULL`},
	{"F2 a credit note", `SELECT FROM fee_credit_notes`},
	{"F5 too much that was paid, and the next notice took", `SELECT FROM fee_allocations a JOIN fee_payments p ON p.id = a.payment_id JOIN fee_notices n ON n.id = a.notice_id WHERE n.created_at > p.created_at`},
	{"F5 a payment reversed", `SELECT FROM fee_payments p JOIN fee_payments r ON r.reverses_id = p.id`},
	{"F3 a notice signed for", `SELECT FROM fee_dispatches d JOIN signatures s ON s.subject_id = d.id WHERE d.method = 'IN_PERSON' AND d.notice_id IS NOT NULL GROUP BY d.id HAVING count(*) = 2`},
	{"F3 a month's notices in mailboxes", `SELECT FROM fee_runs WHERE dispatched = notices AND received_at IS NOT NULL`},
	{"F4 a notice that came back and went out again", `SELECT FROM fee_dispatches d JOIN fee_dispatches a ON a.notice_id = d.notice_id AND a.attempt = d.attempt + 1 WHERE d.returned_at IS NOT NULL`},
	{"F6 dunning notices in draft, reviewed, stamped, handed, dispatched, delivered, settled and replaced", `SELECT FROM fee_dunnings GROUP BY estate_id HAVING count(DISTINCT state) >= 7`},
	{"F7 a stamp with its certificate", `SELECT FROM fee_dunnings d JOIN certificates c ON c.subject_id = d.id AND c.content_hash = d.content_hash`},
	{"F8 a dunning notice signed by the family", `SELECT FROM fee_dispatches WHERE dunning_id IS NOT NULL AND capacity = 'FAMILY'`},
	{"F9 a report acknowledged, and one that is not", `SELECT FROM fee_reports GROUP BY estate_id HAVING bool_or(acknowledged_at IS NULL) AND bool_or(acknowledged_at IS NOT NULL)`},
	{"F5 some that is owed", `SELECT FROM fee_notices WHERE state = 'OPEN' AND settled > 0`},
	{"a webhook with what was to be told", `SELECT FROM outgoing.webhooks w JOIN outgoing.deliveries d ON d.webhook_id = w.id WHERE NOT w.active`},
	{"somebody who is mailed a digest", `SELECT FROM identity.notice_addresses a JOIN identity.notice_settings s USING (account_id) WHERE a.verified_at IS NOT NULL AND a.digest_hour = 8 AND s.email`},
	{"D1.1 this month's roster, published", `SELECT FROM duty_rosters WHERE state = 'PUBLISHED' AND month = date_trunc('month', $1::timestamptz AT TIME ZONE 'Asia/Shanghai')::date`},
	{"D1.1 next month's, proposed and a draft", `SELECT FROM duty_rosters r JOIN duty_assignments a ON a.roster_id = r.id WHERE r.state = 'DRAFT' AND a.origin = 'PROPOSAL'`},
	{"D1.1 one that came late", `SELECT FROM duty_rosters r JOIN obligations o ON o.subject_id = r.id WHERE r.late AND o.state = 'BREACHED'`},
	{"D1.1 leave that is approved", `SELECT FROM duty_leaves WHERE state = 'APPROVED'`},
	{"D1.1 a swap that waits for the supervisor", `SELECT FROM duty_swaps WHERE state = 'AGREED'`},
	{"D2 a sheet signed by both, a line disputed", `SELECT FROM duty_handovers h JOIN certificates c ON c.subject_id = h.id JOIN duty_handover_lines l ON l.handover_id = h.id WHERE h.state = 'SIGNED' AND l.state = 'DISPUTED'`},
	{"D2 who answers for what was accepted", `SELECT FROM duty_handover_lines WHERE state = 'ACCEPTED' AND answers_id IS NOT NULL`},
	{"D2 a sheet that is not signed", `SELECT FROM duty_handovers WHERE state = 'OPEN' AND due_at < $1`},
	{"F5 a statement of the bank with payments that await confirmation", `SELECT FROM fee_bank_statements s JOIN fee_bank_lines l ON l.statement_id = s.id WHERE l.state = 'PROPOSED' AND l.match = 'AMOUNT_AND_NAME'`},
	{"F5 payments of a statement confirmed and booked, and one ignored", `SELECT FROM fee_bank_lines GROUP BY estate_id HAVING count(*) FILTER (WHERE state = 'CONFIRMED' AND payment_id IS NOT NULL) = 2 AND count(*) FILTER (WHERE state = 'IGNORED') = 1`},
	{"F5 some given back that was paid too much", `SELECT FROM fee_refunds r JOIN fee_refund_parts p ON p.refund_id = r.id WHERE r.state = 'PAID' AND r.number = 1`},
	{"F3 a day on which the office is closed", `SELECT FROM calendar_days WHERE NOT working AND cleared_at IS NULL`},
	{"F6 arrears that are overdue", `SELECT FROM fee_notices WHERE state = 'OPEN' AND pay_by < ($1::timestamptz AT TIME ZONE 'Asia/Shanghai')::date`},
	{"K4.3 a difference resolved", `SELECT FROM reconciliation_lines WHERE resolution = 'ADJUSTED'`},
}

// Whenever it is made: in the middle of a month, on its first morning, on the last day of the longest.
func TestTheDemoShowsEveryClause(t *testing.T) {
	t.Parallel()
	shanghai := stewardtest.Start.Location()
	for name, now := range map[string]time.Time{
		"in the middle of a month":   time.Date(2026, 3, 18, 14, 30, 0, 0, shanghai),
		"early on the first of one":  time.Date(2026, 5, 1, 0, 30, 0, 0, shanghai),
		"on the last, after a short": time.Date(2026, 3, 31, 23, 50, 0, 0, shanghai),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := load(t, now)
			ask := func(sql string) (n int) {
				args := []any{now}
				if !slices.Contains([]byte(sql), '$') {
					args = nil
				}
				if err := conn.QueryRow(t.Context(), `SELECT count(*) FROM (`+sql+`) found`, args...).Scan(&n); err != nil {
					t.Fatalf("%s: %v", sql, err)
				}
				return n
			}
			for _, s := range shows {
				if ask(s.sql) == 0 {
					t.Errorf("the demo does not show %s", s.what)
				}
			}
			if n := ask(`SELECT FROM reconciliation_lines WHERE state = 'DIFFERENT'`); n != 1 {
				t.Errorf("%d discrepancies are open, not the one", n)
			}
			if n := ask(`SELECT FROM approvals WHERE state = 'ASKED'`); n < 2 {
				t.Errorf("%d approvals wait, not two or more", n)
			}
			if n := ask(`SELECT FROM key_balances GROUP BY set_id HAVING sum(count) <> 0`); n != 0 {
				t.Errorf("the accounts of %d sets do not sum to zero", n)
			}
			if n := ask(`SELECT FROM key_movements WHERE occurred_at > $1`); n != 0 {
				t.Errorf("%d entries are of times to come", n)
			}
		})
	}
}

// load makes the demo at a time, and connects to its database past all walls.
func load(t *testing.T, now time.Time) *pgx.Conn {
	t.Helper()
	db := dbtest.New(t, dbtest.Template{Name: "demo", Build: func(ctx context.Context, owner string) error { return migrations.Up(ctx, owner) }})
	app := stewardtest.Wire(t, db.AppURL, clockwork.NewFakeClockAt(now), stewardtest.Options{})
	if _, err := demo.Load(t.Context(), app.Runtime, app.Policy, app.Files, func(string, ...any) {}); err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), db.SuperURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}
