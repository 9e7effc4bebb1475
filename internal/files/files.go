// Package files keeps what people upload to an estate: the row in the database, under the same walls as
// everything, and the content on disk, named by its hash. Both ways through here authorise and audit.
//
// Nobody can tell what is in a file: a list of households holds their telephone numbers, a paper may be for a staff file. So until
// something takes it over it is its uploader's and the managers' alone (A6); auditors learn that it is there, not what it holds.
package files

import (
	"context"
	"errors"
	"io"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/ent/estate"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/audit"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/server"
	"github.com/steward-pm/steward/policy"
)

// Files answers uploads and downloads; it implements server.Files. The context carries the runtime and the
// viewer.
type Files struct{ content *Content }

var _ server.Files = (*Files)(nil)

// New serves the files whose content is kept there.
func New(content *Content) *Files { return &Files{content} }

// Store takes an upload in: the permission is asked before the body is read, and again by the act.
//
// Errors: UNAUTHENTICATED; NOT_FOUND at estate; FORBIDDEN; what r fails with.
func (f *Files) Store(ctx context.Context, up server.Upload, r io.Reader) (_ server.File, err error) {
	defer fault.Wrap(&err, "store file")
	e, err := mayUpload(ctx, up.Estate)
	if err != nil {
		return server.File{}, err
	}
	in, err := f.content.receive(r)
	if err != nil {
		return server.File{}, err
	}
	defer in.discard()
	name := safeName(up.Name)
	media, err := mediaType(in.file, in.size, name)
	if err != nil {
		return server.File{}, err
	}
	var done *uploaded
	if err = f.content.place(ctx, in, e.ID); err == nil { // what takes long is done before the transaction, which makes sure of it
		done, err = upload.Do(ctx, uploadInput{
			Estate: e.ID, Name: name, ContentType: media, Size: in.size, SHA256: in.sum,
			place: func(ctx context.Context) error { return f.content.place(ctx, in, e.ID) },
		})
	}
	if err != nil {
		return server.File{}, errors.Join(err, f.content.Forget(context.WithoutCancel(ctx), act.From(ctx), in.sum, e.ID))
	}
	return shown(done.File), nil
}

// mayUpload finds the estate if the viewer may add files to it.
func mayUpload(ctx context.Context, code string) (*ent.Estate, error) {
	v, rt := access.From(ctx), act.From(ctx)
	if v == nil {
		return nil, fault.SignedOut()
	}
	e, err := rt.DB.Ent.Estate.Query().Where(estate.Code(code)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, rt.Refuse(ctx, upload.Name, audit.Portfolio, fault.Missing().At("estate"))
	}
	if err != nil {
		return nil, err
	}
	if !v.Barred(v.Scope(policy.File, policy.Create)).Covers(access.Row{Estate: e.ID}) {
		return nil, rt.Refuse(ctx, upload.Name, e.ID, fault.Denied("您的岗位不能向该小区上传文件。", "None of your roles may add files to this estate."))
	}
	return e, nil
}

// uploadInput is a file whose content has been received.
type uploadInput struct {
	Estate            uuid.UUID
	Name, ContentType string
	Size              int64
	SHA256            string
	place             func(context.Context) error
}

// uploaded is the file.
type uploaded struct{ File *ent.File }

// upload records the file and puts its content in its place, under a lock of the content: see Forget.
var upload = act.New("files.upload", act.Needs(policy.File, policy.Create), nil, func(tx *act.Tx, in uploadInput) (*uploaded, error) {
	row, err := tx.File.Create().SetEstateID(in.Estate).SetName(in.Name).SetContentType(in.ContentType).
		SetSize(in.Size).SetSha256(in.SHA256).SetUploadedBy(tx.Viewer.Account).Save(tx)
	if err != nil {
		return nil, err
	}
	if err := lock(tx, tx.Raw, in.SHA256, in.Estate); err != nil {
		return nil, err
	}
	return &uploaded{row}, in.place(tx)
})

// lock holds an estate's content until the transaction ends.
func lock(ctx context.Context, tx pgx.Tx, sum string, estate uuid.UUID) error {
	_, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, estate.String()+sum)
	return err
}

// confidential refuses what a file holds; auditors, too, see contact data masked only.
func confidential() *fault.Error {
	return fault.Denied("文件中可能有完整的联系方式,只有经理和上传人可以下载;审计等其他岗位请在系统内查阅(联系方式只显示后四位),或请经理提供。",
		"A file may hold contact data in full, so only managers and who uploaded it download it. Others, auditors included, read the records here, with the last 4 digits shown, or ask a manager.").By("A6")
}

func shown(f *ent.File) server.File {
	return server.File{ID: f.ID.String(), Name: f.Name, Size: f.Size, SHA256: f.Sha256, ContentType: f.ContentType}
}
