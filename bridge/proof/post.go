package proof

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"time"
)

// InstanceHeader says which of several bridges answered, for who stands between them and the sender to set. Order is checked within one instance.
const InstanceHeader = "Chaos-Instance"

// Secret signs everything; it protects nothing.
const Secret = "chaos-chaos-chaos-chaos-chaos-chaos"

func sign(body []byte) string {
	mac := hmac.New(sha256.New, []byte(Secret))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// answer is the part of the bridge's answers that is looked at.
type answer struct {
	Outcome   string
	Reason    string // of a refusal
	Topic     string
	Partition int32
	Offset    int64
}

// post makes one attempt. It ends with the answer, the connection, or the sender's patience.
func (s *Sender) post(e Event) Attempt {
	a := Attempt{ID: e.ID(), Key: e.Key(), Seq: e.seq, Began: time.Now()}
	ctx, cancel := context.Background(), context.CancelFunc(func() {})
	if s.HangUp > 0 {
		ctx, cancel = context.WithTimeout(ctx, s.HangUp)
	}
	defer cancel()
	if err := s.exchange(ctx, e.Body(), &a); err != nil {
		a.Status, a.Error, a.HungUp = 0, err.Error(), ctx.Err() != nil
	}
	a.Took = time.Since(a.Began)
	return a
}

// exchange leaves an error where the answer did not come whole: a status without its body is a promise that the sender has not heard.
func (s *Sender) exchange(ctx context.Context, body []byte, a *Attempt) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.GetBody = nil // net/http is not to send anything twice by itself
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Qlik-Signature", sign(body))
	response, err := s.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	var got answer
	if err := json.NewDecoder(response.Body).Decode(&got); err != nil && response.StatusCode/100 == 2 {
		return err
	}
	a.Status, a.RetryAfter, a.Instance = response.StatusCode, response.Header.Get("Retry-After"), response.Header.Get(InstanceHeader)
	a.Outcome, a.Reason, a.Topic, a.Partition, a.Offset = got.Outcome, got.Reason, got.Topic, got.Partition, got.Offset
	return nil
}
