package audit

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jonboulle/clockwork"

	"github.com/steward-pm/steward/internal/fault"
)

// Heads go to a Sink as lines of JSON: {"heads":{…},"signature":"…"}. The signature is Ed25519 over
// signingContext and the bytes of heads.
type signedLine struct {
	Heads     json.RawMessage `json:"heads"`
	Signature []byte          `json:"signature"`
}

type headsAt struct {
	At     time.Time `json:"at"`
	Chains []Head    `json:"chains"`
}

const signingContext = "steward audit heads 1\n"

// Sink is where signed heads are kept, out of reach of whoever could tamper with the database.
type Sink interface {
	// Append adds a line, which ends with a newline, durably.
	Append(ctx context.Context, line []byte) error
}

// FileSink appends to a file, made with mode 0600 on first use.
type FileSink string

// Append implements Sink. Every line is one write, so several servers may share the file.
func (path FileSink) Append(_ context.Context, line []byte) (err error) {
	defer fault.Wrap(&err, "append to %s", string(path))
	f, err := os.OpenFile(string(path), os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if size := info.Size(); size > 0 {
		last := make([]byte, 1)
		if _, err := f.ReadAt(last, size-1); err != nil {
			return err
		}
		if last[0] != '\n' { // the machine stopped in the middle of a line: end it with what LoadHeads passes over
			line = append([]byte(tornLine+"\n"), line...)
		}
	}
	if _, err := f.Write(line); err != nil {
		return err
	}
	return f.Sync()
}

// tornLine ends a line that was never written whole.
const tornLine = " torn"

// LoadSigner reads the Ed25519 key from a PEM file (PKCS 8), or makes it on first use, with mode 0600, and
// beside it PATH.pub with the public key for auditors. Keep both off the database's machine if you can.
func LoadSigner(path string) (key ed25519.PrivateKey, err error) {
	defer fault.Wrap(&err, "audit signing key %s", path)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		text, err = makeSigner(path)
	}
	if err != nil {
		return nil, err
	}
	if info, err := os.Stat(path); err != nil {
		return nil, err
	} else if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("others may read it (mode %#o): chmod 600 it", info.Mode().Perm())
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("not a PEM file")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	key, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, errors.New("not an Ed25519 key")
	}
	return key, writePublic(path+".pub", key.Public())
}

func makeSigner(path string) ([]byte, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return createOnce(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func writePublic(path string, key any) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return err
	}
	_, err = createOnce(path, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	return err
}

// LoadPublic reads the public key that LoadSigner wrote.
func LoadPublic(path string) (key ed25519.PublicKey, err error) {
	defer fault.Wrap(&err, "audit public key %s", path)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("not a PEM file")
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	key, ok := parsed.(ed25519.PublicKey)
	if !ok {
		return nil, errors.New("not an Ed25519 key")
	}
	return key, nil
}

// HeadWriter signs the chains' heads. Use one per process, from one goroutine.
type HeadWriter struct {
	db     Querier
	key    ed25519.PrivateKey
	sink   Sink
	clock  clockwork.Clock
	signed map[Chain]Head // as last written by this process
}

// NewHeadWriter makes one; db must not be a transaction.
func NewHeadWriter(db Querier, key ed25519.PrivateKey, sink Sink, clock clockwork.Clock) *HeadWriter {
	return &HeadWriter{db: db, key: key, sink: sink, clock: clock, signed: map[Chain]Head{}}
}

// Run signs now, then at every interval, and once more when ctx ends: then, at the latest after
// a few seconds, it returns. A failure is logged and made up for by the next turn.
func (w *HeadWriter) Run(ctx context.Context, every time.Duration, log *slog.Logger) {
	ticks := w.clock.NewTicker(every)
	defer ticks.Stop()
	for {
		if err := w.Sign(ctx); err != nil && ctx.Err() == nil {
			log.Error("audit heads not signed", "error", err)
		}
		select {
		case <-ticks.Chan():
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel() //nolint:gocritic // deferInLoop: the loop ends here
			if err := w.Sign(last); err != nil {
				log.Error("audit heads not signed at the end", "error", err)
			}
			return
		}
	}
}

// Sign writes one line with the heads that moved since the line before; none if nothing moved.
func (w *HeadWriter) Sign(ctx context.Context) (err error) {
	defer fault.Wrap(&err, "audit.Sign")
	heads, err := readHeads(ctx, w.db)
	if err != nil {
		return err
	}
	at := headsAt{At: w.clock.Now().UTC()} // after reading: what was signed at a moment was there at that moment
	for _, h := range heads {
		if old, ok := w.signed[h.Chain]; !ok || old.Seq != h.Seq || !bytes.Equal(old.Hash, h.Hash) {
			at.Chains = append(at.Chains, h)
		}
	}
	if len(at.Chains) == 0 {
		return nil
	}
	payload, err := json.Marshal(at)
	if err != nil {
		return err
	}
	line, err := json.Marshal(signedLine{payload, ed25519.Sign(w.key, append([]byte(signingContext), payload...))})
	if err != nil {
		return err
	}
	if err := w.sink.Append(ctx, append(line, '\n')); err != nil {
		return err
	}
	for _, h := range at.Chains {
		w.signed[h.Chain] = h
	}
	return nil
}

// readHeads reads all heads in one round trip: a batch is one implicit transaction, so the setting stays in it.
func readHeads(ctx context.Context, q Querier) (heads []Head, err error) {
	var batch pgx.Batch
	batch.Queue(`SELECT set_config('app.estate_ids', '*', true)`)
	batch.Queue(`SELECT estate_id, kind, last_seq, last_hash FROM audit.chains ORDER BY estate_id, kind`).Query(func(rows pgx.Rows) error {
		heads, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (h Head, err error) {
			return h, row.Scan(&h.Estate, &h.Kind, &h.Seq, &h.Hash)
		})
		return err
	})
	return heads, q.SendBatch(ctx, &batch).Close()
}
