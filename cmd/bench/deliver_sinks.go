package main

import (
	"context"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const slowAnswer = 2 * time.Second

// sinks are what is posted to: /well/N and /spare/… answer at once, /slow after slowAnswer, /limited with 429; dead is an address where nobody listens.
type sinks struct {
	dead string // URL

	address  string
	server   *http.Server
	sent     sync.Map // :: number of an event -> when it was sent (time.Time)
	attempts [3]atomic.Int64

	mu  sync.Mutex
	got []map[int]time.Duration // :: number of the sink that is well -> number of the event -> its lag, of the first time
}

// attempts are the requests that the bad sinks got; dead gets none.
type attempts struct {
	Slow    int64 `json:"slow"`
	Limited int64 `json:"limited"`
	Spare   int64 `json:"spare"`
}

func (t attempts) minus(before attempts) attempts {
	return attempts{t.Slow - before.Slow, t.Limited - before.Limited, t.Spare - before.Spare}
}

func startSinks() (*sinks, error) {
	dead, other, err := freePorts()
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", other)
	if err != nil {
		return nil, err
	}
	s := &sinks{dead: "http://" + dead, address: l.Addr().String(), got: make([]map[int]time.Duration, subscriptions-3)}
	for i := range s.got {
		s.got[i] = map[int]time.Duration{}
	}
	s.server = &http.Server{Handler: http.HandlerFunc(s.answer), ReadHeaderTimeout: grace}
	go func() { _ = s.server.Serve(l) }() // until close
	return s, nil
}

func (s *sinks) close() { _ = s.server.Close() }

func (s *sinks) url(path string) string { return "http://" + s.address + path }

func (s *sinks) answer(w http.ResponseWriter, r *http.Request) {
	switch path := r.URL.Path; {
	case strings.HasPrefix(path, "/well/"):
		s.note(strings.TrimPrefix(path, "/well/"), r.Header.Get("webhook-id"))
	case path == "/slow":
		s.attempts[0].Add(1)
		time.Sleep(slowAnswer)
	case path == "/limited":
		s.attempts[1].Add(1)
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusTooManyRequests)
		return
	default:
		s.attempts[2].Add(1)
	}
	w.WriteHeader(http.StatusNoContent)
}

// note notes how long an event took to a sink that is well.
func (s *sinks) note(sink, id string) {
	i, err := strconv.Atoi(sink)
	n, err2 := strconv.Atoi(id)
	sent, ok := s.sent.Load(n)
	if err != nil || err2 != nil || !ok || i >= len(s.got) {
		return
	}
	took := time.Since(sent.(time.Time))
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, again := s.got[i][n]; !again {
		s.got[i][n] = took
	}
}

func (s *sinks) requests() attempts {
	return attempts{s.attempts[0].Load(), s.attempts[1].Load(), s.attempts[2].Load()}
}

// settle waits, up to settleLimit, until every sink that is well has the events from first to before next, and returns how many are missing.
func (s *sinks) settle(ctx context.Context, first, next int) (missing int) {
	ctx, cancel := context.WithTimeout(ctx, settleLimit)
	defer cancel()
	for {
		missing = (next-first)*len(s.got) - len(s.lags(first, next))
		if missing == 0 || ctx.Err() != nil {
			return missing
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// lags are how long the events from first to before next took to the sinks that are well, sorted.
func (s *sinks) lags(first, next int) (lags []time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, got := range s.got {
		for n := first; n < next; n++ {
			if took, ok := got[n]; ok {
				lags = append(lags, took)
			}
		}
	}
	slices.Sort(lags)
	return lags
}
