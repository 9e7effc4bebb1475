package identity_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

type vars = stewardtest.Vars

// Documents that several tests send.
const (
	signIn        = `mutation($in: SignInInput!) { signIn(input: $in) { token expiresAt } }`
	viewer        = `{ viewer { accountID email name mustChangePassword grants { role estateID departmentID householdID } } }`
	createAccount = `mutation($in: CreateAccountInput!) { createAccount(input: $in) { temporaryPassword account { id email grants { id role estateID } } } }`
	grantRole     = `mutation($in: GrantRoleInput!) { grantRole(input: $in) { grant { id role estateID departmentID householdID from until revokedAt } } }`
	revokeGrant   = `mutation($in: RevokeGrantInput!) { revokeGrant(input: $in) { grant { id revokedAt } } }`
	resetPassword = `mutation($in: AccountInput!) { resetPassword(input: $in) { temporaryPassword account { id } } }`
	disable       = `mutation($in: AccountInput!) { disableAccount(input: $in) { account { id disabledAt } } }`
	enable        = `mutation($in: AccountInput!) { enableAccount(input: $in) { account { id disabledAt } } }`
	createToken   = `mutation($in: CreateAPITokenInput!) { createApiToken(input: $in) { secret token { id name role estateIDs expiresAt } } }`
	revoke        = `mutation($in: RevokeAPITokenInput!) { revokeApiToken(input: $in) { tokenID } }`
	changePass    = `mutation($in: ChangePasswordInput!) { changePassword(input: $in) { accountID } }`
	markRead      = `mutation($in: MarkReadInput!) { markRead(input: $in) { count } }`
	createCabinet = `mutation($in: CreateKeyCabinetInput!) { createKeyCabinet(input: $in) { holder { id name } } }`
	trail         = `query($where: AuditTrailFilter, $first: Int = 25, $after: Cursor) { auditTrail(where: $where, first: $first, after: $after) {
		edges { cursor node { id at estateID kind seq hash actorID actorName actorRoles action outcome clause subjectType subjectID reason requestID changeCount
			changes { type id op fields { name confidential before after } } } } pageInfo { hasNextPage endCursor } } }`
)

// with is somebody who holds the bearer token.
func with(app *stewardtest.App, token string) *stewardtest.Person {
	p := app.Nobody()
	p.Token = token
	return p
}

// enter signs in over GraphQL.
func enter(t *testing.T, app *stewardtest.App, email, password string) *stewardtest.Person {
	t.Helper()
	return with(app, app.Nobody().In(t).Do(signIn, vars{"in": vars{"email": email, "password": password}}).Get("signIn.token").String())
}

// inEstate is a grant of an estate's role.
func inEstate(app *stewardtest.App, role policy.Role, estate uuid.UUID) account.NewGrant {
	g := app.GrantIn(role, app.A)
	g.Estate = estate
	return g
}

// entries reads the trail as the general manager.
func entries(app *stewardtest.App, where vars) []gjson.Result {
	return app.As(policy.GeneralManager).Do(trail, vars{"where": where}).Get("auditTrail.edges.#.node").Array()
}
