package doctor_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"qlikbridge/bridge/app"
	"qlikbridge/bridge/doctor"
)

// TestRunning asserts of a bridge that is not there, is another, or cannot do its work, that it is said which.
func TestRunning(t *testing.T) {
	t.Parallel()
	k := startFake(t)
	good := serve(t, configure(t, k))
	elsewhere := startFake(t)
	for _, tt := range []struct {
		name   string
		change func(t *testing.T, c *app.Config, d *doctor.Doctor)
		want   []want
	}{
		{"none", func(_ *testing.T, c *app.Config, _ *doctor.Doctor) { c.AdminListen = "127.0.0.1:1" }, []want{
			{"bridge", "http://127.0.0.1:1/livez", doctor.Failed, "no bridge answers", "qlik-bridge serve"}, {"readiness", "", doctor.Skipped, "needs bridge", ""},
			{"round trip", "", doctor.Skipped, "needs bridge", ""}, {"record", "", doctor.Skipped, "needs round trip", ""}}},
		{"another program", func(t *testing.T, _ *app.Config, d *doctor.Doctor) { d.AdminURL = answers(t, 404, "not found") }, []want{
			{"bridge", "", doctor.Failed, "404", "--admin-url"}}},
		{"from outside", func(_ *testing.T, c *app.Config, d *doctor.Doctor) {
			c.AdminListen, d.URL = "127.0.0.1:1", "http://"+c.Listen+"/webhooks/qlik"
		}, []want{{"bridge", "", doctor.Failed, "", ""}, {"round trip", "", doctor.OK, "200 published", ""}, {"record", "qlik.other/", doctor.OK, "as sent", ""}}},
		{"another secret", func(t *testing.T, c *app.Config, _ *doctor.Doctor) {
			c.SecretsFile = file(t, "secrets", strings.ToUpper(secret))
		}, []want{
			{"round trip", "", doctor.Failed, "401", "secrets_file"}, {"record", "", doctor.Skipped, "needs round trip", ""}}},
		{"another source", func(_ *testing.T, c *app.Config, d *doctor.Doctor) { d.URL = "http://" + c.Listen + "/webhooks/other" }, []want{
			{"round trip", "", doctor.Failed, "404", "--url"}}},
		{"a page", func(t *testing.T, _ *app.Config, d *doctor.Doctor) { d.URL = answers(t, 200, "<html>") }, []want{
			{"round trip", "", doctor.Failed, "not the bridge's", "--url"}}},
		{"no way to Kafka", func(t *testing.T, _ *app.Config, d *doctor.Doctor) {
			d.URL = answers(t, 503, `{"error":"Kafka did not acknowledge the event"}`)
		}, []want{{"round trip", "", doctor.Failed, "503", "Kafka above"}}},
		{"spooled", func(t *testing.T, _ *app.Config, d *doctor.Doctor) { d.URL = answers(t, 200, `{"outcome":"spooled"}`) }, []want{
			{"round trip", "", doctor.Warning, "on disk", "once Kafka is back"}, {"record", "", doctor.Skipped, "needs round trip", ""}}},
		{"a dead letter", func(t *testing.T, _ *app.Config, d *doctor.Doctor) {
			d.URL = answers(t, 200, `{"outcome":"dead-letter"}`)
		}, []want{
			{"round trip", "", doctor.Failed, "dead-letter", "log"}}},
		{"another cluster", func(_ *testing.T, c *app.Config, _ *doctor.Doctor) { c.Kafka.Brokers = elsewhere.Brokers() }, []want{
			{"round trip", "", doctor.OK, "", ""}, {"record", "", doctor.Failed, "", "the same kafka.brokers"}}},
		{"another prefix", func(_ *testing.T, c *app.Config, _ *doctor.Doctor) { c.Topics.Prefix = "other." }, []want{
			{"record", "qlik.other", doctor.Warning, "not in other.other", "topics.prefix"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := good
			found := examine(t, c, func(d *doctor.Doctor) { tt.change(t, &c, d); d.Config = c })
			expect(t, found, tt.want...)
		})
	}
}

// answers starts a server that answers everything so.
func answers(t *testing.T, status int, body string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = fmt.Fprint(w, body)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// TestNotReady asserts that the reasons of readyz are told.
func TestNotReady(t *testing.T) {
	t.Parallel()
	admin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/readyz" {
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = fmt.Fprint(w, `{"ready":false,"reasons":["kafka: away"]}`)
			return
		}
		_, _ = fmt.Fprint(w, `{"live":true}`)
	}))
	defer admin.Close()
	found := examine(t, configure(t, startFake(t)), func(d *doctor.Doctor) { d.AdminURL = admin.URL + "/" })
	expect(t, found, want{"bridge", "", doctor.OK, "", ""}, want{"readiness", "", doctor.Failed, "kafka: away", "mend"})
}

// TestOwnCertificate asserts that an ingress with TLS is reached at its own address by the certificate of the configuration, and that
// another one is not taken.
func TestOwnCertificate(t *testing.T) {
	t.Parallel()
	c := configure(t, startFake(t))
	c.Ingress.TLS.CertFile, c.Ingress.TLS.KeyFile = issue(t, nil, -time.Hour, time.Hour).files(t)
	c = serve(t, c)
	expect(t, examine(t, c), want{"round trip", "https://127.0.0.1:", doctor.OK, "200 published", ""}, want{check: "record", status: doctor.OK})
	c.Ingress.TLS.CertFile, c.Ingress.TLS.KeyFile = issue(t, nil, -time.Hour, time.Hour).files(t)
	expect(t, examine(t, c), want{"round trip", "", doctor.Failed, "not that of ingress.tls.cert_file", "--url"})
}
