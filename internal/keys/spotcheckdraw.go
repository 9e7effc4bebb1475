package keys

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/act"
)

// draw takes so many of the candidates, by the seed alone: those whose SHA-256 over seed and id comes first. Whoever
// knows the seed and the candidates draws the same again, in whatever order the candidates come; who does not know the
// seed cannot tell who is drawn (K4.3).
func draw(seed string, candidates []uuid.UUID, size int) []uuid.UUID {
	type ticket struct {
		number [sha256.Size]byte
		id     uuid.UUID
	}
	tickets := make([]ticket, len(candidates))
	for i, id := range candidates {
		tickets[i] = ticket{sha256.Sum256(append([]byte(seed), id[:]...)), id}
	}
	slices.SortFunc(tickets, func(a, b ticket) int { return bytes.Compare(a.number[:], b.number[:]) })
	tickets = slices.Compact(tickets) // who is named twice has no more of a chance
	drawn := make([]uuid.UUID, min(size, len(tickets)))
	for i := range drawn {
		drawn[i] = tickets[i].id
	}
	return drawn
}

// nextSeed is the seed of the estate's next draw: a new one, but that of what was drawn and not counted on the same day, so that
// who does not like a draw gets no other by drawing again (K4.3). The ledger stands still, and the database refuses another seed.
func nextSeed(tx *act.Tx, estate uuid.UUID) (string, error) {
	var before *string
	if err := tx.Raw.QueryRow(tx, `SELECT key_seed_before($1, $2)`, estate, tx.Now).Scan(&before); err != nil {
		return "", err
	}
	if before != nil {
		return *before, nil
	}
	return newSeed(), nil
}

// newSeed is one that nobody can know before.
func newSeed() string {
	seed := make([]byte, 16)
	_, _ = rand.Read(seed) // never fails, by its contract
	return hex.EncodeToString(seed)
}
