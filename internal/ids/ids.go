// Package ids makes the identities of all rows: UUIDv7, so that they are ordered by time, whose last two
// bytes carry the code of the entity's type. An id therefore says what it identifies: node(id:) needs
// no look-up, and an id of the wrong type is a clear error before any SQL.
package ids

import (
	"encoding/binary"
	"fmt"

	"github.com/google/uuid"
)

// Code is the code of an entity's type, written in the last two bytes of its ids.
// A code is never given to another type once it was used.
type Code uint16

// Codes of the types that ent does not know; those of the entities stand in their schemas.
const (
	Account    Code = 0x0401
	Session    Code = 0x0402
	APIToken   Code = 0x0403
	Grant      Code = 0x0404
	Message    Code = 0x0405
	AuditEntry Code = 0x0501
	Webhook    Code = 0x0b01
	Delivery   Code = 0x0b02
	Mail       Code = 0x0b03
	Address    Code = 0x0b04
)

// Maker returns the function that makes new ids of one type.
func Maker(code Code) func() uuid.UUID {
	return func() uuid.UUID { return New(code) }
}

// New makes an id of one type.
func New(code Code) uuid.UUID {
	id := uuid.Must(uuid.NewV7()) // fails only when the machine has no randomness
	binary.BigEndian.PutUint16(id[14:], uint16(code))
	return id
}

// CodeOf reads the type's code from an id.
func CodeOf(id uuid.UUID) Code { return Code(binary.BigEndian.Uint16(id[14:])) }

// Derived makes the same id for the same type and seed each time, with the time part of the epoch:
// for data made deterministically, such as the demo portfolio.
func Derived(code Code, seed string, args ...any) uuid.UUID {
	id := uuid.NewSHA1(uuid.NameSpaceOID, fmt.Appendf(nil, seed, args...))
	id[6] = id[6]&0x0f | 0x70
	binary.BigEndian.PutUint16(id[14:], uint16(code))
	return id
}
