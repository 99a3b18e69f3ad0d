package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Tenant is a Qlik tenant as a webhook sees it: it signs bodies and posts them.
type Tenant struct {
	URL    string
	Sign   func(body []byte) string // the value of Qlik-Signature
	Client *http.Client
}

// Answer is what the bridge said to a delivery.
type Answer struct {
	Status  int    `json:"status"`
	Outcome string `json:"outcome,omitempty"`
	ID      string `json:"id,omitempty"`
	Type    string `json:"type,omitempty"`
	Topic   string `json:"topic,omitempty"`
	Reason  string `json:"reason,omitempty"`
	Error   string `json:"error,omitempty"`
}

// NewTenant makes one that waits ten seconds at most for each answer and follows no redirect, as Qlik does not.
func NewTenant(url string, sign func([]byte) string) *Tenant {
	client := &http.Client{
		Timeout:       10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &Tenant{URL: url, Sign: sign, Client: client}
}

// Post signs a body and delivers it, with the headers that Qlik was seen to send. The error is one of the connection; whatever the
// bridge answers is an Answer.
func (t *Tenant) Post(ctx context.Context, body []byte) (Answer, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, t.URL, bytes.NewReader(body))
	if err != nil {
		return Answer{}, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "Qlik Webhook")
	request.Header.Set("Qlik-Signature", t.Sign(body))
	response, err := t.Client.Do(request)
	if err != nil {
		return Answer{}, err
	}
	defer response.Body.Close()
	return readAnswer(response)
}

func readAnswer(response *http.Response) (Answer, error) {
	text, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	if err != nil {
		return Answer{}, fmt.Errorf("reading the answer: %w", err)
	}
	answer := Answer{}
	if json.Unmarshal(text, &answer) != nil {
		answer.Error = "the answer is not the bridge's; is the URL right?"
	}
	answer.Status = response.StatusCode
	return answer, nil
}
