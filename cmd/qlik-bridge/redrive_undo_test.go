package main_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"qlikbridge/bridge/marks"
)

// TestRedriveUndo goes the whole way: an undo file says what was done, is shown, and takes it back, offsets that were none and what the group had
// left beside the others included; and is itself taken back.
func TestRedriveUndo(t *testing.T) {
	t.Parallel()
	r := startBilling(t)
	before := r.offsets(t, "billing")
	r.run(t, "--group", "billing", "--topic", "qlik.apps", "--to-earliest", "--execute", "--undo-file", "back.json").expect(t, 0, "qlik-bridge redrive --undo back.json --execute")
	after := r.offsets(t, "billing")
	info, err := os.Stat(filepath.Join(r.folder, "back.json"))
	if must(t, err); info.Mode() != 0o600 || len(after) != 7 {
		t.Errorf("got mode %s and %v, want 0600 and every partition of qlik.apps", info.Mode(), after)
	}

	r.run(t, "--undo", "back.json").expect(t, 0, "qlik.apps  0          0        4       4 skipped", "qlik.apps  2          0        -       offset removed",
		"6 events in 2 partitions would be passed over", "4 partitions had no offset before and will have none", "dry run: --execute does it")
	if diff := cmp.Diff(after, r.offsets(t, "billing")); diff != "" {
		t.Errorf("offsets after a dry run (-before +after):\n%s", diff)
	}
	r.run(t, "--undo", "back.json", "--execute", "--undo-file", "again.json").expect(t, 0, "6 offsets set", "--undo again.json")
	if diff := cmp.Diff(before, r.offsets(t, "billing")); diff != "" {
		t.Errorf("offsets (-before +after):\n%s", diff)
	}
	fetched, err := r.admin.FetchOffsets(t.Context(), "billing")
	must(t, err)
	fetched.Each(func(o kadm.OffsetResponse) {
		if o.Metadata != "mine" {
			t.Errorf("got %q beside %s/%d, want what the group had left there", o.Metadata, o.Topic, o.Partition)
		}
	})
	r.run(t, "--undo", "back.json", "--execute").expect(t, 0, "group billing stands there already")

	r.run(t, "--undo", "again.json", "--execute").expect(t, 0, "6 offsets set")
	if diff := cmp.Diff(after, r.offsets(t, "billing")); diff != "" {
		t.Errorf("offsets (-want +got):\n%s", diff)
	}
}

// TestRedriveBeyond asserts that a group that has done events beyond its offsets is given them again by the very offsets that it stands at, that they
// are counted, that the plan says that its notes go, and that undo gives them back.
func TestRedriveBeyond(t *testing.T) {
	t.Parallel()
	r := startBilling(t)
	note := marks.Done{Until: 5, Unfinished: []int64{1, 3}}.Text()
	r.note(t, "beyond", 1, note)
	const drops = "in 1 partition the group had done events beyond its offset"
	r.run(t, "--group", "beyond", "--to-offset", "0").expect(t, 0, "3 again", drops)
	r.run(t, "--group", "beyond", "--to-offset", "2").expect(t, 0, "1 skipped, 2 again", "2 events in 1 partition would be handled again", "1 event in 1 partition would be passed over", drops)
	r.run(t, "--group", "beyond", "--to-offset", "0", "--read", "0").expect(t, 0, "≤3 again")
	p := r.run(t, "--group", "beyond", "--to-latest", "-o", "json").plan(t)
	if p.Skipped != 2 || p.Again != 0 || p.Partitions[0].Events != 2 {
		t.Errorf("got %+v, want the 2 that are not done to be skipped", p)
	}
	r.run(t, "--group", "beyond", "--to-offset", "1", "--execute", "--undo-file", "back.json").expect(t, 0, "0          1        1       2 again", drops, "1 offset set")
	if got := r.beside(t, "beyond"); got != "1 " {
		t.Errorf("got %q, want the offset alone", got)
	}
	r.run(t, "--group", "beyond", "--to-offset", "1").expect(t, 0, "group beyond stands there already")
	r.run(t, "--undo", "back.json", "--execute").expect(t, 0, "2 skipped", "1 offset set")
	if got, want := r.beside(t, "beyond"), "1 "+note; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	r.run(t, "--undo", "back.json", "--execute").expect(t, 0, "group beyond stands there already")
}

// TestRedriveUndoOfUndo asserts that a reset of a group that has done events beyond its offsets can be taken back, that taken back, and so on, as long as
// nobody touches the group: each undo leaves offset and note as they were before what it takes back.
func TestRedriveUndoOfUndo(t *testing.T) {
	t.Parallel()
	for name, target := range map[string]int64{"before": 0, "the same offset": 1, "beyond": 2} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := startBilling(t)
			note := marks.Done{Until: 5, Unfinished: []int64{1, 3}}.Text()
			r.note(t, "beyond", 1, note)
			noted, reset := "1 "+note, fmt.Sprint(target, " ")
			r.run(t, "--group", "beyond", "--to-offset", fmt.Sprint(target), "--execute", "--undo-file", "0.json").expect(t, 0, "1 offset set")
			for i, want := range []string{noted, reset, noted, reset} {
				r.run(t, "--undo", fmt.Sprint(i, ".json"), "--execute", "--undo-file", fmt.Sprint(i+1, ".json")).expect(t, 0, "1 offset set")
				if got := r.beside(t, "beyond"); got != want {
					t.Fatalf("undo %d: got %q, want %q", i+1, got, want)
				}
			}
			r.note(t, "beyond", 1, marks.Done{Until: 6, Unfinished: []int64{1}}.Text())
			r.run(t, "--undo", "3.json").expect(t, 1, "group beyond has moved since it was reset")
		})
	}
}

// TestRedriveUndoMoved asserts that what the group has done since is not lost unless that is forced, and that what it has handled again of what it
// was to is no reason to refuse.
func TestRedriveUndoMoved(t *testing.T) {
	t.Parallel()
	r := startBilling(t)
	before := r.offsets(t, "billing")
	r.run(t, "--group", "billing", "--to-earliest", "--execute", "--undo-file", "back.json").expect(t, 0)
	r.commit(t, "billing", "qlik.apps", 0, 3) // some of it
	r.run(t, "--undo", "back.json").expect(t, 0, "qlik.apps   0          3        4       1 skipped")

	r.commit(t, "billing", "qlik.apps", 0, 5) // more than it had before
	for _, args := range [][]string{{}, {"--execute"}} {
		r.run(t, append(args, "--undo", "back.json")...).expect(t, 1, "BEFORE  RESET TO  CURRENT", "qlik.apps  0          4       0         5", "beyond where it was", "--force")
	}
	p := r.run(t, "--undo", "back.json", "-o", "json")
	p.expect(t, 1)
	if moved := p.plan(t).Moved; len(moved) != 1 || *moved[0].Before != 4 || *moved[0].After != 0 || *moved[0].Current != 5 {
		t.Errorf("got %s, want how qlik.apps/0 moved", p.out)
	}
	r.run(t, "--undo", "back.json", "--force", "--execute").expect(t, 0, "qlik.apps   0          5        4       1 again")
	if diff := cmp.Diff(before, r.offsets(t, "billing")); diff != "" {
		t.Errorf("offsets (-before +after):\n%s", diff)
	}
}

// TestRedriveUndoRefused asserts which undo files are not obeyed, and that a live group is not undone.
func TestRedriveUndoRefused(t *testing.T) {
	t.Parallel()
	r := startBilling(t)
	r.run(t, "--group", "billing", "--to-offset", "1", "--execute", "--undo-file", "back.json").expect(t, 0)
	text, err := os.ReadFile(filepath.Join(r.folder, "back.json"))
	must(t, err)
	write := func(name, content string) string {
		must(t, os.WriteFile(filepath.Join(r.folder, name), []byte(content), 0o600))
		return name
	}
	r.run(t, "--group", "billing", "--to-offset", "0", "--execute", "--undo-file", "back.json").expect(t, 1, "the undo file: ", "back.json", "exists; nothing was changed (--undo-file names another)")
	r.run(t, "--undo", "none.json").expect(t, 2, "--undo: ", "none.json")
	r.run(t, "--undo", write("bad.json", "{}")).expect(t, 2, "--undo bad.json: no undo file", "version is 0, want 1")
	cluster := r.run(t, "--undo", write("cluster.json", strings.Replace(string(text), `"cluster": "`, `"cluster": "another-`, 1)), "--execute")
	cluster.expect(t, 1, "refused: this is cluster ", "cluster.json is of cluster another-")
	r.run(t, "--undo", write("group.json", strings.Replace(string(text), `"billing"`, `"biling"`, 1))).expect(t, 1, "group biling is not there", "billing")

	must(t, r.kafka.Cluster().DeleteRecords("qlik.apps", 1, 3))
	r.run(t, "--undo", "back.json", "--execute").expect(t, 1, "qlik.apps  1          offset 2   nothing", "1 partition does not hold where the group was; nothing was changed; --clamp")
	end := r.member(t, "billing", "qlik.users")
	r.run(t, "--undo", "back.json", "--clamp", "--execute").expect(t, 1, "refused: group billing has 1 live member", "worker-7")
	end()
	eventually(t, "the group empty", func() bool { return r.run(t, "--undo", "back.json", "--clamp", "--execute").code == 0 })
	if diff := cmp.Diff(map[string]int64{"qlik.apps/0": 4, "qlik.apps/1": 3, "qlik.users/0": 2}, r.offsets(t, "billing")); diff != "" {
		t.Errorf("offsets (-want +got):\n%s", diff)
	}
}

// TestRedriveUndoGone asserts that an undo of partitions whose topic does not exist any more is refused and names them; that force takes back the
// others; and that where there are no others, nothing is said to stand there already.
func TestRedriveUndoGone(t *testing.T) {
	t.Parallel()
	r := startBilling(t)
	r.run(t, "--group", "billing", "--to-offset", "1", "--execute", "--undo-file", "back.json").expect(t, 0)
	r.run(t, "--group", "billing", "--topic", "qlik.users:0", "--to-offset", "0", "--execute", "--undo-file", "users.json").expect(t, 0)
	r.run(t, "--undo", "users.json", "--execute").expect(t, 0)
	_, err := r.admin.DeleteTopic(t.Context(), "qlik.users")
	must(t, err)

	r.run(t, "--undo", "back.json", "--execute", "--clamp").expect(t, 1, "qlik.users  0          offset 2   nothing  -      the topic does not exist any more; --force leaves it out", "refused: 1 partition does not hold where the group was; nothing was changed")
	if p := r.run(t, "--undo", "back.json", "-o", "json").plan(t); len(p.Refused) != 1 || p.Refused[0].Topic != "qlik.users" {
		t.Errorf("got %+v, want qlik.users/0 to be refused", p.Refused)
	}
	for _, force := range []string{"--force=false", "--force"} {
		got := r.run(t, "--undo", "users.json", "--execute", force)
		if got.expect(t, 1, "the topic does not exist any more", "refused: 1 partition"); strings.Contains(got.err+got.out, "already") || strings.Contains(got.out, "--force") {
			t.Errorf("got %s, want nothing that is said to be done, and no remedy", got.out+got.err)
		}
	}
	r.run(t, "--undo", "back.json", "--execute", "--force").expect(t, 0, "qlik.users/0 is left out", "2 offsets set")
	if got := r.offsets(t, "billing"); got["qlik.apps/0"] != 4 || got["qlik.apps/1"] != 2 {
		t.Errorf("got %v, want what was", got)
	}
}

// atCommit does something when the command is about to set offsets, before Kafka hears of it.
func (r *redriven) atCommit(do func()) {
	var once atomic.Bool
	r.kafka.Cluster().ControlKey(int16(kmsg.OffsetCommit), func(request kmsg.Request) (kmsg.Response, error, bool) {
		r.kafka.Cluster().KeepControl()
		if request.(*kmsg.OffsetCommitRequest).MemberID == "" && once.CompareAndSwap(false, true) {
			r.kafka.Cluster().SleepControl(do)
		}
		return nil, nil, false
	})
}

// TestRedriveRace asserts that a consumer that joins in the very moment in which offsets are set wins: Kafka refuses them, which is said as of
// any live group, nothing is changed and no undo file stays.
func TestRedriveRace(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]kgo.Opt{"classic": nil, "modern": {kgo.ServerSideBalancer()}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := startBilling(t)
			before := r.offsets(t, "billing")
			r.atCommit(func() { r.member(t, "billing", "qlik.apps", opts...) })
			r.run(t, "--group", "billing", "--to-earliest", "--execute").expect(t, 1, "will be handled again", "worker-7", "refused: group billing has 1 live member")
			if diff := cmp.Diff(before, r.offsets(t, "billing")); diff != "" {
				t.Errorf("offsets (-before +after):\n%s", diff)
			}
			if left, err := os.ReadDir(r.folder); err != nil || len(left) > 0 {
				t.Errorf("got %v, %v, want no undo file", left, err)
			}
		})
	}
}

// TestRedriveMovedMeanwhile asserts that where somebody has consumed and left again while the plan was made, nothing is set: the undo file would
// not say where the group was.
func TestRedriveMovedMeanwhile(t *testing.T) {
	t.Parallel()
	r := startBilling(t)
	var asked atomic.Int32
	r.kafka.Cluster().ControlKey(int16(kmsg.OffsetFetch), func(kmsg.Request) (kmsg.Response, error, bool) {
		r.kafka.Cluster().KeepControl()
		if asked.Add(1) == 2 {
			r.kafka.Cluster().SleepControl(func() { r.commit(t, "billing", "qlik.apps", 0, 5) })
		}
		return nil, nil, false
	})
	r.run(t, "--group", "billing", "--to-earliest", "--execute").expect(t, 1, "refused: group billing has moved from 4 to 5 in qlik.apps/0 since it was looked at; nothing was changed; run it again")
	if got := r.offsets(t, "billing"); got["qlik.apps/0"] != 5 || got["qlik.users/0"] != 2 {
		t.Errorf("got %v, want what the group has committed itself", got)
	}
	if left, err := os.ReadDir(r.folder); err != nil || len(left) > 0 {
		t.Errorf("got %v, %v, want no undo file", left, err)
	}
}

// TestRedriveUnanswered asserts that where Kafka does not say whether it has set the offsets, the undo file stays and is named.
func TestRedriveUnanswered(t *testing.T) {
	t.Parallel()
	r := startBilling(t)
	r.kafka.Cluster().ControlKey(int16(kmsg.OffsetCommit), func(request kmsg.Request) (kmsg.Response, error, bool) {
		r.kafka.Cluster().KeepControl()
		answer := request.ResponseKind().(*kmsg.OffsetCommitResponse)
		for _, topic := range request.(*kmsg.OffsetCommitRequest).Topics {
			refused := kmsg.NewOffsetCommitResponseTopic()
			refused.Topic, refused.TopicID = topic.Topic, topic.TopicID
			for _, p := range topic.Partitions {
				part := kmsg.NewOffsetCommitResponseTopicPartition()
				part.Partition, part.ErrorCode = p.Partition, 29 // TOPIC_AUTHORIZATION_FAILED
				refused.Partitions = append(refused.Partitions, part)
			}
			answer.Topics = append(answer.Topics, refused)
		}
		return answer, nil, true
	})
	r.run(t, "--group", "billing", "--to-earliest", "--execute").expect(t, 1, "refused: ", "not authorised", "qlik.apps/0", "nothing was changed")
	if left, err := os.ReadDir(r.folder); err != nil || len(left) > 0 {
		t.Errorf("got %v, %v, want no undo file", left, err)
	}
	var fetched atomic.Int32
	r.kafka.Cluster().ControlKey(int16(kmsg.DescribeGroups), func(kmsg.Request) (kmsg.Response, error, bool) {
		r.kafka.Cluster().KeepControl()
		if fetched.Add(1) <= 2 {
			return nil, nil, false
		}
		return nil, errors.New("the connection breaks"), true
	})
	r.run(t, "--group", "billing", "--to-earliest", "--execute", "--undo-file", "back.json").expect(t, 1, "offsets may be set; this takes back what is: qlik-bridge redrive --undo back.json --execute")
	if _, err := os.Stat(filepath.Join(r.folder, "back.json")); err != nil {
		t.Errorf("got %v, want the undo file", err)
	}
}
