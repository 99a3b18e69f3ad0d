package deliver

import (
	"cmp"
	"slices"
	"time"

	"qlikbridge/bridge/consumer"
)

// Status is how everything stands, for the admin port.
type Status struct {
	File          FileStatus           `json:"subscriptions_file"`
	Subscriptions []SubscriptionStatus `json:"subscriptions"` // by name
}

// FileStatus is how the subscriptions file stands.
type FileStatus struct {
	Path  string `json:"path"`
	Error string `json:"error,omitempty"` // why the file as it is now is not in use
}

// State is what a subscription does. The set is closed.
type State string

// The states.
const (
	Delivering State = "delivering"
	Paused     State = "paused"  // the sink is down, or asks to wait: events are held
	Stopped    State = "stopped" // the sink wants no more: events are held until the subscription changes
	Failing    State = "failed"  // Kafka refuses something that waiting does not mend
)

// SubscriptionStatus is how one subscription stands.
type SubscriptionStatus struct {
	Name  string     `json:"name"`
	Group string     `json:"group"`
	Sink  string     `json:"sink"` // without path and query
	State State      `json:"state"`
	Why   string     `json:"why,omitempty"`          // not delivering: what the sink did, or Kafka
	Since *time.Time `json:"since,omitempty"`        // paused, stopped
	Next  *time.Time `json:"next_attempt,omitempty"` // paused
	consumer.Stats
}

// Status is safe for concurrent use and does not block.
func (d *Deliverer) Status() Status {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := Status{File: FileStatus{Path: d.options.Path}, Subscriptions: []SubscriptionStatus{}}
	if d.broken != nil {
		s.File.Error = d.broken.Error()
	}
	for _, r := range d.running {
		s.Subscriptions = append(s.Subscriptions, r.courier.status())
	}
	slices.SortFunc(s.Subscriptions, func(a, b SubscriptionStatus) int { return cmp.Compare(a.Name, b.Name) })
	return s
}

func (c *courier) status() SubscriptionStatus {
	s := SubscriptionStatus{Name: c.subscription.Name, Group: c.subscription.Group, Sink: c.sink.Load().site(), State: Delivering}
	if running := c.reading.Load(); running != nil {
		s.Stats = running.Stats()
	}
	if g := c.gate.standing(); g.closed {
		s.State, s.Why, s.Since, s.Next = Paused, g.why.err.Error(), &g.since, &g.next
		if g.next.IsZero() {
			s.State, s.Next = Stopped, nil
		}
	}
	if err := c.unread(); err != nil {
		s.State, s.Why = Failing, err.Error()
	}
	return s
}
