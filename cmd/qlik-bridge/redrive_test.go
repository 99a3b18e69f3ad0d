package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	appCreated  = "com.qlik.app.created"
	appDeleted  = "com.qlik.app.deleted"
	userCreated = "com.qlik.v1.user.created"
)

// startBilling has a group that has handled most of what there is: one event an hour, five in qlik.apps/0, then three in qlik.apps/1, then two
// in qlik.users/0.
func startBilling(t *testing.T) *redriven {
	t.Helper()
	r := startRedriven(t)
	r.fillBilling(t)
	return r
}

func (r *redriven) fillBilling(t *testing.T) {
	t.Helper()
	r.put(t, "qlik.apps", 0, appCreated, appDeleted, appCreated, "com.qlik.v1.app.deleted", appCreated)
	r.put(t, "qlik.apps", 1, appCreated, appCreated, appDeleted)
	r.put(t, "qlik.users", 0, userCreated, userCreated)
	r.commit(t, "billing", "qlik.apps", 0, 4, "qlik.apps", 1, 2, "qlik.users", 0, 2)
}

// moment is the time of the event of a number, as Kafka's tool takes it.
func (r *redriven) moment(n int) string { return r.at(n).UTC().Format("2006-01-02T15:04:05.000") }

// TestRedriveTargets asserts of every way to name a target, and of every way to choose topics, where the group goes; that a dry run changes
// nothing; and that what was not chosen stays.
func TestRedriveTargets(t *testing.T) {
	t.Parallel()
	r := startBilling(t)
	before := map[string]int64{"qlik.apps/0": 4, "qlik.apps/1": 2, "qlik.users/0": 2}
	all := func(apps0, apps1, users0 int64) map[string]int64 {
		return map[string]int64{"qlik.apps/0": apps0, "qlik.apps/1": apps1, "qlik.users/0": users0}
	}
	duration := fmt.Sprintf("%dh30m", hoursAgo-4) // half an hour before the fifth event
	tests := []struct {
		name string
		args []string
		want map[string]int64
	}{
		{"earliest", []string{"--to-earliest"}, all(0, 0, 0)},
		{"latest", []string{"--to-latest"}, all(5, 3, 2)},
		{"offset", []string{"--to-offset", "1"}, all(1, 1, 1)},
		{"offset beyond", []string{"--to-offset", "4", "--clamp"}, all(4, 3, 2)},
		{"back", []string{"--shift-by", "-2"}, all(2, 0, 0)},
		{"back too far", []string{"--shift-by", "-3", "--clamp"}, all(1, 0, 0)},
		{"ahead too far", []string{"--shift-by=2", "--clamp"}, all(5, 3, 2)},
		{"time", []string{"--to-datetime", r.moment(6)}, all(5, 1, 0)},
		{"time with a zone", []string{"--to-datetime", r.at(6).In(time.FixedZone("", 3600)).Format(time.RFC3339)}, all(5, 1, 0)},
		{"time after all", []string{"--to-datetime", time.Now().UTC().Format("2006-01-02T15:04:05")}, all(5, 3, 2)},
		{"time that is to come", []string{"--to-datetime", "2999-01-01T00:00:00.000", "--clamp"}, all(5, 3, 2)},
		{"duration", []string{"--by-duration", duration}, all(4, 0, 0)},
		{"duration as Kafka writes it", []string{"--by-duration", "PT" + strings.ToUpper(duration)}, all(4, 0, 0)},
		{"event", []string{"--to-event", "qlik.apps-1-1"}, all(5, 1, 0)},
		{"event, its partition alone", []string{"--to-event", "qlik.apps-1-1", "--only-partition"}, all(4, 1, 2)},
		{"event since", []string{"--to-event", "qlik.users-0-0", "--since", "95h"}, all(5, 3, 0)},
		{"a topic, also where the group has no offset", []string{"--topic", "qlik.users", "--to-earliest"}, with(with(all(4, 2, 0), "qlik.users/1", 0), "qlik.users/2", 0)},
		{"a partition", []string{"--topic", "qlik.apps:1", "--to-earliest"}, all(4, 0, 2)},
		{"partitions", []string{"--topic", "qlik.apps:0,1", "--to-earliest"}, all(0, 0, 2)},
		{"partitions of two", []string{"--topic", "qlik.apps:0", "--topic", "qlik.users:0", "--to-earliest"}, all(0, 2, 0)},
		{"a family", []string{"--family", "users", "--to-earliest"}, all(4, 2, 0)},
		{"a type", []string{"--type", "com.qlik.core.user.created", "--to-earliest"}, all(4, 2, 0)},
		{"types", []string{"--type", "com.qlik.app.*", "--to-earliest"}, all(0, 0, 2)},
		{"a topic of a family", []string{"--topic", "qlik.apps:1", "--family", "apps", "--to-earliest"}, all(4, 0, 2)},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			group := fmt.Sprint("billing-", i)
			r.commit(t, group, "qlik.apps", 0, 4, "qlik.apps", 1, 2, "qlik.users", 0, 2)
			args := append([]string{"--group", group, "-o", "json"}, tt.args...)
			dry := r.run(t, args...)
			if dry.expect(t, 0); !cmp.Equal(before, r.offsets(t, group)) {
				t.Errorf("got %v after a dry run, want what was: %s", r.offsets(t, group), dry.err)
			}
			planned := before
			for partition, offset := range dry.plan(t).targets() {
				planned = with(planned, partition, offset)
			}
			r.run(t, append(args, "--execute")...).expect(t, 0)
			if diff := cmp.Diff(tt.want, r.offsets(t, group)); diff != "" {
				t.Errorf("offsets (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.want, planned); diff != "" {
				t.Errorf("what the dry run said (-want +got):\n%s", diff)
			}
		})
	}
}

// with is a map with another value for a key.
func with(m map[string]int64, key string, value int64) map[string]int64 {
	all := map[string]int64{key: value}
	for k, v := range m {
		if k != key {
			all[k] = v
		}
	}
	return all
}

// TestRedriveTable asserts the table and the words around it, of a dry run and of an execution.
func TestRedriveTable(t *testing.T) {
	t.Parallel()
	r := startBilling(t)
	check := func(got ended, out, err string) {
		t.Helper()
		got.expect(t, 0)
		if diff := cmp.Diff(out, timeless(got.out)); diff != "" {
			t.Errorf("standard output (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(err, timeless(got.err)); diff != "" {
			t.Errorf("standard error (-want +got):\n%s", diff)
		}
	}
	check(r.run(t, "--group", "billing", "--to-offset", "3", "--clamp", "--topic", "qlik.apps:0,1", "--topic", "qlik.users:0"), `TOPIC       PARTITION  CURRENT  TARGET  EVENTS     FIRST                 LAST                  TYPES
qlik.apps   0          4        3       1 again    0000-00-00T00:00:00Z  0000-00-00T00:00:00Z  com.qlik.v1.app.deleted 1
qlik.apps   1          2        3       1 skipped  0000-00-00T00:00:00Z  0000-00-00T00:00:00Z  com.qlik.app.deleted 1
qlik.users  0          2        2       -          -                     -                     -
`, `1 event in 1 partition would be handled again: com.qlik.v1.app.deleted 1
1 event in 1 partition would be passed over: com.qlik.app.deleted 1
dry run: --execute does it
`)
	check(r.run(t, "--group", "billing", "--to-event", "qlik.apps-0-1", "--execute"), `TOPIC       PARTITION  CURRENT  TARGET  EVENTS   FIRST                 LAST                  TYPES
qlik.apps   0          4        1       3 again  0000-00-00T00:00:00Z  0000-00-00T00:00:00Z  com.qlik.app.created 1, com.qlik.app.deleted 1, com.qlik.v1.app.deleted 1
qlik.apps   1          2        0       2 again  0000-00-00T00:00:00Z  0000-00-00T00:00:00Z  com.qlik.app.created 2
qlik.users  0          2        0       2 again  0000-00-00T00:00:00Z  0000-00-00T00:00:00Z  com.qlik.v1.user.created 2
`, `qlik.apps-0-1 is at qlik.apps/0/1, taken in at 0000-00-00T00:00:00Z
7 events in 3 partitions will be handled again: com.qlik.app.created 3, com.qlik.v1.user.created 2, com.qlik.app.deleted 1, com.qlik.v1.app.deleted 1
group billing: 3 offsets set; this takes it back: qlik-bridge redrive --undo redrive-billing-TIME.json --execute
`)
	check(r.run(t, "--group", "billing", "--shift-by", "0", "--execute"), `TOPIC       PARTITION  CURRENT  TARGET  EVENTS  FIRST  LAST  TYPES
qlik.apps   0          1        1       -       -      -     -
qlik.apps   1          0        0       -       -      -     -
qlik.users  0          0        0       -       -      -     -
`, "group billing stands there already\n")
	files, err := filepath.Glob(filepath.Join(r.folder, "redrive-billing-*.json"))
	if err != nil || len(files) != 1 {
		t.Errorf("got the files %v, %v, want one of the one redrive that changed something", files, err)
	}
}

// TestRedriveTypes asserts that --type, which chooses topics, says so where they hold other events too.
func TestRedriveTypes(t *testing.T) {
	t.Parallel()
	r := startBilling(t)
	r.run(t, "--group", "billing", "--to-earliest", "--type", appCreated).expect(t, 0, "the group is given every event in them again; --copy-to")
	got := r.run(t, "--group", "billing", "--to-earliest", "--type", userCreated)
	if got.expect(t, 0, "2 events in 1 partition would be handled again: com.qlik.v1.user.created 2\n"); strings.Contains(got.err, "every event") {
		t.Errorf("got %s, want no warning where no other event is there", got.err)
	}
}

// TestRedriveRead asserts that no more is read than may be, that it is said, and that offsets go where they would.
func TestRedriveRead(t *testing.T) {
	t.Parallel()
	r := startRedriven(t)
	r.step = time.Minute
	var types []string
	for i := range 300 {
		types = append(types, []string{appCreated, appDeleted}[min(1, i/250)])
	}
	r.put(t, "qlik.apps", 0, types...)
	r.commit(t, "billing", "qlik.apps", 0, 300)
	for _, tt := range []struct {
		read    string
		exact   bool
		counted int
	}{{"1000000", true, 300}, {"300", true, 300}, {"100", false, 100}, {"0", false, 0}} {
		t.Run(tt.read, func(t *testing.T) {
			got := r.run(t, "--group", "billing", "--to-earliest", "--read", tt.read, "-o", "json")
			got.expect(t, 0)
			p := got.plan(t)
			m := p.Partitions[0]
			if m.Exact != tt.exact || m.Events != 300 || p.Types[appCreated]+p.Types[appDeleted] != tt.counted || *m.Target != 0 {
				t.Errorf("got %s, want 300 events and %d of them counted", got.out, tt.counted)
			}
			if tt.counted > 0 && (!m.First.Equal(r.at(0)) || !m.Last.Equal(r.at(299))) {
				t.Errorf("got %s to %s, want the first and the last, %s and %s", m.First, m.Last, r.at(0), r.at(299))
			}
		})
	}
	r.run(t, "--group", "billing", "--to-earliest", "--read", "100").expect(t, 0, "≤300 again", "300 events in 1 partition would be handled again: com.qlik.app.created 50, com.qlik.app.deleted 50", "not all of them were read (--read 100)")
}

// TestRedriveNew asserts what becomes of partitions that the group has no offset in: they are left alone, unless a topic is named, as Kafka's tool
// does it.
func TestRedriveNew(t *testing.T) {
	t.Parallel()
	r := startBilling(t)
	r.put(t, "qlik.spaces", 0, "com.qlik.space.created", "com.qlik.space.created", "com.qlik.space.deleted")
	r.run(t, "--group", "billing", "--topic", "qlik.spaces:0", "--to-offset", "2").expect(t, 0,
		"qlik.spaces  0          -        2       1 ahead", "1 event in 1 partition would be handled where the group has no offset yet: com.qlik.space.deleted 1\n",
		"1 partition of up to 2 events before the target will not be handled")
	r.run(t, "--group", "billing", "--topic", "qlik.spaces:0", "--shift-by", "1").expect(t, 1, "the group has no offset here that could be shifted")
	got := r.run(t, "--group", "billing", "--topic", "qlik.spaces:0", "--shift-by", "1", "--clamp")
	if got.expect(t, 1); strings.Contains(got.err, "--clamp takes") {
		t.Errorf("got %s, want no remedy that is none", got.err)
	}
	r.run(t, "--group", "billing", "--topic", "qlik.spaces", "--to-earliest", "--execute").expect(t, 0)
	if got := r.offsets(t, "billing"); got["qlik.spaces/0"] != 0 || len(got) != 6 {
		t.Errorf("got %v, want the three partitions of qlik.spaces as well", got)
	}
	r.run(t, "--group", "billing", "--to-latest", "--execute").expect(t, 0)
	if diff := cmp.Diff(map[string]int64{"qlik.apps/0": 5, "qlik.apps/1": 3, "qlik.users/0": 2, "qlik.spaces/0": 3, "qlik.spaces/1": 0, "qlik.spaces/2": 0}, r.offsets(t, "billing")); diff != "" {
		t.Errorf("offsets (-want +got):\n%s", diff)
	}
}

// TestRedriveRefuses asserts what is refused with which words, that nothing is changed by it and no undo file left.
func TestRedriveRefuses(t *testing.T) {
	t.Parallel()
	r := startBilling(t)
	r.commit(t, "nobody", "qlik.users", 0, 1)
	before := r.offsets(t, "billing")
	tests := []struct {
		name string
		args []string
		want []string
	}{
		{"an unknown group", []string{"--group", "biling", "--to-earliest"}, []string{"group biling is not there", "there is billing"}},
		{"a group that nothing is like", []string{"--group", "warehouse", "--to-earliest"}, []string{"none of the 2 groups is named like it"}},
		{"an offset beyond", []string{"--group", "billing", "--to-offset", "4"}, []string{"qlik.apps   1", "offset 4", "0 to 2", "the partition ends before", "2 partitions do not hold what --to-offset asks for; nothing was changed; --clamp"}},
		{"a shift too far", []string{"--group", "billing", "--shift-by", "-3", "--topic", "qlik.apps:1"}, []string{"offset -1", "1 partition does not hold", "--shift-by"}},
		{"a time to come", []string{"--group", "billing", "--to-datetime", "2999-01-01T00:00:00"}, []string{"2999-01-01T00:00:00Z", "still to come; a time without a zone is UTC"}},
		{"an unknown topic", []string{"--group", "billing", "--to-earliest", "--topic", "qlik.app"}, []string{"topic qlik.app", "not exist"}},
		{"an unknown partition", []string{"--group", "billing", "--to-earliest", "--topic", "qlik.apps:1,6"}, []string{"topic qlik.apps has no partition 6; it has 0 to 5"}},
		{"an unknown partition to look in", []string{"--group", "billing", "--to-event", "x", "--topic", "qlik.apps:6"}, []string{"topic qlik.apps has no partition 6"}},
		{"a family that the group has not", []string{"--group", "billing", "--to-earliest", "--family", "spaces"}, []string{"has offsets in qlik.apps, qlik.users", "choose none of them"}},
		{"a type that is misspelt", []string{"--group", "billing", "--to-earliest", "--type", "com.qlik.app.craeted"}, []string{`warning: type "com.qlik.app.craeted" is not in the catalogue`, "choose none of them"}},
		{"an unknown event", []string{"--group", "billing", "--to-event", "nope"}, []string{"--to-event nope: none of 10 events of 2 topics has this id"}},
		{"an event of another topic", []string{"--group", "nobody", "--to-event", "qlik.apps-0-1"}, []string{"none of 2 events of 1 topic has this id", "--topic names one"}},
		{"an event of another partition", []string{"--group", "billing", "--to-event", "qlik.apps-0-1", "--topic", "qlik.apps:1"}, []string{"none of 3 events"}},
		{"an event from before", []string{"--group", "billing", "--to-event", "qlik.apps-0-1", "--since", "1m"}, []string{"none of 0 events of 2 topics since "}},
		{"a folder that is not there", []string{"--group", "billing", "--to-earliest", "--undo-file", filepath.Join(r.folder, "none", "x.json")}, []string{"the undo file: ", "nothing was changed"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r.run(t, append(tt.args, "--execute")...).expect(t, 1, tt.want...)
		})
	}
	if diff := cmp.Diff(before, r.offsets(t, "billing")); diff != "" {
		t.Errorf("offsets (-before +after):\n%s", diff)
	}
	if left, err := os.ReadDir(r.folder); err != nil || len(left) > 0 {
		t.Errorf("got %v, %v, want no files", left, err)
	}
}

// TestRedriveRetention asserts that a target is refused that retention may have taken events of, with what remains, in words and as JSON; that
// what can only have been deleted by hand is not; and that --clamp takes what is left.
func TestRedriveRetention(t *testing.T) {
	t.Parallel()
	r := startBilling(t)
	must(t, r.kafka.Cluster().DeleteRecords("qlik.apps", 0, 2))
	at := []string{"--group", "billing", "--to-datetime", r.moment(0)}
	r.run(t, at...).expect(t, 0) // within the 30 days that the topic keeps
	r.run(t, "--group", "billing", "--to-offset", "1", "--topic", "qlik.apps:0").expect(t, 1, "offset 1", "2 to 4", "the partition begins later")
	r.run(t, "--group", "billing", "--to-earliest", "--topic", "qlik.apps:0").expect(t, 0, "4        2       2 again")

	bytes := "1000000" // by which anything may have been deleted
	_, err := r.admin.AlterTopicConfigs(t.Context(), []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "retention.bytes", Value: &bytes}}, "qlik.apps")
	must(t, err)
	got := r.run(t, at...)
	got.expect(t, 1, "qlik.apps  0          ", "2 to 4", "retention may have deleted events from then on", "1 partition does not hold what --to-datetime asks for")
	if strings.Contains(got.out, "qlik.users") || strings.Contains(got.out, "CURRENT") {
		t.Errorf("got %s, want what is refused alone", got.out)
	}
	p := r.run(t, append(at, "-o", "json")...)
	p.expect(t, 1)
	if refused := p.plan(t).Refused; len(refused) != 1 || refused[0].Start != 2 || refused[0].End != 5 || !refused[0].First.Equal(r.at(2)) || refused[0].Asked == "" || refused[0].Reason == "" {
		t.Errorf("got %s, want what is left of qlik.apps/0", p.out)
	}
	r.run(t, append(at, "--clamp")...).expect(t, 0, "qlik.apps   0          4        2       2 again")
	r.run(t, "--group", "billing", "--to-datetime", r.moment(2)).expect(t, 0) // of which all is there
	r.run(t, "--group", "billing", "--to-event", "qlik.apps-0-2").expect(t, 0)
}

// TestRedriveLive asserts that a group with a member is refused, dry and executed, naming the member, and is not once it has left.
func TestRedriveLive(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]kgo.Opt{"classic": nil, "modern": {kgo.ServerSideBalancer()}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := startBilling(t)
			r.live(t, opts...)
		})
	}
}

func (r *redriven) live(t *testing.T, opts ...kgo.Opt) {
	t.Helper()
	end := r.member(t, "billing", "qlik.apps", opts...)
	dry := r.run(t, "--group", "billing", "--to-earliest")
	dry.expect(t, 1, "qlik.apps   0          4        0       4 again", "CLIENT ID", "HOST", "MEMBER ID", "worker-7   127.0.0.1", "refused: group billing has 1 live member", "Stop them")
	if strings.Contains(dry.err, "--execute does it") {
		t.Errorf("got %s, want no word of executing", dry.err)
	}
	got := r.run(t, "--group", "billing", "--to-earliest", "--execute")
	got.expect(t, 1, "worker-7   127.0.0.1", "refused: group billing has 1 live member")
	p := r.run(t, "--group", "billing", "--to-earliest", "-o", "json")
	p.expect(t, 1)
	if m := p.plan(t).Members; len(m) != 1 || m[0]["client_id"] != "worker-7" || m[0]["host"] == "" || m[0]["member_id"] == "" {
		t.Errorf("got %s, want the member", p.out)
	}
	if left, err := os.ReadDir(r.folder); err != nil || len(left) > 0 {
		t.Errorf("got %v, %v, want no undo file", left, err)
	}
	end()
	eventually(t, "the group empty", func() bool { return r.run(t, "--group", "billing", "--to-earliest", "--execute").code == 0 })
	if got := r.offsets(t, "billing"); got["qlik.apps/0"] != 0 {
		t.Errorf("got %v, want the beginning", got)
	}
}
