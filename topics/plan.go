package topics

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
)

// State is what a cluster has: its size, and those of the wanted topics that exist.
type State struct {
	Brokers int
	Topics  map[string]TopicState // :: topic -> what it is
}

// TopicState is what a topic is.
type TopicState struct {
	Partitions  int32
	Replication int16             // of the partition that has the fewest copies
	Config      map[string]string // :: topic setting -> effective value
}

// Action is the kind of a change. There is none that deletes or shrinks.
type Action string

// The actions, in the order in which a plan holds them for one topic.
const (
	Create        Action = "create"
	AddPartitions Action = "add-partitions"
	Alter         Action = "alter"
)

// Change is one step towards a Spec.
type Change struct {
	Action Action `json:"action"`
	Topic  string `json:"topic"`
	Key    string `json:"key,omitempty"`  // the topic setting, for Alter
	From   string `json:"from,omitempty"` // what it is now
	To     string `json:"to"`
	Spec   Spec   `json:"-"`
}

// Refusal is what a plan will not do or accept, because an acknowledged write would be weak, and how to mend it.
type Refusal struct {
	Topic  string `json:"topic"`
	Reason string `json:"reason"`
}

// Keep is where a topic stays as it is although less, or other copies, are wanted: a plan never deletes and moves no data.
type Keep struct {
	Topic string `json:"topic"`
	Key   string `json:"key"` // partitions, replication, or a topic setting
	Have  string `json:"have"`
	Want  string `json:"want"`
}

// Plan is the difference between what is wanted and what is there.
type Plan struct {
	Changes  []Change  `json:"changes"`
	Kept     []Keep    `json:"kept"`
	Refusals []Refusal `json:"refusals"`
}

// NewPlan compares. A topic that is refused is not changed.
func NewPlan(specs []Spec, have State) Plan {
	var p Plan
	for _, want := range specs {
		now, exists := have.Topics[want.Name]
		if reason := objection(want, now, exists, have.Brokers); reason != "" {
			p.Refusals = append(p.Refusals, Refusal{Topic: want.Name, Reason: reason})
			continue
		}
		if !exists {
			to := fmt.Sprintf("%d partitions × %d, retention %s", want.Partitions, want.Replication, RetentionText(want.Config[retentionMS]))
			p.Changes = append(p.Changes, Change{Action: Create, Topic: want.Name, To: to, Spec: want})
			continue
		}
		p.Changes = append(p.Changes, adjust(want, now)...)
		p.Kept = append(p.Kept, keep(want, now)...)
	}
	return p
}

// objection says why a topic as it is wanted, or as it is, cannot carry the guarantee; "" where it can. The guarantee needs an
// acknowledged write on two brokers wherever there are two.
func objection(want Spec, now TopicState, exists bool, brokers int) string {
	insync, err := strconv.Atoi(want.Config[minInsync])
	switch {
	case !exists && int(want.Replication) > brokers: // copies that exist may stand on a broker that is away
		return fmt.Sprintf("replication %d on a cluster of %d: lower topics.replication, or add brokers", want.Replication, brokers)
	case brokers > 1 && want.Replication < 2:
		return fmt.Sprintf("replication 1 on a cluster of %d: an acknowledged write would stand on one broker; set topics.replication to 2 or more, or leave it out", brokers)
	case err != nil || brokers > 1 && insync < 2:
		return fmt.Sprintf("%s %q: an acknowledged write could stand on one broker; take it out of topics.families", minInsync, want.Config[minInsync])
	case !exists && insync > int(want.Replication):
		return fmt.Sprintf("%s %d with replication %d: no write would ever be acknowledged; lower it in topics.families", minInsync, insync, want.Replication)
	case want.Config[unclean] != "false":
		return unclean + " on: a broker that missed acknowledged writes could become leader; take it out of topics.families"
	case want.Config[cleanupPolicy] != "delete":
		return fmt.Sprintf("%s %q: compaction drops every event of a key but the last; take it out of topics.families", cleanupPolicy, want.Config[cleanupPolicy])
	case exists && now.Config[cleanupPolicy] != "" && now.Config[cleanupPolicy] != "delete":
		return fmt.Sprintf("it exists with %s=%s: compaction drops every event of a key but the last, and to end it deletes what is older than retention.ms; decide, and run kafka-configs --alter --add-config %s=delete", cleanupPolicy, now.Config[cleanupPolicy], cleanupPolicy)
	case exists && brokers > 1 && now.Replication < 2:
		return fmt.Sprintf("it exists with replication 1 on a cluster of %d: raise it with kafka-reassign-partitions", brokers)
	}
	return ""
}

func adjust(want Spec, now TopicState) []Change {
	var changes []Change
	if now.Partitions < want.Partitions {
		changes = append(changes, Change{Action: AddPartitions, Topic: want.Name, From: itoa(now.Partitions), To: itoa(want.Partitions), Spec: want})
	}
	for _, key := range slices.Sorted(maps.Keys(want.Config)) {
		to := setting(key, want.Config[key], now.Config[key], now.Replication)
		if to != now.Config[key] {
			changes = append(changes, Change{Action: Alter, Topic: want.Name, Key: key, From: now.Config[key], To: to, Spec: want})
		}
	}
	return changes
}

func keep(want Spec, now TopicState) []Keep {
	var kept []Keep
	if now.Partitions > want.Partitions {
		kept = append(kept, Keep{want.Name, "partitions", itoa(now.Partitions), itoa(want.Partitions)})
	}
	if now.Replication != want.Replication {
		kept = append(kept, Keep{want.Name, "replication", itoa(int32(now.Replication)), itoa(int32(want.Replication))})
	}
	for _, key := range slices.Sorted(maps.Keys(want.Config)) {
		if have := now.Config[key]; have != want.Config[key] && setting(key, want.Config[key], have, now.Replication) == have {
			kept = append(kept, Keep{want.Name, key, have, want.Config[key]})
		}
	}
	return kept
}

// setting returns what a setting is to become. Those that keep more the larger they are only ever rise: to lower a retention is to
// delete (-1 is without limit). min.insync.replicas stays within the copies that a topic has.
func setting(key, want, now string, replication int16) string {
	switch key {
	case minInsync:
		want = itoa(min(atoi(want), int64(replication)))
		fallthrough
	case retentionMS, retentionBytes, maxMessage:
		if atoi(want) >= 0 && (atoi(now) < 0 || atoi(now) >= atoi(want)) {
			return now
		}
	}
	return want
}

func atoi(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64)
	return n
}

func itoa[T int32 | int64](n T) string { return strconv.FormatInt(int64(n), 10) }

// RetentionText writes retention.ms for people.
func RetentionText(ms string) string {
	if n := atoi(ms); n >= 0 && n <= math.MaxInt64/1_000_000 {
		return Retention(n * 1e6).String()
	}
	return "unlimited"
}
