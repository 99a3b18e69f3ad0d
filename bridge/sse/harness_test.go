package sse_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"qlikbridge/bridge/kafka"
	"qlikbridge/bridge/sandbox"
	"qlikbridge/bridge/sse"
	"qlikbridge/topics"
)

// patience is how long a test waits for what must come.
const patience = 30 * time.Second

// rig is a server of events before a Kafka of two brokers, and a producer.
type rig struct {
	*sse.Server
	kgo      *kgo.Client
	admin    *kadm.Client
	reg      *prometheus.Registry
	http     *httptest.Server
	embedded *sandbox.Kafka
}

// start starts them; change adapts what the server is made of.
func start(t *testing.T, change func(*sse.Config, *sse.Options)) *rig {
	t.Helper()
	k, err := sandbox.StartKafka(sandbox.KafkaOptions{Ports: []int{0, 0}})
	must(t, err)
	t.Cleanup(k.Close)
	r := &rig{embedded: k, reg: prometheus.NewRegistry()}
	r.kgo, err = kgo.NewClient(kgo.SeedBrokers(k.Brokers()...), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.MetadataMinAge(50*time.Millisecond))
	must(t, err)
	t.Cleanup(r.kgo.Close)
	r.admin = kadm.NewClient(r.kgo)
	c, o := sse.DefaultConfig(), sse.Options{
		Kafka: kafka.DefaultConfig(), Topics: topics.DefaultConfig(), Log: slog.New(slog.DiscardHandler), Registerer: r.reg, Now: time.Now, Stop: t.Context(),
	}
	o.Kafka.Brokers = k.Brokers()
	if change != nil {
		change(&c, &o)
	}
	must(t, c.Validate())
	o.Client, err = kafka.New(o.Kafka, nil, o.Log)
	must(t, err)
	t.Cleanup(o.Client.Close)
	r.Server = sse.New(c, o)
	r.http = httptest.NewUnstartedServer(r.Server)
	// As the admin port has them, but shorter.
	r.http.Config.ReadTimeout, r.http.Config.WriteTimeout = 300*time.Millisecond, 300*time.Millisecond
	r.http.Start()
	t.Cleanup(r.http.Close)
	t.Cleanup(func() { must(t, r.Shutdown(context.Background())) })
	return r
}

func (r *rig) create(t *testing.T, topic string, partitions int32) {
	t.Helper()
	_, err := r.admin.CreateTopic(t.Context(), partitions, 1, nil, topic)
	must(t, err)
}

// put writes an event into a partition.
func (r *rig) put(t *testing.T, topic string, partition int32, id string, changes ...func(*kgo.Record)) {
	t.Helper()
	record := &kgo.Record{Topic: topic, Partition: partition, Value: value(id), Headers: []kgo.RecordHeader{
		{Key: "ce_id", Value: []byte(id)}, {Key: "ce_type", Value: []byte("com.qlik.app.created")}}}
	for _, change := range changes {
		change(record)
	}
	must(t, r.kgo.ProduceSync(t.Context(), record).FirstErr())
}

func value(id string) []byte {
	return fmt.Appendf(nil, `{"specversion":"1.0","id":%q,"source":"com.qlik/engine","type":"com.qlik.app.created","tenantid":"acme","data":{"n":1.50}}`, id)
}

func stamped(at time.Time) func(*kgo.Record) {
	return func(r *kgo.Record) { r.Timestamp = at }
}

// get asks for /events; without headers it is as curl does.
func (r *rig) get(t *testing.T, query string, headers ...string) *http.Response {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.http.URL+"/events?"+query, nil)
	must(t, err)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			request.Host = headers[i+1]
		}
	}
	response, err := (&http.Client{Transport: &http.Transport{}}).Do(request)
	must(t, err)
	t.Cleanup(func() { _ = response.Body.Close() })
	return response
}

// block is what stands between two empty lines of a stream.
type block struct {
	id, event, data, retry, comment string
	hasID                           bool
}

// client reads a stream as a browser does.
type client struct {
	body   io.Closer
	lines  *bufio.Reader
	lastID string
}

// follow asks for a stream, and returns once it is there.
func (r *rig) follow(t *testing.T, query string, headers ...string) *client {
	t.Helper()
	response := r.get(t, query, headers...)
	if response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != "text/event-stream" {
		body, _ := io.ReadAll(response.Body)
		t.Fatalf("got %s %s, want a stream: %s", response.Status, response.Header.Get("Content-Type"), body)
	}
	c := &client{body: response.Body, lines: bufio.NewReaderSize(response.Body, 64)}
	if first := c.block(t); first.retry != "3000" || !first.hasID || first.data != "" {
		t.Fatalf("got %+v, want a beginning with retry and id", first)
	}
	return c
}

func (c *client) close() { _ = c.body.Close() }

// block reads one; the end of the stream is one with the comment EOF.
func (c *client) block(t *testing.T) (b block) {
	t.Helper()
	var data []string
	for {
		line, err := c.lines.ReadString('\n')
		if err != nil {
			return block{comment: "EOF"}
		}
		name, text, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
		text = strings.TrimPrefix(text, " ")
		switch {
		case line == "\n":
			b.data = strings.Join(data, "\n")
			return b
		case name == "":
			b.comment = text
		case name == "id":
			b.id, b.hasID, c.lastID = text, true, text
		case name == "event":
			b.event = text
		case name == "retry":
			b.retry = text
		case name == "data":
			data = append(data, text)
		default:
			t.Fatalf("got the line %q, want a field of the format", line)
		}
	}
}

// event reads the next event.
func (c *client) event(t *testing.T) block {
	t.Helper()
	for {
		switch b := c.block(t); {
		case b.comment == "EOF":
			t.Fatal("got the end of the stream, want an event")
		case b.data != "":
			return b
		}
	}
}

// ids reads n events, and returns the ids of the CloudEvents.
func (c *client) ids(t *testing.T, n int) (ids []string) {
	t.Helper()
	for range n {
		_, rest, _ := strings.Cut(c.event(t).data, `"id":"`)
		id, _, _ := strings.Cut(rest, `"`)
		ids = append(ids, id)
	}
	return ids
}

// metric is the value of one metric with one label, or without.
func (r *rig) metric(t *testing.T, name, label string) float64 {
	t.Helper()
	families, err := r.reg.Gather()
	must(t, err)
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name && (label == "" || m.GetLabel()[0].GetValue() == label) {
				return m.GetGauge().GetValue() + m.GetCounter().GetValue()
			}
		}
	}
	t.Fatalf("got no metric %s %s", name, label)
	return 0
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after %s: got nothing, want %s", patience, what)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
