package proof

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Check compares what the sender's ledger says with what is in Kafka: Read looks at every record, then Findings sums up.
type Check struct {
	run, prefix string
	bound       time.Duration // for every answer

	promised map[string]Attempt // :: id -> the first 2xx that it was answered with
	posts    map[string]int     // :: id -> attempts
	places   map[string][]place // :: id -> its records in the topic of its family, in the order seen
	found    Findings
}

// Findings are the figures of one run.
type Findings struct {
	Sent, Posts, Acknowledged, Spooled          int           // events, attempts, events with a 2xx, events with a 2xx from the spool
	Refused, Unanswered, HungUp                 int           // attempts: 503; the connection broke; the sender did not wait
	Lost, Deleted, Damaged                      int           // events with a 2xx that are in no topic: unexplained, and the explained
	Duplicate                                   int           // records beyond the first of an id
	Repeated                                    int           // those of them whose event was posted once: of the bridge's own accord
	Disordered, Corrupt, Misrouted, Late, Wrong int           // see the methods
	Slowest                                     time.Duration // answer, or end of a connection without one
	Examples                                    []string      // the first of what must not be, in words
}

// NewCheck takes the attempts of a run, and the prefix of the topics that they went to. bound is the longest that an answer may take.
func NewCheck(run, prefix string, bound time.Duration, attempts []Attempt) *Check {
	c := &Check{run: run, prefix: prefix, bound: bound, promised: map[string]Attempt{}, posts: map[string]int{}, places: map[string][]place{}}
	sent, spooled := map[string]bool{}, map[string]bool{}
	for _, a := range attempts {
		sent[a.ID] = true
		if a.GivenUp {
			continue
		}
		if a.Outcome == "spooled" && a.Acknowledged() {
			spooled[a.ID] = true
		}
		c.answered(a)
	}
	c.found.Sent, c.found.Spooled, c.found.Acknowledged = len(sent), len(spooled), len(c.promised)
	return c
}

// answered judges one attempt: an answer that is none of 200 and 503 with Retry-After is wrong, one beyond the bound is late, and so is
// a connection that broke only then.
func (c *Check) answered(a Attempt) {
	f := &c.found
	f.Posts++
	c.posts[a.ID]++
	if _, before := c.promised[a.ID]; a.Acknowledged() && !before {
		c.promised[a.ID] = a
	}
	switch {
	case a.HungUp:
		f.HungUp++
		return
	case a.Status == 0:
		f.Unanswered++
	case a.Status == 503 && a.RetryAfter != "":
		f.Refused++
	case a.Status != 200:
		c.example(&f.Wrong, "%s was answered %d with Retry-After %q", a.ID, a.Status, a.RetryAfter)
	}
	f.Slowest = max(f.Slowest, a.Took)
	if a.Took > c.bound {
		c.example(&f.Late, "%s at %s: %d after %s: %s", a.ID, a.Began.Format(time.TimeOnly), a.Status, a.Took, a.Error)
	}
}

// Read looks at every record of the topics with the prefix, from offset 0. Three minutes are the most that it takes.
func (c *Check) Read(ctx context.Context, brokers []string) error {
	return ReadAll(ctx, brokers, c.prefix, func(r *kgo.Record) {
		seen := record{at: place{r.Topic, r.Partition, r.Offset}, key: r.Key, value: r.Value}
		for _, h := range r.Headers {
			if h.Key == "ce_id" {
				seen.id = string(h.Value)
			}
		}
		c.see(seen)
	})
}

// see takes one record. One of another id than the run's is corrupt: nobody sent it. One in another topic than its family's is misrouted,
// and that includes the dead letters, since every event is sound.
func (c *Check) see(r record) {
	e, ours := ParseID(c.run, r.id)
	switch {
	case !ours:
		c.example(&c.found.Corrupt, "%s: nobody sent id %q", r.at, r.id)
		return
	case r.at.topic != c.prefix+e.Family():
		c.example(&c.found.Misrouted, "%s is at %s", r.id, r.at)
		c.places[r.id] = append(c.places[r.id], []place{}...) // in the map now: not lost
		return
	}
	if err := r.damage(e); err != nil {
		c.example(&c.found.Corrupt, "%s at %s: %v", r.id, r.at, err)
	}
	if len(c.places[r.id]) > 0 {
		c.found.Duplicate++
		if c.posts[r.id] == 1 {
			c.found.Repeated++
		}
	}
	c.places[r.id] = append(c.places[r.id], r.at)
}

// Findings sums up. deleted says of an acknowledged event that is in no topic whether its topic was deleted with it; nil: none was.
func (c *Check) Findings(deleted func(Attempt) bool) Findings {
	for id, a := range c.promised {
		at, there := c.places[id]
		switch {
		case !there && deleted != nil && deleted(a):
			c.found.Deleted++
		case !there:
			c.example(&c.found.Lost, "%s was answered %s at %s and is in no topic", id, a.Outcome, a.Ended().Format(time.StampMilli))
		case len(at) > 0 && a.Outcome == "published" && !a.pointsTo(at) && (deleted == nil || !deleted(a)):
			c.example(&c.found.Corrupt, "%s was answered to be at %s/%d@%d and is at %v", id, a.Topic, a.Partition, a.Offset, at)
		}
	}
	c.order()
	return c.found
}

func (a Attempt) pointsTo(at []place) bool {
	for _, p := range at {
		if p == (place{a.Topic, a.Partition, a.Offset}) {
			return true
		}
	}
	return false
}

// example counts, and keeps the first few in words.
func (c *Check) example(count *int, format string, args ...any) {
	if *count++; *count <= 5 {
		c.found.Examples = append(c.found.Examples, fmt.Sprintf(format, args...))
	}
}
