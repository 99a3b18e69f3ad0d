package proof

import (
	"cmp"
	"slices"
)

// order counts the events that stand before one that was sent earlier, of the same key and promised by the same bridge.
//
// What is compared are the first records of acknowledged events. The sender posts the next of a key only when the one before was
// acknowledged or given up. So whatever happened in between, a retry, a crash and a replay, the first record of the earlier one
// must be in front; second records may stand anywhere. An event that was given up makes no claim: it may still arrive, at any time.
//
// A bridge that is killed and started again on the same spool is the same instance: what it had promised goes first. Of two
// instances, one may hold an event in its spool while the other publishes the next: they are compared each for itself.
func (c *Check) order() {
	type line struct {
		thing    int
		instance string
	}
	lines := map[line][]Event{}
	for id, a := range c.promised {
		e, ok := ParseID(c.run, id)
		if ok && len(c.places[id]) > 0 {
			l := line{e.thing, a.Instance}
			lines[l] = append(lines[l], e)
		}
	}
	for _, events := range lines {
		slices.SortFunc(events, func(a, b Event) int { return cmp.Compare(a.seq, b.seq) })
		c.compare(events)
	}
}

// compare takes a key that changes its partition for disorder too: no consumer can tell then what came first.
func (c *Check) compare(events []Event) {
	last := events[0]
	for _, e := range events[1:] {
		before, at := c.places[last.ID()][0], c.places[e.ID()][0]
		if at.partition != before.partition || at.offset < before.offset {
			c.example(&c.found.Disordered, "%s is at %s, and %s, sent before it, at %s", e.ID(), at, last.ID(), before)
			continue
		}
		last = e
	}
}
