// Package sse lets people and small scripts follow the events over HTTP, as server-sent events (WHATWG HTML, 9.2): each is one CloudEvent,
// and its id says how far the stream has come in every partition. Consumers that must not miss anything read Kafka; this is a window.
package sse

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"qlikbridge/bridge/kafka"
	"qlikbridge/topics"
)

// Options are what a server works with.
type Options struct {
	Client     *kafka.Client // for what is asked before a stream
	Kafka      kafka.Config  // each stream reads with a client of its own
	Topics     topics.Config
	Log        *slog.Logger
	Registerer prometheus.Registerer // nil: unregistered
	Now        func() time.Time
	Stop       context.Context // ends the streams; Shutdown does, too
	Heartbeat  time.Duration   // how often a silent stream says that it lives; 0: 15 s
	Patience   time.Duration   // how long a client may take nothing of what is sent; 0: 10 s
}

// Server answers GET /events. It is safe for concurrent use.
type Server struct {
	// Fixed by New.
	Options
	config  Config
	metrics *metrics
	stop    context.Context // ends when streams are to end
	end     context.CancelFunc

	mu       sync.Mutex // guards what follows
	clients  int
	stopping bool
	streams  sync.WaitGroup
}

// New makes a server; it waits for nothing.
func New(c Config, o Options) *Server {
	s := &Server{Options: o, config: c, metrics: newMetrics(o.Registerer)}
	if s.Heartbeat == 0 {
		s.Heartbeat = 15 * time.Second
	}
	if s.Patience == 0 {
		s.Patience = 10 * time.Second
	}
	s.stop, s.end = context.WithCancel(s.Stop)
	return s
}

// ServeHTTP streams until the client goes away, takes nothing for Patience, Kafka fails, or Shutdown.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.config.Enabled {
		s.refuse(w, http.StatusNotFound, refusedOff, errOff)
		return
	}
	if err := s.admit(r); err != nil {
		s.refuse(w, http.StatusForbidden, refusedElsewhere, err)
		return
	}
	wanted, err := readWish(r, s.Now())
	if err != nil {
		s.refuse(w, http.StatusBadRequest, refusedParameter, err)
		return
	}
	if reason := s.enter(); reason != nil {
		s.refuse(w, http.StatusServiceUnavailable, reason.label, reason)
		return
	}
	defer s.leave()
	if r.Method == http.MethodHead { // for which a stream would have no end
		w.Header().Set("Content-Type", contentType)
		return
	}
	s.follow(w, r, wanted)
}

// Shutdown ends every stream and waits for that until ctx ends. New ones are refused.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.stopping = true
	s.mu.Unlock()
	s.end()
	done := make(chan struct{})
	go func() { s.streams.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// noRoom is why there is no room for a stream.
type noRoom struct {
	label string
	error
}

var (
	errFull     = &noRoom{refusedFull, errors.New("as many follow the events as events.max_clients allows; try again later, or raise it")}
	errStopping = &noRoom{refusedStopping, errors.New("the bridge is stopping; try again")}
)

func (s *Server) enter() *noRoom {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.stopping || s.stop.Err() != nil:
		return errStopping
	case s.clients >= s.config.MaxClients:
		return errFull
	}
	s.clients++
	s.streams.Add(1)
	s.metrics.clients.Set(float64(s.clients))
	return nil
}

func (s *Server) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clients--
	s.metrics.clients.Set(float64(s.clients))
	s.streams.Done()
}

// refuse answers that there is no stream. What can be otherwise in a moment says when to try again.
func (s *Server) refuse(w http.ResponseWriter, status int, reason string, err error) {
	s.metrics.refused.WithLabelValues(reason).Inc()
	w.Header().Set("Content-Type", "application/json")
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "5")
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": err.Error()})
}
