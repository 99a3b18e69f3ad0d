package kafka_test

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"qlikbridge/bridge/kafka"
	"qlikbridge/topics"
)

// plan compares the catalogue, or the part of it that names choose, with the cluster.
func plan(t *testing.T, c *kafka.Client, config topics.Config, families ...string) topics.Plan {
	t.Helper()
	catalog := topics.Default()
	state, err := c.State(within(t, patience), slices.Collect(topicNames(config, catalog)))
	must(t, "ask for the state", err)
	specs := config.Specs(catalog, state.Brokers, kafka.DefaultConfig().MaxMessageBytes)
	if len(families) > 0 {
		specs = slices.DeleteFunc(specs, func(s topics.Spec) bool { return !slices.Contains(families, s.Family) })
	}
	return topics.NewPlan(specs, state)
}

func topicNames(config topics.Config, catalog *topics.Catalog) func(func(string) bool) {
	return func(yield func(string) bool) {
		for _, f := range catalog.Families {
			if !yield(config.Topic(f.Name)) {
				return
			}
		}
	}
}

func apply(t *testing.T, c *kafka.Client, p topics.Plan) {
	t.Helper()
	var done []topics.Change
	must(t, "apply", c.Apply(within(t, time.Minute), p, func(c topics.Change) { done = append(done, c) }))
	if diff := cmp.Diff(p.Changes, done, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("progress (-planned +told):\n%s", diff)
	}
}

// settles asserts that soon nothing is left to do: a broker learns of changes a little after they are made.
func settles(t *testing.T, c *kafka.Client, config topics.Config, families ...string) {
	t.Helper()
	eventually(t, func() error {
		p := plan(t, c, config, families...)
		if diff := cmp.Diff(topics.Plan{}, p, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(topics.Change{}, "Spec")); diff != "" {
			return errors.New("the second plan is not empty (-want +got):\n" + diff)
		}
		return nil
	})
}

// provisionEmpty asserts that on a cluster without topics every topic of the catalogue is created, as it is to be, and that nothing is
// left to do after that.
func provisionEmpty(t *testing.T, h *harness) {
	c, config := h.client(t), topics.Config{Prefix: h.prefix + "empty."}
	p := plan(t, c, config)
	for _, change := range p.Changes {
		if change.Action != topics.Create {
			t.Errorf("got %s of %s, want %s", change.Action, change.Topic, topics.Create)
		}
	}
	if want := len(topics.Default().Families); len(p.Changes) != want || len(p.Refusals) != 0 {
		t.Errorf("got %d changes and the refusals %v, want %d and none", len(p.Changes), p.Refusals, want)
	}
	apply(t, c, p)
	settles(t, c, config)
	has(t, c, config.Topic("apps"), map[string]string{
		"max.message.bytes": "2097152", "unclean.leader.election.enable": "false", "cleanup.policy": "delete",
	})
}

// has asserts the settings of a topic as the cluster gives them.
func has(t *testing.T, c *kafka.Client, topic string, want map[string]string) {
	t.Helper()
	eventually(t, func() error {
		state, err := c.State(within(t, patience), []string{topic})
		must(t, "ask for the state", err)
		got := maps.Clone(state.Topics[topic].Config)
		maps.DeleteFunc(got, func(key, _ string) bool { _, wanted := want[key]; return !wanted })
		if diff := cmp.Diff(want, got); diff != "" {
			return errors.New("settings of " + topic + " (-want +got):\n" + diff)
		}
		return nil
	})
}

// adjusts creates one family's topic, plans with other wishes, and asserts what the plan is, that it can be carried out and that nothing is
// left to do then.
func adjusts(t *testing.T, h *harness, wish topics.Override, want ...topics.Change) {
	t.Helper()
	const family = "users"
	c, config := h.client(t), topics.Config{Prefix: h.prefix + "adjust-" + legalName(t) + "."}
	apply(t, c, plan(t, c, config, family))
	settles(t, c, config, family)
	config.Families = map[string]topics.Override{family: wish}
	p := plan(t, c, config, family)
	for i := range want {
		want[i].Topic = config.Topic(family)
	}
	if diff := cmp.Diff(want, p.Changes, cmpopts.IgnoreFields(topics.Change{}, "Spec")); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	apply(t, c, p)
	settles(t, c, config, family)
}

func addPartitions(t *testing.T, h *harness) {
	users, _ := topics.Default().Family("users")
	adjusts(t, h, topics.Override{Partitions: users.Partitions + 2},
		topics.Change{Action: topics.AddPartitions, From: itoa(users.Partitions), To: itoa(users.Partitions + 2)})
}

func raiseRetention(t *testing.T, h *harness) {
	users, _ := topics.Default().Family("users")
	adjusts(t, h, topics.Override{Retention: 2 * users.Retention},
		topics.Change{Action: topics.Alter, Key: "retention.ms", From: itoa(users.Retention.Milliseconds()), To: itoa(2 * users.Retention.Milliseconds())})
}

// compactedTopic asserts that a topic that would lose all but the last event of a key is refused: to end that by itself would delete.
func compactedTopic(t *testing.T, h *harness) {
	const family = "apps"
	c, config := h.client(t), topics.Config{Prefix: h.prefix + "compacted."}
	apps, _ := topics.Default().Family(family)
	h.create(t, config.Topic(family), apps.Partitions, "cleanup.policy", "compact", "retention.ms", "-1")
	p := plan(t, c, config, family)
	if len(p.Changes) > 0 || len(p.Refusals) != 1 || !strings.Contains(p.Refusals[0].Reason, "cleanup.policy=delete") {
		t.Errorf("got the plan %v, want one refusal with its remedy", p)
	}
	apply(t, c, p)
	has(t, c, config.Topic(family), map[string]string{"cleanup.policy": "compact", "retention.ms": "-1"})
}

// raiseMinInsync asserts that where there are brokers enough a topic whose acknowledged writes may stand on one is mended.
func raiseMinInsync(t *testing.T, h *harness) {
	if h.brokers < 2 {
		t.Skip("one broker: there is nothing to raise; TestThreeBrokers has three")
	}
	const family = "apps"
	c, config := h.client(t), topics.Config{Prefix: h.prefix + "insync."}
	apps, _ := topics.Default().Family(family)
	h.create(t, config.Topic(family), apps.Partitions, "min.insync.replicas", "1")
	apply(t, c, plan(t, c, config, family))
	settles(t, c, config, family)
	has(t, c, config.Topic(family), map[string]string{"min.insync.replicas": "2"})
}

// createdTwice asserts that two instances that start at once, with the same plan, both come through.
func createdTwice(t *testing.T, h *harness) {
	c, config := h.client(t), topics.Config{Prefix: h.prefix + "twice."}
	p := plan(t, c, config, "apps", "users", "spaces")
	applied := make(chan error)
	for range 2 {
		go func() { applied <- c.Apply(within(t, time.Minute), p, func(topics.Change) {}) }()
	}
	must(t, "apply, twice at once", errors.Join(<-applied, <-applied))
	settles(t, c, config, "apps", "users", "spaces")
}

func itoa[T int32 | int64](n T) string { return strconv.FormatInt(int64(n), 10) }

func legalName(t *testing.T) string { return strings.Map(legal, t.Name()) }
