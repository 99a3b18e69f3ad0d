package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"sync"

	"qlikbridge/bridge/proof"
)

// delivered is the family that is subscribed to.
const delivered = "apps"

// sink takes events over HTTP, as somebody does who does not speak Kafka.
type sink struct {
	mu    sync.Mutex
	times map[string]int // :: id -> how often it came
}

// ServeHTTP takes one CloudEvent in structured mode.
func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var event struct{ ID string }
	if err := json.NewDecoder(r.Body).Decode(&event); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.times[event.ID]++
}

// deliver switches the subscriptions on, with one for a family whose sink is this program, and waits until it has every event that was
// acknowledged since the installation, and after those again what was sent meanwhile.
func (r *release) deliver(ctx context.Context) error {
	listener, err := net.Listen("tcp", net.JoinHostPort(r.opt.kafkaHost, "0"))
	if err != nil {
		return err
	}
	s := &sink{times: map[string]int{}}
	server := &http.Server{Handler: s, ReadHeaderTimeout: patience}
	go func() { _ = server.Serve(listener) }() // until it is closed
	defer server.Close()
	r.values["deliver"] = map[string]any{"enabled": true, "subscriptions": map[string]any{"allow_private": true, "subscriptions": []any{
		map[string]any{"name": "sink", "families": []string{delivered}, "sink": map[string]any{"url": "http://" + listener.Addr().String()}}}}}
	err = r.underLoad(ctx, "deliver switched on", true, func(ctx context.Context) error {
		return r.deploy(ctx, "upgrade", "--wait", "--timeout=180s")
	})
	if err != nil {
		return err
	}
	return until(ctx, "every event is delivered", patience, func() error { return r.compare(s) })
}

// compare says whether the sink lacks an event that was acknowledged.
func (r *release) compare(s *sink) error {
	attempts, err := proof.ReadLedger(r.ledgerFile())
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	due, missing, more := map[string]bool{}, 0, 0
	for _, a := range attempts {
		if e, ours := proof.ParseID(r.name, a.ID); ours && a.Acknowledged() && e.Family() == delivered && !due[a.ID] {
			due[a.ID] = true
			if s.times[a.ID] == 0 {
				missing++
			}
		}
	}
	for id := range s.times {
		if e, ours := proof.ParseID(r.name, id); !ours || e.Family() != delivered {
			return fmt.Errorf("%q was delivered, which is none of the family", id)
		}
		more += s.times[id] - 1
	}
	if missing > 0 {
		return fmt.Errorf("%d of %d are missing", missing, len(due))
	}
	r.table.note(r.name+": deliver", "%d events of one family over HTTP, none missing, %d more than once", len(due), more)
	return nil
}
