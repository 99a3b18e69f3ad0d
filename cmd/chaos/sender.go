package main

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

// sender posts the events of many things: of one thing strictly one after another, the next only when the one before was answered with 200
// or given up. So what a key's order in Kafka has to be is known, and many connections are open at once.
type sender struct {
	// Fixed.
	run    string
	url    string
	ledger *ledger
	rate   int           // events per second, of all things together
	hangUp time.Duration // after which an attempt is broken off and its event given up; 0: never
	seqs   []int         // :: thing -> seq of its last event; only the thing's goroutine touches it
	client *http.Client

	stopping context.Context
	stop     context.CancelFunc
	things   sync.WaitGroup

	attempts, acknowledged, spooled, refused atomic.Int64

	mu  sync.Mutex
	err error // of the ledger: what is not accounted for proves nothing
}

func (s *sender) start() {
	s.stopping, s.stop = context.WithCancel(context.Background())
	s.client = &http.Client{Timeout: answerLimit, Transport: &http.Transport{
		MaxIdleConnsPerHost: len(s.seqs), IdleConnTimeout: 10 * time.Second, TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{}}}
	for thing := range s.seqs {
		s.things.Go(func() { s.drive(thing) })
	}
}

// finish returns when every event that was begun is answered or given up, within answerLimit.
func (s *sender) finish() error {
	s.stop()
	s.things.Wait()
	s.client.CloseIdleConnections()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// drive sends one thing's events at its part of the rate. What was missed while an answer took long is not made up for, so that
// the end of an outage is no burst.
func (s *sender) drive(thing int) {
	every := time.Duration(len(s.seqs)) * time.Second / time.Duration(s.rate)
	next := time.Now().Add(every * time.Duration(thing) / time.Duration(len(s.seqs)))
	for s.pause(time.Until(next)) {
		s.seqs[thing]++
		s.deliver(event{s.run, thing, s.seqs[thing]})
		if next = next.Add(every); time.Since(next) > every {
			next = time.Now()
		}
	}
}

// deliver posts one event until it is taken or given up.
func (s *sender) deliver(e event) {
	for {
		a := s.post(e)
		s.note(a)
		if a.acknowledged() {
			return
		}
		if s.hangUp > 0 || !s.pause(a.retryIn()) {
			s.write(attempt{ID: e.id(), Key: e.key(), Seq: e.seq, Began: time.Now(), GivenUp: true})
			return
		}
	}
}

func (a attempt) retryIn() time.Duration {
	if seconds, err := strconv.Atoi(a.RetryAfter); err == nil && seconds > 0 {
		return time.Duration(seconds) * time.Second
	}
	return retryPause
}

// pause is false when the sender is to stop.
func (s *sender) pause(d time.Duration) bool {
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
func (s *sender) note(a attempt) {
	s.write(a)
	s.attempts.Add(1)
	switch {
	case a.acknowledged():
		s.acknowledged.Add(1)
	case a.Status != 0:
		s.refused.Add(1)
	}
	if a.Outcome == "spooled" {
		s.spooled.Add(1)
	}
}

func (s *sender) write(a attempt) {
	err := s.ledger.write(a)
	if err == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = fmt.Errorf("writing the ledger: %w", err)
	s.stop()
}
