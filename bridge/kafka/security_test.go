package kafka_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"

	"qlikbridge/bridge/kafka"
	"qlikbridge/bridge/kafkatest"
)

// TestSecurity goes through every way to log in on a real Kafka.
func TestSecurity(t *testing.T) {
	cluster := startReal(t, kafkatest.Options{Provider: kafkatest.ProviderProcesses, Security: true})
	h, s := newHarness(t, cluster.Brokers()), cluster.Security()
	topic := h.topic(t, 1)
	secure := h.config
	secure.Brokers, secure.TLS = []string{s.SASLSSL}, kafka.TLSConfig{Enabled: true, CAFile: s.CAFile}

	for mechanism, password := range map[string]string{"PLAIN": s.PlainPassword, "SCRAM-SHA-256": s.Scram256Password, "SCRAM-SHA-512": s.Scram512Password} {
		t.Run(mechanism, func(t *testing.T) {
			passwords(t, h, secure, login(t, mechanism, password), topic, kerr.SaslAuthenticationFailed)
		})
	}
	t.Run("OAUTHBEARER", func(t *testing.T) { oauth(t, h, s, secure, topic) })
	t.Run("mutual TLS", func(t *testing.T) {
		c := secure
		c.Brokers, c.TLS.CertFile, c.TLS.KeyFile = []string{s.MTLS}, s.ClientCertFile, s.ClientKeyFile
		works(t, h, c, topic)
		certificates(t, s, c, topic)
	})
}

// certificates asserts that a client whose certificate the broker does not trust is refused, and gets on once the files are replaced.
func certificates(t *testing.T, s *kafkatest.Security, c kafka.Config, topic string) {
	stranger := issue(t, "stranger", issue(t, "another CA", nil))
	c.TLS.CertFile, c.TLS.KeyFile = file(t, "client.pem", stranger.pem()), file(t, "client-key.pem", stranger.keyPEM(t))
	client := connect(t, c)
	if err := client.Ping(within(t, 3*time.Second)); err == nil {
		t.Error("ping with a stranger's certificate: got an answer, want an error")
	} else {
		t.Logf("ping with a stranger's certificate: %v", err)
	}
	for from, to := range map[string]string{s.ClientCertFile: c.TLS.CertFile, s.ClientKeyFile: c.TLS.KeyFile} {
		content, err := os.ReadFile(from)
		must(t, "read "+from, err)
		must(t, "replace "+to, os.WriteFile(to, content, 0o600))
	}
	eventually(t, func() error { return client.Ping(within(t, 5*time.Second)) })
	publish(within(t, patience), client, record(topic, "key", "value")).acked(t)
}

// oauth asserts that
//   - a token is fetched from token_url with the client's credentials, and used for further connections until shortly before it expires
//   - an endpoint that refuses is named
//   - a token that Kafka refuses is an error
func oauth(t *testing.T, h *harness, s *kafkatest.Security, c kafka.Config, topic string) {
	var fetched atomic.Int32
	lifetime := time.Hour
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fetched.Add(1)
		if id, secret, ok := r.BasicAuth(); !ok || id != "client" || secret != "secret" || r.FormValue("scope") != "kafka" {
			http.Error(w, `{"error":"invalid_client"}`, http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"access_token": s.OAuthToken(s.User, lifetime), "token_type": "bearer", "expires_in": 3600})
	}))
	defer server.Close()
	c.SASL = kafka.SASLConfig{Mechanism: "OAUTHBEARER", TokenURL: server.URL, ClientID: "client", Scopes: []string{"kafka"},
		ClientSecretFile: file(t, "secret", "secret\n")}
	works(t, h, c, topic) // a client, one that asks where to read, and a reader
	if n := fetched.Load(); n != 3 {
		t.Errorf("the token was fetched %d times by three clients, want once by each", n)
	}

	lifetime = -time.Hour
	if err := connect(t, c).Ping(within(t, 3*time.Second)); err == nil {
		t.Error("ping with an expired token: got an answer, want an error")
	} else {
		t.Logf("ping with an expired token: %v", err)
	}
	c.SASL.ClientSecretFile = file(t, "secret", "wrong")
	if err := connect(t, c).Ping(within(t, 3*time.Second)); err == nil {
		t.Error("ping with a wrong client secret: got an answer, want an error")
	} else {
		t.Logf("ping with a wrong client secret: %v", err)
	}
}
