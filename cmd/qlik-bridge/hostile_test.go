package main_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// mostMemory bounds the resident memory of the process under every attack. It holds some 30 MiB at rest.
const mostMemory = 256 << 20

// attack is one kind of hostile input. run sends it and asserts what must hold of its answers; TestHostile asserts what must hold of all.
type attack struct {
	name string
	run  func(t *testing.T, v *victim)
}

// TestHostile lets each attack loose on a bridge of its own, and asserts that meanwhile
//   - every good delivery, each on a connection of its own, is published and answered 200
//   - the memory of the process stays within mostMemory (where the system tells it)
//
// and that afterwards the process drains in order.
func TestHostile(t *testing.T) {
	for _, attacks := range [][]attack{slowAttacks, sizeAttacks, contentAttacks, protocolAttacks} {
		for _, a := range attacks {
			t.Run(a.name, func(t *testing.T) {
				v := newVictim(t)
				end := v.goodTraffic(t)
				a.run(t, v)
				end()
				peak := v.memory(t, "VmHWM")
				t.Logf("peak memory %d MiB", peak>>20)
				if peak > mostMemory {
					t.Errorf("got %d MiB, want %d at most", peak>>20, mostMemory>>20)
				}
				v.signal(t, syscall.SIGTERM)
				v.wait(t).expect(t, 0)
			})
		}
	}
}

// victim is a bridge as it is installed, but for timeouts that a test can wait for.
type victim struct {
	*server
	at, admin string
}

func newVictim(t *testing.T) *victim {
	t.Helper()
	s := startServe(t, "--ingress-header-timeout", "2s", "--ingress-body-timeout", "3s", "--ingress-idle-timeout", "2s", "--ack-timeout", "10s", "--drain-timeout", "30s")
	v := &victim{server: s, at: strings.TrimSuffix(strings.TrimPrefix(s.tenant.URL, "http://"), "/webhooks/qlik"), admin: s.address(t, "admin_listen")}
	s.tenant.Client.Transport = &http.Transport{DisableKeepAlives: true}
	return v
}

// goodTraffic posts good deliveries until the end, and ten at least.
func (v *victim) goodTraffic(t *testing.T) (end func()) {
	stop, posted, done := atomic.Bool{}, 0, make(chan struct{})
	go func() {
		defer close(done)
		for ; !stop.Load() || posted < 10; posted++ {
			event := fmt.Sprintf(`{"specversion":"1.0","id":"good-%d","source":"com.qlik/engine","type":"com.qlik.app.created","data":{"id":"a"}}`, posted)
			answer, err := v.tenant.Post(context.Background(), []byte(event))
			if err != nil || answer.Status != 200 || answer.Outcome != "published" {
				t.Errorf("good delivery %d: got %+v, %v; want it published", posted, answer, err)
				return
			}
			time.Sleep(5 * time.Millisecond)
		}
	}()
	return func() {
		stop.Store(true)
		<-done
		t.Logf("%d good deliveries", posted)
	}
}

// memory is a line of /proc/PID/status in bytes, 0 where there is none.
func (v *victim) memory(t *testing.T, name string) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", v.cmd.Process.Pid))
	if err != nil {
		t.Logf("SKIP the bound on memory: %v", err)
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, name+":"); ok {
			n, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			must(t, err)
			return n << 10
		}
	}
	return 0
}

// dial connects; nil where that fails, as it may under an attack.
func (v *victim) dial() net.Conn {
	c, err := net.DialTimeout("tcp", v.at, patience)
	if err != nil {
		return nil
	}
	_ = c.SetDeadline(time.Now().Add(patience))
	return c
}

// send writes a text on a connection of its own and gives the status of the first answer, 0 where the connection ends without one, -1 where
// it stays open.
func (v *victim) send(texts ...string) int {
	c := v.dial()
	if c == nil {
		return 0
	}
	defer c.Close()
	go func() { // an answer may come before everything is written
		for _, text := range texts {
			if _, err := io.WriteString(c, text); err != nil {
				return
			}
		}
	}()
	return status(c)
}

// status reads one answer.
func status(c net.Conn) int {
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	switch {
	case err == nil:
		_ = response.Body.Close()
		return response.StatusCode
	case strings.Contains(err.Error(), "timeout"):
		return -1
	}
	return 0
}

// drip writes a text, then a further one every 100 ms as long as the connection takes it, and gives the status as send does.
func (v *victim) drip(first, further string) int {
	c := v.dial()
	if c == nil {
		return 0
	}
	defer c.Close()
	if _, err := io.WriteString(c, first); err != nil {
		return 0 // cut off in the midst of it: what follows would be another request than this one
	}
	done := make(chan struct{})
	defer close(done)
	go func() {
		for tick := time.NewTicker(100 * time.Millisecond); ; {
			select {
			case <-tick.C:
				_, _ = io.WriteString(c, further)
			case <-done:
				tick.Stop()
				return
			}
		}
	}()
	return status(c)
}

// flood does something so often at once, and counts the statuses it gives.
func flood(n int, each func(i int) int) map[int]int {
	var mu sync.Mutex
	var all sync.WaitGroup
	counts := map[int]int{}
	for i := range n {
		all.Go(func() {
			got := each(i)
			mu.Lock()
			defer mu.Unlock()
			counts[got]++
		})
	}
	all.Wait()
	return counts
}

// expectOnly asserts that there are no other statuses than those.
func expectOnly(t *testing.T, got map[int]int, want ...int) {
	t.Helper()
	total := 0
	for _, n := range got {
		total += n
	}
	for _, status := range want {
		total -= got[status]
	}
	if total != 0 {
		t.Errorf("got statuses %v, want %v alone", got, want)
	}
}

// forged is a header with a signature that is none of this body, and further lines.
func forged(lines ...string) string {
	return "POST /webhooks/qlik HTTP/1.1\r\nHost: bridge\r\nQlik-Signature: " + strings.Repeat("0", 64) + "\r\n" + joined(lines) + "\r\n"
}

// signed is a whole request as Qlik would send it.
func (v *victim) signed(body string, lines ...string) string {
	return "POST /webhooks/qlik HTTP/1.1\r\nHost: bridge\r\nQlik-Signature: " + v.tenant.Sign([]byte(body)) +
		"\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n" + joined(lines) + "\r\n" + body
}

func joined(lines []string) string {
	var b strings.Builder
	for _, line := range lines {
		b.WriteString(line + "\r\n")
	}
	return b.String()
}
