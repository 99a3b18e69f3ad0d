package bridge_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing/synctest"

	"qlikbridge/bridge"
)

// broker is a Publisher that keeps records until the test settles them, in the order in which they came.
type broker struct {
	mu       sync.Mutex
	answer   func(r *bridge.Record) error // when it is published; nil, and an answer of errHeld: the test settles it
	produced []string                     // the names of all records
	accepted []*bridge.Record
	held     []*try
}

// try is a record that is not settled.
type try struct {
	record *bridge.Record
	settle func(bridge.Position, error)
}

var errHeld = errors.New("held")

// nameOf is the id of an event, and the body of a dead letter.
func nameOf(r *bridge.Record) string {
	if r.Topic == "qlik.dead-letter" {
		return "dead " + string(r.Value)
	}
	return r.Header("ce_id")
}

func (b *broker) Publish(_ context.Context, r *bridge.Record, settle func(bridge.Position, error)) {
	b.mu.Lock()
	b.produced = append(b.produced, nameOf(r))
	answer := errHeld
	if b.answer != nil {
		answer = b.answer(r)
	}
	switch answer {
	case errHeld:
		b.held = append(b.held, &try{r, settle})
	case nil:
		b.accepted = append(b.accepted, r)
	}
	b.mu.Unlock()
	if answer != errHeld {
		settle(bridge.Position{}, answer)
	}
}

func (b *broker) answering(answer func(r *bridge.Record) error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answer = answer
}

func yes(*bridge.Record) error { return nil }

// acknowledge and refuse settle the held records of those names, or all, and wait until that has had its effect.
func (b *broker) acknowledge(names ...string) { b.settle(nil, names) }

func (b *broker) refuse(reason bridge.Reason, names ...string) {
	b.settle(&bridge.Refusal{Reason: reason, Err: errors.New("the broker says no")}, names)
}

func (b *broker) settle(err error, names []string) {
	b.mu.Lock()
	var chosen, others []*try
	for _, h := range b.held {
		if len(names) > 0 && !slices.Contains(names, nameOf(h.record)) {
			others = append(others, h)
			continue
		}
		chosen = append(chosen, h)
		if err == nil {
			b.accepted = append(b.accepted, h.record)
		}
	}
	b.held = others
	b.mu.Unlock()
	for _, h := range chosen {
		h.settle(bridge.Position{}, err)
	}
	synctest.Wait()
}

// names tells which records were produced, which of them Kafka took, and which it holds.
func (b *broker) names() (produced, accepted, held []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.accepted {
		accepted = append(accepted, nameOf(r))
	}
	for _, h := range b.held {
		held = append(held, nameOf(h.record))
	}
	return slices.Clone(b.produced), accepted, held
}
