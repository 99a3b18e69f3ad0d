package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"qlikbridge/bridge"
	"qlikbridge/bridge/app"
	"qlikbridge/bridge/kafka"
	"qlikbridge/bridge/sandbox"
	"qlikbridge/topics"
)

// patience is how long a test waits for what must come.
const patience = 30 * time.Second

// secretA is the signing secret that every bridge of these tests begins with.
const secretA = "secret-a-secret-a-secret-a-secret-a"

// running is a bridge on free ports, and a tenant that posts to it.
type running struct {
	*app.App
	config app.Config
	tenant *sandbox.Tenant
	log    *journal
}

// start starts a bridge; it is stopped at the end of the test.
func start(t *testing.T, brokers []string, change func(*app.Config)) *running {
	t.Helper()
	c := app.DefaultConfig()
	c.Spool.Enabled, c.Dedupe.Events = false, 0 // Kafka alone, and the same event may come again; spool_test.go has both
	c.Listen, c.AdminListen, c.Kafka.Brokers = "127.0.0.1:0", "127.0.0.1:0", brokers
	c.SecretsFile = write(t, secretA+"\n")
	if change != nil {
		change(&c)
	}
	must(t, c.Validate())
	log := &journal{}
	a, err := app.New(c, slog.New(slog.NewJSONHandler(log, nil)))
	must(t, err)
	a.Start()
	t.Cleanup(func() { _ = a.Stop() })
	return &running{App: a, config: c, tenant: tenant(t, a, secretA), log: log}
}

// startReady starts a Kafka and a bridge that is ready.
func startReady(t *testing.T, change func(*app.Config)) (*running, *sandbox.Kafka) {
	t.Helper()
	k := embedded(t, sandbox.KafkaOptions{})
	r := start(t, k.Brokers(), change)
	r.awaitReady(t)
	return r, k
}

func embedded(t *testing.T, o sandbox.KafkaOptions, more ...kfake.Opt) *sandbox.Kafka {
	t.Helper()
	k, err := sandbox.StartKafka(o, more...)
	must(t, err)
	t.Cleanup(k.Close)
	return k
}

func tenant(t *testing.T, a *app.App, secret string) *sandbox.Tenant {
	t.Helper()
	k, err := bridge.NewKeyring(secret)
	must(t, err)
	tenant := sandbox.NewTenant("http://"+a.Addr()+"/webhooks/qlik", k.Sign)
	tenant.Client.Transport = &http.Transport{MaxIdleConnsPerHost: 64}
	t.Cleanup(tenant.Client.CloseIdleConnections)
	return tenant
}

func (r *running) awaitReady(t *testing.T) {
	t.Helper()
	eventually(t, "ready", func() bool {
		ready, _ := r.Ready()
		return ready
	})
}

// post delivers a body and fails the test where there is no answer.
func (r *running) post(t *testing.T, body string) sandbox.Answer {
	t.Helper()
	answer, err := r.tenant.Post(context.Background(), []byte(body))
	must(t, err)
	return answer
}

// get asks the admin port.
func (r *running) get(t *testing.T, path string) (int, string) {
	t.Helper()
	response, err := (&http.Client{Timeout: patience}).Get("http://" + r.AdminAddr() + path)
	must(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	must(t, err)
	return response.StatusCode, string(body)
}

// reasons are what readyz says, after the status was checked.
func (r *running) reasons(t *testing.T, status int) string {
	t.Helper()
	got, body := r.get(t, "/readyz")
	answer := struct {
		Ready   bool
		Reasons []string
	}{}
	must(t, json.Unmarshal([]byte(body), &answer))
	if got != status || answer.Ready != (status == 200) || answer.Ready != (len(answer.Reasons) == 0) {
		t.Fatalf("got readyz %d %s, want %d", got, body, status)
	}
	return strings.Join(answer.Reasons, "\n")
}

// metric is the value of a series as /metrics shows it, "" where there is none.
func (r *running) metric(t *testing.T, series string) string {
	t.Helper()
	_, text := r.get(t, "/metrics")
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(line, series+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// stored reads every record of every topic.
func stored(t *testing.T, c app.Config) []kafka.Stored {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	left := 0
	for _, n := range counts(t, c) {
		left += n
	}
	reader, err := kafka.NewReader(c.Kafka, names(c), nil, slog.New(slog.DiscardHandler))
	must(t, err)
	defer reader.Close()
	var all []kafka.Stored
	for len(all) < left {
		records, err := reader.Next(ctx)
		must(t, err)
		all = append(all, records...)
	}
	return all
}

// counts are the numbers of records by topic; topics without any are left out.
func counts(t *testing.T, c app.Config) map[string]int {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(c.Kafka.Brokers...))
	must(t, err)
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	ends, err := kadm.NewClient(client).ListEndOffsets(ctx, names(c)...)
	must(t, err)
	found := map[string]int{}
	ends.Each(func(o kadm.ListedOffset) {
		if o.Offset > 0 {
			found[o.Topic] += int(o.Offset)
		}
	})
	return found
}

// names are those of all topics.
func names(c app.Config) []string {
	var all []string
	for _, f := range topics.Default().Families {
		all = append(all, c.Topics.Topic(f.Name))
	}
	return all
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after %s: got nothing, want %s", patience, what)
		}
	}
}

// journal is a log in memory.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(line)
}

// count is the number of lines with a text.
func (j *journal) count(text string) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Count(j.text.String(), text)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}
