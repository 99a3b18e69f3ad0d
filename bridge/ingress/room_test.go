package ingress_test

import (
	"crypto/tls"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"qlikbridge/bridge"
)

// TestRoom asserts that a body beyond its first 8 KiB is refused where bodies in flight have used up the room, that a small event is taken all
// the same, and that the room is there again once they ended.
func TestRoom(t *testing.T) {
	t.Parallel()
	d := open(t, func(s *setup) { s.config.MaxBodyBytes, s.config.MaxInflightBytes = 64<<10, 64<<10 })
	large := wire{body: strings.Repeat("x", 60<<10)}
	slow, text := d.dial(t), large.String()
	write(t, slow, text[:len(text)-1])
	eventually(t, "the slow one has the room", func() bool { return d.series(t)["qlik_bridge_inflight_bytes{}"] == 56<<10 })
	if refusal := d.send(t, large); refusal.status != 503 || refusal.member(t, "reason") != "busy" || refusal.header.Get("Retry-After") != "5" {
		t.Errorf("got %+v, want 503, busy and Retry-After", refusal)
	}
	if got := d.send(t, wire{body: strings.Repeat("x", 8<<10)}); got.status != 200 {
		t.Errorf("8 KiB: got %d, want 200", got.status)
	}
	write(t, slow, text[len(text)-1:])
	if got := readAll(t, slow, 1)[0]; got.status != 200 {
		t.Errorf("the slow one: got %d, want 200", got.status)
	}
	if got := d.send(t, large); got.status != 200 {
		t.Errorf("afterwards: got %d %s, want 200", got.status, got.body)
	}
}

// TestRoomIsGivenBack asserts that a body leaves no room taken, however it ends: a hundred of each kind pass where one has room.
func TestRoomIsGivenBack(t *testing.T) {
	large := strings.Repeat("x", 60<<10)
	tests := []struct {
		name    string
		send    wire
		becomes func(bridge.Delivery) bridge.Receipt
		status  int
	}{
		{name: "published", send: wire{body: large}, becomes: published, status: 200},
		{name: "failed", send: wire{body: large}, becomes: failed(bridge.AckTimeout), status: 503},
		{name: "a bug of ours", send: wire{body: large}, becomes: func(bridge.Delivery) bridge.Receipt { panic("planted") }, status: 500},
		{name: "wrongly signed", send: wire{body: large, signed: []string{sign(activeSecret, "x")}}, status: 401},
		{name: "too large in chunks", send: wire{body: large + large, chunked: true}, status: 413},
		{name: "cut short", send: wire{body: large, claims: 64 << 10, ends: true}, status: 400},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := open(t, func(s *setup) {
				s.config.MaxBodyBytes, s.config.MaxInflightBytes, s.ingest = 64<<10, 64<<10, tt.becomes
			})
			for range 100 {
				// The room is given back right after the answer.
				eventually(t, tt.name, func() bool {
					got := d.send(t, tt.send)
					return got.status == tt.status && (tt.status != 503 || got.member(t, "reason") == "ack_timeout")
				})
			}
		})
	}
}

// TestClaimsTakeNoRoom asserts that a Content-Length takes no room, only bytes do.
func TestClaimsTakeNoRoom(t *testing.T) {
	t.Parallel()
	d := open(t, func(s *setup) { s.config.MaxBodyBytes, s.config.MaxInflightBytes = 64<<10, 64<<10 })
	for range 50 {
		write(t, d.dial(t), wire{body: strings.Repeat("x", 8<<10), claims: 64 << 10}.String())
	}
	if got := d.send(t, wire{body: strings.Repeat("x", 64<<10)}); got.status != 200 {
		t.Errorf("got %d %s, want 200", got.status, got.body)
	}
}

// TestBodySizes asserts that bodies arrive byte for byte at every size where something about their room changes.
func TestBodySizes(t *testing.T) {
	t.Parallel()
	const most = 100<<10 + 1
	d := open(t, func(s *setup) {
		s.config.MaxBodyBytes, s.config.MaxInflightBytes = most, most
		s.ingest = func(delivery bridge.Delivery) bridge.Receipt {
			r := published(delivery)
			r.Event = &bridge.Event{ID: sign(retiringSecret, string(delivery.Body))}
			return r
		}
	})
	for _, size := range []int{0, 1, 8<<10 - 1, 8 << 10, 8<<10 + 1, 24<<10 - 1, 24 << 10, 24<<10 + 1, 40 << 10, most - 1, most, most + 1} {
		body := strings.Repeat("0123456789abcdef-", size/17+1)[:size]
		for _, chunked := range []bool{false, true} {
			got := d.send(t, wire{body: body, chunked: chunked})
			if size > most {
				if got.status != 413 {
					t.Errorf("%d bytes: got %d, want 413", size, got.status)
				}
			} else if got.status != 200 || got.member(t, "id") != sign(retiringSecret, body) {
				t.Errorf("%d bytes, chunked %v: got %d %s, want the body as it was sent", size, chunked, got.status, got.body)
			}
		}
	}
}

// TestStreamsPay asserts that further requests at the same time on one connection are not free: with HTTP/2 one connection can have hundreds.
func TestStreamsPay(t *testing.T) {
	t.Parallel()
	d := open(t, func(s *setup) {
		s.config.TLS, s.config.BodyTimeout = newPair(t), time.Minute
		s.config.MaxBodyBytes, s.config.MaxInflightBytes = 64<<10, 64<<10
	})
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	client := &http.Client{Timeout: patience, Transport: transport}
	answers := make(chan int, 4)
	for range 4 {
		never, end := io.Pipe()
		defer end.Close()
		go func() {
			request, _ := http.NewRequest(http.MethodPost, "https://"+d.address+"/webhooks/qlik", never)
			request.Header.Set("Qlik-Signature", sign(activeSecret, event))
			if response, err := client.Do(request); err == nil {
				_ = response.Body.Close()
				answers <- response.StatusCode
			}
		}()
		if _, err := io.WriteString(end, "x"); err != nil { // the stream is there
			t.Log(err)
		}
	}
	select {
	case got := <-answers: // one is free and two have room
		if got != 503 {
			t.Errorf("got %d, want 503", got)
		}
	case <-time.After(patience):
		t.Error("got no answer, want one stream refused")
	}
}
