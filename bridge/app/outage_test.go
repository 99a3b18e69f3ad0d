package app_test

import (
	"context"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"qlikbridge/bridge/app"
	"qlikbridge/bridge/sandbox"
)

// TestOutage asserts that while Kafka does not acknowledge, by whatever fault, every delivery is answered 503 within ack_timeout and a
// second.
func TestOutage(t *testing.T) {
	tests := []struct {
		name    string
		fault   func(k *sandbox.Kafka)
		unready string // the condition that does not hold
	}{
		{name: "closed", fault: (*sandbox.Kafka).Close, unready: "kafka: "},
		{name: "produce is never answered", fault: func(k *sandbox.Kafka) { swallow(k, int16(kmsg.Produce)) }, unready: "acknowledged: "},
		{name: "nothing is ever answered", fault: func(k *sandbox.Kafka) { swallow(k, -1) }, unready: "kafka: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, k := startReady(t, func(c *app.Config) { c.AckTimeout, c.DrainTimeout = 400*time.Millisecond, 2*time.Second })
			expectStatus(t, r.tenant, 200)
			tt.fault(k)
			expectUnavailable(t, r, 20)
			eventually(t, "not ready", func() bool { ready, _ := r.Ready(); return !ready })
			if why := r.reasons(t, 503); !strings.Contains(why, tt.unready) {
				t.Errorf("got %q, want the reason %s", why, tt.unready)
			}
			if code, _ := r.get(t, "/livez"); code != 200 {
				t.Errorf("got livez %d, want 200", code)
			}
			began := time.Now()
			_ = r.Stop()
			if took := time.Since(began); took > r.config.DrainTimeout+2*time.Second {
				t.Errorf("got a Stop of %s, want an end after drain_timeout", took)
			}
		})
	}
}

// TestShortOutage asserts that the bridge goes on by itself after a stall, and that what was answered 200 is in Kafka.
func TestShortOutage(t *testing.T) {
	t.Parallel()
	r, k := startReady(t, func(c *app.Config) { c.AckTimeout = 300 * time.Millisecond })
	var stalled atomic.Bool
	stalled.Store(true)
	k.Cluster().ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		k.Cluster().KeepControl()
		if stalled.Load() {
			return nil, net.ErrClosed, true // the connection breaks
		}
		return nil, nil, false
	})
	expectUnavailable(t, r, 5)
	stalled.Store(false)
	eventually(t, "deliveries taken again", func() bool { return status(t, r.tenant) == 200 })
	r.reasons(t, 200)
	if got := len(stored(t, r.config)); got < 1 {
		t.Errorf("got %d records, want the one that was answered 200", got)
	}
}

// swallow leaves all requests of a key without an answer.
func swallow(k *sandbox.Kafka, key int16) {
	k.Cluster().ControlKey(key, func(kmsg.Request) (kmsg.Response, error, bool) {
		k.Cluster().KeepControl()
		return nil, nil, true
	})
}

// expectUnavailable posts from so many senders at once.
func expectUnavailable(t *testing.T, r *running, senders int) {
	t.Helper()
	var all sync.WaitGroup
	for range senders {
		all.Go(func() {
			began := time.Now()
			answer, err := r.tenant.Post(context.Background(), []byte(event))
			took := time.Since(began)
			if err != nil || answer.Status != 503 || answer.Reason == "" || took > r.config.AckTimeout+time.Second {
				t.Errorf("got %+v, %v after %s; want 503 within ack_timeout and a second", answer, err, took)
			}
		})
	}
	all.Wait()
}

// TestKafkaComesLater asserts that the bridge is up without Kafka and says what it waits for, and is ready once Kafka is there.
func TestKafkaComesLater(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	r := start(t, []string{"127.0.0.1:" + strconv.Itoa(port)}, func(c *app.Config) { c.AckTimeout = 300 * time.Millisecond })
	if why := r.reasons(t, 503); !strings.Contains(why, "kafka: ") || !strings.Contains(why, "topics: ") {
		t.Errorf("got %q, want kafka and topics", why)
	}
	eventually(t, "the reason of the network", func() bool { return strings.Contains(r.reasons(t, 503), "connection refused") })
	if code, _ := r.get(t, "/livez"); code != 200 {
		t.Errorf("got livez %d, want 200", code)
	}
	expectUnavailable(t, r, 3)
	embedded(t, sandbox.KafkaOptions{Ports: []int{port}})
	r.awaitReady(t)
	r.reasons(t, 200)
	eventually(t, "a delivery taken", func() bool { return status(t, r.tenant) == 200 })
	if len(stored(t, r.config)) == 0 {
		t.Error("got no record, want one")
	}
}

// TestTopicsNotManaged asserts that a bridge that may not create topics says which are missing and what to do, and makes none.
func TestTopicsNotManaged(t *testing.T) {
	t.Parallel()
	k := embedded(t, sandbox.KafkaOptions{})
	r := start(t, k.Brokers(), func(c *app.Config) { c.Topics.Manage, c.AckTimeout = false, 300*time.Millisecond })
	eventually(t, "the remedy", func() bool { return strings.Contains(r.reasons(t, 503), "qlik-bridge topics apply") })
	why := r.reasons(t, 503)
	if !strings.Contains(why, "topics.manage") || !strings.Contains(why, "qlik.") || !strings.Contains(why, "more") || strings.Contains(why, "kafka: ") {
		t.Errorf("got %q, want some of the missing topics and both remedies, and nothing of Kafka", why)
	}
	expectUnavailable(t, r, 1)
	if got := k.Cluster().PartitionInfo("qlik.apps", 0); got != nil {
		t.Errorf("got %+v, want no topic made", got)
	}
	start(t, k.Brokers(), nil).awaitReady(t) // another instance makes them
	r.awaitReady(t)
	expectStatus(t, r.tenant, 200)
}

// TestReplicationRefused asserts that a bridge that would write to one broker of several is never ready, and says why.
func TestReplicationRefused(t *testing.T) {
	t.Parallel()
	k := embedded(t, sandbox.KafkaOptions{Ports: []int{0, 0, 0}})
	r := start(t, k.Brokers(), func(c *app.Config) { c.Topics.Replication = 1 })
	eventually(t, "the refusal", func() bool { return strings.Contains(r.reasons(t, 503), "replication 1 on a cluster of 3") })
}

// freePort is one that nobody listened on a moment ago.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// TestTopicDeleted asserts that a topic that is deleted under the bridge is made anew by it, soon and not only at the next interval.
func TestTopicDeleted(t *testing.T) {
	t.Parallel()
	r, k := startReady(t, nil)
	expectStatus(t, r.tenant, 200)
	c, err := kgo.NewClient(kgo.SeedBrokers(k.Brokers()...))
	must(t, err)
	defer c.Close()
	_, err = kadm.NewClient(c).DeleteTopics(t.Context(), "qlik.apps", "qlik.users")
	must(t, err)
	eventually(t, "the topics again", func() bool {
		listed, err := kadm.NewClient(c).ListTopics(t.Context(), "qlik.apps", "qlik.users")
		return err == nil && listed.Has("qlik.apps") && listed.Has("qlik.users")
	})
	eventually(t, "ready again", func() bool { ready, _ := r.Ready(); return ready })
}
