package keys

import "github.com/steward-pm/steward/internal/signature"

// What is signed in this chapter (ent/migrations/00014_signatures.sql has the same). A loan and a return are everyday acts: the handler
// signs by being signed in, the other by password or as attested.
var (
	lendSigned   = signature.Declare(signature.Ceremony{Kind: "keys.lend", Clause: "K2.1", Capacities: []string{"borrower", "handler"}})
	returnSigned = signature.Declare(signature.Ceremony{Kind: "keys.return", Clause: "K2.1", Capacities: []string{"returner", "handler"}})
	scrapSigned  = signature.Declare(signature.Ceremony{Kind: "keys.scrap", Clause: "K3.2", Capacities: []string{"requester", "leader", "engineering"},
		Distinct: [][2]string{{"requester", "leader"}, {"requester", "engineering"}, {"leader", "engineering"}}, Certificate: true})
)
