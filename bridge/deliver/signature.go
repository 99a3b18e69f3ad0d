package deliver

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"qlikbridge/bridge/file"
)

// What Standard Webhooks 1.0.0 ("Signature scheme") says of a secret: its prefix and its length in bytes. A receiver tries every signature of a
// request, so there are few.
const (
	secretPrefix = "whsec_"
	minSecret    = 24
	maxSecret    = 64
	maxSecrets   = 4
)

// signer signs requests by Standard Webhooks, with one signature for each secret: while secrets rotate, a receiver may know either.
type signer []*webhooks.Webhook

// loadSigner reads a file of secrets, one per line as whsec_ and base64. An error holds no secret.
func loadSigner(path string) (signer, error) {
	secrets, err := file.Lines(path)
	if err != nil {
		return nil, err
	}
	if len(secrets) == 0 || len(secrets) > maxSecrets {
		return nil, fmt.Errorf("%s: %d secrets; write 1 to %d, one per line", path, len(secrets), maxSecrets)
	}
	var s signer
	for i, secret := range secrets {
		encoded, ok := strings.CutPrefix(secret, secretPrefix)
		key, err := base64.StdEncoding.DecodeString(encoded)
		if !ok || err != nil || len(key) < minSecret || len(key) > maxSecret {
			return nil, fmt.Errorf("%s: secret %d is not %s followed by the base64 of %d to %d bytes", path, i+1, secretPrefix, minSecret, maxSecret)
		}
		w, err := webhooks.NewWebhookRaw(key)
		if err != nil {
			return nil, fmt.Errorf("%s: secret %d cannot be used", path, i+1)
		}
		s = append(s, w)
	}
	return s, nil
}

// sign sets the headers of Standard Webhooks for a request that is made now. Without secrets the id and the time are there all the same: they
// tell a receiver what it has had before.
func (s signer) sign(header http.Header, id string, now time.Time, body []byte) error {
	header.Set(webhooks.HeaderWebhookID, id)
	header.Set(webhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	var signatures []string
	for _, w := range s {
		signature, err := w.Sign(id, now, body)
		if err != nil {
			return fmt.Errorf("signing: %w", err)
		}
		signatures = append(signatures, signature)
	}
	if len(signatures) > 0 {
		header.Set(webhooks.HeaderWebhookSignature, strings.Join(signatures, " "))
	}
	return nil
}

// webhookID is the event's id, the same on every attempt. One with characters that Standard Webhooks warns of (a dot would blur what is signed) or
// that no header should hold becomes the hash of source and id, which name an event together.
func webhookID(e *event.Event) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	if id := e.ID(); id != "" && len(id) <= 128 && strings.Trim(id, letters) == "" {
		return id
	}
	sum := sha256.Sum256([]byte(e.Source() + "\n" + e.ID()))
	return "sha256_" + hex.EncodeToString(sum[:])
}
