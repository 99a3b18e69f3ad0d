package main_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// scramOverTLS asserts that a bridge that logs in by SCRAM-SHA-512 over TLS becomes ready and publishes, and that one whose
// password is wrong says so on readyz and answers 503.
func (r *realKafka) scramOverTLS(t *testing.T) {
	security := r.cluster.Security()
	settings := []string{
		"QLIK_BRIDGE_KAFKA_BROKERS=" + security.SASLSSL,
		"QLIK_BRIDGE_KAFKA_TLS_ENABLED=true",
		"QLIK_BRIDGE_KAFKA_TLS_CA_FILE=" + security.CAFile,
		"QLIK_BRIDGE_KAFKA_SASL_MECHANISM=SCRAM-SHA-512",
		"QLIK_BRIDGE_KAFKA_SASL_USERNAME=" + security.User,
		"QLIK_BRIDGE_KAFKA_SASL_PASSWORD_FILE=" + realFile(t, "password", security.Scram512Password+"\n"),
	}
	s := r.serve(t, settings...)
	var want []string
	for i := range 30 {
		id := fmt.Sprint("scram-", i)
		s.published(t, id, realEvent(id, "com.qlik.app.created", "app"))
		want = append(want, id)
	}
	there := ids(r.stored(t))
	for _, id := range want {
		if there[id] != 1 {
			t.Errorf("%s is in Kafka %d times, want once", id, there[id])
		}
	}

	wrong := r.start(t, append(settings, "QLIK_BRIDGE_KAFKA_SASL_PASSWORD_FILE="+realFile(t, "password", "wrong\n"))...)
	realEventually(t, "name the refused login", func() error {
		if err := wrong.ready(); err == nil || !strings.Contains(err.Error(), "SASL_AUTHENTICATION_FAILED") {
			return fmt.Errorf("got %v", err)
		}
		return nil
	})
	a := wrong.post(t.Context(), "refused", realEvent("refused", "com.qlik.app.created", "app"))
	if a.Status != http.StatusServiceUnavailable || a.RetryAfter == "" || a.Took > ackTimeout+slack {
		t.Errorf("with a wrong password: got %d with Retry-After %q after %s", a.Status, a.RetryAfter, a.Took)
	}
}
