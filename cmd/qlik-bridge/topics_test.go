package main_test

import (
	"encoding/json"
	"strings"
	"testing"

	"qlikbridge/topics"
)

// TestTopics walks through plan, apply and list against a cluster that has nothing.
func TestTopics(t *testing.T) {
	t.Parallel()
	brokers := "--kafka-brokers=" + strings.Join(startFake(t, 0, 0, 0).Brokers(), ",")
	families := len(topics.Default().Families)

	plan := run(t, "topics", "plan", brokers)
	plan.expect(t, 0, "ACTION", "qlik.apps", "qlik.dead-letter", "× 3")
	if got := strings.Count(plan.out, "create "); got != families {
		t.Errorf("got %d topics to create, want %d: %s", got, families, plan.out)
	}
	if got := planned(t, brokers); got != families {
		t.Errorf("got %d changes after a plan, want all %d still to do", got, families)
	}

	applied := run(t, "topics", "apply", brokers)
	applied.expect(t, 0, "changes done")
	if applied.out != plan.out {
		t.Errorf("got %s, want the plan as it was shown: %s", applied.out, plan.out)
	}
	if got := planned(t, brokers); got != 0 {
		t.Errorf("got %d changes after apply, want none", got)
	}
	run(t, "topics", "plan", brokers).expect(t, 0, "every topic is as the catalogue wants it")
	run(t, "topics", "apply", brokers).expect(t, 0, "0 changes done")
	run(t, "topics", "list", brokers).expect(t, 0, "MIN IN-SYNC", "qlik.apps", "apps")

	run(t, "topics", "plan", brokers, "--config", file(t, "more.yaml", "topics: {families: {apps: {partitions: 50}}}\n")).expect(t, 0, "add-partitions", "50")
	run(t, "topics", "plan", brokers, "--topics-prefix", "other.").expect(t, 0, "other.apps")
}

// planned is the number of changes of a plan as JSON.
func planned(t *testing.T, brokers string) int {
	t.Helper()
	got := run(t, "topics", "plan", brokers, "--output", "json")
	got.expect(t, 0)
	if strings.Contains(got.out, "null") {
		t.Errorf("got %s, want lists where there is nothing too", got.out)
	}
	var plan topics.Plan
	must(t, json.Unmarshal([]byte(got.out), &plan))
	return len(plan.Changes)
}

// TestTopicsRefused asserts that what the guarantee would not hold on is refused, and not made.
func TestTopicsRefused(t *testing.T) {
	t.Parallel()
	brokers := "--kafka-brokers=" + strings.Join(startFake(t, 0, 0, 0).Brokers(), ",")
	for _, command := range []string{"plan", "apply"} {
		got := run(t, "topics", command, brokers, "--topics-replication", "1")
		got.expect(t, 1, "refuse", "qlik.apps", "replication 1 on a cluster of 3", "topics refused")
	}
	if got := planned(t, brokers); got != len(topics.Default().Families) {
		t.Errorf("got %d changes left, want all", got)
	}
}

func TestTopicsListOffline(t *testing.T) {
	t.Parallel()
	run(t, "topics", "list", "--offline").expect(t, 0, "TOPIC", "qlik.user-sessions", "qlik.other", "qlik.dead-letter")
	got := run(t, "topics", "list", "--offline", "-o", "json", "--topics-prefix", "x.")
	var list []struct {
		Topic, Family string
		Partitions    *int
	}
	must(t, json.Unmarshal([]byte(got.out), &list))
	if len(list) != len(topics.Default().Families) || list[0].Topic != "x.alerting-tasks" || list[0].Partitions != nil {
		t.Errorf("got %s, want every family without what a cluster has", got.out)
	}
}
