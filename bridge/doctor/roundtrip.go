package doctor

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"qlikbridge/bridge"
	"qlikbridge/bridge/app"
)

// EventType is that of the event which is sent the whole way. The catalogue does not know it, so that the event disturbs no family.
const EventType = "com.qlikbridge.doctor"

// sent is the event of the round trip, and where the bridge says that it is.
type sent struct {
	id    string
	data  []byte
	topic string
	at    bridge.Position
}

// answer is the bridge's to a delivery.
type answer struct {
	Outcome   string
	Reason    string
	Error     string
	Topic     string
	Partition int32
	Offset    int64
}

// send posts one signed event as Qlik would. It is usable where the answer names a record.
func (x *examination) send(ctx context.Context) ([]Finding, bool) {
	to, source := x.door()
	keyring, err := bridge.LoadKeyring(source.SecretsFile)
	if err != nil {
		return []Finding{skip(roundTrip, to, "needs the signing secret: "+err.Error())}, false
	}
	x.sent.id = "doctor-" + strings.ToLower(rand.Text())
	x.sent.data = fmt.Appendf(nil, `{"id":%q}`, x.sent.id)
	body := fmt.Appendf(nil, `{"specversion":"1.0","id":%q,"source":"com.qlikbridge/doctor","type":%q,"time":%q,"data":%s}`,
		x.sent.id, EventType, x.Now().UTC().Format(time.RFC3339Nano), x.sent.data)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return []Finding{fail(roundTrip, to, err, "correct --url")}, false
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Qlik-Signature", keyring.Sign(body))
	began := time.Now()
	status, text, err := exchange(x.poster(), request)
	if err != nil {
		return []Finding{fail(roundTrip, to, err, start+"--url")}, false
	}
	return x.answered(to, status, text, time.Since(began))
}

// door is where the event is posted, and the source whose secret signs it: that of the URL, or else the first.
func (x *examination) door() (string, app.SourceConfig) {
	sources := x.Config.AllSources()
	if x.URL == "" {
		scheme := "http"
		if x.Config.Ingress.TLS.CertFile != "" {
			scheme = "https"
		}
		return fmt.Sprintf("%s://%s/webhooks/%s", scheme, reachable(x.Config.Listen), sources[0].Name), sources[0]
	}
	if u, err := url.Parse(x.URL); err == nil {
		for _, s := range sources {
			if s.Name == path.Base(u.Path) {
				return x.URL, s
			}
		}
	}
	return x.URL, sources[0]
}

// poster follows no redirect, as Qlik does not. At an address of our own the certificate need not be for that address: it must be the
// one of the configuration.
func (x *examination) poster() *http.Client {
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if want := x.ingressCertificate(); x.URL == "" && want != nil {
		client.Transport = &http.Transport{TLSClientConfig: &tls.Config{
			MinVersion: tls.VersionTLS12, InsecureSkipVerify: true,
			VerifyConnection: func(s tls.ConnectionState) error {
				if !s.PeerCertificates[0].Equal(want) {
					return errors.New("the certificate is not that of ingress.tls.cert_file")
				}
				return nil
			}}}
	}
	return client
}

func (x *examination) answered(to string, status int, text []byte, took time.Duration) ([]Finding, bool) {
	a := answer{}
	if err := json.Unmarshal(text, &a); err != nil {
		return []Finding{fail(roundTrip, to, fmt.Sprintf("the answer is %d and not the bridge's", status), "give the URL of the webhook by --url, as Qlik has it")}, false
	}
	x.sent.topic, x.sent.at = a.Topic, bridge.Position{Partition: a.Partition, Offset: a.Offset}
	told := fmt.Sprintf("%d %s%s in %s", status, a.Outcome, strings.TrimSpace(a.Reason+" "+a.Error), took.Round(time.Millisecond))
	switch {
	case status != http.StatusOK || a.Outcome != string(bridge.Published) && a.Outcome != "spooled":
		return []Finding{fail(roundTrip, to, told, remedyFor(status))}, false
	case a.Outcome != string(bridge.Published):
		return []Finding{warn(roundTrip, to, told+": the event is on disk, and Kafka did not acknowledge it in time", "see what is said of Kafka above; the event follows once Kafka is back")}, false
	case took > x.Config.AckTimeout:
		return []Finding{warn(roundTrip, to, fmt.Sprintf("%s: longer than ack_timeout (%s)", told, x.Config.AckTimeout), "see what slows Kafka down, or the way to the bridge")}, true
	}
	return []Finding{ok(roundTrip, to, "%s: %s", told, x.sent.place())}, true
}

func (s sent) place() string { return fmt.Sprintf("%s/%d@%d", s.topic, s.at.Partition, s.at.Offset) }

// remedyFor is what to do about a delivery that was not taken.
func remedyFor(status int) string {
	switch status {
	case http.StatusUnauthorized:
		return "the running bridge has other signing secrets than this configuration: give both the same secrets_file"
	case http.StatusNotFound:
		return "the running bridge does not know this source: give the URL of the webhook by --url"
	case http.StatusTooManyRequests:
		return "the rate limit of this source is used up: try again later, or raise rate_limit"
	case http.StatusServiceUnavailable:
		return "see what is said of Kafka above, and the bridge's log"
	}
	return "see the bridge's log"
}
