package sse

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"qlikbridge/bridge/filter"
	"qlikbridge/bridge/kafka"
)

// startWait is how long Kafka may take to say where the topics are.
const startWait = 10 * time.Second

// follow reads the topics for one client.
func (s *Server) follow(w http.ResponseWriter, r *http.Request, wanted wish) {
	out, err := newWriter(w, s.Patience)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError) // a connection that cannot stream
		return
	}
	st, err := s.open(r.Context(), wanted, out)
	if err != nil {
		s.Log.Warn("no stream of events", "client", r.RemoteAddr, "error", err)
		s.refuse(w, http.StatusServiceUnavailable, refusedKafka, fmt.Errorf("kafka: %w", err))
		return
	}
	defer st.reader.Close()
	began := s.Now()
	reason, err := st.run(r.Context(), s.stop)
	s.metrics.ended.WithLabelValues(reason).Inc()
	log := s.Log.With("client", r.RemoteAddr, "reason", reason, "events", st.events, "seconds", s.Now().Sub(began).Seconds())
	if err != nil {
		log.Warn("a stream of events broke off", "error", err)
		return
	}
	log.Info("a stream of events ended")
}

// open asks where the topics are, and makes a stream that reads from there on.
func (s *Server) open(ctx context.Context, wanted wish, out *writer) (*stream, error) {
	ctx, cancel := context.WithTimeout(ctx, startWait)
	defer cancel()
	st := &stream{wish: wanted, out: out, heartbeat: s.Heartbeat, metrics: s.metrics, families: map[string]string{}, warnings: wanted.types.Warnings(s.Topics)}
	var names []string
	for _, f := range wanted.types.Families() {
		name := s.Topics.Topic(f.Name)
		names, st.families[name] = append(names, name), f.Name
	}
	at, err := s.Client.OffsetsFrom(ctx, names, wanted.since)
	if err != nil {
		return nil, err
	}
	if wanted.resume != nil {
		at = wanted.resume.offsets(at, st.families)
	}
	st.at = positionsOf(at, st.families)
	st.reader, err = kafka.NewReader(s.Kafka, names, at, s.Log)
	return st, err
}

// stream is one client's. It holds what its reader holds, and the event that is written: a client that takes its time holds up itself alone.
type stream struct {
	wish
	reader    *kafka.Reader
	families  map[string]string // :: topic -> family
	at        positions         // how far the topics were read
	out       *writer
	heartbeat time.Duration
	metrics   *metrics
	warnings  []string // for the client; each one line
	events    int      // sent until now
	failures  uint64   // of CESQL, as far as they are counted
}

// begin opens the stream, with a comment for each type that may be misspelt.
func (st *stream) begin() error {
	if err := st.out.begin(st.position()); err != nil {
		return err
	}
	for _, line := range st.warnings {
		if err := st.out.say(line); err != nil {
			return err
		}
	}
	return nil
}

// run writes until the request's context, stop, the client or Kafka ends it, and says which.
func (st *stream) run(request, stop context.Context) (reason string, err error) {
	ctx, cancel := context.WithCancel(request)
	defer cancel()
	defer context.AfterFunc(stop, cancel)()
	err = st.begin()
	for err == nil {
		err = st.step(ctx)
	}
	switch {
	case stop.Err() != nil:
		return endedStopping, st.out.say("the bridge is stopping")
	case errors.Is(err, os.ErrDeadlineExceeded):
		return endedSlow, err
	case errors.Is(err, errKafka):
		return endedKafka, errors.Join(err, st.out.say("the topics cannot be read"))
	}
	return endedClient, nil
}

func (st *stream) position() []byte { return st.at.append(nil, st.types.Families()) }

// errKafka marks what was no fault of the client.
var errKafka = errors.New("reading the topics")

// step waits for records until the next heartbeat is due, and writes what is wanted of them.
func (st *stream) step(ctx context.Context) error {
	wait, cancel := context.WithDeadline(ctx, st.out.last.Add(st.heartbeat))
	defer cancel()
	records, err := st.reader.Next(wait)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, context.DeadlineExceeded):
		return st.out.beat(st.position())
	case err != nil:
		return fmt.Errorf("%w: %w", errKafka, err)
	}
	for i := range records {
		if err := st.take(&records[i]); err != nil {
			return err
		}
	}
	failures := filter.Failures(st.filter)
	st.metrics.failures.Add(float64(failures - st.failures))
	st.failures = failures
	return st.out.flush()
}

// take passes a record, and writes it where it is wanted.
func (st *stream) take(r *kafka.Stored) error {
	st.at.pass(st.families[r.Topic], r.Partition, r.Offset)
	if !st.has(r) {
		return nil
	}
	if err := st.out.event(r, st.named, st.position()); err != nil {
		return err
	}
	st.events++
	st.metrics.sent.Inc()
	return nil
}
