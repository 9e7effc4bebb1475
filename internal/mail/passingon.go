package mail

import (
	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/handover"
)

// Mail that is still here passes from one shift to the next (D2), by where it lies: whose it is says the item.
var _ = handover.Declare(handover.Source{
	Name: "mail.undelivered", ZH: "未送达邮件", EN: "Mail not delivered", Position: 2, Entity: ent.TypeMailItem,
	SQL: `SELECT i.id AS subject, concat_ws(' ', nullif(i.slot, ''), nullif(i.barcode, ''), to_char(i.received_on, 'MM-DD') || '收') AS zh,
			concat_ws(' ', nullif(i.slot, ''), nullif(i.barcode, ''), 'of ' || to_char(i.received_on, 'MM-DD')) AS en, i.created_at AS since, NULL::timestamptz AS due
		FROM mail_items i WHERE i.estate_id = $1 AND i.voided_at IS NULL AND i.state NOT IN ('DELIVERED', 'RETURNED') AND i.created_at <= $2`,
})
