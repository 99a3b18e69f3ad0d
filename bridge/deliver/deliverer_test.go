package deliver

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"qlikbridge/bridge/kafka"
	"qlikbridge/topics"
)

// patience is how long a test waits for what has to come, on a machine that does other things as well.
const patience = time.Minute

// rig is a Kafka, and a deliverer that reads a file of the test's.
type rig struct {
	*Deliverer
	registry *prometheus.Registry
	kgo      *kgo.Client
	path     string
	stop     func()
}

// startRig runs a deliverer until the end of the test.
func startRig(t *testing.T, subscriptions string) *rig {
	t.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(2, "qlik.apps", "qlik.users"))
	must(t, err)
	t.Cleanup(cluster.Close)
	r := &rig{registry: prometheus.NewRegistry(), path: write(t, "subscriptions.yaml", subscriptions)}
	r.kgo, err = kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...))
	must(t, err)
	t.Cleanup(r.kgo.Close)
	c := kafka.DefaultConfig()
	c.Brokers = cluster.ListenAddrs()
	r.Deliverer, err = New(Options{Path: r.path, Kafka: c, Topics: topics.DefaultConfig(), Log: silent(), Registerer: r.registry})
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	r.stop = func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: got %v, want nil", err)
		}
		done <- nil
	}
	t.Cleanup(r.stop)
	return r
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after %s: got nothing, want %s", patience, what)
		}
	}
}

// send produces events id0, id1, … of a type, all of one key.
func (r *rig) send(t *testing.T, topic, eventType, id string, n int) {
	t.Helper()
	for i := range n {
		value := fmt.Sprintf(`{"specversion":"1.0","id":"%s%d","source":"com.qlik/engine","type":%q,"recordedtime":%q,"data":{"n":%d}}`, id, i, eventType, time.Now().UTC().Format(time.RFC3339Nano), i)
		must(t, r.kgo.ProduceSync(t.Context(), &kgo.Record{Topic: topic, Key: []byte("k"), Value: []byte(value), Headers: []kgo.RecordHeader{
			{Key: "content-type", Value: []byte("application/cloudevents+json; charset=utf-8")}, {Key: "ce_type", Value: []byte(eventType)}}}).FirstErr())
	}
}

// ids are the webhook-ids that a sink got, in order.
func (s *httpSink) ids() (ids []string) {
	for _, r := range s.requests() {
		ids = append(ids, r.header.Get("webhook-id"))
	}
	return ids
}

func names(id string, n int) (all []string) {
	for i := range n {
		all = append(all, fmt.Sprint(id, i))
	}
	return all
}

func entry(name, url, more string) string {
	return fmt.Sprintf("  - name: %s\n    sink: {url: '%s'}\n    retries: {first: 10ms, most: 50ms}\n%s", name, url, more)
}

const header = "allow_private: true\nsubscriptions:\n"

// TestDelivers asserts: each sink gets the events of its subscription and no others, in order, each with its group committed, and one that is down
// pauses alone and gets everything in the end.
func TestDelivers(t *testing.T) {
	t.Parallel()
	var down = make(chan struct{})
	apps, users, broken := startSink(t, nil), startSink(t, nil), startSink(t, func(w http.ResponseWriter, _ *http.Request) {
		select {
		case <-down:
		default:
			w.WriteHeader(503)
		}
	})
	r := startRig(t, header+entry("apps", apps.URL, "    families: [apps]\n    filter:\n      - prefix: {type: com.qlik.app.c}\n")+
		entry("users", users.URL, "    types: [com.qlik.core.user.created]\n")+entry("broken", broken.URL, "    pause_after: 1\n"))
	r.send(t, "qlik.apps", "com.qlik.app.created", "a", 30)
	r.send(t, "qlik.apps", "com.qlik.app.deleted", "d", 5)
	r.send(t, "qlik.users", "com.qlik.core.user.created", "u", 20)
	eventually(t, "all of it", func() bool { return len(apps.ids()) >= 30 && len(users.ids()) >= 20 })
	if got := apps.ids(); !slices.Equal(got, names("a", 30)) {
		t.Errorf("apps: got %v, want a0 to a29 in order", got)
	}
	if got := users.ids(); !slices.Equal(got, names("u", 20)) {
		t.Errorf("users: got %v, want u0 to u19 in order", got)
	}
	eventually(t, "broken to pause", func() bool { return r.Status().Subscriptions[1].State == Paused })
	if ok, why := r.Ready(); !ok {
		t.Errorf("got not ready, %v, want ready: a sink is no reason", why)
	}
	close(down)
	eventually(t, "what was held", func() bool { return delivered(r, "broken") == 55 })
	if n := r.Status().Subscriptions[1].DeadLettered; n != 0 {
		t.Errorf("got %d dead letters, want none", n)
	}
	r.stop()
	offsets, err := kadm.NewClient(r.kgo).FetchOffsets(t.Context(), "qlik.deliver.broken")
	must(t, err)
	sum := int64(0)
	offsets.Each(func(o kadm.OffsetResponse) { sum += o.At })
	if sum != 55 {
		t.Errorf("got %d records committed by the group of broken, want 55", sum)
	}
}

// delivered is how many requests of a subscription were answered well, by the metrics.
func delivered(r *rig, name string) int {
	return int(testutil.ToFloat64(r.metrics.attempts.WithLabelValues(name, string(Delivered))))
}

// TestReload asserts: what is new in the file is started, what has changed is started again, what is gone is stopped, what is as it was does not
// notice, and a file that is broken changes nothing.
func TestReload(t *testing.T) {
	t.Parallel()
	same, before, after, added := startSink(t, nil), startSink(t, nil), startSink(t, nil), startSink(t, nil)
	r := startRig(t, header+entry("same", same.URL, "")+entry("changed", before.URL, "")+entry("leaver", before.URL, ""))
	r.send(t, "qlik.apps", "com.qlik.app.created", "a", 1)
	eventually(t, "the first event, everywhere", func() bool { return len(same.ids()) == 1 && len(before.ids()) == 2 })
	kept := r.courier("same")

	must(t, os.WriteFile(r.path, []byte(header+"  - nme: x\n"), 0o600))
	eventually(t, "the broken file to be noticed", func() bool { return strings.Contains(r.Status().File.Error, "nme") })
	if got := testutil.ToFloat64(r.metrics.file); got != 0 || len(r.Status().Subscriptions) != 3 {
		t.Errorf("a broken file: got the metric %v and %d subscriptions, want 0 and all of them", got, len(r.Status().Subscriptions))
	}
	must(t, os.WriteFile(r.path, []byte(header+entry("added", added.URL, "")+entry("changed", after.URL, "")+entry("same", same.URL, "")), 0o600))
	eventually(t, "the new file", func() bool {
		return r.Status().File.Error == "" && len(r.Status().Subscriptions) == 3 && r.courier("leaver") == nil
	})
	r.send(t, "qlik.apps", "com.qlik.app.created", "b", 3)
	eventually(t, "the rest", func() bool { return len(same.ids()) == 4 && len(after.ids()) >= 3 && len(added.ids()) == 4 })
	if r.courier("same") != kept {
		t.Error("got the subscription that did not change started again")
	}
	if got := after.ids(); !slices.Equal(got, names("b", 3)) {
		t.Errorf("got %v at the new sink, want what came after the change", got)
	}
	if got := testutil.ToFloat64(r.metrics.file); got != 1 {
		t.Errorf("got the metric %v, want 1", got)
	}
	eventually(t, "no metric of what is gone", func() bool {
		families, _ := r.registry.Gather()
		return !strings.Contains(fmt.Sprint(families), `value:"leaver"`)
	})
}

func (r *rig) courier(name string) *courier {
	r.mu.Lock()
	defer r.mu.Unlock()
	if running, ok := r.running[name]; ok {
		return running.courier
	}
	return nil
}

// TestRotation asserts that secrets, headers and the URL are read again when their files change, and stay where they are broken.
func TestRotation(t *testing.T) {
	t.Parallel()
	s := startSink(t, nil)
	secret, token := write(t, "secret", oldSecret), write(t, "token", "one")
	r := startRig(t, fmt.Sprintf("allow_private: true\nsubscriptions:\n  - name: a\n    sink: {url: '%s', headers: {X-Token: %s}}\n    signing: {secret_file: %s}\n", s.URL, token, secret))
	deliverOne := func(id string) received {
		t.Helper()
		before := len(s.requests())
		r.send(t, "qlik.apps", "com.qlik.app.created", id, 1)
		eventually(t, "a delivery", func() bool { return len(s.requests()) > before })
		return s.requests()[before]
	}
	if got := deliverOne("a"); verifier(t, oldSecret).Verify([]byte(got.body), got.header) != nil || got.header.Get("X-Token") != "one" {
		t.Errorf("got %v, want the old secret and token", got.header)
	}
	must(t, os.WriteFile(secret, []byte("nonsense"), 0o600))
	eventually(t, "the broken secret to be noticed", func() bool { return testutil.ToFloat64(r.metrics.files.WithLabelValues("a")) == 0 })
	if got := deliverOne("b"); verifier(t, oldSecret).Verify([]byte(got.body), got.header) != nil {
		t.Errorf("a broken file: got %v, want the old secret", got.header)
	}
	must(t, os.WriteFile(token, []byte("two"), 0o600))
	must(t, os.WriteFile(secret, []byte(newSecret+"\n"+oldSecret), 0o600))
	eventually(t, "the new secrets", func() bool { return testutil.ToFloat64(r.metrics.files.WithLabelValues("a")) == 1 })
	got := deliverOne("c")
	for _, one := range []string{newSecret, oldSecret} {
		if err := verifier(t, one).Verify([]byte(got.body), got.header); err != nil {
			t.Errorf("got %v, want signatures of both secrets: %v", got.header, err)
		}
	}
	eventually(t, "the new token", func() bool { return deliverOne("d").header.Get("X-Token") == "two" })
}
