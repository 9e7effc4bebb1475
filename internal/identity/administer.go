package identity

import (
	"context"

	"github.com/google/uuid"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/audit"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/policy"
)

// CreateAccountInput is who gets an account, and the first role.
type CreateAccountInput struct {
	Email, Name string
	Kind        *AccountKind // nil: STAFF
	Locale      *string
	Role        *RoleInput
}

// Check refuses a role in the wrong place.
func (in CreateAccountInput) Check() error {
	if in.Locale != nil && *in.Locale != "zh" && *in.Locale != "en" {
		return fault.Invalid("locale", "语言只能是 zh 或 en。", "The language is zh or en.")
	}
	if in.Role == nil {
		return nil
	}
	if f := fault.From(in.Role.Check()); f != nil {
		return within(f, "role")
	}
	return nil
}

// within places a refusal of a part of the input.
func within(f *fault.Error, part string) *fault.Error {
	c := *f
	c.Field = part + "." + f.Field
	return &c
}

// CreateAccountPayload is the account, with its temporary password the first time.
type CreateAccountPayload struct {
	AccountID         uuid.UUID
	TemporaryPassword string `replay:"-"`
}

// Account reads the account again, as the viewer may see it.
func (p *CreateAccountPayload) Account(ctx context.Context) (*Account, error) {
	return FindAccount(ctx, p.AccountID)
}

// CreateAccount makes an account with a temporary password, which is shown once and must be changed
// before anything else. A project manager names the first role in the own estate, since an account
// without one belongs to nobody who could look after it but the general manager.
//
// Errors: INVALID_INPUT at email, name, role…; FORBIDDEN; NOT_FOUND; CONFLICT when the address has an account,
// in whatever estate: addresses are unique, so that much can be found out, and whoever tries is on the trail.
var CreateAccount = act.New("identity.createAccount", act.Needs(policy.Account, policy.Create).SessionOnly().ConflictsOnTrail(), nil, createAccount)

func createAccount(tx *act.Tx, in CreateAccountInput) (*CreateAccountPayload, error) {
	scope := access.RuleFrom(tx).Scope
	if err := confine(tx, tx.Raw, scope); err != nil {
		return nil, err
	}
	if in.Role == nil && !scope.Whole() {
		return nil, fault.Invalid("role", "请同时授予该账号在您小区的角色。", "Give the account a role in your estate with it.")
	}
	n := account.NewAccount{Email: in.Email, Name: in.Name, Kind: account.Staff}
	if in.Kind != nil {
		n.Kind = account.Kind(*in.Kind)
	}
	if in.Locale != nil {
		n.Locale = *in.Locale
	}
	a, temporary, err := tx.Runtime().Accounts.Create(tx, tx.Raw, n)
	if err != nil {
		return nil, err
	}
	if err := noteNew(tx, a); err != nil {
		return nil, err
	}
	if in.Role != nil {
		if _, err := give(tx, a.ID, *in.Role); err != nil {
			if f := fault.From(err); f != nil && f.Field != "" {
				err = within(f, "role")
			}
			return nil, err
		}
	}
	return &CreateAccountPayload{a.ID, temporary}, nil
}

// noteNew puts a new account on the portfolio's chain, its address as a digest: a resident's is contact data.
func noteNew(tx *act.Tx, a account.Account) error {
	c, err := change("Account", a.ID, audit.Create, "name", a.Name, "kind", a.Kind)
	if err != nil {
		return err
	}
	email, err := audit.Confidential(tx, tx.Runtime().Keys, a.ID, "email", nil, a.Email)
	if err != nil {
		return err
	}
	c.Fields = append(c.Fields, email)
	return tx.Note(audit.Portfolio, c)
}

// AccountInput names an account, and says why.
type AccountInput struct {
	AccountID uuid.UUID
	Reason    *string
}

// AccountPayload is the account as it is now.
type AccountPayload struct{ AccountID uuid.UUID }

// Account reads the account again, as the viewer may see it.
func (p *AccountPayload) Account(ctx context.Context) (*Account, error) {
	return FindAccount(ctx, p.AccountID)
}

// DisableAccount stops an account: it cannot sign in, its sessions end, its tokens rest.
//
// Errors: NOT_FOUND; FORBIDDEN for the own account, and, unless the viewer manages the whole portfolio, for
// accounts with roles elsewhere, without one here now, and of general managers and auditors; CONFLICT when it
// is disabled. All that is the database's to say (identity.administers).
var DisableAccount = act.New("identity.disableAccount", act.Needs(policy.Account, policy.Update).SessionOnly(), nil,
	func(tx *act.Tx, in AccountInput) (*AccountPayload, error) {
		return turn(tx, in, true, tx.Runtime().Accounts.Disable)
	})

// EnableAccount lets a disabled account in again. Errors: as DisableAccount; FORBIDDEN if the general manager
// disabled it, and it is not the general manager who asks.
var EnableAccount = act.New("identity.enableAccount", act.Needs(policy.Account, policy.Update).SessionOnly(), nil,
	func(tx *act.Tx, in AccountInput) (*AccountPayload, error) {
		return turn(tx, in, false, tx.Runtime().Accounts.Enable)
	})

func turn(tx *act.Tx, in AccountInput, off bool, f func(context.Context, account.Querier, uuid.UUID) error) (*AccountPayload, error) {
	grants, err := administered(tx, in.AccountID)
	if err != nil {
		return nil, missingAt(err, "accountID")
	}
	if err := f(tx, tx.Raw, in.AccountID); err != nil {
		return nil, missingAt(err, "accountID")
	}
	if in.Reason != nil {
		tx.Because(*in.Reason)
	}
	disabled, err := audit.Plain("disabled", !off, off)
	if err != nil {
		return nil, err
	}
	return &AccountPayload{in.AccountID}, noteAccount(tx, grants, audit.Change{
		Type: "Account", ID: in.AccountID, Op: audit.Update, Fields: []audit.Field{disabled},
	})
}

// ResetPasswordPayload is the account, with its temporary password the first time.
type ResetPasswordPayload struct {
	AccountID         uuid.UUID
	TemporaryPassword string `replay:"-"`
}

// Account reads the account again, as the viewer may see it.
func (p *ResetPasswordPayload) Account(ctx context.Context) (*Account, error) {
	return FindAccount(ctx, p.AccountID)
}

// ResetPassword gives an account a temporary password, shown once; all its sessions, API tokens and calendar addresses end, the address that its notices
// are mailed to is to be proved again, and its organisation's sign-in to be connected again: somebody else may hold the credentials
// (ent/migrations/00121_resets.sql).
//
// Errors: as DisableAccount, but for CONFLICT. The own password is changed with the current one.
var ResetPassword = act.New("identity.resetPassword", act.Needs(policy.Account, policy.Update).SessionOnly(), nil,
	func(tx *act.Tx, in AccountInput) (*ResetPasswordPayload, error) {
		grants, err := administered(tx, in.AccountID)
		if err != nil {
			return nil, missingAt(err, "accountID")
		}
		temporary, tokens, err := tx.Runtime().Accounts.ResetPassword(tx, tx.Raw, in.AccountID)
		if err != nil {
			return nil, missingAt(err, "accountID")
		}
		if in.Reason != nil {
			tx.Because(*in.Reason)
		}
		ended, err := audit.Plain("endedTokens", nil, tokens)
		if err != nil {
			return nil, err
		}
		c := credentialChange(in.AccountID)
		c.Fields = append(c.Fields, ended)
		return &ResetPasswordPayload{in.AccountID, temporary}, noteAccount(tx, grants, c)
	})

// administered locks somebody else's account against other acts upon it, and lists its grants in the act's
// estates. From here on row-level security shows the transaction those estates only.
//
// Errors: FORBIDDEN for the own account; NOT_FOUND.
func administered(tx *act.Tx, id uuid.UUID) ([]account.Grant, error) {
	if id == tx.Viewer.Account {
		return nil, account.OwnDenied().At("accountID")
	}
	if err := confine(tx, tx.Raw, access.RuleFrom(tx).Scope); err != nil {
		return nil, err
	}
	// The lock is advisory: steward_app may not lock rows of accounts. It is what decides when two
	// managers act upon one account at once, and what keeps a role given meanwhile from being missed.
	if _, err := tx.Raw.Exec(tx, `SELECT pg_advisory_xact_lock(hashtextextended('account ' || $1::text, 0))`, id); err != nil {
		return nil, err
	}
	accounts := tx.Runtime().Accounts
	if _, err := accounts.Find(tx, tx.Raw, id); err != nil {
		return nil, err
	}
	return accounts.ListGrants(tx, tx.Raw, account.GrantFilter{Accounts: []uuid.UUID{id}})
}

// noteAccount puts a change of an account on the portfolio's chain, and on those of the estates where
// it holds a role, so that the estate's auditor sees it.
func noteAccount(tx *act.Tx, grants []account.Grant, c audit.Change) error {
	told := map[uuid.UUID]bool{audit.Portfolio: true}
	if err := tx.Note(audit.Portfolio, c); err != nil {
		return err
	}
	for _, g := range grants {
		if g.RevokedAt != nil || told[g.Estate] {
			continue
		}
		told[g.Estate] = true
		if err := tx.Note(g.Estate, c); err != nil {
			return err
		}
	}
	return nil
}
