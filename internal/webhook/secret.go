package webhook

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/act"
)

// Secrets are kept encrypted, since the program has to sign with them: with AES-256-GCM under a key that is made from the server's own
// secret, which is not in the database, and bound to the webhook.
func sealer(rt *act.Runtime) (cipher.AEAD, error) {
	mac := hmac.New(sha256.New, rt.Secret)
	mac.Write([]byte("secrets of webhooks"))
	block, err := aes.NewCipher(mac.Sum(nil))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// newSecret makes a secret, and what is kept of it.
func newSecret(rt *act.Runtime, webhook uuid.UUID) (secret string, kept []byte, err error) {
	raw := make([]byte, 32)
	rand.Read(raw) // never fails
	secret = "whsec_" + base64.RawURLEncoding.EncodeToString(raw)
	gcm, err := sealer(rt)
	if err != nil {
		return "", nil, err
	}
	nonce := make([]byte, gcm.NonceSize())
	rand.Read(nonce)
	return secret, gcm.Seal(nonce, nonce, []byte(secret), webhook[:]), nil
}

func openSecret(rt *act.Runtime, w *Webhook) ([]byte, error) {
	gcm, err := sealer(rt)
	if err != nil {
		return nil, err
	}
	if len(w.secret) < gcm.NonceSize() {
		return nil, errors.New("the secret of a webhook is not whole")
	}
	secret, err := gcm.Open(nil, w.secret[:gcm.NonceSize()], w.secret[gcm.NonceSize():], w.ID[:])
	if err != nil {
		return nil, errors.New("the secret of a webhook is under another key: rotate it")
	}
	return secret, nil
}

// Sign is the header Steward-Signature over a body at a time: "t=1767225600,v1=<hex of HMAC-SHA256 of "1767225600.BODY">". Who receives it
// computes the same, compares, and refuses what is older than 5 minutes.
func Sign(secret []byte, at time.Time, body []byte) string {
	mac := hmac.New(sha256.New, secret)
	fmt.Fprintf(mac, "%d.", at.Unix())
	mac.Write(body)
	return fmt.Sprintf("t=%d,v1=%s", at.Unix(), hex.EncodeToString(mac.Sum(nil)))
}
