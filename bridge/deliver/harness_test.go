package deliver

import (
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"qlikbridge/topics"
)

// local allows what tests post to.
var local = Network{AllowPrivate: true}

// received is one request as a sink got it.
type received struct {
	header http.Header
	body   string
	path   string
}

// text is the request in a form to compare: without what differs from run to run.
func (r received) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "POST %s\n", r.path)
	for _, name := range slices.Sorted(maps.Keys(r.header)) {
		value := strings.Join(r.header[name], ", ")
		switch name {
		case "User-Agent":
			value = "qlik-bridge/…"
		case "Webhook-Timestamp", "Webhook-Signature":
			value = "…"
		}
		fmt.Fprintf(&b, "%s: %s\n", name, value)
	}
	return b.String() + "\n" + r.body + "\n"
}

// httpSink is a sink that keeps what it gets, and answers as it is told.
type httpSink struct {
	*httptest.Server
	mu  sync.Mutex
	got []received
}

// startSink starts a sink; a nil answer is 204.
func startSink(t *testing.T, answer http.HandlerFunc) *httpSink {
	t.Helper()
	s := &httpSink{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		s.got = append(s.got, received{r.Header, string(body), r.URL.RequestURI()})
		s.mu.Unlock()
		if answer == nil {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *httpSink) requests() []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got)
}

// subscribe is a subscription to everything, complete and checked.
func subscribe(t *testing.T, url string, change func(*Subscription)) Subscription {
	t.Helper()
	s := Subscription{Name: "test", Sink: Sink{URL: url}}
	if change != nil {
		change(&s)
	}
	s.complete(topics.DefaultConfig())
	if err := s.check(local, topics.DefaultConfig()); err != nil {
		t.Fatal(err)
	}
	return s
}

// ready is the sink of a subscription.
func ready(t *testing.T, n Network, s Subscription) *sink {
	t.Helper()
	k, err := newSink(n, &s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.close)
	return k
}

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func silent() *slog.Logger { return slog.New(slog.DiscardHandler) }

func pemOf(certificate []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})
}
