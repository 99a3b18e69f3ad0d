package deliver

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

// muteListener takes connections, and says nothing on the first ones.
type muteListener struct {
	net.Listener
	mute     int64
	accepted atomic.Int64
}

func (l *muteListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil || l.accepted.Add(1) > l.mute {
			return conn, err
		}
		defer conn.Close() // when there is one that is served
	}
}

// TestMuteHandshake asserts that a sink which takes connections and says nothing is dialled anew by every attempt, and is delivered to when it speaks:
// a connection that never comes about must not take the place of one for ever.
func TestMuteHandshake(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	l := &muteListener{Listener: s.Listener, mute: 3}
	s.Listener = l
	s.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	s.StartTLS()
	t.Cleanup(s.Close)
	ca := write(t, "ca.pem", string(pemOf(s.Certificate().Raw)))
	k := ready(t, local, subscribe(t, s.URL, func(s *Subscription) {
		s.Sink.CAFile, s.Sink.Timeout, s.Concurrency = ca, Duration(200*time.Millisecond), 1
	}))
	eventually(t, "a delivery", func() bool {
		a := k.post(t.Context(), sample(t, ""))
		if l.accepted.Load() <= l.mute && a.outcome != Unreachable {
			t.Errorf("while it says nothing: got %+v, want it unreachable", a)
		}
		return a.outcome == Delivered
	})
}
