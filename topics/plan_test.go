package topics_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"qlikbridge/topics"
)

// settings is a Config map that differs in a few keys from what is wanted on three brokers.
func settings(change ...string) map[string]string {
	config := map[string]string{
		"min.insync.replicas":            "2",
		"unclean.leader.election.enable": "false",
		"max.message.bytes":              "2097152",
		"retention.ms":                   "604800000",
		"cleanup.policy":                 "delete",
	}
	for i := 0; i < len(change); i += 2 {
		config[change[i]] = change[i+1]
	}
	return config
}

func spec(replication int16, change ...string) topics.Spec {
	return topics.Spec{Name: "qlik.apps", Family: "apps", Partitions: 6, Replication: replication, Config: settings(change...)}
}

func topic(replication int16, change ...string) *topics.TopicState {
	return &topics.TopicState{Partitions: 6, Replication: replication, Config: settings(change...)}
}

func alter(key, from, to string) topics.Change {
	return topics.Change{Action: topics.Alter, Topic: "qlik.apps", Key: key, From: from, To: to}
}

func TestPlan(t *testing.T) {
	tests := []struct {
		name    string
		want    topics.Spec
		brokers int
		have    *topics.TopicState // nil: no such topic
		changes []topics.Change
		refusal string // part of the reason
	}{
		{name: "create on three brokers", want: spec(3), brokers: 3,
			changes: []topics.Change{{Action: topics.Create, Topic: "qlik.apps", To: "6 partitions × 3, retention 7d"}}},
		{name: "create on two", want: spec(2), brokers: 2,
			changes: []topics.Change{{Action: topics.Create, Topic: "qlik.apps", To: "6 partitions × 2, retention 7d"}}},
		{name: "create on one", want: spec(1, "min.insync.replicas", "1"), brokers: 1,
			changes: []topics.Change{{Action: topics.Create, Topic: "qlik.apps", To: "6 partitions × 1, retention 7d"}}},
		{name: "create without limit", want: spec(3, "retention.ms", "-1"), brokers: 3,
			changes: []topics.Change{{Action: topics.Create, Topic: "qlik.apps", To: "6 partitions × 3, retention unlimited"}}},
		{name: "create with the longest retention", want: spec(3, "retention.ms", "9223372036854775807"), brokers: 3,
			changes: []topics.Change{{Action: topics.Create, Topic: "qlik.apps", To: "6 partitions × 3, retention unlimited"}}},
		{name: "nothing to do", want: spec(3), brokers: 3, have: topic(3)},
		{name: "nothing to do on one broker", want: spec(1, "min.insync.replicas", "1"), brokers: 1, have: topic(1, "min.insync.replicas", "1")},
		{name: "settings of others stay", want: spec(3), brokers: 3, have: topic(3, "segment.ms", "1")},

		{name: "add partitions", want: spec(3), brokers: 3, have: &topics.TopicState{Partitions: 2, Replication: 3, Config: settings()},
			changes: []topics.Change{{Action: topics.AddPartitions, Topic: "qlik.apps", From: "2", To: "6"}}},
		{name: "more partitions stay", want: spec(3), brokers: 3, have: &topics.TopicState{Partitions: 12, Replication: 3, Config: settings()}},
		{name: "more copies stay", want: spec(2), brokers: 3, have: topic(3)},
		{name: "fewer copies than wanted are enough if two", want: spec(3), brokers: 3, have: topic(2)},

		{name: "raise retention", want: spec(3), brokers: 3, have: topic(3, "retention.ms", "3600000"),
			changes: []topics.Change{alter("retention.ms", "3600000", "604800000")}},
		{name: "longer retention stays", want: spec(3), brokers: 3, have: topic(3, "retention.ms", "2592000000")},
		{name: "unlimited retention stays", want: spec(3), brokers: 3, have: topic(3, "retention.ms", "-1")},
		{name: "raise retention to unlimited", want: spec(3, "retention.ms", "-1"), brokers: 3, have: topic(3),
			changes: []topics.Change{alter("retention.ms", "604800000", "-1")}},
		{name: "unlimited is unlimited", want: spec(3, "retention.ms", "-1"), brokers: 3, have: topic(3, "retention.ms", "-1")},

		{name: "raise retention by size", want: spec(3, "retention.bytes", "2000"), brokers: 3, have: topic(3, "retention.bytes", "1000"),
			changes: []topics.Change{alter("retention.bytes", "1000", "2000")}},
		{name: "larger retention by size stays", want: spec(3, "retention.bytes", "1000"), brokers: 3, have: topic(3, "retention.bytes", "2000")},
		{name: "unlimited retention by size stays", want: spec(3, "retention.bytes", "1000"), brokers: 3, have: topic(3, "retention.bytes", "-1")},

		{name: "raise the largest message", want: spec(3), brokers: 3, have: topic(3, "max.message.bytes", "1048588"),
			changes: []topics.Change{alter("max.message.bytes", "1048588", "2097152")}},
		{name: "a larger message stays", want: spec(3), brokers: 3, have: topic(3, "max.message.bytes", "9000000")},
		{name: "raise min.insync.replicas", want: spec(3), brokers: 3, have: topic(3, "min.insync.replicas", "1"),
			changes: []topics.Change{alter("min.insync.replicas", "1", "2")}},
		{name: "more in sync stay", want: spec(3), brokers: 3, have: topic(3, "min.insync.replicas", "3")},
		{name: "min.insync.replicas within the copies there are", want: spec(3, "min.insync.replicas", "3"), brokers: 3, have: topic(2, "min.insync.replicas", "1"),
			changes: []topics.Change{alter("min.insync.replicas", "1", "2")}},
		{name: "unclean election off", want: spec(3), brokers: 3, have: topic(3, "unclean.leader.election.enable", "true"),
			changes: []topics.Change{alter("unclean.leader.election.enable", "true", "false")}},
		{name: "a compacted topic", want: spec(3), brokers: 3, have: topic(3, "cleanup.policy", "compact"), refusal: "kafka-configs"},
		{name: "a further setting", want: spec(3, "compression.type", "zstd"), brokers: 3, have: topic(3, "compression.type", "producer"),
			changes: []topics.Change{alter("compression.type", "producer", "zstd")}},
		{name: "several, in the order of their names", want: spec(3), brokers: 3,
			have: &topics.TopicState{Partitions: 1, Replication: 3, Config: settings("retention.ms", "1", "unclean.leader.election.enable", "true")},
			changes: []topics.Change{
				{Action: topics.AddPartitions, Topic: "qlik.apps", From: "1", To: "6"},
				alter("retention.ms", "1", "604800000"),
				alter("unclean.leader.election.enable", "true", "false")}},

		{name: "wanted replication 1 on three", want: spec(1, "min.insync.replicas", "1"), brokers: 3, refusal: "topics.replication"},
		{name: "wanted replication 1 on two", want: spec(1, "min.insync.replicas", "1"), brokers: 2, refusal: "topics.replication"},
		{name: "existing replication 1 on three", want: spec(3), brokers: 3, have: topic(1), refusal: "kafka-reassign-partitions"},
		{name: "existing replication 1, and nothing is changed", want: spec(3), brokers: 3, have: topic(1, "retention.ms", "1"), refusal: "kafka-reassign-partitions"},
		{name: "replication larger than the cluster", want: spec(3), brokers: 2, refusal: "add brokers"},
		{name: "existing copies on a broker that is away", want: spec(3), brokers: 2, have: topic(3)},
		{name: "min.insync.replicas of 1", want: spec(3, "min.insync.replicas", "1"), brokers: 3, refusal: "min.insync.replicas"},
		{name: "min.insync.replicas of 1 on two", want: spec(2, "min.insync.replicas", "1"), brokers: 2, refusal: "min.insync.replicas"},
		{name: "min.insync.replicas that is no number", want: spec(3, "min.insync.replicas", "two"), brokers: 3, refusal: "min.insync.replicas"},
		{name: "min.insync.replicas above the copies", want: spec(3, "min.insync.replicas", "4"), brokers: 3, refusal: "min.insync.replicas"},
		{name: "min.insync.replicas above the copies on one", want: spec(1), brokers: 1, refusal: "min.insync.replicas"},
		{name: "unclean election on", want: spec(3, "unclean.leader.election.enable", "true"), brokers: 3, refusal: "unclean.leader.election.enable"},
		{name: "unclean election on, one broker", want: spec(1, "min.insync.replicas", "1", "unclean.leader.election.enable", "true"), brokers: 1, refusal: "unclean"},
		{name: "compaction", want: spec(3, "cleanup.policy", "compact,delete"), brokers: 3, refusal: "cleanup.policy"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			have := topics.State{Brokers: tt.brokers, Topics: map[string]topics.TopicState{}}
			if tt.have != nil {
				have.Topics["qlik.apps"] = *tt.have
			}
			got := topics.NewPlan([]topics.Spec{tt.want}, have)
			ignoreSpec := cmpopts.IgnoreFields(topics.Change{}, "Spec")
			if diff := cmp.Diff(tt.changes, got.Changes, ignoreSpec, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
			for _, change := range got.Changes {
				if diff := cmp.Diff(tt.want, change.Spec); diff != "" {
					t.Errorf("the spec of %s (-want +got):\n%s", change.Action, diff)
				}
			}
			checkRefusals(t, got.Refusals, tt.refusal)
		})
	}
}

func checkRefusals(t *testing.T, got []topics.Refusal, want string) {
	t.Helper()
	if want == "" && len(got) == 0 {
		return
	}
	if want == "" || len(got) != 1 || got[0].Topic != "qlik.apps" || !strings.Contains(got[0].Reason, want) {
		t.Errorf("got refusals %v, want one of qlik.apps with %q", got, want)
	}
}

// TestPlanOfTheCatalogue asserts that the catalogue is laid out on clusters of 1 to 5 brokers without a refusal, and that a second plan
// over what the first made is empty.
func TestPlanOfTheCatalogue(t *testing.T) {
	for brokers := 1; brokers <= 5; brokers++ {
		specs := topics.DefaultConfig().Specs(topics.Default(), brokers, 2<<20)
		first := topics.NewPlan(specs, topics.State{Brokers: brokers})
		if len(first.Changes) != 31 || len(first.Refusals) != 0 {
			t.Errorf("%d brokers: got %d changes, refusals %v; want 31 topics created", brokers, len(first.Changes), first.Refusals)
		}
		made := topics.State{Brokers: brokers, Topics: map[string]topics.TopicState{}}
		for _, s := range specs {
			made.Topics[s.Name] = topics.TopicState{Partitions: s.Partitions, Replication: s.Replication, Config: maps.Clone(s.Config)}
		}
		if second := topics.NewPlan(specs, made); len(second.Changes)+len(second.Refusals) != 0 {
			t.Errorf("%d brokers: got a second plan %v, want an empty one", brokers, second)
		}
	}
}

// TestPlanKept asserts that a plan says where it leaves more than is wanted, or other copies, as they are.
func TestPlanKept(t *testing.T) {
	want := topics.Spec{Name: "qlik.apps", Partitions: 2, Replication: 3, Config: settings("retention.ms", "1000")}
	have := topics.TopicState{Partitions: 6, Replication: 2, Config: settings("retention.ms", "5000")}
	p := topics.NewPlan([]topics.Spec{want}, topics.State{Brokers: 3, Topics: map[string]topics.TopicState{"qlik.apps": have}})
	kept := []topics.Keep{{"qlik.apps", "partitions", "6", "2"}, {"qlik.apps", "replication", "2", "3"}, {"qlik.apps", "retention.ms", "5000", "1000"}}
	if diff := cmp.Diff(kept, p.Kept); diff != "" || len(p.Changes) > 0 || len(p.Refusals) > 0 {
		t.Errorf("got changes %v, refusals %v, kept (-want +got):\n%s", p.Changes, p.Refusals, diff)
	}
}
