package keys

import (
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/steward-pm/steward/ent/keymovement"
)

// KeyEventKind is what happened to a key set.
type KeyEventKind string

// The kinds of events.
const (
	Moved             KeyEventKind = "MOVED"
	Signed            KeyEventKind = "SIGNED"
	Lost              KeyEventKind = "LOST"
	LossAnswered      KeyEventKind = "LOSS_ANSWERED"
	LockChangeOrdered KeyEventKind = "LOCK_CHANGE_ORDERED"
	LockChanged       KeyEventKind = "LOCK_CHANGED"
	Asked             KeyEventKind = "ASKED"
	Decided           KeyEventKind = "DECIDED"
	Sealed            KeyEventKind = "SEALED"
	SealEnded         KeyEventKind = "SEAL_ENDED"
	FollowedUp        KeyEventKind = "FOLLOWED_UP"
	Counted           KeyEventKind = "COUNTED"
	DisputeResolved   KeyEventKind = "DISPUTE_RESOLVED"
	Scrapped          KeyEventKind = "SCRAPPED"
)

var eventKinds = []KeyEventKind{
	Moved, Signed, Lost, LossAnswered, LockChangeOrdered, LockChanged, Asked, Decided, Sealed, SealEnded, FollowedUp, Counted, DisputeResolved, Scrapped,
}

// MarshalGQL writes the kind.
func (k KeyEventKind) MarshalGQL(w io.Writer) { _, _ = io.WriteString(w, strconv.Quote(string(k))) }

// UnmarshalGQL reads a kind. Errors: for what is none.
func (k *KeyEventKind) UnmarshalGQL(v any) error {
	text, _ := v.(string)
	if *k = KeyEventKind(text); !slices.Contains(eventKinds, *k) {
		return fmt.Errorf("%q is no KeyEventKind", text)
	}
	return nil
}

// words are Chinese and English.
type words [2]string

func (w words) in(english bool) string {
	if english {
		return w[1]
	}
	return w[0]
}

// reasons are how keys came to move.
var reasons = map[keymovement.Reason]words{
	keymovement.ReasonAccepted: {"验收", "accepted"}, keymovement.ReasonPlaced: {"移放", "placed"}, keymovement.ReasonLent: {"借出", "lent"},
	keymovement.ReasonReturned: {"归还", "returned"}, keymovement.ReasonHandedOver: {"移交业户", "handed over"}, keymovement.ReasonLost: {"遗失", "lost"},
	keymovement.ReasonFound: {"找回", "found"}, keymovement.ReasonSealed: {"封存", "sealed"}, keymovement.ReasonUnsealed: {"启封", "unsealed"},
	keymovement.ReasonCopied: {"复制", "copied"}, keymovement.ReasonReplaced: {"换锁新钥匙", "new with the lock"}, keymovement.ReasonRetired: {"换锁作废", "retired with the lock"},
	keymovement.ReasonTakenBack: {"业户交回", "taken back"}, keymovement.ReasonToEngineering: {"交工程部", "given to engineering"},
	keymovement.ReasonFromEngineering: {"工程部交回", "back from engineering"}, keymovement.ReasonScrapped: {"报废", "scrapped"},
	keymovement.ReasonAdjusted: {"盘点调整", "adjusted after a count"}, keymovement.ReasonVoided: {"作废冲回", "voided"},
}

// outcomes are how what was asked, counted or sealed ended.
var outcomes = map[string]words{
	"GIVEN": {"已批准", "approved"}, "USED": {"已批准并使用", "approved and used"}, "DECLINED": {"未批准", "declined"}, "WITHDRAWN": {"已撤回", "withdrawn"},
	"EXPIRED": {"已过期", "lapsed"}, "MATCHED": {"相符", "as on record"}, "DIFFERENT": {"不符", "not as on record"}, "RESOLVED": {"不符,已处理", "not as on record, resolved"},
	"BLIND": {"盲点中", "count not finished"},
}

// summary says in a line what happened. what and said are the columns of timeline.sql.
func summary(e *KeyEvent, what, said string, english bool) string {
	n := 0
	if e.Count != nil {
		n = *e.Count
	}
	line := func(zh, en string, args ...any) string { return fmt.Sprintf(words{zh, en}.in(english), args...) }
	text := ""
	switch e.Kind {
	case Moved:
		text = line("%[1]s %[2]d 把:%[3]s → %[4]s", "%[1]s: %[2]d from %[3]s to %[4]s", reasons[keymovement.Reason(what)].in(english), n, *e.From, *e.To)
	case Signed:
		return line("%[1]s 签字(%[2]s,%[3]s)", "signed by %[1]s (%[2]s, %[3]s)", e.Actor, what, said)
	case Lost:
		text = line("报失 %[1]d 把", "%[1]d reported lost", n)
	case LossAnswered:
		text = line("负责人已答复报失", "the leader answered the loss")
		if what != "" {
			text = line("负责人已答复报失,要求换锁", "the leader answered the loss: change the lock")
		}
	case LockChangeOrdered:
		text = line("下达换锁", "lock change ordered")
	case LockChanged:
		text = line("已换锁,第 %[1]s 代,新钥匙 %[2]d 把", "lock changed: generation %[1]s with %[2]d keys", what, n)
	case Asked:
		text = line("申请:%[1]s", "asked: %[1]s", what)
	case Decided:
		text = line("申请%[1]s", "the question was %[1]s", outcomes[what].in(english))
	case Sealed:
		return line("封存 %[1]d 把,封条 %[2]s", "%[1]d sealed under %[2]s", n, what)
	case SealEnded:
		text = line("封条拆除或更换:%[1]s", "seal broken or replaced: %[1]s", what)
	case FollowedUp:
		text = line("尚欠 %[1]d 把,跟进", "%[1]d outstanding, followed up", n)
	case Counted:
		text = line("抽查点数 %[1]d 把,%[2]s", "counted %[1]d: %[2]s", n, outcomes[what].in(english))
		if said != "" {
			said = line("账面 %[1]s 把", "%[1]s on record", said)
		}
	case DisputeResolved:
		text = line("差异已处理(%[1]s)", "the difference was resolved (%[1]s)", what)
	case Scrapped:
		text = line("报废,交回工程部 %[1]d 把", "scrapped: %[1]d back to engineering", n)
	}
	if said != "" {
		text += words{":", ": "}.in(english) + said
	}
	return text
}
