package main_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	deliverPrefix        = "deliver."
	deliverSubscriptions = 20
	deliverKeys          = 50
	deliverRate          = 20 // events per second
)

// deliver runs twenty subscriptions on one topic: one sink refuses connections, one is slow, one answers 429, and the others fail now and then. It
// asserts that
//   - the others get every event while the three do not,
//   - what the metrics count is what the sinks count, attempt by attempt,
//   - through kill -9 of deliver at random moments under load nothing is lost: in the end every sink has every event, the three too, once they are well,
//     and has them for the first time in the order of each key,
//   - nothing became a dead letter.
func (r *realKafka) deliver(t *testing.T) {
	w := newSinkWorld(t)
	l := r.startLedger(t)
	brokers := strings.Join(r.cluster.Brokers(), ",")
	p, admin := startDeliver(t, brokers, w.subscriptions(), "--topics-prefix", deliverPrefix)

	l.sendFor(t, 15*time.Second)
	w.awaitAll(t, l, w.sinks[3:])
	for _, s := range w.sinks {
		var got, want map[string]int
		eventuallySame(t, s.name, func() bool { got, want = attempts(t, admin, s.name), s.outcomes(); return maps.Equal(got, want) }, &got, &want)
	}
	t.Logf("accounted for: %v", w.totals())

	stop, kills := l.sendInBackground(t), deliverKills(t)
	for range kills {
		w.awaitProgress(t)
		time.Sleep(rand.N(5 * time.Second)) // when in its work it dies is chance
		_ = p.cmd.Process.Kill()
		<-p.done
		p, _ = startDeliver(t, brokers, w.subscriptions(), "--topics-prefix", deliverPrefix)
	}
	w.awaitProgress(t)
	stop()
	w.heal(t)
	w.awaitAll(t, l, w.sinks)
	for _, s := range w.sinks {
		s.inOrder(t)
	}
	if n := r.deadLetters(t); n != 0 {
		t.Errorf("got %d dead letters, want none", n)
	}
	t.Logf("%d events, %d deliveries, %d of them again after %d kills", l.sent.Load(), w.totals()["delivered"], w.duplicates(), kills)
}

// deliverKills is how often deliver is killed: once, or as often as DELIVER_KILLS says. Each time its partitions wait 45 s for the group to miss it.
func deliverKills(t *testing.T) int {
	t.Helper()
	kills, err := strconv.Atoi(cmp.Or(os.Getenv("DELIVER_KILLS"), "1"))
	must(t, err)
	return kills
}

// sinkWorld is the sinks of all subscriptions.
type sinkWorld struct {
	sinks []*countingSink // the first three are bad until heal
	well  atomic.Bool
	dead  string // host:port of the first, where nobody listens until heal
}

// countingSink notes what it is posted and how it answered.
type countingSink struct {
	name string
	url  string

	mu       sync.Mutex
	answered map[string]int // :: outcome as deliver has to see it -> requests
	first    map[string]int // :: id -> its place among those that were taken for the first time
	again    int            // taken a second time
	order    map[string][]int
}

func newSinkWorld(t *testing.T) *sinkWorld {
	t.Helper()
	w := &sinkWorld{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	w.dead = l.Addr().String()
	must(t, l.Close())
	for i := range deliverSubscriptions {
		s := &countingSink{name: fmt.Sprintf("sink-%d", i), answered: map[string]int{}, first: map[string]int{}, order: map[string][]int{}}
		if s.url = "http://" + w.dead; i > 0 {
			s.url = serveSink(t, "127.0.0.1:0", w.handler(i, s))
		}
		w.sinks = append(w.sinks, s)
	}
	return w
}

func serveSink(t *testing.T, address string, handler http.HandlerFunc) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", address)
	must(t, err)
	server := &http.Server{Handler: handler}
	go func() { _ = server.Serve(l) }() // until the end of the test
	t.Cleanup(func() { _ = server.Close() })
	return "http://" + l.Addr().String()
}

// handler answers as the sink of that number does.
func (w *sinkWorld) handler(i int, s *countingSink) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		id, key, seq := r.Header.Get("ce-id"), r.Header.Get("ce-partitionkey"), r.Header.Get("ce-seq")
		well := w.well.Load()
		switch chance := rand.IntN(100); {
		case i == 1 && !well:
			time.Sleep(time.Second)
		case i == 2 && !well:
			s.note("limited")
			rw.Header().Set("Retry-After", "1")
			rw.WriteHeader(http.StatusTooManyRequests)
			return
		case chance < 2 && i > 2:
			s.note("failed")
			rw.WriteHeader(http.StatusInternalServerError)
			return
		case chance < 3 && i > 2:
			s.note("broken")
			panic(http.ErrAbortHandler)
		}
		s.take(id, key, seq)
		rw.WriteHeader(http.StatusNoContent)
	}
}

func (s *countingSink) note(outcome string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answered[outcome]++
}

func (s *countingSink) take(id, key, seq string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answered["delivered"]++
	if _, known := s.first[id]; known {
		s.again++
		return
	}
	s.first[id] = len(s.first)
	n, _ := strconv.Atoi(seq)
	s.order[key] = append(s.order[key], n)
}

func (s *countingSink) outcomes() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.answered)
}

func (s *countingSink) len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.first)
}

func (s *countingSink) inOrder(t *testing.T) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, seqs := range s.order {
		if !slices.IsSorted(seqs) {
			t.Errorf("%s, key %s: got %v, want its order", s.name, key, seqs)
		}
	}
}

func (w *sinkWorld) subscriptions() string {
	text := "allow_private: true\nsubscriptions:\n"
	for _, s := range w.sinks {
		text += fmt.Sprintf("  - name: %s\n    families: [apps]\n    sink: {url: %q, mode: binary}\n    retries: {first: 20ms, most: 1s, attempts: 10}\n", s.name, s.url)
	}
	return text
}

// heal makes the bad sinks well.
func (w *sinkWorld) heal(t *testing.T) {
	t.Helper()
	w.well.Store(true)
	serveSink(t, w.dead, w.handler(0, w.sinks[0]))
}

func (w *sinkWorld) awaitAll(t *testing.T, l *ledger, sinks []*countingSink) {
	t.Helper()
	deadline := time.Now().Add(5 * time.Minute) // a member that died is missed after 45 s, a pause lasts up to a minute
	for _, s := range sinks {
		for s.len() < int(l.sent.Load()) {
			if time.Now().After(deadline) {
				t.Fatalf("%s: got %d events, want %d", s.name, s.len(), l.sent.Load())
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
}

// awaitProgress waits until the sinks that are well have got more.
func (w *sinkWorld) awaitProgress(t *testing.T) {
	t.Helper()
	before := w.sinks[3].len()
	deadline := time.Now().Add(2 * time.Minute)
	for w.sinks[3].len() < before+deliverRate {
		if time.Now().After(deadline) {
			t.Fatal("got no event in two minutes, want them to go on")
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (w *sinkWorld) totals() map[string]int {
	sum := map[string]int{}
	for _, s := range w.sinks {
		for outcome, n := range s.outcomes() {
			sum[outcome] += n
		}
	}
	return sum
}

func (w *sinkWorld) duplicates() (n int) {
	for _, s := range w.sinks {
		s.mu.Lock()
		n += s.again
		s.mu.Unlock()
	}
	return n
}

// attempts are those of a subscription that reached its sink, by outcome.
func attempts(t *testing.T, admin, subscription string) map[string]int {
	t.Helper()
	_, metrics := get(t, admin+"/metrics")
	counted := map[string]int{}
	for _, m := range regexp.MustCompile(`qlik_bridge_deliver_attempts_total\{outcome="([a-z]+)",subscription="`+subscription+`"\} (\d+)`).FindAllStringSubmatch(metrics, -1) {
		n, err := strconv.Atoi(m[2])
		must(t, err)
		if n > 0 && m[1] != "unreachable" {
			counted[m[1]] = n
		}
	}
	return counted
}

func eventuallySame(t *testing.T, what string, holds func() bool, got, want *map[string]int) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: the metrics count %v, the sink %v", what, *got, *want)
		}
	}
}

// ledger is what was sent: the events 0 to sent-1, acknowledged by Kafka.
type ledger struct {
	client *kgo.Client
	sent   atomic.Int64
}

func (r *realKafka) startLedger(t *testing.T) *ledger {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(r.cluster.Brokers()...))
	must(t, err)
	t.Cleanup(client.Close)
	_, err = kadm.NewClient(client).CreateTopic(t.Context(), 3, 1, nil, deliverPrefix+"apps")
	must(t, err)
	return &ledger{client: client}
}

// send sends the next event and waits for Kafka to acknowledge it.
func (l *ledger) send(ctx context.Context) error {
	n := l.sent.Load()
	key := fmt.Sprintf("app-%d", n%deliverKeys)
	value := fmt.Sprintf(`{"specversion":"1.0","id":"e-%d","source":"com.qlik/engine","type":"com.qlik.app.created","partitionkey":%q,"seq":"%d","data":{"n":%d}}`, n, key, n, n)
	err := l.client.ProduceSync(ctx, &kgo.Record{Topic: deliverPrefix + "apps", Key: []byte(key), Value: []byte(value), Headers: []kgo.RecordHeader{
		{Key: "content-type", Value: []byte("application/cloudevents+json; charset=utf-8")}, {Key: "ce_type", Value: []byte("com.qlik.app.created")}}}).FirstErr()
	if err == nil {
		l.sent.Add(1)
	}
	return err
}

func (l *ledger) sendFor(t *testing.T, d time.Duration) {
	t.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(time.Second / deliverRate) {
		must(t, l.send(t.Context()))
	}
}

// sendInBackground sends until the call that it returns.
func (l *ledger) sendInBackground(t *testing.T) (stop func()) {
	t.Helper()
	end, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		ticker := time.NewTicker(time.Second / deliverRate)
		defer ticker.Stop()
		for {
			select {
			case <-end:
				ended <- nil
				return
			case <-ticker.C:
			}
			if err := l.send(context.Background()); err != nil {
				ended <- err
				return
			}
		}
	}()
	return func() { close(end); must(t, <-ended) }
}

// deadLetters counts the records of all groups' dead-letter topics.
func (r *realKafka) deadLetters(t *testing.T) (n int64) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(r.cluster.Brokers()...))
	must(t, err)
	defer client.Close()
	ends, err := kadm.NewClient(client).ListEndOffsets(t.Context())
	must(t, err)
	ends.Each(func(o kadm.ListedOffset) {
		if strings.HasPrefix(o.Topic, deliverPrefix+"dead-letter") {
			n += o.Offset
		}
	})
	return n
}
