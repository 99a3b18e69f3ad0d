package kafka

import "sync"

// traffic is what of one topic is on its way, by whatever client: franz-go fails all records that wait for a partition with the error of one,
// and only of a record that had none beside it is it sure that the error is its own. It is safe for concurrent use.
type traffic struct {
	mu      sync.Mutex
	flying  int
	entered uint64
}

// traffic is a topic's; topics are a closed set.
func (p *producer) traffic(topic string) *traffic {
	t, ok := p.topics.Load(topic)
	if !ok {
		t, _ = p.topics.LoadOrStore(topic, &traffic{})
	}
	return t.(*traffic)
}

// enter notes a record before it is handed over. The ticket is for leave; 0: others are on their way.
func (t *traffic) enter() (ticket uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.flying++
	t.entered++
	if t.flying > 1 {
		return 0
	}
	return t.entered
}

// leave notes that a record has settled, and reports whether it was alone on its way from enter until now.
func (t *traffic) leave(ticket uint64) (alone bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.flying--
	return ticket == t.entered
}
