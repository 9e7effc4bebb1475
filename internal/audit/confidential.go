package audit

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"reflect"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/fault"
)

// KeyStore holds one random key per subject (a household, a document), outside the database, the trail
// and the backups. When the subject is destroyed its key is erased, and its digests on the trail then
// say nothing: nobody can try telephone numbers until one fits.
type KeyStore interface {
	// Key returns the subject's key of 32 bytes, made on first use; ErrErased after Erase.
	Key(ctx context.Context, subject uuid.UUID) ([]byte, error)
	// Erase destroys the subject's key for good. It may be called again.
	Erase(ctx context.Context, subject uuid.UUID) error
}

// ErrErased says that the subject's key was destroyed with the subject.
var ErrErased = errors.New("audit: the key is erased")

// Confidential makes the Field of a value that the trail must not hold: before and after are HMAC-SHA-256
// of their JSON under the subject's key, so that one sees that it changed, and a person who knows a value
// can have it compared. Values that say how they are stored (driver.Valuer) are digested as stored,
// not as shown: masked contact data would differ too late. After Erase only the field's name is kept.
func Confidential(ctx context.Context, keys KeyStore, subject uuid.UUID, name string, before, after any) (f Field, err error) {
	defer fault.Wrap(&err, "audit.Confidential(%s)", name)
	f = Field{Name: name, Confidential: true}
	key, err := keys.Key(ctx, subject)
	if errors.Is(err, ErrErased) {
		return f, nil
	}
	if err != nil {
		return Field{}, err
	}
	if f.Before, err = seal(key, name, before); err == nil {
		f.After, err = seal(key, name, after)
	}
	return f, err
}

// seal includes the field's name: equal values of two fields must not look equal.
func seal(key []byte, name string, v any) (json.RawMessage, error) {
	if valuer, ok := v.(driver.Valuer); ok && !isNilPointer(v) {
		stored, err := valuer.Value()
		if err != nil {
			return nil, err
		}
		v = stored
	}
	if v == nil || isNilPointer(v) {
		return nil, nil
	}
	value, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(name))
	mac.Write([]byte{0})
	mac.Write(value)
	return json.Marshal(mac.Sum(nil))
}

func isNilPointer(v any) bool {
	r := reflect.ValueOf(v)
	return r.Kind() == reflect.Pointer && r.IsNil()
}
