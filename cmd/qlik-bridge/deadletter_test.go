package main_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"qlikbridge/bridge/sandbox"
)

// aside is a cluster with topics and dead letters.
type aside struct {
	kafka   *sandbox.Kafka
	brokers string // the flag
	client  *kgo.Client
}

func startAside(t *testing.T) aside {
	t.Helper()
	k := startFake(t, 0)
	a := aside{kafka: k, brokers: "--kafka-brokers=" + strings.Join(k.Brokers(), ",")}
	run(t, "topics", "apply", a.brokers).expect(t, 0)
	var err error
	a.client, err = kgo.NewClient(kgo.SeedBrokers(k.Brokers()...), kgo.ProducerBatchMaxBytes(2<<20))
	must(t, err)
	t.Cleanup(a.client.Close)
	return a
}

// put writes a dead letter as the bridge would have, with what reason the test likes; further headers go in pairs.
func (a aside) put(t *testing.T, reason, body string, further ...string) {
	t.Helper()
	r := &kgo.Record{Topic: "qlik.dead-letter", Value: []byte(body)}
	all := append([]string{"reason", reason, "error", "as it was", "source", "qlik", "origin", "webhook", "received", "2026-11-20T10:12:13.14Z"}, further...)
	for i := 0; i < len(all); i += 2 {
		r.Headers = slices.DeleteFunc(r.Headers, func(h kgo.RecordHeader) bool { return h.Key == all[i] })
		r.Headers = append(r.Headers, kgo.RecordHeader{Key: all[i], Value: []byte(all[i+1])})
	}
	must(t, a.client.ProduceSync(t.Context(), r).FirstErr())
}

func (a aside) run(t *testing.T, args ...string) ended {
	t.Helper()
	return run(t, append([]string{"dead-letter", args[0], a.brokers}, args[1:]...)...)
}

// deadLetter is a line of list --output json.
type deadLetter struct {
	Partition, Offset, Bytes int
	Reason, Type, ID, Source string
	Requeued                 string
	RequeuedTo               string `json:"requeued_to"`
	Headers                  map[string]string
	Body                     *string
	BodyBase64               *string `json:"body_base64"`
}

func (a aside) list(t *testing.T, args ...string) []deadLetter {
	t.Helper()
	got := a.run(t, append([]string{"list", "--output", "json"}, args...)...)
	got.expect(t, 0)
	var all []deadLetter
	for line := range strings.Lines(got.out) {
		var l deadLetter
		must(t, json.Unmarshal([]byte(line), &l))
		all = append(all, l)
	}
	return all
}

// events are the records of a topic, as tail gives them.
func (a aside) events(t *testing.T, topic string) []tailed {
	t.Helper()
	n := 0
	for _, p := range a.kafka.Cluster().PartitionInfos(topic) {
		n += int(p.HighWatermark)
	}
	if n == 0 {
		return nil
	}
	family, _ := strings.CutPrefix(topic, "qlik.")
	got := run(t, "tail", a.brokers, "--family", family, "--since", "2000-01-01T00:00:00Z", "--count", fmt.Sprint(n), "-o", "json")
	got.expect(t, 0)
	var all []tailed
	for line := range strings.Lines(got.out) {
		var e tailed
		must(t, json.Unmarshal([]byte(line), &e))
		all = append(all, e)
	}
	return all
}

// appEvent is a body that can be read, of an app named as the event is.
func appEvent(id string) string {
	return fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"com.qlik/engine","type":"com.qlik.app.created","data":{"id":%q}}`, id, id)
}

// hostile are bodies that are nobody's friends.
var hostile = []struct{ reason, body string }{
	{"empty_body", ""},
	{"invalid_json", strings.Repeat("\x1b[2J", 1<<18)}, // 1 MiB
	{"invalid_utf8", "\xff\xfe\x00{\"id\":\"\x9b31m\"}\r\n"},
	{"control_character", `{"type":"com.qlik.app.created","id":"\u009b31m"}`},
	{"batch", "[\"\u009b31m\u202e\"]\n\n"},
}

// TestDeadLetterList asserts what is listed by which filter, with counts by reason at the end.
func TestDeadLetterList(t *testing.T) {
	t.Parallel()
	a := startAside(t)
	a.run(t, "list").expect(t, 0, "no dead letters")
	a.put(t, "record_too_large", appEvent("big-1"), "family", "apps", "ce_id", "big-1")
	a.put(t, "invalid_json", "{", "source", "acme")
	a.put(t, "invalid_json", "}", "received", "2026-11-22T00:00:00Z")
	a.put(t, "no_type", `{"type":"com.qlik.v1.app.deleted"}`, "received", "no time") // stands for a body that this version reads, and the one before did not
	tests := []struct {
		name string
		args []string
		want []int // offsets
	}{
		{"all", nil, []int{0, 1, 2, 3}},
		{"a reason", []string{"--reason", "invalid_json"}, []int{1, 2}},
		{"two reasons", []string{"--reason", "no_type,record_too_large"}, []int{0, 3}},
		{"a source", []string{"--source", "acme"}, []int{1}},
		{"an id", []string{"--id", "big-1"}, []int{0}},
		{"a type", []string{"--type", "com.qlik.app.created"}, []int{0}},
		{"types", []string{"--type", "com.qlik.app.*"}, []int{0, 3}},
		{"since", []string{"--since", "2026-11-21T00:00:00Z"}, []int{2, 3}},
		{"until", []string{"--until", "2026-11-22T00:00:00Z"}, []int{0, 1}},
		{"between", []string{"--since", "2026-11-22T00:00:00Z", "--until", "2026-11-22T00:00:01Z"}, []int{2}},
		{"both a reason and a source", []string{"--reason", "invalid_json", "--source", "qlik"}, []int{2}},
		{"none", []string{"--id", "nobody"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []int
			for _, l := range a.list(t, tt.args...) {
				got = append(got, l.Offset)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got the offsets %v, want %v", got, tt.want)
			}
		})
	}
	a.run(t, "list").expect(t, 0, "POSITION", "0/0", "2026-11-20T10:12:13Z", "acme", "record_too_large", "com.qlik.app.created", "big-1", "as it was",
		"4 dead letters: invalid_json 2, no_type 1, record_too_large 1\n")
	must(t, a.kafka.Cluster().DeleteRecords("qlik.dead-letter", 0, 3))
	a.run(t, "list").expect(t, 0, "1 dead letter: no_type 1\n", "0/3")
}

// TestDeadLetterHostile asserts that every body comes out as it went in, by list and by show, and that nothing of it is left that a terminal
// would obey but where the bytes themselves are asked for; nor of headers that others than the bridge have written.
func TestDeadLetterHostile(t *testing.T) {
	t.Parallel()
	a := startAside(t)
	for _, h := range hostile {
		a.put(t, h.reason, h.body)
	}
	a.put(t, "no_type\x1b[31m", "{}", "error", "\x1b]0;\x07\u009b1m\xff\tx\ny", "source", "a\rb", "ce_id", "\u202eid", "x\x1by", "z")
	for _, args := range [][]string{{"list"}, {"list", "-o", "json"}, {"list", "--include-requeued"}, {"show", "0/5"}, {"show", "0/4", "-o", "json"},
		{"requeue", "--all"}, {"requeue", "--all", "-o", "json"}, {"requeue", "--all", "--execute"}, {"show", "--id", "\u202eid"}} {
		got := a.run(t, args...)
		got.expect(t, 0)
		for _, r := range got.out + got.err {
			if r != '\n' && !unicode.IsPrint(r) || r == utf8.RuneError && args[0] != "list" && args[len(args)-1] != "json" {
				t.Errorf("%v: got %q in the output, want it escaped", args, r)
				break
			}
		}
	}
	for i, l := range a.list(t)[:len(hostile)] {
		want, body := hostile[i], ""
		if l.BodyBase64 != nil {
			decoded, err := base64.StdEncoding.DecodeString(*l.BodyBase64)
			must(t, err)
			body = string(decoded)
		} else {
			body = *l.Body
		}
		if body != want.body || l.Bytes != len(want.body) || l.Reason != want.reason || utf8.ValidString(body) != (l.Body != nil) {
			t.Errorf("%s: got %d bytes %.50q, want %d %.50q", want.reason, l.Bytes, body, len(want.body), want.body)
		}
		shown := a.run(t, "show", fmt.Sprint("0/", i))
		if shown.expect(t, 0); shown.out != want.body {
			t.Errorf("%s: show gives %.50q, want %.50q", want.reason, shown.out, want.body)
		}
		if want := "reason: " + want.reason + "\nerror: as it was\nsource: qlik\norigin: webhook\nreceived: 2026-11-20T10:12:13.14Z\n"; shown.err != want {
			t.Errorf("got the headers %q, want %q", shown.err, want)
		}
	}
}

// TestDeadLetterShow asserts how one is found, and what is said where there is none, or more than one.
func TestDeadLetterShow(t *testing.T) {
	t.Parallel()
	a := startAside(t)
	a.run(t, "show", "0/0").expect(t, 1, "qlik.dead-letter holds nothing at 0/0: it is empty")
	for _, id := range []string{"e-1", "e-2", "e-2"} {
		a.put(t, "record_too_large", appEvent(id), "ce_id", id)
	}
	a.run(t, "requeue", "0/0", "--execute").expect(t, 0, "0/0  requeued  qlik.apps/")
	must(t, a.client.ProduceSync(t.Context(), &kgo.Record{Topic: "qlik.dead-letter", Value: []byte("a stranger's")}).FirstErr())
	if got := a.run(t, "show", "--id", "e-1"); got.code != 0 || got.out != appEvent("e-1") {
		t.Errorf("got %d %s%s, want the body of e-1", got.code, got.out, got.err)
	}
	a.run(t, "show", "--id", "e-2").expect(t, 1, "2 dead letters have it", "0/1 0/2")
	a.run(t, "show", "--id", "e-3").expect(t, 1, "--id e-3: no dead letter has it")
	a.run(t, "show", "0/3").expect(t, 1, "0/3 is no dead letter, but the note that qlik.dead-letter/0/0 was requeued to qlik.apps/")
	a.run(t, "show", "0/4").expect(t, 1, "0/4 is no dead letter: it gives no reason")
	a.run(t, "show", "0/5").expect(t, 1, "0/0 to 0/4")
	a.run(t, "show", "1/0").expect(t, 1, "0/0 to 0/4")
}

// TestRequeue goes the whole way with what can and what cannot be read now:
//   - without --execute nothing is written
//   - events get to the topics of their families with id, key, data and recordedtime, and say when they were requeued and from where
//   - a second run passes over them, --again does not; list hides them
//   - what cannot be read stays, is counted and can be listed
func TestRequeue(t *testing.T) {
	t.Parallel()
	a := startAside(t)
	a.put(t, "record_too_large", appEvent("e-0"), "family", "apps", "ce_id", "e-0")
	a.put(t, "invalid_json", "{no")
	a.put(t, "invalid_json", `{"type":"com.qlik.unheard.of"}`)
	a.put(t, "no_type", `{"eventType":"com.qlik.v1.app.created","eventId":"audit-1","data":{"id":"e-3"}}`, "origin", "audits")

	dry := a.run(t, "requeue", "--all")
	dry.expect(t, 0, "0/0  would be requeued  qlik.apps  com.qlik.app.created  e-0\n", "0/2  would be requeued  qlik.other  com.qlik.unheard.of  sha256-",
		"0/1  stays  invalid_json: ", "3 dead letters would be requeued, 1 stay: invalid_json 1; dry run: --execute does it\n")
	if n := len(a.events(t, "qlik.apps")) + len(a.events(t, "qlik.dead-letter")); n != 4 {
		t.Errorf("got %d records after a dry run, want the 4 dead letters alone", n)
	}
	began := time.Now()
	a.run(t, "requeue", "--all", "--execute").expect(t, 0, "0/0  requeued  qlik.apps/", "0/1  stays  invalid_json: ", "3 dead letters requeued, 1 stay: invalid_json 1\n")
	checkRequeued(t, a, began)

	a.run(t, "requeue", "--all", "--execute").expect(t, 0, "0/1  stays", "0 dead letters requeued, 1 stay: invalid_json 1, 3 requeued before (--again")
	if got := a.list(t); len(got) != 1 || got[0].Offset != 1 {
		t.Errorf("got %+v, want the one that stays", got)
	}
	a.run(t, "list").expect(t, 0, "1 dead letter: invalid_json 1; 3 requeued (--include-requeued")
	if got := a.list(t, "--include-requeued"); len(got) != 4 || got[0].Requeued == "" || got[1].Requeued != "" || !strings.HasPrefix(got[0].RequeuedTo, "qlik.apps/") {
		t.Errorf("got %+v, want all, and which were requeued where to", got)
	}
	a.run(t, "requeue", "--id", "e-0", "--again", "--execute").expect(t, 0, "1 dead letter requeued\n")
	if n := len(a.events(t, "qlik.apps")); n != 3 {
		t.Errorf("got %d events, want 2 and one again", n)
	}
	run(t, "tail", a.brokers, "--family", "dead-letter", "--since", "2000-01-01T00:00:00Z", "--count", "8").expect(t, 0, "requeued: qlik.dead-letter/0/0 to qlik.apps/")
}

func checkRequeued(t *testing.T, a aside, began time.Time) {
	t.Helper()
	events := a.events(t, "qlik.apps")
	if len(events) != 2 {
		t.Fatalf("got %d events, want 2", len(events))
	}
	slices.SortFunc(events, func(a, b tailed) int { return strings.Compare(b.Event.ID, a.Event.ID) })
	for i, want := range []struct{ id, key, from, envelope string }{{"e-0", "e-0", "qlik.dead-letter/0/0", "cloudevents"}, {"audit-1", "e-3", "qlik.dead-letter/0/3", "audit"}} {
		e := events[i]
		at, err := time.Parse(time.RFC3339Nano, e.Event.RequeuedTime)
		if err != nil || at.Before(began) || at.After(time.Now()) || e.Headers["requeued"] != e.Event.RequeuedTime {
			t.Errorf("got requeuedtime %s and the header %s, want both the time of the requeue", e.Event.RequeuedTime, e.Headers["requeued"])
		}
		if e.Event.ID != want.id || e.Headers["ce_id"] != want.id || e.Key != want.key || e.Headers["requeued-from"] != want.from || e.Event.QlikEnvelope != want.envelope ||
			e.Event.RecordedTime != "2026-11-20T10:12:13.14Z" {
			t.Errorf("got %+v, want %+v, recorded when it was received", e, want)
		}
	}
}

// TestRequeueLarger asserts that what was too large is taken once the limit is raised, and until then stays.
func TestRequeueLarger(t *testing.T) {
	t.Parallel()
	a, limit := startAside(t), "--kafka-max-message-bytes=4194304"
	a.put(t, "record_too_large", `{"id":"big","type":"com.qlik.app.created","meta":["`+strings.Repeat(`\"`, 1<<19-30)+`"]}`, "ce_id", "big")
	a.run(t, "requeue", "--all").expect(t, 0, "0/0  stays  record_too_large: topic qlik.apps takes less; raise kafka.max_message_bytes", "1 stay: record_too_large 1")
	a.run(t, "requeue", "--all", "--execute", limit).expect(t, 0, "0/0  stays  record_too_large: ", "0 dead letters requeued, 1 stay: record_too_large 1\n")
	run(t, "topics", "apply", a.brokers, limit).expect(t, 0)
	a.run(t, "requeue", "--all", "--execute").expect(t, 0, "0 dead letters requeued, 1 stay: record_too_large 1\n")
	a.run(t, "requeue", "--all", "--execute", limit).expect(t, 0, "0/0  requeued  qlik.apps/", "1 dead letter requeued\n")
}

// TestRequeueMissingTopic asserts that an event without a topic stays at once, with the remedy, and that it holds up no other.
func TestRequeueMissingTopic(t *testing.T) {
	t.Parallel()
	a := startAside(t)
	a.put(t, "no_type", appEvent("e-0"))
	a.put(t, "no_type", `{"type":"com.qlik.unheard.of","id":"o-1"}`)
	must(t, a.kafka.Cluster().DeleteTopic("qlik.apps"))
	a.run(t, "requeue", "--all", "--execute").expect(t, 0, "0/0  stays  unknown_topic: topic qlik.apps does not exist; `qlik-bridge topics apply`", "0/1  requeued  qlik.other/0/0", "1 stay: unknown_topic 1")
}

// TestRequeueStops asserts that where Kafka stops to acknowledge the run ends within its deadline, with exit code 1 and how far it came, and
// that the next one goes on: each event is there, and none twice whose note was acknowledged.
func TestRequeueStops(t *testing.T) {
	t.Parallel()
	a := startAside(t)
	for i := range 4 {
		a.put(t, "no_type", appEvent(fmt.Sprint("e-", i)))
	}
	var produced atomic.Int32
	a.kafka.Cluster().ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		a.kafka.Cluster().KeepControl()
		if produced.Add(1) <= 4 { // two events and their notes
			return nil, nil, false
		}
		return nil, errors.New("the connection breaks"), true
	})
	began := time.Now()
	got := a.run(t, "requeue", "--all", "--execute", "--timeout", "2s")
	got.expect(t, 1, "2 dead letters requeued\n", "stopped: 2 of 4 requeued, 2 remain; run it again to go on: 0/2 to qlik.apps: ack_timeout: ")
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("it took %s, want seconds", took)
	}
	produced.Store(-1000) // it acknowledges again
	a.run(t, "requeue", "--all", "--execute").expect(t, 0, "2 dead letters requeued, 2 requeued before")
	var ids []string
	for _, e := range a.events(t, "qlik.apps") {
		ids = append(ids, e.Event.ID)
	}
	slices.Sort(ids)
	if diff := cmp.Diff([]string{"e-0", "e-1", "e-2", "e-3"}, ids); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// TestRequeueInterrupted asserts that after a signal the event in hand gets its note, and no further one is begun.
func TestRequeueInterrupted(t *testing.T) {
	t.Parallel()
	a, seen, goOn := startAside(t), make(chan struct{}), make(chan struct{})
	a.put(t, "no_type", appEvent("e-0"))
	a.put(t, "no_type", appEvent("e-1"))
	reached := sync.OnceFunc(func() { close(seen) })
	a.kafka.Cluster().ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		reached()
		a.kafka.Cluster().SleepControl(func() { <-goOn })
		return nil, nil, false
	})
	p := launch(t, "dead-letter", "requeue", a.brokers, "--all", "--execute", "--timeout", "30s")
	<-seen
	p.signal(t, syscall.SIGINT)
	p.await(t, &p.err, "interrupted; the dead letter in hand is finished first")
	close(goOn)
	p.wait(t).expect(t, 1, "0/0  requeued", "1 dead letter requeued\n", "stopped: 1 of 2 requeued, 1 remain; run it again to go on: interrupted")
	a.run(t, "requeue", "--all").expect(t, 0, "0/1  would be requeued", "1 requeued before")
}

// TestDeadLetterAway asserts that Kafka away, and a topic that is not there, are said within seconds with exit code 1.
func TestDeadLetterAway(t *testing.T) {
	t.Parallel()
	empty := "--kafka-brokers=" + strings.Join(startFake(t, 0).Brokers(), ",")
	for _, args := range [][]string{{"list"}, {"show", "0/1"}, {"requeue", "--all", "--execute"}} {
		t.Run(args[0], func(t *testing.T) {
			t.Parallel()
			began, all := time.Now(), append([]string{"dead-letter"}, args...)
			run(t, append(all, "--kafka-brokers", "127.0.0.1:1", "--kafka-dial-timeout", "1s")...).expect(t, 1, "kafka [127.0.0.1:1]: ")
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("it took %s, want 2 s and a little", took)
			}
			run(t, append(all, empty)...).expect(t, 1, "topic qlik.dead-letter", "exist")
		})
	}
}
