package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/steward-pm/steward/internal/fault"
)

// Verify proves the database's trail whole, or names the first break of each chain. It reads one
// snapshot in constant memory, whatever the trail's length. Read the signed heads before: heads signed
// after the snapshot would look like a removed tail. signed may be nil: then a removed tail, a removed
// chain and a chain rewritten with new hashes go unseen.
func Verify(ctx context.Context, db Beginner, signed *SignedHeads, now time.Time) (_ Report, err error) {
	defer fault.Wrap(&err, "audit.Verify")
	return verify(stored(ctx, db, now), signed)
}

// VerifyExport does the same for what Export wrote, by the heads signed up to the moment of the export.
func VerifyExport(r io.Reader, signed *SignedHeads) (_ Report, err error) {
	defer fault.Wrap(&err, "audit.VerifyExport")
	return verify(exported(r), signed)
}

func verify(trail iter.Seq2[record, error], signed *SignedHeads) (Report, error) {
	v := verifier{signed: signed, seen: map[Chain]bool{}}
	for rec, err := range trail {
		if err != nil {
			return Report{}, err
		}
		switch {
		case rec.Begin != nil:
			v.begin(rec.Begin.At)
		case rec.Head != nil:
			v.endChain()
			v.beginChain(rec.Head)
		case rec.Entry != nil:
			v.endEntry()
			v.entry(rec.Entry)
		case rec.Change != nil:
			v.change(rec.Change)
		case rec.Stray != nil:
			v.endChain()
			v.strays = append(v.strays, Break{Chain: Chain{Estate: rec.Stray.Estate, Kind: Write}, Entry: rec.Stray.Entry,
				Defect: StrayChanges, Detail: "there are row changes of this entry, but it is not there"})
		case rec.End != nil:
			v.endChain()
			v.end()
		}
	}
	return v.report, nil
}

// verifier walks the chains one after another.
type verifier struct {
	report Report
	signed *SignedHeads
	seen   map[Chain]bool
	strays []Break

	head   *headRow     // of the chain under way; nil between chains
	marks  []checkpoint // its signed heads still to be met, by place
	met    int64        // the last of them that was met
	seq    int64        // the place of the last entry that was proved; 0 if none
	last   *entryRow    // that entry
	hash   []byte       // its hash
	broken bool         // its first break is found

	current *entryRow // whose changes are being read
	summary Summary   // what its body says of them
	digest  digest    // what they are
}

func (v *verifier) begin(at time.Time) {
	v.report.At = at
	if v.signed != nil {
		v.report.Broken = append(v.report.Broken, v.signed.bad...)
		v.report.SignedAt = v.signed.newest(at)
	}
}

func (v *verifier) beginChain(h *headRow) {
	v.report.Chains++
	v.seen[h.Chain] = true
	v.head, v.seq, v.met, v.broken = h, 0, 0, false
	v.hash, v.last = make([]byte, sha256.Size), nil
	v.marks = v.signed.upTo(h.Chain, v.report.At)
}

// fail notes the chain's first break.
func (v *verifier) fail(seq int64, e *entryRow, d Defect, format string, args ...any) {
	if v.broken {
		return
	}
	v.broken = true
	b := Break{Chain: v.head.Chain, Seq: seq, Defect: d, Detail: fmt.Sprintf(format, args...)}
	if e != nil {
		b.Entry = e.ID
	}
	v.report.Broken = append(v.report.Broken, b)
}

// chainHash is what audit.append computes.
func chainHash(prev []byte, c Chain, seq int64, body string) []byte {
	h := sha256.New()
	h.Write(prev)
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(seq)))
	h.Write(c.Estate[:])
	h.Write([]byte(c.Kind))
	h.Write([]byte(body))
	return h.Sum(nil)
}

func (v *verifier) entry(e *entryRow) {
	v.report.Entries++
	v.current, v.summary, v.digest = e, Summary{}, digest{}
	if v.broken {
		return
	}
	want := v.seq + 1
	if e.Seq > want {
		v.fail(want, nil, Missing, "the next entry stands at place %d", e.Seq)
		return
	}
	if e.Seq < want {
		v.fail(e.Seq, e, Added, "no entry belongs at this place")
		return
	}
	if !v.linked(e) {
		return
	}
	v.last, v.hash, v.seq = e, e.Hash, e.Seq
	v.meetMarks(e)
	v.columns(e)
}

// linked proves that the entry's hash is that of its body, at its place, after the entry before.
func (v *verifier) linked(e *entryRow) bool {
	c := v.head.Chain
	fits := bytes.Equal(chainHash(e.Prev, c, e.Seq, e.Body), e.Hash)
	follows := bytes.Equal(e.Prev, v.hash)
	switch {
	case fits && follows:
		return true
	case fits && v.last != nil:
		v.fail(v.seq, v.last, Replaced, "the entry at place %d follows another one", e.Seq)
	case v.last != nil && bytes.Equal(e.Prev, v.last.Prev) && bytes.Equal(chainHash(e.Prev, c, v.seq, e.Body), e.Hash):
		v.fail(v.seq, v.last, Added, "entry %s stood here and now stands at place %d", e.ID, e.Seq)
	default:
		if from, ok := v.origin(e); ok {
			v.fail(e.Seq, e, Moved, "it was written at place %d: entries were reordered, removed or added", from)
			break
		}
		v.fail(e.Seq, e, Edited, "its text, its hash and the hash before it do not fit")
	}
	return false
}

// origin finds the place near by at which the entry was written.
func (v *verifier) origin(e *entryRow) (int64, bool) {
	const reach = 1000
	for seq := max(1, e.Seq-reach); seq <= e.Seq+reach; seq++ {
		if bytes.Equal(chainHash(e.Prev, v.head.Chain, seq, e.Body), e.Hash) {
			return seq, true
		}
	}
	return 0, false
}

// meetMarks compares the entry with the heads that were signed at its place.
func (v *verifier) meetMarks(e *entryRow) {
	for len(v.marks) > 0 && v.marks[0].seq <= e.Seq {
		mark := v.marks[0]
		v.marks = v.marks[1:]
		if !bytes.Equal(mark.hash[:], e.Hash) {
			v.fail(e.Seq, e, Rewritten, "the head signed at %s has another hash: entries from place %d to %d were rewritten",
				mark.at.Format(time.RFC3339), v.met+1, e.Seq)
		}
		v.met = mark.seq
	}
}

// columns proves the columns by which entries are found.
func (v *verifier) columns(e *entryRow) {
	body, ok := parse(e.Body)
	if !ok || body.Estate != v.head.Estate || body.Kind != v.head.Kind {
		v.fail(e.Seq, e, Edited, "its text is not an entry of this chain")
		return
	}
	v.summary = body.Changes
	want := body.columns()
	for i, name := range columnNames {
		if i >= len(e.Columns) || !equalText(e.Columns[i], want[i]) {
			v.fail(e.Seq, e, Column, "column %s differs from the text that was hashed", name)
			return
		}
	}
}

func equalText(a, b *string) bool { return a == b || a != nil && b != nil && *a == *b }

func (v *verifier) change(c *changeRow) {
	v.report.Changes++
	if v.broken || v.current == nil {
		return
	}
	if c.Ordinal != v.digest.count {
		v.fail(v.current.Seq, v.current, ChangesWrong, "row change %d is missing", v.digest.count)
		return
	}
	v.digest.add(c.Body)
}

func (v *verifier) endEntry() {
	e := v.current
	v.current = nil
	if e == nil || v.broken {
		return
	}
	switch found := v.digest.summary(); {
	case found.Count != v.summary.Count:
		v.fail(e.Seq, e, ChangesWrong, "%d row changes instead of %d", found.Count, v.summary.Count)
	case !bytes.Equal(found.SHA256, v.summary.SHA256):
		v.fail(e.Seq, e, ChangesWrong, "a row change was edited")
	}
}

func (v *verifier) endChain() {
	v.endEntry()
	h := v.head
	if h == nil {
		return
	}
	switch {
	case len(v.marks) > 0:
		last := v.marks[len(v.marks)-1]
		v.fail(v.seq+1, nil, Missing, "the tail up to place %d, signed at %s, was removed", last.seq, last.at.Format(time.RFC3339))
	case h.Seq == nil:
		v.fail(v.seq, nil, HeadWrong, "the chain's head was removed")
	case *h.Seq > v.seq:
		v.fail(v.seq+1, nil, Missing, "the chain's head is at place %d", *h.Seq)
	case *h.Seq < v.seq:
		v.fail(*h.Seq+1, nil, Added, "the chain's head is at place %d, the last entry at %d", *h.Seq, v.seq)
	case !bytes.Equal(h.Hash, v.hash):
		v.fail(v.seq, nil, HeadWrong, "the head's hash is not that of the last entry")
	}
	v.head = nil
}

// end looks for chains that were signed and are gone.
func (v *verifier) end() {
	for _, c := range v.signed.chains() {
		if marks := v.signed.upTo(c, v.report.At); len(marks) > 0 && !v.seen[c] {
			v.report.Broken = append(v.report.Broken, Break{Chain: c, Seq: 1, Defect: Missing,
				Detail: fmt.Sprintf("the whole chain, signed up to place %d, was removed", marks[len(marks)-1].seq)})
		}
	}
	v.report.Broken = append(v.report.Broken, v.strays...)
}
