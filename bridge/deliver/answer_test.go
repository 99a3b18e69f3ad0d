package deliver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// TestOutcomes are answers, and what is made of them.
func TestOutcomes(t *testing.T) {
	status := func(code int, headers ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			for i := 0; i < len(headers); i += 2 {
				w.Header().Set(headers[i], headers[i+1])
			}
			w.WriteHeader(code)
		}
	}
	tests := []struct {
		name   string
		answer http.HandlerFunc
		want   Outcome
		after  time.Duration
		err    string
	}{
		{name: "200", answer: status(200), want: Delivered},
		{name: "202 with a body", answer: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(202); fmt.Fprint(w, "ok") }, want: Delivered},
		{name: "204", answer: status(204), want: Delivered},
		{name: "299", answer: status(299), want: Delivered},
		{name: "302", answer: status(302, "Location", "/elsewhere"), want: Unwelcome, err: "302 Found"},
		{name: "304", answer: status(304), want: Unwelcome, err: "304 Not Modified"},
		{name: "400", answer: status(400), want: Refused, err: "400 Bad Request"},
		{name: "401", answer: status(401), want: Unwelcome},
		{name: "403", answer: status(403), want: Unwelcome},
		{name: "404", answer: status(404), want: Unwelcome},
		{name: "405", answer: status(405), want: Unwelcome},
		{name: "407", answer: status(407), want: Unwelcome},
		{name: "409", answer: status(409), want: Refused},
		{name: "413", answer: status(413), want: Refused},
		{name: "422 with Retry-After", answer: status(422, "Retry-After", "9"), want: Refused, after: 9 * time.Second},
		{name: "408", answer: status(408), want: Failed},
		{name: "410", answer: status(410), want: Gone},
		{name: "425", answer: status(425), want: Failed},
		{name: "429", answer: status(429), want: Limited},
		{name: "429 with Retry-After", answer: status(429, "Retry-After", "7"), want: Limited, after: 7 * time.Second},
		{name: "500", answer: status(500), want: Failed, err: "500 Internal Server Error"},
		{name: "500 with Retry-After", answer: status(500, "Retry-After", "3"), want: Failed, after: 3 * time.Second},
		{name: "501", answer: status(501), want: Failed},
		{name: "502", answer: status(502), want: Failed},
		{name: "503", answer: status(503), want: Failed},
		{name: "503 with Retry-After", answer: status(503, "Retry-After", "2"), want: Limited, after: 2 * time.Second},
		{name: "504", answer: status(504), want: Failed},
		{name: "599", answer: status(599), want: Failed, err: "the sink answered 599"},
		{name: "hung up", answer: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, want: Broken, err: "EOF"},
		{name: "no HTTP", answer: hijacked("SSH-2.0-x\r\n"), want: Broken},
		{name: "a header without end", answer: hijacked("HTTP/1.1 200 OK\r\n" + strings.Repeat("X-A: "+strings.Repeat("a", 1000)+"\r\n", 100)), want: Broken},
		{name: "a body that stops", answer: hijacked("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nab"), want: Delivered},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := startSink(t, tt.answer)
			a := ready(t, local, subscribe(t, s.URL, nil)).post(t.Context(), sample(t, ""))
			if a.outcome != tt.want || a.retryAfter != tt.after || (a.err == nil) != (tt.want == Delivered) {
				t.Errorf("got %+v, want %s after %s", a, tt.want, tt.after)
			}
			if a.err != nil && (!strings.Contains(a.err.Error(), tt.err) || strings.Contains(a.err.Error(), s.URL)) {
				t.Errorf("got error %v, want %q in it and not the URL", a.err, tt.err)
			}
		})
	}
}

// hijacked answers with bytes and ends the connection.
func hijacked(answer string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_, _ = io.WriteString(conn, answer)
			_ = conn.Close()
		}
	}
}

func TestNoAnswer(t *testing.T) {
	hang := startSink(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	quick := func(s *Subscription) { s.Sink.Timeout = Duration(50 * time.Millisecond) }
	t.Run("hangs", func(t *testing.T) {
		if a := ready(t, local, subscribe(t, hang.URL, quick)).post(t.Context(), sample(t, "")); a.outcome != TimedOut {
			t.Errorf("got %+v, want a timeout", a)
		}
	})
	t.Run("drips a body for ever", func(t *testing.T) {
		s := startSink(t, func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				_, _ = io.WriteString(w, "x")
				_ = http.NewResponseController(w).Flush()
				time.Sleep(time.Millisecond)
			}
		})
		if a := ready(t, local, subscribe(t, s.URL, quick)).post(t.Context(), sample(t, "")); a.outcome != Delivered || a.took > 10*time.Second {
			t.Errorf("got %+v, want it delivered, since the status says so", a)
		}
	})
	t.Run("we stop", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(20*time.Millisecond, cancel)
		if a := ready(t, local, subscribe(t, hang.URL, nil)).post(ctx, sample(t, "")); a.outcome != Cancelled {
			t.Errorf("got %+v, want it cancelled", a)
		}
	})
	t.Run("nobody listens", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		_ = l.Close()
		if a := ready(t, local, subscribe(t, "http://"+l.Addr().String(), nil)).post(t.Context(), sample(t, "")); a.outcome != Unreachable {
			t.Errorf("got %+v, want it unreachable", a)
		}
	})
	t.Run("a name that is not", func(t *testing.T) {
		if a := ready(t, local, subscribe(t, "http://sink.invalid", quick)).post(t.Context(), sample(t, "")); a.outcome != Unreachable {
			t.Errorf("got %+v, want it unreachable", a)
		}
	})
}

// TestSwitchedProtocols asserts that a sink which answers 101 and keeps the connection holds nothing: each attempt ends at once, counted, its connection is
// closed, and the one connection that there may be is there for the next.
func TestSwitchedProtocols(t *testing.T) {
	closed := make(chan error, 2)
	s := startSink(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		_, err = conn.Read(make([]byte, 1))
		closed <- err
	})
	metrics := NewMetrics(prometheus.NewRegistry())
	c, err := newCourier(local, subscribe(t, s.URL, func(s *Subscription) { s.Concurrency = 1 }), Options{Log: silent()}, metrics)
	if err != nil {
		t.Fatal(err)
	}
	c.begin(t.Context())
	c.attempt = func(context.Context) int { return 1 }
	for range 2 {
		if err := c.handle(t.Context(), *sample(t, "")); !errors.Is(err, errSwitched) {
			t.Errorf("got %v, want %v", err, errSwitched)
		}
		if err := <-closed; !errors.Is(err, io.EOF) {
			t.Errorf("got %v at the sink, want the connection closed", err)
		}
	}
	if got := testutil.ToFloat64(c.metrics.attempts.WithLabelValues(string(Broken))); got != 2 {
		t.Errorf("got %v broken attempts counted, want 2", got)
	}
}

// TestTLS asserts that a certificate is verified, and that ca_file says by whom it may be signed.
func TestTLS(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Proto) }))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	a := ready(t, local, subscribe(t, s.URL, nil)).post(t.Context(), sample(t, ""))
	if a.outcome != Unreachable || !strings.Contains(a.err.Error(), "certificate") {
		t.Errorf("got %+v, want it unreachable for its certificate", a)
	}
	ca := write(t, "ca.pem", string(pemOf(s.Certificate().Raw)))
	if a := ready(t, local, subscribe(t, s.URL, func(s *Subscription) { s.Sink.CAFile = ca })).post(t.Context(), sample(t, "")); a.outcome != Delivered {
		t.Errorf("with ca_file: got %+v, want it delivered", a)
	}
}

// TestExcerpt asserts that what a sink says is bounded and printable where it is kept.
func TestExcerpt(t *testing.T) {
	s := startSink(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(500)
		fmt.Fprint(w, "no\x1b[2J\u202e"+strings.Repeat("x", 200_000))
	})
	a := ready(t, local, subscribe(t, s.URL, nil)).post(t.Context(), sample(t, ""))
	got := a.letter().Error()
	if !strings.HasPrefix(got, `the sink answered 500 Internal Server Error: "no\x1b[2J\u202exxx`) || len(got) > 2*excerptBytes {
		t.Errorf("got %s, want status and a bounded, printable excerpt", got)
	}
	if strings.Contains(a.err.Error(), "xxx") {
		t.Errorf("got %v, want no body in what logs show", a.err)
	}
}

// TestUnreadable asserts that what a sink says in the place of an answer stands in the dead letter alone, bounded: it may repeat the event.
func TestUnreadable(t *testing.T) {
	const personal = "jane@example.com"
	for _, said := range []string{
		personal + "\r\n",
		"HTTP/1.1 " + personal + " OK\r\n\r\n",
		"HTTP/" + personal + " 200 OK\r\n\r\n",
		"HTTP/1.1 200 OK\r\n" + personal + "\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: " + personal + "\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: " + personal + "\r\n\r\n",
		"HTTP/1.1 200 OK\r\n" + personal + strings.Repeat("x", 4000) + "\r\n\r\n",
	} {
		a := ready(t, local, subscribe(t, startSink(t, hijacked(said)).URL, nil)).post(t.Context(), sample(t, ""))
		if a.outcome != Broken || strings.Contains(a.err.Error(), personal) {
			t.Errorf("%.60q: got %s, %v, want it broken and nothing of what it said", said, a.outcome, a.err)
		}
		if letter := a.letter().Error(); !strings.Contains(letter, personal) || len(letter) > 2*excerptBytes {
			t.Errorf("%.60q: got the dead letter %s, want what it said, bounded", said, letter)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		value string
		want  time.Duration
	}{
		{"", 0}, {"0", 0}, {"1", time.Second}, {" 30 ", 30 * time.Second}, {"3600", time.Hour}, {"3601", time.Hour}, {"99999999999999999999999", time.Hour}, {"-5", 0}, {"1.5", 0}, {"soon", 0},
		{"Wed, 25 Nov 2026 12:00:20 GMT", 20 * time.Second}, {"Wed, 25 Nov 2026 11:59:59 GMT", 0}, {"Thu, 26 Nov 2026 12:00:00 GMT", time.Hour}, {"Wednesday, 25-Nov-26 12:01:00 GMT", time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.value, func(t *testing.T) {
			if got := retryAfter(http.Header{"Retry-After": {tt.value}}, now); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
	if got := retryAfter(http.Header{}, now); got != 0 {
		t.Errorf("without a header: got %s, want 0", got)
	}
}
