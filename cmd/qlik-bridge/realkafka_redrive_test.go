package main_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"qlikbridge/bridge/kafkatest"
)

// redriven resets groups beside Kafka's own kafka-consumer-groups, and lets the consumers that it refuses be real ones.
func (r *realKafka) redriven(t *testing.T) {
	d := newRedriven(t, r.cluster.Brokers())
	for topic, partitions := range map[string]int32{"qlik.apps": 3, "qlik.users": 2, "qlik.spaces": 2} {
		_, err := d.admin.CreateTopic(t.Context(), partitions, 1, nil, topic)
		must(t, err)
	}
	d.fillBilling(t)
	d.put(t, "qlik.spaces", 1, "com.qlik.space.created", "com.qlik.space.created")
	for name, opts := range map[string][]kgo.Opt{"classic": nil, "modern": {kgo.ServerSideBalancer()}} {
		t.Run("live, "+name, func(t *testing.T) {
			d.folder = t.TempDir()
			d.commit(t, "billing", "qlik.apps", 0, 4, "qlik.apps", 1, 2, "qlik.users", 0, 2)
			d.live(t, opts...)
		})
	}
	for name, part := range map[string]func(*testing.T){"as Kafka's tool does": d.asKafkaDoes, "a group that is not": d.strangers, "undone": d.undone, "copied": d.copied} {
		t.Run(name, func(t *testing.T) {
			d.folder = t.TempDir()
			part(t)
		})
	}
}

// reset is one request in both languages.
type reset struct {
	name         string
	ours, theirs []string
	refused      bool // by both
}

// resets are every flag that redrive has from Kafka's tool, within what the partitions hold and beyond.
func (r *redriven) resets() []reset {
	same := func(name string, args ...string) reset {
		return reset{name: name, ours: append(args, "--clamp"), theirs: append([]string{"--all-topics"}, args...)}
	}
	named := func(name string, args ...string) reset {
		return reset{name: name, ours: append(args, "--clamp"), theirs: args}
	}
	return []reset{
		same("earliest", "--to-earliest"),
		same("latest", "--to-latest"),
		same("offset", "--to-offset", "2"),
		same("offset, before some and beyond some", "--to-offset", "1"),
		same("offset beyond all", "--to-offset", "1000"),
		same("back", "--shift-by", "-1"),
		same("back too far", "--shift-by", "-100"),
		same("ahead too far", "--shift-by", "100"),
		same("nowhere", "--shift-by", "0"),
		same("time", "--to-datetime", r.moment(6)),
		same("time with a zone", "--to-datetime", r.at(6).In(time.FixedZone("", 2*3600)).Format("2006-01-02T15:04:05.000-07:00")),
		same("time before all", "--to-datetime", "2020-01-01T00:00:00.000"),
		same("time after all", "--to-datetime", time.Now().UTC().Format("2006-01-02T15:04:05.000")),
		same("time that is to come", "--to-datetime", "2999-01-01T00:00:00.000"),
		same("duration", "--by-duration", fmt.Sprintf("PT%dH30M", hoursAgo-4)),
		same("duration in days", "--by-duration", "P4DT30M"),
		same("duration of nothing", "--by-duration", "PT0S"),
		named("a topic", "--topic", "qlik.users", "--to-earliest"),
		named("partitions", "--topic", "qlik.apps:0,1", "--to-offset", "3"),
		named("two topics", "--topic", "qlik.apps:0", "--topic", "qlik.users", "--to-datetime", r.moment(8)),
		named("a topic that the group has no offset in", "--topic", "qlik.spaces", "--to-datetime", r.moment(11)),
		{name: "a shift where there is no offset", ours: []string{"--topic", "qlik.spaces", "--shift-by", "1", "--clamp"}, theirs: []string{"--topic", "qlik.spaces", "--shift-by", "1"}, refused: true},
	}
}

// asKafkaDoes asserts of each that two groups that stand alike stand alike afterwards, in every partition.
func (r *redriven) asKafkaDoes(t *testing.T) {
	deleted, err := r.admin.DeleteRecords(t.Context(), kadm.Offsets{"qlik.apps": {0: {Topic: "qlik.apps", At: 2}}})
	must(t, errors.Join(err, deleted.Error())) // so that there is a before
	for i, tt := range r.resets() {
		t.Run(tt.name, func(t *testing.T) {
			ours, theirs := fmt.Sprint("ours-", i), fmt.Sprint("theirs-", i)
			for _, group := range []string{ours, theirs} {
				r.commit(t, group, "qlik.apps", 0, 4, "qlik.apps", 1, 2, "qlik.users", 0, 1)
			}
			out, err := kafkatest.Tool(t.Context(), kafkatest.ConsumerGroups, append([]string{"--bootstrap-server", strings.Join(r.seeds, ","), "--group", theirs, "--reset-offsets", "--execute"}, tt.theirs...)...)
			if failed := err != nil || strings.Contains(out, "Error: "); failed != tt.refused {
				t.Fatalf("got %s, %v of Kafka's tool, want it to be refused: %t", out, err, tt.refused)
			}
			code := 0
			if tt.refused {
				code = 1
			}
			r.run(t, append([]string{"--group", ours, "--execute"}, tt.ours...)...).expect(t, code)
			if diff := cmp.Diff(r.offsets(t, theirs), r.offsets(t, ours)); diff != "" {
				t.Errorf("offsets (-Kafka's tool +redrive):\n%s%s", diff, out)
			}
			t.Logf("both: %v", r.offsets(t, ours))
		})
	}
}

// strangers asserts that a group that there is not is made by Kafka's tool, and refused by redrive.
func (r *redriven) strangers(t *testing.T) {
	out, err := kafkatest.Tool(t.Context(), kafkatest.ConsumerGroups, "--bootstrap-server", strings.Join(r.seeds, ","), "--group", "warehouse", "--reset-offsets", "--execute", "--topic", "qlik.users:0", "--to-latest")
	if must(t, err); len(r.offsets(t, "warehouse")) != 1 {
		t.Errorf("got %s, want the group with an offset", out)
	}
	r.run(t, "--group", "warehose", "--execute", "--topic", "qlik.users:0", "--to-latest").expect(t, 1, "group warehose is not there", "there is warehouse")
	if got := r.offsets(t, "warehose"); len(got) > 0 {
		t.Errorf("got %v, want no such group", got)
	}
}

// undone takes a reset back, offsets that were none included.
func (r *redriven) undone(t *testing.T) {
	r.commit(t, "undone", "qlik.apps", 1, 2, "qlik.users", 0, 1)
	before := r.offsets(t, "undone")
	r.run(t, "--group", "undone", "--topic", "qlik.apps", "--topic", "qlik.users:0", "--to-latest", "--execute", "--undo-file", "back.json").expect(t, 0, "4 offsets set")
	r.run(t, "--undo", "back.json", "--execute", "--undo-file", "again.json").expect(t, 0, "4 offsets set")
	if diff := cmp.Diff(before, r.offsets(t, "undone")); diff != "" {
		t.Errorf("offsets (-before +after):\n%s", diff)
	}
}

// copied copies some events, and none of them twice.
func (r *redriven) copied(t *testing.T) {
	for _, want := range []string{"3 events copied to side\n", "3 events have a copy there already"} {
		r.run(t, "--copy-to", "side", "--to-datetime", r.moment(4), "--topic", "qlik.apps", "--type", appCreated, "--execute").expect(t, 0, want)
	}
	if diff := cmp.Diff([]string{"qlik.apps/0/4", "qlik.apps/1/0", "qlik.apps/1/1"}, r.origins(t, "side")); diff != "" {
		t.Errorf("copies (-want +got):\n%s", diff)
	}
}
