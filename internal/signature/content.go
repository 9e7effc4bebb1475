package signature

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// Canonical writes what is signed as JSON in one form only (keys in order, no space, nothing escaped that need not be), with
// its SHA-256 in hex: two signatures are over the same content if and only if the hashes are the same. Times in the content should be
// UTC and as the database keeps them, if it is put together again from the database for the next signature.
func Canonical(content any) (text, hash string, err error) {
	raw, err := json.Marshal(content)
	if err != nil {
		return "", "", fmt.Errorf("content of a signature: %w", err)
	}
	var value any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber() // or long numbers would lose digits
	if err := d.Decode(&value); err != nil {
		return "", "", fmt.Errorf("content of a signature: %w", err)
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil { // maps are written with their keys in order
		return "", "", fmt.Errorf("content of a signature: %w", err)
	}
	canonical := bytes.TrimSuffix(out.Bytes(), []byte("\n"))
	sum := sha256.Sum256(canonical)
	return string(canonical), hex.EncodeToString(sum[:]), nil
}
