// Package signature records who signs what: in what capacity, when, how, over which exact content (the hash of its canonical
// JSON). A chapter declares a Ceremony, its input carries an Input for each signer, and its act signs:
//
//	var scrapping = signature.Declare(signature.Ceremony{Kind: "keys.scrap", Capacities: …, Distinct: …, Certificate: true})
//
//	func (in ScrapInput) Prepare(ctx context.Context) error { return in.Signature.Prove(ctx, signature.Who{Viewer: true}, "signature") }
//
//	scrapping.Sign(tx, signature.Signing{Capacity: "leader", …, By: in.Signature, Content: content})
//	scrapping.Certify(tx, estate, subject, "钥匙报废证明", "Certificate of scrapped keys", content)
//
// Who has an account signs by credential: the own password, verified in the very call (prove.go), also when an idempotency key
// answers it. Who has none is recorded by name, as attested by the clerk. The handler of an everyday act signs by being signed in.
// That capacities are distinct persons, that all signed the same, and that nobody signs twice the database decides
// (ent/migrations/00014_signatures.sql); this package knows no chapter.
package signature

import (
	"time"

	"github.com/google/uuid"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
)

// Input is what somebody gives to sign.
type Input struct {
	Credential *string `json:"-"` // the signer's own password, verified in this very call; never kept, not even in a digest
	Name       *string // of a person without account, where the chapter does not know who signs
	Strokes    *Strokes

	proved *proof
}

// Who is who is to sign: one of a member of staff, a resident, an account with its name, a person by name, or the viewer. Who is neither
// is the person whom the signature names.
type Who struct {
	Staff, Resident *uuid.UUID
	Account         uuid.UUID // Nil: another; it signs as the member of staff whose own it is in the estate
	Name            string
	Viewer          bool
	Field           string // of the input, where it chooses who signs; named in refusals of the person
}

// proof is what Prove found out: who signs, and by what.
type proof struct {
	Who
	name    string
	account uuid.UUID // whose password was right, or who is signed in; Nil: attested
	estate  uuid.UUID // of the member of staff or resident; Nil: none
	until   *time.Time
}

func init() {
	act.Explain("signatures_distinct", fault.Rule("", "签字人必须不同:此人已以另一身份签字,请由另一人签字(同名的另一人请注明单位)。",
		"The signers must be distinct persons, and this one has signed in another capacity: have somebody else sign (of another person of the same name, add the company)."))
	act.Explain("signatures_name", fault.Rule("", "不能只写本项目员工、该户住户或您自己的姓名:请按员工或住户选择,由本人签字;是同名的另一人,请注明单位。",
		"The name of a member of staff, of a resident of the household, or your own, is not enough: choose the person by id, who signs in person; of another person of the same name, add the company."))
	act.Explain("signatures_department", fault.Invalid("", "签字人不是对应部门的员工,请由该部门的员工签字。",
		"The signer is not on the staff of the department that is signed for: have one of its staff sign."))
	act.Explain("signature_estate_id_subject_id_kind_capacity", fault.Clash("此项已签字,不能重复签字。", "It is signed in this capacity already, and is signed once."))
	act.Explain("signatures_content", fault.Clash("内容在他人签字后有变动,不能签字:请按已签字的内容办理,或作废后重新办理。",
		"The content differs from what was signed before: go on with what was signed, or void it and begin anew."))
	act.Explain("signatures_account", fault.Clash("签字人的账号刚刚有变动,请重试。", "The signer's account was changed meanwhile; try again."))
	act.Explain("certificates_signed", fault.Rule("", "还有人没有对这一内容签字,不能出具证明:请先补齐签字。",
		"Not everybody has signed this content, so there is no certificate yet: have them sign first."))
	act.Explain("certificate_estate_id_subject_id_kind", fault.Clash("证明已出具,不能重复出具。", "The certificate was issued already."))
}
