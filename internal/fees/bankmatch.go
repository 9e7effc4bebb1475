package fees

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/text/unicode/norm"

	"github.com/steward-pm/steward/ent/feebankline"
	"github.com/steward-pm/steward/internal/act"
)

var (
	noticeNumber  = regexp.MustCompile(`(?:^|\D)(2\d{5}-\d{5,})(?:\D|$)`)
	receiptNumber = regexp.MustCompile(`(?i)(?:收据|receipt)\s*(?:编号|号码|号|no\.?|number)?\s*[:#]?\s*(\d{1,9})(?:\D|$)`)
)

// plainText is text without space and with full-width forms made ordinary.
func plainText(text string) string {
	return strings.ReplaceAll(norm.NFKC.String(text), " ", "")
}

// debt is what is open of a notice, by the name that it says.
type debt struct {
	name string
	open int64
}

// clues are what tells whose payment a line is, of all lines of a statement at once.
type clues struct {
	notices  map[string]uuid.UUID
	receipts map[int64]uuid.UUID
	units    *unitIndex
	debts    map[debt][]named
}

// named is a household, and what names it.
type named struct {
	home uuid.UUID
	by   string
}

// propose says whose each line seems to be, by the surest that tells: a number in the memo, then a unit in it, then the payer's name with the exact amount of
// one open notice. What tells of two households tells of none. It takes four statements, however many lines there are.
func propose(tx *act.Tx, estate uuid.UUID, today day, lines []*bankLine) error {
	c, err := findClues(tx, estate, today, lines)
	if err != nil {
		return err
	}
	for _, l := range lines {
		memo := norm.NFKC.String(l.memo)
		var numbers, receipts []named
		for _, n := range numbersIn(memo) {
			numbers = append(numbers, named{c.notices[n], n})
		}
		for _, n := range receiptsIn(memo) {
			receipts = append(receipts, named{c.receipts[n], strconv.FormatInt(n, 10)})
		}
		for _, found := range []struct {
			match feebankline.Match
			list  []named
		}{
			{feebankline.MatchNoticeNumber, numbers},
			{feebankline.MatchReceiptNumber, receipts},
			{feebankline.MatchUnit, c.units.in(memo)},
			{feebankline.MatchAmountAndName, only(c.debts[debt{plainText(l.payer), l.amount}])},
		} {
			if n, ok := one(found.list); ok {
				l.home, l.match, l.matched = &n.home, found.match, n.by
				break
			}
		}
	}
	return nil
}

// only is a list of one; of two notices that ask for the same neither is the one that was paid.
func only(list []named) []named {
	if len(list) == 1 {
		return list
	}
	return nil
}

// one is the household that all name.
func one(list []named) (n named, ok bool) {
	for _, other := range list {
		switch {
		case other.home == uuid.Nil:
		case !ok:
			n, ok = other, true
		case other.home != n.home:
			return n, false
		}
	}
	return n, ok
}

func numbersIn(memo string) (list []string) {
	for _, m := range noticeNumber.FindAllStringSubmatch(memo, -1) {
		list = append(list, m[1])
	}
	return list
}

func receiptsIn(memo string) (list []int64) {
	for _, m := range receiptNumber.FindAllStringSubmatch(memo, -1) {
		if n, err := strconv.ParseInt(m[1], 10, 64); err == nil {
			list = append(list, n)
		}
	}
	return list
}

// findClues reads what the lines may tell.
func findClues(tx *act.Tx, estate uuid.UUID, today day, lines []*bankLine) (*clues, error) {
	var numbers, names []string
	var receipts []int64
	for _, l := range lines {
		memo := norm.NFKC.String(l.memo)
		numbers, receipts = append(numbers, numbersIn(memo)...), append(receipts, receiptsIn(memo)...)
		if l.payer != "" {
			names = append(names, plainText(l.payer))
		}
	}
	c := &clues{notices: map[string]uuid.UUID{}, receipts: map[int64]uuid.UUID{}, units: newUnitIndex(), debts: map[debt][]named{}}
	var home uuid.UUID
	var text string
	var n int64
	for _, q := range []struct {
		sql  string
		arg  any
		keep func()
	}{
		{`SELECT household_id, number, 0::bigint FROM fee_notices WHERE estate_id = $1 AND number = ANY ($2)`, numbers, func() { c.notices[text] = home }},
		{`SELECT household_id, '', receipt FROM fee_payments WHERE estate_id = $1 AND receipt = ANY ($2) AND reverses_id IS NULL`, receipts, func() { c.receipts[n] = home }},
		{`SELECT o.household_id, u.label, 0::bigint FROM occupancies o JOIN units u ON u.estate_id = o.estate_id AND u.id = o.unit_id
			WHERE o.estate_id = $1 AND o.payer AND o.from_on <= $2 AND (o.until_on IS NULL OR o.until_on > $2)`, today.UTC(), func() { c.units.add(text, home) }},
		{`SELECT n.household_id, n.number || '/' || replace(normalize(n.household_name, NFKC), ' ', ''), n.amount - n.settled FROM fee_notices n
			WHERE n.estate_id = $1 AND n.state = 'OPEN' AND replace(normalize(n.household_name, NFKC), ' ', '') = ANY ($2)`, names, func() {
			number, name, _ := strings.Cut(text, "/")
			c.debts[debt{name, n}] = append(c.debts[debt{name, n}], named{home, number})
		}},
	} {
		rows, err := tx.Raw.Query(tx, q.sql, estate, q.arg)
		if err != nil {
			return nil, err
		}
		if _, err := pgx.ForEachRow(rows, []any{&home, &text, &n}, func() error { q.keep(); return nil }); err != nil {
			return nil, err
		}
	}
	return c, nil
}
