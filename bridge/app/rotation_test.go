package app_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"qlikbridge/bridge/app"
	"qlikbridge/bridge/sandbox"
)

const secretB = "secret-b-secret-b-secret-b-secret-b"

// TestRotation walks through the rotation of a signing secret without a restart, and asserts that
//   - while both secrets are in the file, deliveries of either are taken, and the metrics tell them apart
//   - a file that cannot be used, or is gone, leaves the secrets as they were
//   - once the old one is out of the file, it is refused
func TestRotation(t *testing.T) {
	t.Parallel()
	r, _ := startReady(t, nil)
	old, young := r.tenant, tenant(t, r.App, secretB)
	expectStatus(t, old, 200)
	expectStatus(t, young, 401)

	must(t, os.WriteFile(r.config.SecretsFile, []byte(secretB+"\n"+secretA+"\n"), 0o600))
	eventually(t, "the new secret accepted", func() bool { return status(t, young) == 200 })
	expectStatus(t, old, 200)
	if got := r.metric(t, `qlik_bridge_signatures_total{secret="retiring",source="qlik"}`); got != "1" {
		t.Errorf("got %q deliveries signed by the retiring secret, want 1", got)
	}

	must(t, os.WriteFile(r.config.SecretsFile, []byte("too short\n"), 0o600))
	const unusable = "the secrets file changed but cannot be used"
	eventually(t, "a line on the broken file", func() bool { return r.log.count(unusable) == 1 })
	must(t, os.Remove(r.config.SecretsFile))
	eventually(t, "a line on the missing file", func() bool { return r.log.count(unusable) == 2 })
	expectStatus(t, old, 200)
	expectStatus(t, young, 200)

	must(t, os.WriteFile(r.config.SecretsFile, []byte(secretB+"\n"), 0o600))
	eventually(t, "the old secret refused", func() bool { return status(t, old) == 401 })
	expectStatus(t, young, 200)
	for _, secret := range []string{secretA, secretB, "too short"} {
		if strings.Contains(r.log.String(), secret) {
			t.Errorf("got the secret %s in the log", secret)
		}
	}
}

// TestSources asserts that each source of a list has its path, its secrets and its rate, and that the one of no list is gone.
func TestSources(t *testing.T) {
	t.Parallel()
	r, _ := startReady(t, func(c *app.Config) {
		c.Sources = []app.SourceConfig{{Name: "acme", SecretsFile: c.SecretsFile, RateLimit: 0.001, RateBurst: 2}, {Name: "other", SecretsFile: write(t, secretB)}}
		c.SecretsFile = ""
	})
	acme, other := *r.tenant, *tenant(t, r.App, secretB)
	expectStatus(t, r.tenant, 404)
	acme.URL, other.URL = strings.Replace(acme.URL, "qlik", "acme", 1), strings.Replace(other.URL, "qlik", "other", 1)
	for _, want := range []int{200, 200, 429} {
		expectStatus(t, &acme, want)
		expectStatus(t, &other, 200)
	}
	acme.URL = other.URL
	expectStatus(t, &acme, 401)
	if got := r.metric(t, `qlik_bridge_ingested_total{family="apps",outcome="published",source="other"}`); got != "3" {
		t.Errorf("got %q ingested from other, want 3", got)
	}
}

const event = `{"specversion":"1.0","type":"com.qlik.app.created","source":"com.qlik/engine","data":{"id":"app-1"}}`

func status(t *testing.T, tenant *sandbox.Tenant) int {
	t.Helper()
	answer, err := tenant.Post(context.Background(), []byte(event))
	must(t, err)
	return answer.Status
}

func expectStatus(t *testing.T, tenant *sandbox.Tenant, want int) {
	t.Helper()
	if got := status(t, tenant); got != want {
		t.Errorf("got %d, want %d", got, want)
	}
}
