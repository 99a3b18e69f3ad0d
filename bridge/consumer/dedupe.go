package consumer

import (
	"sync"

	"github.com/cloudevents/sdk-go/v2/event"

	"qlikbridge/bridge"
)

// seen keeps an event from being handled twice by this process: one that was handled is a duplicate, and one that is with a handler just now, of
// another key or of none, makes the next wait for what becomes of it. Nil remembers nothing.
type seen struct {
	window *bridge.Dedupe // what was handled

	mu      sync.Mutex
	handled map[identity][]*task // :: event that is with a handler -> those that wait for it
}

type identity struct{ source, id string }

func newSeen(events int) *seen {
	if events < 0 {
		return nil
	}
	return &seen{window: bridge.NewDedupe(events), handled: map[identity][]*task{}}
}

// claim asks to handle an event. known: it was handled before. busy: another is with a handler, and release of that one returns t.
func (s *seen) claim(e event.Event, t *task) (known, busy bool) {
	if s == nil {
		return false, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.window.Has(e.Source(), e.ID()) {
		return true, false
	}
	who := identity{e.Source(), e.ID()}
	waiting, busy := s.handled[who]
	if busy {
		waiting = append(waiting, t)
	}
	s.handled[who] = waiting
	return false, busy
}

// release ends a claim, and returns the tasks that waited for that.
func (s *seen) release(source, id string, handled bool) []*task {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if handled {
		s.window.Note(source, id)
	}
	who := identity{source, id}
	waiting := s.handled[who]
	delete(s.handled, who)
	return waiting
}
