package kafka

import (
	"strconv"

	"github.com/twmb/franz-go/pkg/kgo"

	"qlikbridge/bridge"
)

// smallestLimit is the least that franz-go takes as the limit of a batch.
const smallestLimit = 512

// limit is the size of a batch that a topic takes, as far as State has seen it: a broker refuses a batch that is too large as a whole,
// with all the records in it that would fit.
func (p *producer) limit(topic string) int32 {
	if limit, ok := p.limits.Load(topic); ok {
		return limit.(int32)
	}
	return p.config.MaxMessageBytes
}

// learn notes max.message.bytes of topics. franz-go asks for a topic's limit once, so another one needs another client.
func (p *producer) learn(maxMessageBytes map[string]string) {
	changed := ""
	for topic, text := range maxMessageBytes {
		before, limit := p.limit(topic), p.config.MaxMessageBytes
		if n, err := strconv.ParseInt(text, 10, 32); err == nil {
			limit = max(smallestLimit, min(limit, int32(n)))
		}
		p.limits.Store(topic, limit)
		if before != limit {
			changed = topic
		}
	}
	if changed != "" {
		p.replace(p.current.Load(), "max.message.bytes changed, of "+changed+" among others", retireWait)
	}
}

// Fits reports whether a topic takes a record by its size, as far as State has seen the topic; a record that fits by a few bytes alone may be
// said not to.
func (c *Client) Fits(r *bridge.Record) bool {
	return atMost(toProduce(r)) <= int(c.producer.limit(r.Topic))
}

// atMost is no less than the size of a batch with this record alone, and not much more.
func atMost(r *kgo.Record) int {
	const batch, header = 128, 10 // lengths and counts beside what is counted below
	n := batch + len(r.Key) + len(r.Value)
	for _, h := range r.Headers {
		n += header + len(h.Key) + len(h.Value)
	}
	return n
}
