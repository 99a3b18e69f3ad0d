package main_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Of the load and of what is asked of its answers.
const (
	senders    = 16
	ackTimeout = 2 * time.Second
	slack      = time.Second // beyond ack_timeout, for the answer itself
)

// load posts from all senders, one event after another, until stop.
type load struct {
	stopping atomic.Bool
	senders  sync.WaitGroup

	mu      sync.Mutex
	answers []realAnswer
}

func startLoad(t *testing.T, s *running, name string) *load {
	l := &load{}
	for n := range senders {
		l.senders.Go(func() {
			for i := 0; !l.stopping.Load(); i++ {
				id := fmt.Sprint(name, "-", n, "-", i)
				a := s.post(context.WithoutCancel(t.Context()), id, realEvent(id, "com.qlik.app.created", fmt.Sprint("app-", n)))
				a.Sender = n
				l.mu.Lock()
				l.answers = append(l.answers, a)
				l.mu.Unlock()
				if a.Err != nil {
					return // the server is gone
				}
			}
		})
	}
	t.Cleanup(l.stop)
	return l
}

func (l *load) stop() {
	l.stopping.Store(true)
	l.senders.Wait()
}

// since returns the answers to what was posted after a moment.
func (l *load) since(moment time.Time) []realAnswer {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(l.answers), func(a realAnswer) bool { return a.Began.Before(moment) })
}

// flows waits until so many events posted after a moment were answered with a status, and says how long after the moment the first was.
func (l *load) flows(t *testing.T, since time.Time, status, n int) time.Duration {
	t.Helper()
	var first time.Time
	realEventually(t, fmt.Sprintf("%d answers %d", n, status), func() error {
		got := slices.DeleteFunc(l.since(since), func(a realAnswer) bool { return a.Status != status })
		if len(got) < n {
			return fmt.Errorf("got %d", len(got))
		}
		first = slices.MinFunc(got, func(a, b realAnswer) int { return a.Began.Add(a.Took).Compare(b.Began.Add(b.Took)) }).Began
		return nil
	})
	return first.Sub(since)
}

// promised asserts of all answers that
//   - each came, within ack_timeout and the slack
//   - each is a 200, or a 503 with Retry-After
//   - each event that was answered with 200 is in Kafka, those of one sender, which are about one thing, in the order he sent them in
func (r *realKafka) promised(t *testing.T, l *load) {
	t.Helper()
	l.stop()
	r.promisedOf(t, l.answers)
}

func (r *realKafka) promisedOf(t *testing.T, answers []realAnswer) {
	t.Helper()
	there := ids(r.stored(t))
	var slowest realAnswer
	statuses, lost, twice := map[int]int{}, 0, 0
	for _, a := range answers {
		statuses[a.Status]++
		if a.Took > slowest.Took {
			slowest = a
		}
		switch {
		case a.Err != nil:
			t.Errorf("%s: not answered after %s: %v", a.ID, a.Took, a.Err)
		case a.Status == http.StatusOK && there[a.ID] == 0:
			lost++
		case a.Status == http.StatusOK && there[a.ID] > 1:
			twice++
		case a.Status == http.StatusServiceUnavailable && a.RetryAfter == "", a.Status != http.StatusOK && a.Status != http.StatusServiceUnavailable:
			t.Errorf("%s: got %d with Retry-After %q", a.ID, a.Status, a.RetryAfter)
		}
	}
	t.Logf("%d posts, by status %v; slowest answer %s (%d); of the 200s %d are in Kafka twice", len(answers), statuses, slowest.Took.Round(time.Millisecond), slowest.Status, twice)
	overtaken(t, answers)
	if lost > 0 {
		t.Errorf("%d events were answered with 200 and are not in Kafka", lost)
	}
	if slowest.Took > ackTimeout+slack {
		t.Errorf("the slowest answer took %s, want at most %s", slowest.Took, ackTimeout+slack)
	}
}

// overtaken asserts that no event stands before one that the same sender had posted earlier.
func overtaken(t *testing.T, answers []realAnswer) {
	t.Helper()
	last := map[int]realAnswer{} // :: sender -> his last event in Kafka
	for _, a := range slices.SortedFunc(slices.Values(answers), func(a, b realAnswer) int { return a.Began.Compare(b.Began) }) {
		if a.Status != http.StatusOK {
			continue
		}
		before, ok := last[a.Sender]
		if ok && (a.Partition != before.Partition || a.Offset <= before.Offset) {
			t.Errorf("%s is at %d/%d, and %s, which was posted earlier, at %d/%d", a.ID, a.Partition, a.Offset, before.ID, before.Partition, before.Offset)
		}
		last[a.Sender] = a
	}
}

// brokerKilled asserts the promise through kill -9 of the only broker and its return.
func (r *realKafka) brokerKilled(t *testing.T) {
	s := r.serve(t)
	l := startLoad(t, s, "killed")
	l.flows(t, time.Now(), http.StatusOK, 1000)

	realMust(t, "kill the broker", r.cluster.Kill(0))
	defer func() {
		if t.Failed() { // the parts that follow want one
			_ = r.cluster.Restart(context.Background(), 0)
		}
	}()
	killed := time.Now()
	realEventually(t, "not be ready", func() error {
		if s.ready() == nil {
			return fmt.Errorf("readyz says 200 %s after the broker's end", time.Since(killed))
		}
		return nil
	})
	t.Logf("not ready %s after the broker's end", time.Since(killed).Round(time.Millisecond))
	l.flows(t, killed, http.StatusServiceUnavailable, 3*senders)
	for _, a := range l.since(killed) {
		if a.Status == http.StatusOK {
			t.Errorf("%s: posted after the broker's end: got 200", a.ID)
		}
	}

	realMust(t, "restart the broker", r.cluster.Restart(t.Context(), 0))
	restarted := time.Now()
	t.Logf("the first 200 was posted %s after the broker answers again", l.flows(t, restarted, http.StatusOK, 1000).Round(time.Millisecond))
	realEventually(t, "be ready", s.ready)
	r.promised(t, l)
}

// brokerStalls asserts the promise while the leader of everything stands still for 5 s, with its connections open.
func (r *realKafka) brokerStalls(t *testing.T) {
	const stall = 5 * time.Second
	s := r.serve(t)
	l := startLoad(t, s, "stalled")
	l.flows(t, time.Now(), http.StatusOK, 1000)
	realMust(t, "pause the broker", r.cluster.Pause(0))
	defer r.cluster.Resume(0)
	resume := time.After(stall)
	l.flows(t, time.Now(), http.StatusServiceUnavailable, senders)
	<-resume
	realMust(t, "resume the broker", r.cluster.Resume(0))
	resumed := time.Now()
	t.Logf("the first 200 was posted %s after the broker goes on", l.flows(t, resumed, http.StatusOK, 1000).Round(time.Millisecond))
	r.promised(t, l)
}

// stoppedUnderLoad asserts of a stop by SIGTERM that
//   - it ends with code 0 within drain_timeout
//   - each sender has an answer, or his event was not taken
//   - every 200 is in Kafka
func (r *realKafka) stoppedUnderLoad(t *testing.T) {
	const drain = 10 * time.Second
	s := r.serve(t, "QLIK_BRIDGE_DRAIN_TIMEOUT="+drain.String())
	l := startLoad(t, s, "stopped")
	l.flows(t, time.Now(), http.StatusOK, 2000)
	took, code := s.stop(t, 2*drain)
	l.stop()
	if code != 0 || took > drain {
		t.Errorf("ended with code %d after %s, want 0 within %s", code, took, drain)
	}
	answered, turnedAway := map[string]bool{}, 0
	for _, a := range l.answers {
		switch {
		case a.Err != nil:
			turnedAway++
		case a.Status == http.StatusOK:
			answered[a.ID] = true
		default:
			t.Errorf("%s: got %d", a.ID, a.Status)
		}
	}
	there := ids(r.stored(t))
	for id := range s.delivered() {
		if !answered[id] {
			t.Errorf("%s: taken, but its sender has no answer", id)
		}
	}
	for id := range answered {
		if there[id] == 0 {
			t.Errorf("%s: answered with 200, and not in Kafka", id)
		}
	}
	t.Logf("ended %s after SIGTERM; %d answered with 200, %d turned away", took.Round(time.Millisecond), len(answered), turnedAway)
}

// stoppedWhileKafkaStalls asserts of a stop by SIGTERM while Kafka answers nothing that
//   - it ends within drain_timeout and a little, with code 1, since records are left of which nobody knows whether Kafka has them
//   - every sender whose event was taken is answered in time, and told to send it again
func (r *realKafka) stoppedWhileKafkaStalls(t *testing.T) {
	const drain = 4 * time.Second
	s := r.serve(t, "QLIK_BRIDGE_DRAIN_TIMEOUT="+drain.String())
	l := startLoad(t, s, "stopped-stalled")
	l.flows(t, time.Now(), http.StatusOK, 500)
	realMust(t, "pause the broker", r.cluster.Pause(0))
	defer r.cluster.Resume(0)
	l.flows(t, time.Now(), http.StatusServiceUnavailable, senders)
	took, code := s.stop(t, 2*drain)
	stopped := time.Now().Add(-took)
	realMust(t, "resume the broker", r.cluster.Resume(0))
	l.stop()
	if code != 1 || took > drain+slack {
		t.Errorf("ended with code %d after %s, want 1 within %s", code, took, drain+slack)
	}
	turnedAway := 0
	for _, a := range l.answers {
		if a.Err != nil && a.Began.Before(stopped) {
			t.Errorf("%s: taken before the stop, and not answered after %s: %v", a.ID, a.Took, a.Err)
		}
		if a.Err != nil {
			turnedAway++
		}
	}
	t.Logf("ended %s after SIGTERM with code %d; %d turned away", took.Round(time.Millisecond), code, turnedAway)
	r.promisedOf(t, slices.DeleteFunc(l.answers, func(a realAnswer) bool { return a.Err != nil }))
}
