package ingress_test

import (
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"qlikbridge/bridge"
)

// TestCrowdIdle asserts that connections which say nothing, or part of a request, do not keep a good one out where there are no more to be had, and that
// the number of connections holds.
func TestCrowdIdle(t *testing.T) {
	tests := []struct{ name, send string }{
		{"nothing", ""},
		{"half a header", "POST /webhooks/qlik HTTP/1.1\r\n"},
		{"half a body", wire{body: event, claims: 1000}.String()},
		{"refused and idle", wire{body: event, signed: unsigned}.String()},
		{"answered and idle", wire{body: event}.String()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := open(t, func(s *setup) { s.config.MaxConnections = 8 })
			for range 24 {
				write(t, d.dial(t), tt.send)
			}
			if got := d.send(t, wire{body: event}); got.status != 200 {
				t.Errorf("got %d, want 200", got.status)
			}
			series := d.series(t)
			if got := series["qlik_bridge_connections{}"]; got > 8 {
				t.Errorf("got %v connections, want 8 at most", got)
			}
			if got := series["qlik_bridge_connections_cut_total{over=connections}"]; got != 17 {
				t.Errorf("got %v connections cut, want 17", got)
			}
		})
	}
}

// TestCrowdCutsWhoWaitsLongest asserts that a connection with a signed delivery counts as new again, so that it outlives one that came after it.
func TestCrowdCutsWhoWaitsLongest(t *testing.T) {
	t.Parallel()
	d := open(t, func(s *setup) { s.config.MaxConnections = 2 })
	good, silent := d.dial(t), d.dial(t)
	eventually(t, "both accepted", func() bool { return d.series(t)["qlik_bridge_connections{}"] == 2 })
	write(t, good, wire{body: event}.String())
	readAll(t, good, 1)
	if got := d.send(t, wire{body: event}); got.status != 200 {
		t.Errorf("the third: got %d, want 200", got.status)
	}
	expectClosed(t, silent)
	write(t, good, wire{body: event}.String())
	if got := readAll(t, good, 1)[0]; got.status != 200 {
		t.Errorf("the first: got %d, want 200", got.status)
	}
}

// TestCrowdWaitsForSignedDeliveries asserts that no signed delivery in work is cut off: a connection too many waits, and is then answered.
func TestCrowdWaitsForSignedDeliveries(t *testing.T) {
	t.Parallel()
	begun, goOn := make(chan struct{}, 3), make(chan struct{})
	d := open(t, func(s *setup) {
		s.config.MaxConnections = 2
		s.ingest = func(delivery bridge.Delivery) bridge.Receipt {
			begun <- struct{}{}
			<-goOn
			return published(delivery)
		}
	})
	all := []*net.TCPConn{d.dial(t), d.dial(t)}
	for _, c := range all {
		write(t, c, wire{body: event}.String())
		<-begun
	}
	all = append(all, d.dial(t))
	write(t, all[2], wire{body: event}.String())
	close(goOn)
	for i, c := range all {
		if got := readAll(t, c, 1)[0]; got.status != 200 {
			t.Errorf("connection %d: got %d, want 200", i, got.status)
		}
	}
}

// TestCrowdUnreadAnswers asserts that connections whose answers nobody reads do not keep a good one out.
func TestCrowdUnreadAnswers(t *testing.T) {
	t.Parallel()
	d := open(t, func(s *setup) { s.config.MaxConnections = 2 })
	text := strings.Repeat(wire{target: "/x", signed: unsigned}.String(), 1000)
	for range 2 {
		c := d.dial(t)
		must(t, c.SetReadBuffer(4<<10))
		go func() {
			for _, err := io.WriteString(c, text); err == nil; {
				_, err = io.WriteString(c, text)
			}
		}()
	}
	stuck := func() bool {
		before := d.series(t)["qlik_bridge_request_seconds{}"]
		time.Sleep(200 * time.Millisecond)
		return before > 0 && d.series(t)["qlik_bridge_request_seconds{}"] == before
	}
	eventually(t, "the server stuck with its answers", stuck)
	began := time.Now()
	if got := d.send(t, wire{body: event}); got.status != 200 {
		t.Errorf("got %d, want 200", got.status)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("got an answer after %s, want it long before an answer that nobody reads is given up", took)
	}
}

// TestCrowdHeaders asserts that of many unfinished headers those that wait longest are cut off, and a good request is answered.
func TestCrowdHeaders(t *testing.T) {
	tests := []struct{ name, before string }{
		{"the first of a connection", ""},
		{"behind one that was refused", wire{body: event, signed: unsigned}.String()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := open(t, func(s *setup) { s.config.HeaderTimeout, s.config.IdleTimeout = time.Minute, time.Minute })
			first := d.dial(t)
			write(t, first, tt.before+"POST /webhooks/qlik HTTP/1.1\r\n"+strings.Repeat("a:\r\n", 1500))
			for range 700 {
				write(t, d.dial(t), tt.before+"POST /webhooks/qlik HTTP/1.1\r\n"+strings.Repeat("a:\r\n", 1500))
			}
			if got := d.send(t, wire{body: event}); got.status != 200 {
				t.Errorf("got %d, want 200", got.status)
			}
			eventually(t, "connections cut", func() bool { return d.series(t)["qlik_bridge_connections_cut_total{over=headers}"] > 150 })
			expectClosed(t, first)
		})
	}
}

func expectClosed(t *testing.T, c *net.TCPConn) {
	t.Helper()
	if _, err := io.Copy(io.Discard, c); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("got a connection still open, want it closed")
	}
}
