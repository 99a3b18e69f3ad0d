package consumer_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"qlikbridge/bridge/consumer"
)

// keyed makes n events of 50 keys over so many partitions.
func keyed(n, partitions int) []sent {
	return number(n, func(i int, e *sent) { e.key, e.partition = fmt.Sprint(i%50), int32(i%50%partitions) })
}

// TestStopInTurn asserts that members that follow one another hand over each event once, though each is stopped in the midst of it, with much done
// beyond an event that waits for its next attempt from the first to the last of them.
func TestStopInTurn(t *testing.T) {
	onEach(t, func(t *testing.T, h *harness) {
		const n = 600
		topic := h.topic(t, "apps", 2)
		h.send(t, topic, keyed(n, 2)...)
		var handled book
		for turn := range 4 {
			var held atomic.Bool
			c := start(t, h.config(func(c *consumer.Config) { c.Dedupe = -1 }), func(ctx context.Context, e event.Event) error {
				if e.ID() == "3" && turn < 3 {
					held.Store(true)
					return consumer.Hold(errors.New("away"))
				}
				return handled.note(ctx, e)
			})
			eventually(t, "the event that waits is met", func() bool { return held.Load() || turn == 3 })
			handled.wait(t, min(n, (turn+1)*n/4))
			c.stop(t)
			if got := h.committed(t, h.prefix+"group", topic, 1); turn < 3 && got != 1 {
				t.Errorf("turn %d: got %d committed of the partition with the event that waits, want 1, its place", turn, got)
			}
		}
		handled.exactly(t, n)
		if got := h.committed(t, h.prefix+"group", topic, 0) + h.committed(t, h.prefix+"group", topic, 1); got != n {
			t.Errorf("got %d committed in all, want %d", got, n)
		}
	})
}

// TestRebalance asserts that each event is handled once, in order per key, while members join and leave in the midst of it.
func TestRebalance(t *testing.T) {
	onEach(t, func(t *testing.T, h *harness) {
		const n, partitions = 3000, 6
		topic := h.topic(t, "apps", partitions)
		h.send(t, topic, keyed(n, partitions)...)
		var handled book
		slowly := func(ctx context.Context, e event.Event) error {
			select { // so that there is work at every rebalance
			case <-time.After(5 * time.Millisecond):
			case <-ctx.Done():
				return ctx.Err()
			}
			return handled.note(ctx, e)
		}
		join := func() *running {
			return start(t, h.config(func(c *consumer.Config) { c.Dedupe, c.InFlight = -1, 100 }), slowly)
		}
		first := join()
		handled.wait(t, 100)
		second := join()
		eventually(t, "the second has partitions", func() bool { return second.Stats().Partitions > 0 })
		third := join()
		eventually(t, "the third has partitions", func() bool { return third.Stats().Partitions > 0 })
		first.stop(t)
		eventually(t, "the others have them all", func() bool { return second.Stats().Partitions+third.Stats().Partitions == partitions })
		second.stop(t)
		handled.wait(t, n)
		third.stop(t)
		handled.exactly(t, n)
		inOrder(t, &handled, 50)
	})
}

// TestDraining asserts that a handler which waits is told when its partition is wanted elsewhere, by a member that joins or a stop, and that the event is
// kept for who has the partition then.
func TestDraining(t *testing.T) {
	onEach(t, func(t *testing.T, h *harness) {
		topic := h.topic(t, "apps", 2)
		h.send(t, topic, sent{id: "0"}, sent{id: "1", partition: 1})
		c := h.config(func(c *consumer.Config) { c.Stop = 10 * patience })
		waits := func(ctx context.Context, e event.Event) error {
			select {
			case <-consumer.Draining(ctx):
				return consumer.Hold(errors.New("away"))
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		first := start(t, c, waits)
		eventually(t, "both events wait", func() bool { return first.Stats().InFlight == 2 })
		second := start(t, c, waits)
		eventually(t, "each member has a partition, and its event", func() bool {
			return first.Stats().Partitions == 1 && second.Stats().Partitions == 1 && second.Stats().InFlight == 1
		})
		first.stop(t)
		second.stop(t)
		var handled book
		start(t, c, handled.note)
		handled.wait(t, 2)
		handled.exactly(t, 2)
	})
}

// inOrder asserts that the events of each of so many keys were handled in the order of their ids.
func inOrder(t *testing.T, handled *book, keys int) {
	t.Helper()
	last := map[int]int{}
	for _, id := range handled.ids() {
		i, _ := strconv.Atoi(id)
		if before, ok := last[i%keys]; ok && before >= i {
			t.Errorf("key %d: got %d after %d", i%keys, i, before)
		}
		last[i%keys] = i
	}
}

// TestStopWaits asserts that a stop waits for a handler that runs, lets its context live, commits what it did, and begins nothing else.
func TestStopWaits(t *testing.T) {
	onEach(t, func(t *testing.T, h *harness) {
		topic := h.topic(t, "apps", 1)
		h.send(t, topic, number(3, func(_ int, e *sent) { e.key = "k" })...)
		began, release := make(chan context.Context, 3), make(chan struct{})
		var handled book
		c := start(t, h.config(), func(ctx context.Context, e event.Event) error {
			began <- ctx
			<-release
			return handled.note(ctx, e)
		})
		ctx := <-began
		c.cancel()
		eventually(t, "the stop has begun", func() bool { return c.Stats().Partitions == 0 })
		if ctx.Err() != nil {
			t.Error("the handler's context ended with the consumer's")
		}
		close(release)
		must(t, "stop", <-c.ended)
		handled.is(t, "0")
		if got := h.committed(t, h.prefix+"group", topic, 0); got != 1 || len(began) != 0 {
			t.Errorf("got %d committed and %d begun more, want 1 and none", got, len(began))
		}
	})
}

// TestStopCommits asserts that the last commit is made again while the group is being balanced, so that what ended in a stop is not handled again.
func TestStopCommits(t *testing.T) {
	t.Parallel()
	h := fake(t)
	const refusals = 3
	var refused atomic.Int32
	h.fake.ControlKey(int16(kmsg.OffsetCommit), func(r kmsg.Request) (kmsg.Response, error, bool) {
		h.fake.KeepControl()
		request := r.(*kmsg.OffsetCommitRequest)
		if request.Topics[0].Partitions[0].Offset == 0 || refused.Add(1) > refusals {
			return nil, nil, false
		}
		return refuseCommit(request, kerr.RebalanceInProgress), nil, true
	})
	topic := h.topic(t, "apps", 1)
	h.send(t, topic, sent{id: "0"})
	began, release := make(chan struct{}), make(chan struct{})
	c := start(t, h.config(), func(context.Context, event.Event) error {
		close(began)
		<-release
		return nil
	})
	<-began
	c.cancel()
	eventually(t, "the stop has begun", func() bool { return c.Stats().Partitions == 0 })
	close(release)
	must(t, "stop", <-c.ended)
	if got := h.committed(t, h.prefix+"group", topic, 0); got != 1 || refused.Load() != refusals+1 {
		t.Errorf("got %d committed after %d attempts, want 1 after %d", got, refused.Load(), refusals+1)
	}
}

// refuseCommit is the answer to a commit of one partition.
func refuseCommit(request *kmsg.OffsetCommitRequest, why *kerr.Error) kmsg.Response {
	partition := kmsg.NewOffsetCommitResponseTopicPartition()
	partition.Partition, partition.ErrorCode = request.Topics[0].Partitions[0].Partition, why.Code
	topic := kmsg.NewOffsetCommitResponseTopic()
	topic.Topic, topic.TopicID, topic.Partitions = request.Topics[0].Topic, request.Topics[0].TopicID, append(topic.Partitions, partition)
	response := request.ResponseKind().(*kmsg.OffsetCommitResponse)
	response.Topics = append(response.Topics, topic)
	return response
}

// TestStopGivesUp asserts that a stop waits for Config.Stop and no longer for a handler that does not end, whose context then ends, and that its event
// is left to the next member.
func TestStopGivesUp(t *testing.T) {
	onEach(t, func(t *testing.T, h *harness) {
		topic := h.topic(t, "apps", 1)
		h.send(t, topic, number(2, func(_ int, e *sent) { e.key = "k" })...)
		began := make(chan struct{}, 1)
		c := start(t, h.config(func(c *consumer.Config) { c.Stop = 200 * time.Millisecond }), func(ctx context.Context, e event.Event) error {
			began <- struct{}{}
			<-ctx.Done()
			return ctx.Err()
		})
		<-began
		asked := time.Now()
		c.stop(t)
		if took := time.Since(asked); took < 200*time.Millisecond {
			t.Errorf("got a stop after %s, want 200 ms or more", took)
		}
		var handled book
		next := start(t, h.config(), handled.note)
		handled.wait(t, 2)
		next.stop(t)
		handled.exactly(t, 2)
	})
}

// TestLost asserts that a member that its group has gone on without commits nothing of what it did, ends its handlers' contexts, and joins again.
func TestLost(t *testing.T) {
	t.Parallel()
	h := fake(t)
	topic := h.topic(t, "apps", 1)
	h.send(t, topic, sent{id: "0"})
	var calls atomic.Int32
	var handled book
	c := start(t, h.config(), func(ctx context.Context, e event.Event) error {
		if calls.Add(1) == 1 {
			h.expel(t)
			<-ctx.Done()
			return nil // counts for nothing
		}
		return handled.note(ctx, e)
	})
	handled.wait(t, 1)
	c.stop(t)
	if got := h.committed(t, h.prefix+"group", topic, 0); got != 1 || c.Stats().Handled != 1 || calls.Load() != 2 {
		t.Errorf("got %d committed, %d calls and %+v, want 1, 2 and one handled", got, calls.Load(), c.Stats())
	}
}

// expel takes the members out of the group, as the broker does with those that it has not heard of for long.
func (h *harness) expel(t *testing.T) {
	r := kmsg.NewPtrLeaveGroupRequest()
	r.Group = h.prefix + "group"
	for _, m := range h.fake.GroupInfo(r.Group).Members {
		member := kmsg.NewLeaveGroupRequestMember()
		member.MemberID = m.MemberID
		r.Members = append(r.Members, member)
	}
	if _, err := r.RequestWith(within(t), h.kgo); err != nil {
		t.Errorf("expel: %v", err)
	}
}

// TestPlainCommits asserts that a broker that takes no long text beside an offset is given none, that the offset stands, and that it is
// not committed again and again.
func TestPlainCommits(t *testing.T) {
	t.Parallel()
	h := fake(t)
	var plain atomic.Int32 // commits without a text
	h.fake.ControlKey(int16(kmsg.OffsetCommit), func(r kmsg.Request) (kmsg.Response, error, bool) {
		h.fake.KeepControl()
		request := r.(*kmsg.OffsetCommitRequest)
		p := request.Topics[0].Partitions[0]
		if p.Metadata == nil || *p.Metadata == "" {
			plain.Add(1)
			return nil, nil, false
		}
		return refuseCommit(request, kerr.OffsetMetadataTooLarge), nil, true
	})
	topic := h.topic(t, "apps", 1)
	h.send(t, topic, number(4, nil)...)
	var handled book
	c := start(t, h.config(), func(ctx context.Context, e event.Event) error {
		if e.ID() == "1" {
			return consumer.Hold(errors.New("away"))
		}
		return handled.note(ctx, e)
	})
	eventually(t, "the offset is committed", func() bool { return h.committed(t, h.prefix+"group", topic, 0) == 1 })
	before := plain.Load()
	h.send(t, topic, sent{id: "4"}) // done beyond an offset that stays
	handled.wait(t, 4)
	c.stop(t)
	if got := plain.Load(); got != before {
		t.Errorf("got %d commits of what was committed already, want none", got-before)
	}
}

// TestFromLatest asserts that a group begins with what comes next where that is wanted, that it goes on there after a stop although nothing had come
// by then, and that a topic that is made later is read from its beginning.
func TestFromLatest(t *testing.T) {
	onEach(t, func(t *testing.T, h *harness) {
		topic := h.topic(t, "apps", 2)
		h.send(t, topic, sent{id: "old"}, sent{id: "old too", partition: 1})
		latest := h.config(func(c *consumer.Config) { c.FromLatest, c.Families = true, []string{"apps", "users"} })
		var handled book
		c := start(t, latest, handled.note)
		eventually(t, "the places are committed", func() bool {
			return h.committed(t, h.prefix+"group", topic, 0) == 1 && h.committed(t, h.prefix+"group", topic, 1) == 1
		})
		c.stop(t)
		h.send(t, topic, sent{id: "0", partition: 1}, sent{id: "1"})
		start(t, latest, handled.note)
		handled.wait(t, 2)
		h.send(t, h.topic(t, "users", 1), sent{id: "2", typ: "com.qlik.core.user.created"})
		handled.wait(t, 3)
		handled.exactly(t, 3)
	})
}

// TestFromLatestAway asserts that a group that began with what came next misses nothing of the partitions and topics that are made while no member runs.
func TestFromLatestAway(t *testing.T) {
	onEach(t, func(t *testing.T, h *harness) {
		topic := h.topic(t, "apps", 1)
		h.send(t, topic, sent{id: "old"})
		latest := h.config(func(c *consumer.Config) { c.FromLatest, c.Families = true, []string{"apps", "users"} })
		var handled book
		c := start(t, latest, handled.note)
		eventually(t, "the place is committed", func() bool { return h.committed(t, h.prefix+"group", topic, 0) == 1 })
		c.stop(t)
		made, err := h.admin.CreatePartitions(within(t), 1, topic)
		must(t, "add a partition", errors.Join(err, made.Error()))
		users := h.topic(t, "users", 1)
		eventually(t, "the producer knows the partition", func() bool {
			h.kgo.ForceMetadataRefresh()
			return h.kgo.ProduceSync(within(t), sent{id: "0", partition: 1}.record(topic)).FirstErr() == nil
		})
		h.send(t, users, sent{id: "1", typ: "com.qlik.core.user.created"})
		h.send(t, topic, sent{id: "2"})
		start(t, latest, handled.note)
		handled.wait(t, 3)
		handled.exactly(t, 3)
	})
}

// TestTopicComesLater asserts that a consumer waits for a topic that does not exist, and for Kafka itself.
func TestTopicComesLater(t *testing.T) {
	onEach(t, func(t *testing.T, h *harness) {
		var handled book
		start(t, h.config(), handled.note)
		eventually(t, "the topic for dead letters is made", func() bool {
			topics, err := h.admin.ListTopics(within(t))
			return err == nil && topics.Has(h.deadTopic())
		})
		h.send(t, h.topic(t, "apps", 1), sent{id: "0"})
		handled.wait(t, 1)
	})
}

// TestKafkaComesLater asserts that a consumer waits for brokers that are away at its start.
func TestKafkaComesLater(t *testing.T) {
	t.Parallel()
	h := fake(t)
	h.send(t, h.topic(t, "apps", 1), sent{id: "0"})
	var away atomic.Int32
	h.fake.ControlKey(int16(kmsg.Metadata), func(kmsg.Request) (kmsg.Response, error, bool) {
		h.fake.KeepControl()
		if away.Add(1) <= 3 {
			return nil, errors.New("away"), true
		}
		return nil, nil, false
	})
	var handled book
	start(t, h.config(), handled.note)
	handled.wait(t, 1)
}

// TestRunFails asserts that what waiting does not mend ends Run, with a remedy.
func TestRunFails(t *testing.T) {
	allow := func(resource kmsg.ACLResourceType, name string, op kmsg.ACLOperation) kfake.ACL {
		return kfake.ACL{Resource: resource, Name: name, Pattern: kmsg.ACLResourcePatternTypePrefixed, Operation: op, Allow: true}
	}
	everything := []kfake.ACL{allow(kmsg.ACLResourceTypeTopic, "", kmsg.ACLOperationAll), allow(kmsg.ACLResourceTypeGroup, "", kmsg.ACLOperationAll), allow(kmsg.ACLResourceTypeCluster, "", kmsg.ACLOperationAll)}
	tests := []struct {
		name     string
		password string
		acls     []kfake.ACL
		want     string
	}{
		{"no rights on the topic", "right", []kfake.ACL{allow(kmsg.ACLResourceTypeGroup, "", kmsg.ACLOperationAll), allow(kmsg.ACLResourceTypeTopic, "qlik.dead", kmsg.ACLOperationAll)}, "Describe"},
		{"it may not be read", "right", append([]kfake.ACL{allow(kmsg.ACLResourceTypeTopic, "", kmsg.ACLOperationDescribe), allow(kmsg.ACLResourceTypeTopic, "qlik.dead", kmsg.ACLOperationAll)}, everything[1]), "Read on the topic"},
		{"no rights on the group", "right", everything[:1], "Read on the group"},
		{"the topic for dead letters cannot be made", "right", []kfake.ACL{allow(kmsg.ACLResourceTypeTopic, "", kmsg.ACLOperationDescribe), allow(kmsg.ACLResourceTypeTopic, "", kmsg.ACLOperationRead), everything[1]}, "dead letters"},
		{"a wrong password", "wrong", everything, "Kafka.SASL"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cluster, err := kfake.NewCluster(kfake.EnableSASL(), kfake.EnableACLs(), kfake.Superuser("PLAIN", "admin", "admin"), kfake.User("PLAIN", "service", "right", tt.acls...))
			must(t, "start kfake", err)
			t.Cleanup(cluster.Close)
			must(t, "make the topic", cluster.CreateTopic("qlik.apps", 1, nil))
			h := &harness{brokers: cluster.ListenAddrs(), prefix: "qlik."}
			c := start(t, h.config(func(c *consumer.Config) {
				c.Kafka.SASL.Mechanism, c.Kafka.SASL.Username, c.Kafka.SASL.PasswordFile = "PLAIN", "service", file(t, tt.password)
			}), (&book{}).note)
			if err := c.fails(t); !contains(err, tt.want) {
				t.Errorf("got %v, want %q in it", err, tt.want)
			}
		})
	}
}

// TestLag asserts that the lag grows with what is published while there is no room to read it, and that what retention has taken is none.
func TestLag(t *testing.T) {
	t.Parallel()
	h := fake(t)
	topic, gone := h.topic(t, "apps", 1), h.topic(t, "users", 1)
	h.send(t, topic, number(10, nil)...)
	h.send(t, gone, number(50, nil)...)
	must(t, "delete records", h.fake.DeleteRecords(gone, 0, 50))
	release := make(chan struct{})
	c := start(t, h.config(func(c *consumer.Config) { c.InFlight, c.Concurrency, c.Families = 5, 5, []string{"apps", "users"} }), func(context.Context, event.Event) error {
		<-release
		return nil
	})
	eventually(t, "the lag is all of the one topic", func() bool { return c.Stats().Lag == 10 && c.Stats().Partitions == 2 })
	h.send(t, topic, number(20, func(i int, e *sent) { e.id = fmt.Sprint("later-", i) })...)
	eventually(t, "the lag has grown", func() bool { return c.Stats().Lag == 30 })
	close(release)
	eventually(t, "there is none left", func() bool { return c.Stats().Lag == 0 })
}
