package files

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/url"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/audit"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/ids"
	"github.com/steward-pm/steward/internal/server"
	"github.com/steward-pm/steward/internal/server/request"
)

// lasting is how long a link opens.
const lasting = 5 * time.Minute

// Link opens a file in a browser, for who was given it.
type Link struct {
	URL       string // on this server, from its root
	ExpiresAt time.Time
}

// LinkTo gives a link to what an entity of the kind holds and the viewer may open; marked: to a copy that names the viewer, also where the original is given.
// What the link opens is decided when it is opened.
//
// Errors: those of Open before anything is read.
func LinkTo(ctx context.Context, kind string, id uuid.UUID, marked *bool) (*Link, error) {
	rt := act.From(ctx)
	if ent.TypeOf(ids.CodeOf(id)) != kind {
		return nil, fault.Missing()
	}
	held, err := find(ctx, rt, id.String())
	if err != nil {
		return nil, err
	}
	if held.Refused != nil {
		return nil, rt.RefuseEntry(ctx, held.entry(ctx, rt), held.Refused)
	}
	v := access.From(ctx)
	c := claims{Account: v.Account, Holder: v.Session, File: held.ID, Until: rt.Clock.Now().Add(lasting).Unix(), ByCookie: request.From(ctx).ByCookie}
	if c.Holder == uuid.Nil {
		c.Holder = v.Token
	}
	q := url.Values{"link": {c.sign(rt.Secret)}}
	if marked != nil && *marked {
		q.Set("marked", "true")
	}
	return &Link{"/files/" + held.ID.String() + "?" + q.Encode(), time.Unix(c.Until, 0).UTC()}, nil
}

// claims is what a link says, and signs: whose it is, the session or token that it was given to, the file, until when. A browser that is
// known by its cookie opens it with that cookie; a program that signs its requests itself could not have a browser do so.
type claims struct {
	Account, Holder, File uuid.UUID
	Until                 int64
	ByCookie              bool
}

const claimsSize = 3*16 + 8 + 1

func (c claims) bytes() []byte {
	b := make([]byte, 0, claimsSize+sha256.Size)
	b = append(append(append(b, c.Account[:]...), c.Holder[:]...), c.File[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(c.Until))
	if c.ByCookie {
		return append(b, 1)
	}
	return append(b, 0)
}

func (c claims) sign(secret []byte) string {
	b := c.bytes()
	return base64.RawURLEncoding.EncodeToString(append(b, signature(secret, b)...))
}

// signature is made under a key of links alone, which comes of the servers' common secret.
func signature(secret, of []byte) []byte {
	key := hmac.New(sha256.New, secret)
	key.Write([]byte("steward: links to files"))
	mac := hmac.New(sha256.New, key.Sum(nil))
	mac.Write(of)
	return mac.Sum(nil)
}

// readLink reads what was signed here, and nothing else.
func readLink(secret []byte, text string) (c claims, ok bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) != claimsSize+sha256.Size || !hmac.Equal(b[claimsSize:], signature(secret, b[:claimsSize])) {
		return c, false
	}
	c.Account, c.Holder, c.File = uuid.UUID(b[:16]), uuid.UUID(b[16:32]), uuid.UUID(b[32:48])
	c.Until, c.ByCookie = int64(binary.BigEndian.Uint64(b[48:])), b[56] == 1
	return c, true
}

// Authenticator tells who is asking: by a token, or as who holds a session or a token that is still alive.
type Authenticator interface {
	server.Authenticator
	Holding(ctx context.Context, account, holder uuid.UUID) (context.Context, error)
}

// Links follows links to files; it implements server.Links.
type Links struct{ who Authenticator }

var _ server.Links = Links{}

// NewLinks follows links of those whom the authenticator knows.
func NewLinks(who Authenticator) Links { return Links{who} }

// Follow finds who was given the link, by the link and by the browser that opens it. Each refusal is on the trail of whose file it is.
//
// Errors: FORBIDDEN A6 for a link that is altered, over, or another's; UNAUTHENTICATED if who was given it has signed out.
func (l Links) Follow(ctx context.Context, link server.Link) (context.Context, error) {
	rt, opener := act.From(ctx), ctx
	if link.Bearer != "" {
		if signed, err := l.who.Authenticate(ctx, link.Bearer); err == nil {
			opener = signed
		} else if fault.From(err) == nil {
			return ctx, err
		}
	}
	c, ok := readLink(rt.Secret, link.Text)
	if !ok || c.File.String() != link.ID {
		return ctx, refuseLink(opener, rt, link.ID, access.From(opener), altered())
	}
	if by := access.From(opener); by != nil && by.Account != c.Account {
		return ctx, refuseLink(opener, rt, link.ID, by, anothers())
	}
	given, err := l.who.Holding(ctx, c.Account, c.Holder)
	if f := fault.From(err); f != nil {
		return ctx, refuseLink(ctx, rt, link.ID, &access.Viewer{Account: c.Account}, f)
	}
	if err != nil {
		return ctx, err
	}
	v := access.From(given)
	switch by := access.From(opener); {
	case rt.Clock.Now().Unix() >= c.Until:
		return ctx, refuseLink(given, rt, link.ID, v, over())
	case c.ByCookie && (by == nil || by.Session != v.Session || by.Session == uuid.Nil):
		return ctx, refuseLink(opener, rt, link.ID, by, anothers())
	}
	return given, nil
}

// refuseLink refuses who opened a link, as far as that is known.
func refuseLink(ctx context.Context, rt *act.Runtime, text string, by *access.Viewer, f *fault.Error) error {
	e := rt.Entry(access.With(ctx, by), downloading)
	e.Estate = audit.Portfolio
	if id, holder := holderOf(text); holder != nil {
		e = attempt(access.With(ctx, by), rt, id, holder)
	}
	if a := request.From(ctx).Address; a.IsValid() {
		e.Actor.Address = a.String()
	}
	return rt.RefuseEntry(ctx, e, f)
}

func altered() *fault.Error {
	return fault.Denied("链接无效,请重新获取。", "The link is not one that was given here: ask for a new one.").By("A6")
}

func over() *fault.Error {
	return fault.Denied("链接已过期,请重新获取。", "The link's time is over: ask for a new one.").By("A6")
}

func anothers() *fault.Error {
	return fault.Denied("链接只供获取人在其已登录的浏览器中使用;请登录后重新获取。", "A link opens only for who asked for it, in the browser that is signed in: sign in and ask for one.").By("A6")
}
