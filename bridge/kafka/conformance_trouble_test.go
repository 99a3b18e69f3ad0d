package kafka_test

import (
	"context"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"qlikbridge/bridge"
	"qlikbridge/bridge/kafka"
)

// unknownTopic asserts that
//   - a record for a topic that is not there is refused soon, and the topic does not come to be by that
//   - nothing of it is left in the client, and other topics are not held up
//   - once the topic is there, records are taken
func unknownTopic(t *testing.T, h *harness) {
	c, topic, missing := h.client(t), h.topic(t, 1), h.prefix+"missing"
	var all []*publication
	for range 10 {
		all = append(all, publish(within(t, 20*time.Second), c, record(missing, "key", "value")))
	}
	known := publish(t.Context(), c, record(topic, "key", "value"))
	known.acked(t)
	for _, p := range all {
		p.refused(t, bridge.UnknownTopic, 5*time.Second)
	}
	settledOnce(t, c, append(all, known)...)
	listed, err := h.admin.ListTopics(within(t, patience))
	must(t, "list topics", err)
	if listed.Has(missing) {
		t.Errorf("topic %s was created by producing to it", missing)
	}
	h.create(t, missing, 1)
	eventually(t, func() error {
		return publish(within(t, 5*time.Second), c, record(missing, "key", "value")).wait(t, patience).err
	})
}

// bufferFullOfRecords asserts that beyond the configured number a record is refused at once, while the others go on waiting, and that
// there is room again once they have settled.
func bufferFullOfRecords(t *testing.T, h *harness) {
	bufferFull(t, h, 8, func(c *kafka.Config) { c.MaxBufferedRecords = 8 })
}

func bufferFullOfBytes(t *testing.T, h *harness) {
	bufferFull(t, h, 8, func(c *kafka.Config) { c.MaxMessageBytes, c.MaxBufferedBytes = 100_000, 100_000 })
}

// bufferFull lets records wait for a topic that is not there, until no more than so many fit.
func bufferFull(t *testing.T, h *harness, most int, limits func(*kafka.Config)) {
	c, topic := h.client(t, limits), h.topic(t, 1)
	must(t, "ping", c.Ping(within(t, patience)))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	missing := &bridge.Record{Topic: h.prefix + "missing-" + legalName(t), Value: make([]byte, 12_000), Time: time.Now()}
	var waiting, beyond []*publication
	for range most {
		waiting = append(waiting, publish(ctx, c, missing))
	}
	for range 100 {
		beyond = append(beyond, publish(ctx, c, missing))
	}
	for i, p := range beyond {
		p.refused(t, bridge.BufferFull, 2*time.Second)
		if p.took > time.Second {
			t.Errorf("call %d blocked for %s", i, p.took)
		}
	}
	for i, p := range waiting {
		if n := p.times.Load(); n != 0 {
			t.Errorf("record %d of those that fit has settled, want it to wait", i)
		}
	}
	cancel()
	for _, p := range waiting {
		p.refused(t, bridge.AckTimeout, 5*time.Second)
	}
	settledOnce(t, c, append(waiting, beyond...)...)
	publish(t.Context(), c, record(topic, "key", "value")).acked(t)
}

// contextEnded asserts that records whose context ends before, while and after they are sent
//   - each settle once
//   - are in Kafka, once, where they were acknowledged, and never twice
func contextEnded(t *testing.T, h *harness) {
	const n = 2000
	c, topic := h.client(t), h.topic(t, 3)
	var all []*publication
	for i := range n {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(mathrand.IntN(4000)-500)*time.Microsecond)
		t.Cleanup(cancel)
		all = append(all, publish(ctx, c, record(topic, fmt.Sprint(i%16), fmt.Sprint(i))))
	}
	acked := map[string]int{}
	for i, p := range all {
		s := p.wait(t, patience)
		if s.err == nil {
			acked[fmt.Sprint(i)] = 1
			continue
		}
		var refusal *bridge.Refusal
		if !errors.As(s.err, &refusal) || refusal.Reason != bridge.AckTimeout {
			t.Errorf("record %d: got %v, want an acknowledgement or %s", i, s.err, bridge.AckTimeout)
		}
	}
	settledOnce(t, c, all...)
	t.Logf("%d of %d were acknowledged before their context ended", len(acked), n)
	publish(t.Context(), c, record(topic, "last", "last")).acked(t)
	stored := map[string]int{}
	for _, r := range h.read(t, topic, h.count(t, topic)) {
		stored[string(r.Value)]++
	}
	for value, times := range stored {
		if times > 1 {
			t.Errorf("record %s is there %d times", value, times)
		}
	}
	for value := range acked {
		if stored[value] == 0 {
			t.Errorf("record %s was acknowledged and is not there", value)
		}
	}
}

// brokenConnections asserts that a connection that breaks before its answer has arrived makes no record vanish, double or overtake.
func brokenConnections(t *testing.T, h *harness) {
	const publishers, each = 16, 100
	topic := h.topic(t, 3)
	var broken atomic.Int32
	dialer := kgo.Dialer(func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
		return &breakingConn{Conn: conn, reads: 8 + mathrand.IntN(40), broken: &broken}, err
	})
	c := connect(t, h.config, dialer)
	var all sync.WaitGroup
	for p := range publishers {
		all.Go(func() {
			for i := range each {
				s := publish(t.Context(), c, record(topic, fmt.Sprint("key ", p), fmt.Sprint(i))).in(patience)
				if s.err != nil {
					t.Errorf("publisher %d, record %d: %v", p, i, s.err)
					return
				}
			}
		})
	}
	all.Wait()
	if t.Failed() {
		return
	}
	inOrder(t, h.read(t, topic, publishers*each), publishers, each)
	if n := h.count(t, topic); n != publishers*each || broken.Load() == 0 {
		t.Errorf("got %d records with %d connections broken, want %d with some", n, broken.Load(), publishers*each)
	}
}

// breakingConn breaks after so many reads, and what it had read then is lost.
type breakingConn struct {
	net.Conn
	reads  int
	broken *atomic.Int32
}

func (c *breakingConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if c.reads--; c.reads < 0 {
		c.broken.Add(1)
		_ = c.Close()
		return 0, net.ErrClosed
	}
	return n, err
}

// deletedUnderLoad asserts that while a topic is deleted and made anew under load
//   - every record settles, once, in not much more than the time it was given
//   - records are taken again afterwards
//   - what was acknowledged since the topic is there again is in it
func deletedUnderLoad(t *testing.T, h *harness) {
	const given, enough = 2 * time.Second, 500
	c, topic := h.client(t), h.topic(t, 3)
	l := &publishing{client: c, topic: topic, given: given}
	for p := range 16 {
		l.all.Go(func() { l.publish(t.Context(), p) })
	}
	defer l.all.Wait()
	defer l.done.Store(true)

	_, err := h.admin.DeleteTopic(within(t, patience), topic)
	must(t, "delete the topic", err)
	eventually(t, func() error {
		_, err := h.admin.CreateTopic(within(t, patience), 3, int16(min(3, h.brokers)), nil, topic)
		return err
	})
	began := time.Now()
	l.recreated.Store(true)
	eventually(t, func() error {
		if n := len(l.acknowledged()); n < enough {
			return fmt.Errorf("%d records acknowledged after the topic is there again, want %d", n, enough)
		}
		return nil
	})
	took := time.Since(began)
	l.done.Store(true)
	l.all.Wait()
	t.Logf("%d records taken %s after the topic is there again; the slowest settled after %s", enough, took.Round(time.Millisecond), l.slowest.Round(time.Millisecond))
	if l.slowest > given+3*time.Second {
		t.Errorf("the slowest settled after %s, want at most 3 s more than the %s it was given", l.slowest, given)
	}
	must(t, "flush", c.Flush(within(t, patience)))
	stored := map[string]bool{}
	for _, r := range h.read(t, topic, h.count(t, topic)) {
		stored[string(r.Value)] = true
	}
	lost := slices.DeleteFunc(l.acknowledged(), func(value string) bool { return stored[value] })
	if len(lost) > 0 {
		t.Errorf("%d acknowledged records are not there: %.5q", len(lost), lost)
	}
}

// publishing is a load on one topic.
type publishing struct {
	client          *kafka.Client
	topic           string
	given           time.Duration
	recreated, done atomic.Bool
	all             sync.WaitGroup

	mu      sync.Mutex
	later   []string // acknowledged, and handed over when the topic was there again
	slowest time.Duration
}

// publish publishes one record after another.
func (l *publishing) publish(ctx context.Context, publisher int) {
	for i := 0; !l.done.Load(); i++ {
		value, wasRecreated := fmt.Sprint(publisher, ".", i), l.recreated.Load()
		ctx, cancel := context.WithTimeout(ctx, l.given)
		s := publish(ctx, l.client, record(l.topic, fmt.Sprint(publisher), value)).in(patience)
		cancel()
		l.mu.Lock()
		l.slowest = max(l.slowest, s.took)
		if s.err == nil && wasRecreated {
			l.later = append(l.later, value)
		}
		l.mu.Unlock()
	}
}

func (l *publishing) acknowledged() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.later)
}

// noBroker asserts that where nobody answers, a ping ends with its context, a record with its own, and nothing is left behind.
func noBroker(t *testing.T, h *harness) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, "listen", err)
	must(t, "close", l.Close())
	c := h.client(t, func(c *kafka.Config) { c.Brokers = []string{l.Addr().String()} })
	began := time.Now()
	if err := c.Ping(within(t, time.Second)); err == nil || time.Since(began) > 3*time.Second {
		t.Errorf("ping: got %v after %s, want an error within 3 s", err, time.Since(began))
	}
	p := publish(within(t, time.Second), c, record("any", "key", "value"))
	p.refused(t, bridge.AckTimeout, 3*time.Second)
	settledOnce(t, c, p)
}

// closedClient asserts that a closed client refuses at once, and that closing settles what waits.
func closedClient(t *testing.T, h *harness) {
	c := h.client(t)
	waits := publish(t.Context(), c, record(h.prefix+"missing-for-ever", "key", "value"))
	c.Close()
	waits.refused(t, bridge.Closing, 5*time.Second)
	publish(t.Context(), c, record(h.prefix+"missing-for-ever", "key", "value")).refused(t, bridge.Closing, 5*time.Second)
}

// eventually asks again and again until the answer is nil.
func eventually(t *testing.T, question func() error) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		err := question()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("still after %s: %v", patience, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
