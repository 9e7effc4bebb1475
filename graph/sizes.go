package graph

// Lists says how many a plain list usually has, for what a query costs (internal/server/complexity.go), where that is known and not many. A notice has a line for each fee
// of a unit, and is brought once or twice; a payment is reversed once at most; an entry of the journal is a debit and a credit.
var Lists = map[string]int{
	"FeeNotice.lines": 5, "FeeNotice.allocations": 3, "FeeNotice.creditNotes": 2, "FeeNotice.dispatches": 3, "FeeNotice.dunningLines": 3,
	"FeeDunning.lines": 4, "FeeDunning.dispatches": 3, "FeeDispatch.proofs": 3,
	"FeePayment.allocations": 3, "FeePayment.reversals": 1, "FeeCreditNote.allocations": 2, "FeeRefund.parts": 2, "FeeEntry.postings": 2,
	"FeeEvidence.dunnings": 5, "FeeEvidence.certificates": 5,
}
