package void

import (
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/wording"
)

// atOnce is how long who recorded something voids it alone: a slip is seen while who signed still stands at the desk. Later others
// rely on what is recorded, and who leads decides.
const atOnce = 15 * time.Minute

// Recorded is what is to be voided: by which clause, by whom and when it was recorded, and whether the viewer leads where it was.
type Recorded struct {
	Clause string
	By     uuid.UUID // Nil: nobody may who does not lead
	At     time.Time // when it was written down, which may be later than it happened
	Leads  bool
}

// May refuses to void what another recorded, or what was recorded longer ago, to whom does not lead. Errors: FORBIDDEN.
func May(tx *act.Tx, r Recorded) error {
	if r.Leads || r.By == tx.Viewer.Account && r.By != uuid.Nil && !tx.Now.After(r.At.Add(atOnce)) {
		return nil
	}
	return fault.Denied("登记人只能在 15 分钟内作废自己的登记;此后或他人的登记,请主管或经理作废。",
		"Who recorded something voids it within 15 minutes; later, or what another recorded, a supervisor or a manager voids.").By(r.Clause)
}

// Notice is what the leaders of a department hear of a void.
type Notice struct {
	Clause              string
	Estate, Subject     uuid.UUID
	Department          uuid.UUID // Nil: customer service
	WhatZH, WhatEN, Why string    // what was voided, in a line
}

// Tell puts the void into the leaders' inboxes.
func Tell(tx *act.Tx, n Notice) (err error) {
	if n.Department == uuid.Nil {
		if n.Department, err = obligation.CustomerService(tx, n.Estate); err != nil {
			return err
		}
	}
	why := wording.Tidy(n.Why)
	return obligation.Tell(tx, n.Department, account.Message{
		Estate: n.Estate, Kind: "void", Subject: n.Subject, TitleZH: "已作废:" + n.WhatZH, TitleEN: "Voided: " + n.WhatEN,
		BodyZH: tx.Viewer.Name + " 作废了" + n.WhatZH + ",原因:" + why + "(" + n.Clause + ")。",
		BodyEN: tx.Viewer.Name + " voided it; the reason given: " + why + " (" + n.Clause + ").",
	})
}
