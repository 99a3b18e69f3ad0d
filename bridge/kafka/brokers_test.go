package kafka_test

import (
	"errors"
	"testing"
	"time"

	"qlikbridge/bridge/kafkatest"
	"qlikbridge/topics"
)

// TestThreeBrokers asserts what one real broker cannot show:
//   - min.insync.replicas is raised where an acknowledged write may stand on one broker
//   - while fewer replicas are in sync than a topic wants, nothing is acknowledged; once they are back, every record settles, once
func TestThreeBrokers(t *testing.T) {
	cluster := startReal(t, kafkatest.Options{Provider: kafkatest.ProviderProcesses, Nodes: 3, Properties: map[string]string{
		"broker.session.timeout.ms": "3000", "broker.heartbeat.interval.ms": "500", // a dead broker is noticed sooner
	}})
	h := newHarness(t, cluster.Brokers())
	t.Run("raise min.insync.replicas", func(t *testing.T) { raiseMinInsync(t, h) })
	t.Run("too few replicas", func(t *testing.T) {
		const given = 2 * time.Second
		c, topic := h.client(t), h.topic(t, 3, "min.insync.replicas", "3")
		for _, key := range []string{"a", "b", "c", "d", "e"} {
			publish(within(t, patience), c, record(topic, key, "before")).acked(t)
		}
		made := topics.Config{Prefix: h.prefix + "made.", Families: map[string]topics.Override{"users": {Config: map[string]string{"min.insync.replicas": "3"}}}}
		apply(t, c, plan(t, c, made, "users"))
		must(t, "kill a broker", cluster.Kill(2))
		var all []*publication
		tooFew := 0 // not acknowledged in time
		for killed := time.Now(); tooFew < 3; {
			if time.Since(killed) > patience {
				t.Fatalf("%d records are acknowledged by two replicas, want three to be waited for", len(all))
			}
			p := publish(within(t, given), c, record(topic, "a", "during"))
			all = append(all, p)
			select {
			case s := <-p.settled:
				p.settled <- s
				if s.err != nil {
					tooFew++
				}
			case <-time.After(given):
				tooFew++
			}
		}
		eventually(t, func() error { // no State has seen this topic
			if err := c.Writable(within(t, patience), []string{made.Topic("users")}); err == nil {
				return errors.New("got a writable topic that Apply made, want to be told that replicas are missing")
			}
			return nil
		})
		_, err := c.State(within(t, patience), []string{topic})
		must(t, "look at the topic", err)
		eventually(t, func() error {
			if err := c.Writable(within(t, patience), []string{topic}); err == nil {
				return errors.New("got a writable topic, want to be told that replicas are missing")
			}
			return nil
		})
		must(t, "restart the broker", cluster.Restart(within(t, time.Minute), 2))
		eventually(t, func() error {
			return publish(within(t, given), c, record(topic, "a", "after")).wait(t, patience).err
		})
		eventually(t, func() error { return c.Writable(within(t, patience), []string{topic}) })
		settledOnce(t, c, all...)
		acked := 0
		for _, p := range all {
			if p.wait(t, patience).err == nil {
				acked++
			}
		}
		t.Logf("%d records, %d not acknowledged in time, %d in the end", len(all), tooFew, acked)
		if n := h.count(t, topic); n < acked {
			t.Errorf("got %d records, want the %d that were acknowledged", n, acked)
		}
	})
}
