package demo

import "github.com/steward-pm/steward/internal/server"

// Examples are the tabs of GraphiQL: sign in with the first, and the others work as that person.
func Examples() []server.Example {
	return []server.Example{
		{Name: "Sign in first: the demo printed a line per role", Variables: `{"email": "project-manager@steward.example", "password": ""}`, Query: `mutation SignIn($email: String!, $password: String!) {
  signIn(input: {email: $email, password: $password}) { token expiresAt }
}`},
		{Name: "Who is asking", Query: `query WhoAmI {
  viewer { name email grants { role estateID from until } }
  estates { edges { node { id code name timeZone } } }
}`},
		{Name: "Units in natural order, with who lives there", Query: `query Units {
  units(first: 20) {
    totalCount
    edges { node { label kind state areaHundredths occupancies { capacity state movedInOn household { name } } } }
    pageInfo { hasNextPage endCursor }
  }
}`},
		{Name: "Keys out now (钥匙借用登记表)", Query: `query KeysOut {
  keyLoans(where: {state: OPEN}, orderBy: {field: DUE_AT}) {
    edges { node { id borrowerName purpose lentAt dueAt lentByName lines { count returned set { label } } } }
  }
}`},
		{Name: "Where the keys of a set are", Query: `query WhereAreTheKeys {
  keySets(first: 5) { edges { node { id label balances { count holder { kind name } } } } }
}`},
		{Name: "Lend a key: copy ids from the other tabs", Variables: `{"in": {"borrower": {"staffID": ""}, "purpose": "抄表", "lines": [{"setID": "", "count": 1}]}}`, Query: `mutation Lend($in: LendKeysInput!) {
  lendKeys(input: $in) { loan { id dueAt lines { count set { label } } } }
}`},
		{Name: "Keys that engineering still owes (尚未移交钥匙统计表)", Query: `query Outstanding {
  keyAcceptanceLines(where: {outstandingGT: 0}) {
    edges { node { set { label } due delivered outstanding deliverer followUp } }
  }
}`},
		{Name: "What is due or overdue", Query: `query Due {
  obligations(where: {state: OPEN}) { edges { node { kind title clause dueAt state } } }
}`},
	}
}
