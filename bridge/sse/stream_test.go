package sse_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"qlikbridge/bridge/sse"
	"qlikbridge/topics"
)

// TestStream asserts what an event looks like: where it is, what it is called, and its value, in as many lines as that has.
func TestStream(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	r.create(t, "qlik.apps", 2)
	r.put(t, "qlik.apps", 1, "a-1")
	r.put(t, "qlik.apps", 1, "a-2", func(r *kgo.Record) {
		r.Value = []byte("{\"specversion\":\"1.0\",\r\n \"id\":\"a-2\",\r \"data\":{\n}}")
	})
	r.put(t, "qlik.apps", 1, "a-3", func(r *kgo.Record) { r.Headers[1].Value = []byte("com.qlik\ndata: x") })
	want := []block{
		{id: "qlik.apps/1/0;apps=,1", hasID: true, event: "com.qlik.app.created", data: string(value("a-1"))},
		{id: "qlik.apps/1/1;apps=,2", hasID: true, event: "com.qlik.app.created", data: "{\"specversion\":\"1.0\",\n \"id\":\"a-2\",\n \"data\":{\n}}"},
		{id: "qlik.apps/1/2;apps=,3", hasID: true, data: string(value("a-3"))}, // its name would be a line of its own
	}
	for _, tt := range []struct {
		query string
		named bool
	}{{"family=apps&since=1h", true}, {"family=apps&since=1h&event=type", true}, {"family=apps&since=1h&event=message", false}} {
		c := r.follow(t, tt.query)
		for _, want := range want {
			if !tt.named {
				want.event = ""
			}
			if diff := cmp.Diff(want, c.event(t), cmp.AllowUnexported(block{})); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.query, diff)
			}
		}
		c.close()
	}
	if n := r.metric(t, "qlik_bridge_events_sent_total", ""); n != 9 {
		t.Errorf("got %v events sent, want 9", n)
	}
}

// TestChoice asserts which events are streamed, and that what comes later is too.
func TestChoice(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	r.create(t, "qlik.apps", 1)
	r.create(t, "qlik.other", 1)
	r.put(t, "qlik.apps", 0, "a-1")
	r.put(t, "qlik.apps", 0, "a-2", func(r *kgo.Record) { r.Headers[1].Value = []byte("com.qlik.v1.app.deleted") })
	r.put(t, "qlik.other", 0, "o-1", func(r *kgo.Record) { r.Headers[1].Value = []byte("not.known") })
	r.put(t, "qlik.apps", 0, "old", stamped(time.Now().Add(-2*time.Hour)))
	for _, tt := range []struct {
		name, query string
		want        []string
	}{
		{"everything", "since=1h", []string{"a-1", "a-2", "o-1", "old"}}, // old stands behind what is not
		{"a type", "since=1h&type=com.qlik.app.created", []string{"a-1", "old"}},
		{"today's name finds an older one", "since=1h&type=com.qlik.app.deleted", []string{"a-2"}},
		{"two types", "since=1h&type=com.qlik.app.deleted,not.known", []string{"a-2", "o-1"}},
		{"two types, repeated", "since=1h&type=com.qlik.app.deleted&type=not.*", []string{"a-2", "o-1"}},
		{"a family", "since=1h&family=other", []string{"o-1"}},
		{"a filter", "since=1h&family=apps&filter=%7B%22suffix%22%3A%7B%22id%22%3A%222%22%7D%7D", []string{"a-2"}},
		{"sql", "since=1h&family=apps&sql=id+IN+('a-2','old')", []string{"a-2", "old"}},
		{"a tenant and a filter", "since=1h&tenant=acme&filter=suffix:+%7Bid:+'-1'%7D", []string{"a-1", "o-1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := r.follow(t, tt.query)
			defer c.close()
			got := c.ids(t, len(tt.want))
			slices.Sort(got)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("ids (-want +got):\n%s", diff)
			}
		})
	}
}

// TestFromNowOn asserts that without a time only what comes later is streamed, and all of that.
func TestFromNowOn(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	r.create(t, "qlik.apps", 1)
	r.put(t, "qlik.apps", 0, "before")
	c := r.follow(t, "type=com.qlik.app.*")
	r.put(t, "qlik.apps", 0, "first")
	r.put(t, "qlik.apps", 0, "second")
	if diff := cmp.Diff([]string{"first", "second"}, c.ids(t, 2)); diff != "" {
		t.Errorf("ids (-want +got):\n%s", diff)
	}
}

// TestResumeOfMuch asserts that who follows everything of a cluster with many partitions can come again.
func TestResumeOfMuch(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	r.create(t, "qlik.apps", 1)
	r.put(t, "qlik.apps", 0, "seen")
	last := "qlik.apps/0/0"
	for _, f := range topics.Default().Families {
		if f.Name != topics.DeadLetter {
			last += ";" + f.Name + "=1" + strings.Repeat(",1234567", 199)
		}
	}
	if c := r.follow(t, "", "Last-Event-ID", last); c.lastID != ";apps=1" {
		t.Errorf("got the position %s, want that of the one partition that there is", c.lastID)
	}
}

// TestResume asserts that a client that comes again with the last id that it saw gets all that it has not seen, once, and nothing else: in the partitions
// that it saw events of, in those that it saw none of, in topics that came into being meanwhile, and of events that are older than those it saw.
func TestResume(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	r.create(t, "qlik.apps", 3)
	r.create(t, "qlik.users", 1)
	const query = "family=apps,users,spaces"
	r.put(t, "qlik.users", 0, "before")
	c := r.follow(t, query)
	for partition := range int32(2) {
		for i := range 3 {
			r.put(t, "qlik.apps", partition, fmt.Sprintf("%d-%d", partition, i))
		}
	}
	seen := c.ids(t, 4)
	last := c.lastID
	c.close()

	long := time.Now().Add(-24 * time.Hour)
	r.put(t, "qlik.apps", 0, "0-3", stamped(long))
	r.put(t, "qlik.apps", 2, "2-0", stamped(long))
	r.put(t, "qlik.users", 0, "u-0", stamped(long))
	r.create(t, "qlik.spaces", 1)
	r.put(t, "qlik.spaces", 0, "s-0", stamped(long))
	c = r.follow(t, query+"&since=1h", "Last-Event-ID", last) // a browser asks for the same again; since was for the first time
	if c.lastID != last[strings.Index(last, ";"):] {
		t.Errorf("got the position %s, want that of %s", c.lastID, last)
	}
	seen = append(seen, c.ids(t, 6)...)
	slices.Sort(seen)
	if diff := cmp.Diff([]string{"0-0", "0-1", "0-2", "0-3", "1-0", "1-1", "1-2", "2-0", "s-0", "u-0"}, seen); diff != "" {
		t.Errorf("ids (-want +got):\n%s", diff)
	}
	last = c.lastID
	c.close()
	c = r.follow(t, query, "Last-Event-ID", last)
	r.put(t, "qlik.apps", 0, "end")
	if got := c.ids(t, 1); got[0] != "end" {
		t.Errorf("got %s again, want what is new", got)
	}
}

// TestResumeFromNothing asserts that a client that saw nothing, of topics that held nothing, misses nothing when it comes again.
func TestResumeFromNothing(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	r.create(t, "qlik.apps", 1)
	c := r.follow(t, "family=apps")
	c.close()
	if c.lastID == "" {
		t.Error("got no id, which a browser would not send")
	}
	r.put(t, "qlik.apps", 0, "between")
	if got := r.follow(t, "family=apps", "Last-Event-ID", c.lastID).ids(t, 1); got[0] != "between" {
		t.Errorf("got %s, want what came between", got)
	}
}

// TestUnknownTypeIsTold asserts that a stream begins with a comment for a type that the catalogue does not have, and stays one of valid lines.
func TestUnknownTypeIsTold(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	r.create(t, "qlik.other", 1)
	c := r.follow(t, "type=com.qlik.app.create%0Adata:x")
	if b := c.block(t); !strings.Contains(b.comment, "is not in the catalogue, so that only qlik.other can hold") || b.data != "" {
		t.Errorf("got %+v, want a comment alone that names the topic", b)
	}
}

// TestHeartbeat asserts that a silent stream says that it lives, and how far it has come through what was not wanted; and that the server's
// deadlines for short answers do not end it.
func TestHeartbeat(t *testing.T) {
	t.Parallel()
	r := start(t, func(_ *sse.Config, o *sse.Options) { o.Heartbeat = 100 * time.Millisecond })
	r.create(t, "qlik.apps", 1)
	c := r.follow(t, "type=com.qlik.app.deleted")
	r.put(t, "qlik.apps", 0, "not wanted")
	for beats := 0; beats < 8 || c.lastID != ";apps=1"; beats++ { // 8: longer than the deadlines
		if b := c.block(t); b.comment != "heartbeat" || b.data != "" || !b.hasID {
			t.Fatalf("got %+v after %d heartbeats, want another", b, beats)
		}
	}
	r.put(t, "qlik.apps", 0, "wanted", func(r *kgo.Record) { r.Headers[1].Value = []byte("com.qlik.app.deleted") })
	if got := c.ids(t, 1); got[0] != "wanted" {
		t.Errorf("got %s, want the event", got)
	}
}

// TestSlowClient asserts that a client that takes nothing is cut off with a reason, that it holds up nobody meanwhile, and that its place is free again.
func TestSlowClient(t *testing.T) {
	t.Parallel()
	r := start(t, func(c *sse.Config, o *sse.Options) { c.MaxClients, o.Patience = 2, time.Second })
	r.create(t, "qlik.apps", 1)
	slow, err := net.Dial("tcp", r.http.Listener.Addr().String())
	must(t, err)
	defer slow.Close()
	must(t, slow.(*net.TCPConn).SetReadBuffer(4<<10))
	_, err = io.WriteString(slow, "GET /events?family=apps HTTP/1.1\r\nHost: localhost\r\n\r\n")
	must(t, err)
	eventually(t, "the slow client", func() bool { return r.metric(t, "qlik_bridge_events_clients", "") == 1 })
	good := r.follow(t, "family=apps")
	large := func(r *kgo.Record) { r.Value = append(r.Value, []byte(strings.Repeat(" ", 500_000))...) }
	const n = 40 // 20 MB: more than a connection takes on its way
	go func() {
		for i := range n {
			r.put(t, "qlik.apps", 0, fmt.Sprint(i), large)
		}
	}()
	for i, id := range good.ids(t, n) {
		if id != fmt.Sprint(i) {
			t.Fatalf("got %s, want %d", id, i)
		}
	}
	eventually(t, "the slow client cut off", func() bool { return r.metric(t, "qlik_bridge_events_ended_total", "slow") == 1 })
	eventually(t, "room", func() bool { return r.metric(t, "qlik_bridge_events_clients", "") == 1 })
	r.follow(t, "family=apps").close()
}

// TestClientGone asserts that a client that goes away is noticed while there is nothing to send.
func TestClientGone(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	r.create(t, "qlik.apps", 1)
	r.follow(t, "family=apps&sql=spaceid='x'").close()
	eventually(t, "its end", func() bool { return r.metric(t, "qlik_bridge_events_ended_total", "client") == 1 })
	eventually(t, "nobody left", func() bool { return r.metric(t, "qlik_bridge_events_clients", "") == 0 })
}

// TestFailures asserts that CESQL that fails is counted.
func TestFailures(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	r.create(t, "qlik.apps", 1)
	r.put(t, "qlik.apps", 0, "fails")
	r.put(t, "qlik.apps", 0, "ends")
	c := r.follow(t, "family=apps&since=1h&sql=id='ends'+OR+spaceid='x'")
	c.ids(t, 1)
	c.close()
	eventually(t, "the failure", func() bool { return r.metric(t, "qlik_bridge_events_filter_failures_total", "") == 1 })
}

// TestKafkaFails asserts that a stream goes on through hang-ups, and ends with the reason where the topics can be read no more, so that the client
// comes again.
func TestKafkaFails(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	r.create(t, "qlik.apps", 1)
	c := r.follow(t, "family=apps")
	cluster, hangUps := r.embedded.Cluster(), atomic.Int64{}
	refused := make(chan struct{})
	cluster.ControlKey(int16(kmsg.Fetch), func(request kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		select {
		case <-refused:
			return refusedFetch(request.(*kmsg.FetchRequest)), nil, true
		default:
		}
		return nil, errors.New("hang up"), hangUps.Add(1) < 3
	})
	r.put(t, "qlik.apps", 0, "through")
	if got := c.ids(t, 1); got[0] != "through" || hangUps.Load() < 3 {
		t.Errorf("got %s after %d hang-ups, want the event after 3", got, hangUps.Load())
	}
	close(refused)
	if b := c.block(t); b.comment != "the topics cannot be read" {
		t.Errorf("got %+v, want the reason", b)
	}
	if b := c.block(t); b.comment != "EOF" {
		t.Errorf("got %+v, want the end", b)
	}
	eventually(t, "the reason counted", func() bool { return r.metric(t, "qlik_bridge_events_ended_total", "kafka") == 1 })
}

func refusedFetch(request *kmsg.FetchRequest) kmsg.Response {
	response := request.ResponseKind().(*kmsg.FetchResponse)
	for _, t := range request.Topics {
		topic := kmsg.NewFetchResponseTopic()
		topic.Topic, topic.TopicID = t.Topic, t.TopicID
		for _, p := range t.Partitions {
			part := kmsg.NewFetchResponseTopicPartition()
			part.Partition, part.ErrorCode = p.Partition, kerr.TopicAuthorizationFailed.Code
			topic.Partitions = append(topic.Partitions, part)
		}
		response.Topics = append(response.Topics, topic)
	}
	return response
}

// TestShutdown asserts that a stream ends in order and says why, and that there are no new ones.
func TestShutdown(t *testing.T) {
	t.Parallel()
	stop, end := context.WithCancel(t.Context())
	r := start(t, func(_ *sse.Config, o *sse.Options) { o.Stop = stop })
	r.create(t, "qlik.apps", 1)
	c := r.follow(t, "family=apps")
	end()
	if b := c.block(t); b.comment != "the bridge is stopping" {
		t.Errorf("got %+v, want the reason", b)
	}
	if b := c.block(t); b.comment != "EOF" {
		t.Errorf("got %+v, want the end", b)
	}
	must(t, r.Shutdown(t.Context()))
	if n := r.metric(t, "qlik_bridge_events_ended_total", "stopping"); n != 1 {
		t.Errorf("got %v streams ended, want 1", n)
	}
	if response := r.get(t, "family=apps"); response.StatusCode != 503 || response.Header.Get("Retry-After") == "" {
		t.Errorf("got %s, want 503 and when to try again", response.Status)
	}
}
