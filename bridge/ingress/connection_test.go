package ingress_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"qlikbridge/bridge"
)

// TestConnectionsEnd asserts that whoever sends no whole request is cut off: nobody can hold a connection for nothing.
func TestConnectionsEnd(t *testing.T) {
	tests := []struct {
		name string
		send string // before nothing more comes
		read int    // answers that come first
	}{
		{name: "nothing sent"},
		{name: "half a request line", send: "POST /webh"},
		{name: "a header that never ends", send: "POST /webhooks/qlik HTTP/1.1\r\nHost: bridge\r\nX: y\r\n"},
		{name: "idle after an answer", send: wire{body: event}.String(), read: 1},
		{name: "half a header after an answer", send: wire{body: event}.String() + "POST /webh", read: 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := open(t, func(s *setup) {
				s.config.HeaderTimeout, s.config.IdleTimeout = 200*time.Millisecond, 200*time.Millisecond
			})
			c := d.dial(t)
			write(t, c, tt.send)
			r := bufio.NewReader(c)
			for range tt.read {
				if got := read(t, r, "POST"); got.status != 200 {
					t.Fatalf("got %d, want 200", got.status)
				}
			}
			rest, err := io.ReadAll(r)
			if errors.Is(err, os.ErrDeadlineExceeded) || len(rest) > 0 && !strings.HasPrefix(string(rest), "HTTP/1.1 400") {
				t.Errorf("got %q, %v; want the connection closed", rest, err)
			}
		})
	}
}

// TestHeaderDrip asserts that a header that comes byte by byte does not prolong its time.
func TestHeaderDrip(t *testing.T) {
	t.Parallel()
	d := open(t, func(s *setup) { s.config.HeaderTimeout = 300 * time.Millisecond })
	c := d.dial(t)
	closed := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, c)
		close(closed)
	}()
	drip := time.NewTicker(20 * time.Millisecond)
	defer drip.Stop()
	for deadline := time.After(patience); ; {
		select {
		case <-drip.C:
			_, _ = io.WriteString(c, "x")
		case <-closed:
			return
		case <-deadline:
			t.Fatalf("got a connection still open after %s, want it closed", patience)
		}
	}
}

// TestIdleConnections asserts that two hundred connections that say nothing, or half a header, do not keep a good request out.
func TestIdleConnections(t *testing.T) {
	t.Parallel()
	d := open(t, nil)
	for i := range 200 {
		if c := d.dial(t); i%2 == 1 {
			write(t, c, "POST /webhooks/qlik HTTP/1.1\r\n")
		}
	}
	if got := d.send(t, wire{body: event}); got.status != 200 {
		t.Errorf("got %d, want 200", got.status)
	}
}

// TestPipeline asserts that requests written at once are answered each, in order, also where some are refused.
func TestPipeline(t *testing.T) {
	t.Parallel()
	d := open(t, nil)
	c := d.dial(t)
	write(t, c, wire{body: event}.String()+wire{method: "GET", signed: unsigned}.String()+wire{body: event, signed: unsigned}.String()+
		wire{target: "/x"}.String()+wire{body: event, chunked: true}.String())
	for i, got := range readAll(t, c, 5) {
		if want := []int{200, 405, 401, 404, 200}[i]; got.status != want {
			t.Errorf("answer %d: got %d, want %d", i, got.status, want)
		}
	}
}

// TestContinue asserts that a sender who asks first is told to go on where his header is good, and is refused without a byte of body
// where it is not.
func TestContinue(t *testing.T) {
	tests := []struct {
		name  string
		send  wire
		first string
	}{
		{name: "good", send: wire{header: []string{"Expect: 100-continue"}, body: event}, first: "HTTP/1.1 100 Continue"},
		{name: "too large", send: wire{header: []string{"Expect: 100-continue"}, body: event, claims: 2 << 20}, first: "HTTP/1.1 413 Request Entity Too Large"},
		{name: "unsigned", send: wire{header: []string{"Expect: 100-continue"}, body: event, signed: unsigned}, first: "HTTP/1.1 401 Unauthorized"},
		{name: "another expectation", send: wire{header: []string{"Expect: 200-ok"}, body: event}, first: "HTTP/1.1 417 Expectation Failed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := open(t, nil)
			c := d.dial(t)
			header, body, _ := strings.Cut(tt.send.String(), "\r\n\r\n")
			write(t, c, header+"\r\n\r\n")
			r := bufio.NewReader(c)
			line, err := r.ReadString('\n')
			must(t, err)
			if got := strings.TrimSpace(line); got != tt.first {
				t.Fatalf("got %q, want %q", got, tt.first)
			}
			if tt.name != "good" {
				return
			}
			_, err = r.ReadString('\n') // the empty line after 100
			must(t, err)
			write(t, c, body)
			if got := read(t, r, "POST"); got.status != 200 {
				t.Errorf("got %d, want 200", got.status)
			}
		})
	}
}

// TestNotHTTP asserts that what is no HTTP request is never answered 2xx and never ingested.
func TestNotHTTP(t *testing.T) {
	tests := []struct{ name, send string }{
		{"noise", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"},
		{"a header over 16 KiB", "POST /webhooks/qlik HTTP/1.1\r\nHost: bridge\r\nX: " + strings.Repeat("x", 24<<10) + "\r\n\r\n"},
		{"no host", "POST /webhooks/qlik HTTP/1.1\r\nContent-Length: 0\r\n\r\n"},
		{"two lengths", wire{header: []string{"Content-Length: 3"}, body: event}.String()},
		{"negative length", wire{header: []string{"Content-Length: -3"}, claims: -1}.String()},
		{"another encoding of the transfer", wire{header: []string{"Transfer-Encoding: gzip"}, claims: -1}.String()},
		{"a preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := open(t, func(s *setup) { s.ingest = setAside(bridge.EmptyBody) })
			c := d.dial(t)
			_, _ = io.WriteString(c, tt.send) // it may be cut off before the end
			_ = c.CloseWrite()
			got, _ := io.ReadAll(c)
			if strings.HasPrefix(string(got), "HTTP/1.1 2") {
				t.Errorf("got %q, want no 2xx", got)
			}
			if n := d.calls.Load(); n != 0 {
				t.Errorf("got ingest called %d times, want never", n)
			}
		})
	}
}

// TestShutdown asserts that a request in flight is answered, that idle connections do not hold it up, and that it is no use to connect
// any more.
func TestShutdown(t *testing.T) {
	t.Parallel()
	begun, goOn := make(chan struct{}), make(chan struct{})
	d := open(t, func(s *setup) {
		s.ingest = func(delivery bridge.Delivery) bridge.Receipt {
			close(begun)
			<-goOn
			return published(delivery)
		}
	})
	inFlight := d.dial(t)
	write(t, inFlight, wire{body: event}.String())
	<-begun
	done := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		done <- d.server.Shutdown(ctx)
	}()
	eventually(t, "the door closed", func() bool {
		c, err := net.Dial("tcp", d.address)
		if err == nil {
			_ = c.Close()
		}
		return err != nil
	})
	close(goOn)
	if got := readAll(t, inFlight, 1)[0]; got.status != 200 {
		t.Errorf("got %d, want 200", got.status)
	}
	if err := <-done; err != nil {
		t.Errorf("got %v, want nil", err)
	}
}

// TestShutdownCutsOff asserts that Shutdown ends with its context, whatever hangs.
func TestShutdownCutsOff(t *testing.T) {
	t.Parallel()
	begun, goOn := make(chan struct{}), make(chan struct{})
	d := open(t, func(s *setup) {
		s.ingest = func(delivery bridge.Delivery) bridge.Receipt {
			close(begun)
			<-goOn
			return published(delivery)
		}
	})
	defer close(goOn)
	c := d.dial(t)
	write(t, c, wire{body: event}.String())
	<-begun
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := d.server.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
	}
	if rest, err := io.ReadAll(c); len(rest) > 0 || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %q, %v; want the connection closed", rest, err)
	}
}
