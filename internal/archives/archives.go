// Package archives is chapter A of the rulebook: what is handed in, bound into volumes, shown to whom it concerns, lent, and at last
// destroyed. The database keeps the files of households and of staff, orders by class and then by time, and counts what is bound.
//
// An act has a file of its own, which reads from its input to its rule:
//
//	handin.go   A1, A2       HandIn: a document into the inbox; belongs.go whose it is, content.go what an upload holds
//	correct.go  A2           Correct, before it is bound
//	void.go     A2           Void, what was handed in by mistake
//	volume.go   A1, A2       OpenVolume; shelve.go CloseVolume, ReopenVolume, PlaceVolume, PlaceFile
//	bind.go     A2, A3       Bind, Unbind: the archivist alone
//	manual.go   A1.2         CreateManual, PutInForce
//	request.go  A5           Request: to view, borrow or copy; requestdue.go who is to answer it by when
//	named.go    A5           NameDocuments, by the archivist; answer.go what becomes of it: DeclineRequest; requestexpire.go its end
//	permit.go   A5           WithdrawPermit; withdraw.go WithdrawRequest, also of what was given
//	loan.go     A5           paper that is lent: lend.go Lend, extend.go Extend, takeback.go Return, voidloan.go VoidLoan, VoidReturn
//	register_volumes.go, register_files.go, register_requests.go, register_loans.go: what GET /registers gives (A3, A5, A6)
//	consult.go  A1.3         Consult: a staff file is read for promotion or pay
//	retention.go A7          SetRetention; retentiondue.go what is past it
//	hold.go     A7           PlaceHold, ReleaseHold
//	destruction.go A7        Propose; destructionorder.go how an order goes; destructionapprove.go ApproveDestruction, which names the
//	                         witness; destroy.go Destroy; destructioncancel.go CancelDestruction; shred.go the bytes and keys, after it
//	                         committed; certificate.go, certificateregister.go the certificate, as a query and printed
//
// The structured records of households (A1.4), each of which files itself:
//
//	violation.go       RecordViolation, ResolveViolation, VoidViolation
//	complaint.go       RecordComplaint, AnswerComplaint, VoidComplaint
//	renovation.go      ApplyRenovation, AdvanceRenovation, VoidRenovation; deposit.go PayDeposit, ReturnDeposit, VoidDeposit
//	correspondence.go  RecordCorrespondence, AnswerCorrespondence, VoidCorrespondence
//
// search.go finds documents by their words (A4, A6), which index.go has internal/fulltext read.
//
// download.go gives what a document holds to whom it concerns (A4, A6), and to who reads through a permit a copy that names them (A5);
// readers.go tells the household who read its file, and who tried; asked.go that its numbers were asked.
package archives

import (
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
)

func init() {
	act.Explain("archive_documents_volume", fault.Rule("A2", "文件的类别、所属档案或日期与案卷不符,请选对应的案卷。",
		"The document is not of the volume's category, file and period; choose the volume that it belongs to.").At("documentIDs"))
	act.Explain("archive_documents_fast", fault.Rule("A2", "已立卷的文件须先出卷才能更改。", "Take the document out of its volume before it is changed."))
	act.Explain("archive_documents_way", fault.Clash("文件的状态已变,请重新读取。", "The document is no longer as it was; read it again.").By("A2"))
	act.Explain("archive_volumes_open", closed())
	act.Explain("archive_volumes_period", fault.Invalid("periodUntil", "截止日期不能早于起始日期。", "The period ends on or after its first day.").By("A3"))
	act.Explain("archivevolume_estate_id_code", fault.Clash("本小区已有这个案卷号,请换一个。", "The estate has a volume of this code; choose another.").By("A2").At("code"))
	act.Explain("archivemanual_estate_id_name", fault.Clash("本小区已有同名的手册,请换一个名称。", "The estate has a manual of this name; choose another.").By("A1.2").At("name"))
	act.Explain("archive_documents_in_force", fault.Clash("这本手册刚有另一版生效,请重新读取。", "Another edition of the manual came into force meanwhile; read it again.").By("A1.2"))
	act.Explain("archive_permits_given", fault.Rule("A5", "没有相符的批准,请先申请。", "No approval names this person, document and time; ask for it first."))
	act.Explain("archive_requests_way", fault.Clash("申请的状态已变,请重新读取。", "The request is no longer as it was; read it again.").By("A5"))
	act.Explain("archiverequest_estate_id_code", fault.Clash("同时有另一份申请,请重新提交。", "Another request came at the same time; do it again.").By("A5"))
	act.Explain("archiverequestdocument_estate_id_request_id_document_id", fault.Clash("这份文件已指定。", "The document was named for it before.").By("A5"))
}

// closed refuses what would change a volume that is closed.
func closed() *fault.Error {
	return fault.Rule("A2", "案卷已封卷,请先重新开卷。", "The volume is closed; reopen it first.")
}
