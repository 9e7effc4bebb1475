package signature

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/steward-pm/steward/ent/resident"
	"github.com/steward-pm/steward/ent/staff"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/server/request"
	"github.com/steward-pm/steward/internal/wording"
)

// Prove finds out whether who is to sign does so: call it in the Prepare of the chapter's input, with the field of the signature. A
// member of staff, a resident or a viewer with an account gives the account's password, counted and slowed down like a sign-in;
// who has no account is attested by the viewer. Who is nobody in particular is the person named in the input.
//
// Errors: INVALID_INPUT at the field, or at its credential or name; NOT_FOUND at who.Field, or else the field, for a signer whom
// the viewer does not see; RATE_LIMITED; FORBIDDEN for an API token and for the program itself.
func (in *Input) Prove(ctx context.Context, who Who, field string) error {
	if in == nil {
		return unsigned(field)
	}
	in.proved = nil
	viewer := access.From(ctx)
	if err := inPerson(viewer); err != nil {
		return err
	}
	if who.Field == "" {
		who.Field = field
	}
	p, err := find(ctx, who)
	if err != nil {
		return at(who.Field, err)
	}
	if err := in.named(p, field); err != nil {
		return err
	}
	if err := in.verify(ctx, p.account, field+".credential"); err != nil {
		return err
	}
	in.proved = p
	return nil
}

func unsigned(field string) *fault.Error {
	return fault.Invalid(field, "请签字。", "It has to be signed.")
}

// inPerson refuses who cannot sign or attest: it takes a person who is signed in.
func inPerson(viewer *access.Viewer) error {
	if viewer.IsSystem() || viewer.Token != uuid.Nil {
		return fault.Denied("签字须由本人登录后进行,程序和 API 令牌不能签字。", "A person signs, signed in: neither the program nor an API token does.")
	}
	return nil
}

// find is who is to sign, and by what account if there is one. Errors: NOT_FOUND.
func find(ctx context.Context, who Who) (*proof, error) {
	db := act.From(ctx).DB.Ent
	p := &proof{Who: who, name: wording.Tidy(who.Name)}
	switch {
	case who.Viewer:
		viewer := access.From(ctx)
		p.name, p.account = viewer.Name, viewer.Account
	case who.Account != uuid.Nil:
		p.account = who.Account
	case who.Staff != nil:
		s, err := db.Staff.Query().Where(staff.ID(*who.Staff)).Only(ctx)
		if err != nil {
			return nil, act.Translate(err)
		}
		p.is(s.Name, s.AccountID, s.EstateID, s.EmployedUntil)
	case who.Resident != nil:
		r, err := db.Resident.Query().Where(resident.ID(*who.Resident)).Only(ctx)
		if err != nil {
			return nil, act.Translate(err)
		}
		p.is(r.Name, r.AccountID, r.EstateID, nil)
	}
	return p, nil
}

func (p *proof) is(name string, account *uuid.UUID, estate uuid.UUID, until *time.Time) {
	p.name, p.estate, p.until = name, estate, until
	if account != nil {
		p.account = *account
	}
}

// named takes the name from the input where nobody else knows it.
func (in *Input) named(p *proof, field string) error {
	field += ".name"
	switch {
	case p.name != "" && in.Name != nil:
		return fault.Invalid(field, "签字人已确定,请不要填写姓名。", "It is known who signs: leave the name out.")
	case p.name != "":
		return nil
	case in.Name == nil:
		return fault.Invalid(field, "请填写签字人姓名。", "Say who signs.")
	}
	p.name, p.Field = wording.Tidy(*in.Name), field
	return wording.CheckName(field, *in.Name)
}

// verify compares the password with the signer's account.
func (in *Input) verify(ctx context.Context, account uuid.UUID, field string) error {
	switch {
	case account == uuid.Nil && in.Credential != nil:
		return fault.Invalid(field, "签字人没有账号,由您证明其签字:请不要填写密码。", "The signer has no account, and you attest the signature: leave the password out.")
	case account == uuid.Nil:
		return nil
	case in.Credential == nil:
		return fault.Invalid(field, "请签字人输入自己的密码。", "The signer has to enter the own password.")
	}
	var address string
	if a := request.From(ctx).Address; a.IsValid() {
		address = a.String()
	}
	err := act.From(ctx).Accounts.VerifyPassword(ctx, account, *in.Credential, address)
	if f := fault.From(err); f != nil {
		err = f.Of(account)
	}
	return at(field, err)
}

// at places a refusal at the field.
func at(field string, err error) error {
	if f := fault.From(err); f != nil {
		return f.At(field)
	}
	return err
}
