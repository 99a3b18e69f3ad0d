package main_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// TestEventsMemory asserts that as many clients of /events as are allowed, that take nothing of a topic that they read from its beginning, leave
// the bridge within mostMemory and hold up neither a delivery nor a client that reads; and logs what idle ones take.
func TestEventsMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("fills topics")
	}
	s := startServeOn(t, startFake(t, 0, 0, 0))
	v := &victim{server: s, admin: s.address(t, "admin_listen")}
	alone := v.memory(t, "VmRSS")
	var idle []io.Closer
	for range 9 {
		idle = append(idle, v.stare(t, "family=apps"))
	}
	v.awaitClients(t, 9)
	time.Sleep(3 * time.Second) // what was needed to begin is given back, or is not
	t.Logf("alone %d MiB, with 9 idle clients %d MiB", alone>>20, v.memory(t, "VmRSS")>>20)
	for _, c := range idle {
		_ = c.Close()
	}
	v.awaitClients(t, 0)
	const n = 60_000 // 1 KiB each, which compresses well: what is held is larger than what is fetched
	v.fill(t, n)
	good, err := http.Get("http://" + v.admin + "/events?family=apps&since=1h")
	must(t, err)
	defer good.Body.Close()
	for range 9 {
		v.stare(t, "family=apps&since=1h")
	}
	end := v.goodTraffic(t)
	began, lines := time.Now(), bufio.NewReaderSize(good.Body, 1<<20)
	for got := 0; got < n; {
		line, err := lines.ReadString('\n')
		must(t, err)
		if strings.HasPrefix(line, "data: ") {
			got++
		}
	}
	took := time.Since(began)
	end()
	peak := v.memory(t, "VmHWM")
	t.Logf("9 clients that take nothing, one that read %d events in %s: peak %d MiB", n, took.Round(10*time.Millisecond), peak>>20)
	if peak > mostMemory {
		t.Errorf("got %d MiB, want %d at most", peak>>20, mostMemory>>20)
	}
}

// stare follows the events and takes nothing.
func (v *victim) stare(t *testing.T, query string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", v.admin)
	must(t, err)
	t.Cleanup(func() { _ = c.Close() })
	must(t, c.(*net.TCPConn).SetReadBuffer(4<<10))
	_, err = fmt.Fprintf(c, "GET /events?%s HTTP/1.1\r\nHost: localhost\r\n\r\n", query)
	must(t, err)
	return c
}

func (v *victim) awaitClients(t *testing.T, n int) {
	t.Helper()
	eventually(t, fmt.Sprint(n, " clients"), func() bool {
		response, err := http.Get("http://" + v.admin + "/metrics")
		must(t, err)
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		must(t, err)
		return strings.Contains(string(body), fmt.Sprintf("qlik_bridge_events_clients %d\n", n))
	})
}

// fill writes events of one type into its topic, as the bridge would.
func (v *victim) fill(t *testing.T, n int) {
	t.Helper()
	c, err := kgo.NewClient(kgo.SeedBrokers(v.kafka.Brokers()...), kgo.DefaultProduceTopic("qlik.apps"), kgo.ProducerBatchCompression(kgo.SnappyCompression()))
	must(t, err)
	defer c.Close()
	event := fmt.Appendf(nil, `{"specversion":"1.0","id":"x","source":"com.qlik/engine","type":"com.qlik.app.created","data":{"text":%q}}`, strings.Repeat("all work and no play ", 45))
	for i := range n {
		c.Produce(t.Context(), &kgo.Record{Key: fmt.Append(nil, i), Value: event, Headers: []kgo.RecordHeader{{Key: "ce_type", Value: []byte("com.qlik.app.created")}}}, nil)
	}
	must(t, c.Flush(t.Context()))
}
