package program

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/ent/estate"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/identity"
)

type accountCommand struct {
	Create        accountCreate `cmd:"" help:"Create an account with a role, and print its temporary password."`
	Grant         accountGrant  `cmd:"" help:"Grant an account a further role."`
	ResetPassword accountReset  `cmd:"" help:"Give an account a temporary password, and print it."`
}

// place says where a role is held.
type place struct {
	Role       string    `help:"Role, such as project-manager." required:""`
	Estate     string    `help:"Code of the estate; the whole portfolio unless given." placeholder:"CODE"`
	Department uuid.UUID `help:"Department, for roles of one." placeholder:"ID"`
	Household  uuid.UUID `help:"Household, for residents." placeholder:"ID"`
}

func (p place) input(ctx context.Context, app *App) (identity.RoleInput, error) {
	in := identity.RoleInput{Role: p.Role, DepartmentID: given(p.Department), HouseholdID: given(p.Household)}
	if p.Estate != "" {
		id, err := app.DB.Ent.Estate.Query().Where(estate.Code(p.Estate)).OnlyID(ctx)
		if err != nil {
			return in, fault.Invalid("estate", "没有代码为 %[1]s 的小区。", "There is no estate with the code %[1]s.", p.Estate).Because(err)
		}
		in.EstateID = &id
	}
	return in, nil
}

func given(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}

// asSystem runs f as the program itself: who can run the command has the database anyway; the trail says so.
func (m Main) asSystem(ctx context.Context, s *Settings, log *slog.Logger, f func(context.Context, *App) error) error {
	return m.with(ctx, s, log, func(ctx context.Context, app *App) error {
		return f(access.With(ctx, access.System(app.Policy, "command line")), app)
	})
}

type accountCreate struct {
	place
	Email string `arg:"" help:"E-mail address."`
	Name  string `help:"Full name; the e-mail address unless given."`
}

// Run creates the account and its first grant together.
func (c *accountCreate) Run(ctx context.Context, m Main, s *Settings, log *slog.Logger) error {
	return m.asSystem(ctx, s, log, func(ctx context.Context, app *App) error {
		role, err := c.input(ctx, app)
		if err != nil {
			return err
		}
		if c.Name == "" {
			c.Name = c.Email
		}
		p, err := identity.CreateAccount.Do(ctx, identity.CreateAccountInput{Email: c.Email, Name: c.Name, Role: &role})
		if err != nil {
			return err
		}
		return m.printPassword(c.Email, p.TemporaryPassword)
	})
}

func (m Main) printPassword(email, password string) error {
	if password == "" {
		return nil
	}
	_, err := fmt.Fprintf(m.Stdout, "temporary password of %s, to be changed after the first sign-in: %s\n", email, password)
	return err
}

type accountGrant struct {
	place
	Email string `arg:"" help:"E-mail address of the account."`
}

// Run grants the role from today on.
func (c *accountGrant) Run(ctx context.Context, m Main, s *Settings, log *slog.Logger) error {
	return m.asSystem(ctx, s, log, func(ctx context.Context, app *App) error {
		role, err := c.input(ctx, app)
		if err != nil {
			return err
		}
		acc, err := named(ctx, app, c.Email)
		if err != nil {
			return err
		}
		_, err = identity.GrantRole.Do(ctx, identity.GrantRoleInput{AccountID: acc.ID, RoleInput: role})
		return err
	})
}

type accountReset struct {
	Email string `arg:"" help:"E-mail address of the account."`
}

// Run ends the account's sessions and API tokens too.
func (c *accountReset) Run(ctx context.Context, m Main, s *Settings, log *slog.Logger) error {
	return m.asSystem(ctx, s, log, func(ctx context.Context, app *App) error {
		acc, err := named(ctx, app, c.Email)
		if err != nil {
			return err
		}
		p, err := identity.ResetPassword.Do(ctx, identity.AccountInput{AccountID: acc.ID})
		if err != nil {
			return err
		}
		return m.printPassword(c.Email, p.TemporaryPassword)
	})
}

// named finds an account by its e-mail address.
func named(ctx context.Context, app *App, email string) (acc account.Account, err error) {
	err = app.DB.As(ctx, func(tx pgx.Tx) error {
		acc, err = app.Runtime.Accounts.FindByEmail(ctx, tx, email)
		return err
	})
	if fault.Is(err, fault.NotFound) {
		return acc, fault.Missing().At("email")
	}
	return acc, err
}
