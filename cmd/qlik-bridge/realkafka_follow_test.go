package main_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// follower follows /events as a browser does: it comes again with the last id that it saw.
type follower struct {
	mu      sync.Mutex
	places  map[string]int // :: of an event -> how often it came
	streams int
}

func startFollower(t *testing.T, url string) *follower {
	f := &follower{places: map[string]int{}}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for last := ""; ctx.Err() == nil; time.Sleep(100 * time.Millisecond) {
			last = f.stream(ctx, url, last)
		}
	}()
	t.Cleanup(func() { cancel(); <-done })
	return f
}

// stream reads one stream to its end, and returns the last id.
func (f *follower) stream(ctx context.Context, url, last string) string {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return last
	}
	if last != "" {
		request.Header.Set("Last-Event-ID", last)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return last
	}
	defer response.Body.Close()
	f.mu.Lock()
	f.streams++
	f.mu.Unlock()
	lines := bufio.NewScanner(response.Body)
	for lines.Buffer(nil, 4<<20); lines.Scan(); {
		id, isID := strings.CutPrefix(lines.Text(), "id: ")
		if !isID {
			continue
		}
		last = id
		if place, _, _ := strings.Cut(id, ";"); place != "" {
			f.mu.Lock()
			f.places[place]++
			f.mu.Unlock()
		}
	}
	return last
}

func (f *follower) seen() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.places)
}

// followed asserts that who follows the events gets every record of the topic once, and no other, through kill -9 of the only broker, and that tail
// finds one of them and goes on behind it.
func (r *realKafka) followed(t *testing.T) {
	s := r.serve(t, "QLIK_BRIDGE_TOPICS_PREFIX=followed.")
	f := startFollower(t, s.admin+"/events?family=apps")
	realEventually(t, "be followed", func() error {
		if f.mu.Lock(); f.streams == 0 {
			f.mu.Unlock()
			return fmt.Errorf("no stream")
		}
		f.mu.Unlock()
		return nil
	})
	l := startLoad(t, s, "followed")
	l.flows(t, time.Now(), http.StatusOK, 1000)
	realMust(t, "kill the broker", r.cluster.Kill(0))
	killed := time.Now()
	l.flows(t, killed, http.StatusServiceUnavailable, senders)
	realMust(t, "restart the broker", r.cluster.Restart(t.Context(), 0))
	l.flows(t, time.Now(), http.StatusOK, 1000)
	l.stop()

	records := map[string]bool{}
	for at := range r.storedUnder(t, "followed.") {
		records[fmt.Sprintf("%s/%d/%d", at.topic, at.partition, at.offset)] = true
	}
	realEventually(t, "follow all", func() error {
		if n := f.seen(); n < len(records) {
			return fmt.Errorf("%d of %d events", n, len(records))
		}
		return nil
	})
	f.mu.Lock()
	defer f.mu.Unlock()
	for place, n := range f.places {
		if n != 1 || !records[place] {
			t.Errorf("%s: got it %d times, and stored: %v; want it once", place, n, records[place])
		}
	}
	t.Logf("%d events, each once, in %d streams", len(f.places), f.streams)

	tail := func(args ...string) ended {
		return run(t, append([]string{"tail", "--kafka-brokers", strings.Join(r.cluster.Brokers(), ","), "--topics-prefix", "followed."}, args...)...)
	}
	tail("--from-event", "followed-3-5", "--family", "apps", "--count", "2").expect(t, 0, "  followed-3-5\n", "event followed-3-5 is at followed.apps/")
	tail("--since", "1h", "--filter", "suffix: {id: followed-3-7}", "--count", "1").expect(t, 0, "  followed-3-7\n")
}
