package proof

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Of the sender's patience.
const (
	answerLimit = time.Minute            // for an answer; far more than any may take, so that a late one is seen as late
	retryPause  = 100 * time.Millisecond // after an attempt without an answer
)

// Sender posts the events of many things: of one thing strictly one after another, the next only when the one before was answered with 200
// or given up. So what a key's order in Kafka has to be is known, and many connections are open at once.
type Sender struct {
	// Fixed before Start.
	Run    string // begins every id
	URL    string
	Ledger *Ledger
	Rate   int           // events per second, of all things together
	HangUp time.Duration // after which an attempt is broken off and its event given up; 0: never
	Seqs   []int         // :: thing -> seq of its last event; only the thing's goroutine touches it

	client   *http.Client
	stopping context.Context
	stop     context.CancelFunc
	things   sync.WaitGroup

	Attempts, Acknowledged, Spooled, Refused atomic.Int64 // so far

	mu  sync.Mutex
	err error // of the ledger: what is not accounted for proves nothing
}

// Start begins, and does not block. A sender is started once.
func (s *Sender) Start() {
	s.stopping, s.stop = context.WithCancel(context.Background())
	s.client = &http.Client{Timeout: answerLimit, Transport: &http.Transport{
		MaxIdleConnsPerHost: len(s.Seqs), IdleConnTimeout: 10 * time.Second, TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{}}}
	for thing := range s.Seqs {
		s.things.Go(func() { s.drive(thing) })
	}
}

// Stop has no event begun any more, and does not wait.
func (s *Sender) Stop() { s.stop() }

// Finish stops, and returns when every event that was begun is answered or given up, within a minute. Its error is that of the ledger.
func (s *Sender) Finish() error {
	s.stop()
	s.things.Wait()
	s.client.CloseIdleConnections()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// drive sends one thing's events at its part of the rate. What was missed while an answer took long is not made up for, so that
// the end of an outage is no burst.
func (s *Sender) drive(thing int) {
	every := time.Duration(len(s.Seqs)) * time.Second / time.Duration(s.Rate)
	next := time.Now().Add(every * time.Duration(thing) / time.Duration(len(s.Seqs)))
	for s.pause(time.Until(next)) {
		s.Seqs[thing]++
		s.deliver(Event{s.Run, thing, s.Seqs[thing]})
		if next = next.Add(every); time.Since(next) > every {
			next = time.Now()
		}
	}
}

// deliver posts one event until it is taken or given up.
func (s *Sender) deliver(e Event) {
	for {
		a := s.post(e)
		s.note(a)
		if a.Acknowledged() {
			return
		}
		if s.HangUp > 0 || !s.pause(a.retryIn()) {
			s.write(Attempt{ID: e.ID(), Key: e.Key(), Seq: e.seq, Began: time.Now(), GivenUp: true})
			return
		}
	}
}

func (a Attempt) retryIn() time.Duration {
	if seconds, err := strconv.Atoi(a.RetryAfter); err == nil && seconds > 0 {
		return time.Duration(seconds) * time.Second
	}
	return retryPause
}

// pause is false when the sender is to stop.
func (s *Sender) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-s.stopping.Done():
		return false
	case <-timer.C:
		return s.stopping.Err() == nil
	}
}

// note writes the attempt down before anybody counts on it.
func (s *Sender) note(a Attempt) {
	s.write(a)
	s.Attempts.Add(1)
	switch {
	case a.Acknowledged():
		s.Acknowledged.Add(1)
	case a.Status != 0:
		s.Refused.Add(1)
	}
	if a.Outcome == "spooled" {
		s.Spooled.Add(1)
	}
}

func (s *Sender) write(a Attempt) {
	err := s.Ledger.write(a)
	if err == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = fmt.Errorf("writing the ledger: %w", err)
	s.stop()
}
