package keys

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/importrun"
	"github.com/steward-pm/steward/ent/keyacceptance"
	"github.com/steward-pm/steward/internal/account"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/importing"
	"github.com/steward-pm/steward/internal/obligation"
	"github.com/steward-pm/steward/internal/wording"
)

// tellImported puts a list of keys that took effect after the estate's keys were taken over into the leaders' inboxes: it moves and
// makes keys that nobody signed for here (K1.1). The first list is the take-over itself, on which everybody works.
func tellImported(tx *act.Tx, out *importing.Outcome) error {
	run := out.Run
	if run == nil { // nothing was new
		return nil
	}
	before, err := tx.ImportRun.Query().Where(importrun.EstateID(run.EstateID), importrun.KindEQ(importrun.KindKeys), importrun.IDNEQ(run.ID)).Exist(tx)
	if err == nil && !before {
		before, err = tx.KeyAcceptance.Query().Where(keyacceptance.EstateID(run.EstateID), keyacceptance.SourceFile(""), keyacceptance.AcceptedAtNotNil()).Exist(tx)
	}
	if err != nil || !before {
		return err
	}
	r := out.Report
	return tellOffice(tx, account.Message{
		Estate: run.EstateID, Kind: "keys.import", Subject: run.ID, TitleZH: "再次导入钥匙清单:" + run.FileName, TitleEN: "Keys imported again: " + run.FileName,
		BodyZH: fmt.Sprintf("%s 导入的清单无系统签字即生效(K1.1):新增 %d 套,更改 %d 套;清单共 %d 套,实交 %d 把,欠交 %d 把。请与纸质签字件核对。",
			tx.Viewer.Name, r.Created, r.Changed, r.Keys.Sets, r.Keys.Accepted, r.Keys.Outstanding),
		BodyEN: fmt.Sprintf("The list of %s is in effect without signatures here (K1.1): %d sets are new, %d changed; it has %d sets, %d keys accepted, %d outstanding. Compare it with what was signed on paper.",
			tx.Viewer.Name, r.Created, r.Changed, r.Keys.Sets, r.Keys.Accepted, r.Keys.Outstanding),
	})
}

// tellDeliverer puts a sheet into the leaders' inboxes that a person signed for engineering who is not on record: the clerk alone
// says who that was (K1.1).
func tellDeliverer(tx *act.Tx, sheet *ent.KeyAcceptance, staff *uuid.UUID) error {
	if staff != nil {
		return nil
	}
	return tellOffice(tx, account.Message{
		Estate: sheet.EstateID, Kind: "keys.deliverer", Subject: sheet.ID, TitleZH: "交验人不在册:" + sheet.Deliverer, TitleEN: "A deliverer who is not on record: " + sheet.Deliverer,
		BodyZH: fmt.Sprintf("%s 办理的钥匙验收由不在册的 %s 签字,仅由经办人证明身份(K1.1),请核实。", tx.Viewer.Name, sheet.Deliverer),
		BodyEN: fmt.Sprintf("Keys that %s accepted were signed for by %s, who is on no record and attested by the handler alone (K1.1). Please verify.", tx.Viewer.Name, sheet.Deliverer),
	})
}

// tellOutsider puts keys that left for good with a person who is not on record into the leaders' inboxes: the clerk alone says who
// that was, and nothing brings them back (K4.1).
func tellOutsider(tx *act.Tx, m *ent.KeyMovement, set *ent.KeySet, name string) error {
	name = wording.Tidy(name)
	return tellOffice(tx, account.Message{
		Estate: m.EstateID, Kind: "keys.outsider", Subject: m.ID, TitleZH: "外单位人员领走钥匙:" + set.Label, TitleEN: "Keys given to an outsider: " + set.Label,
		BodyZH: fmt.Sprintf("%s 将 %s 的 %d 把钥匙移交工程,由不在册的 %s 签收,用途:%s(K4.1),请核实。", tx.Viewer.Name, set.Label, m.Count, name, m.Note),
		BodyEN: fmt.Sprintf("%s gave engineering %d keys of %s for good, signed for by %s, who is on no record; the reason given: %s (K4.1). Please verify.", tx.Viewer.Name, m.Count, set.Label, name, m.Note),
	})
}

// tellOffice puts a message into the inboxes of who leads customer service, which keeps the keys.
func tellOffice(tx *act.Tx, m account.Message) error {
	office, err := obligation.CustomerService(tx, m.Estate)
	if err != nil {
		return err
	}
	return obligation.Tell(tx, office, m)
}
