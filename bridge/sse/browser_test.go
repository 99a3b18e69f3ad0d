package sse_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"
)

// page follows the events as a page does, and tells the test what it got.
const page = `<!doctype html><title>0</title><script>
const got = [], events = new EventSource(%q)
const tell = why => fetch('/told', {method: 'POST', body: JSON.stringify({why, got})})
for (const type of ['com.qlik.app.created', 'com.qlik.app.deleted'])
  events.addEventListener(type, e => {
    got.push(type + ' ' + JSON.parse(e.data).id)
    document.title = got.length
    tell('event')
  })
events.onopen = () => tell('open')
events.onerror = () => tell(events.readyState == EventSource.CLOSED ? 'refused' : 'again')
</script>`

// told is what a page said.
type told struct {
	Why string
	Got []string
}

// site is where the page is; its own /events is that of the rig.
type site struct {
	*httptest.Server
	told  chan told
	lastH atomic.Value // the Last-Event-ID of the last request
	first context.CancelFunc
}

// serve makes a site whose page follows url. Its first stream ends when the test says so.
func (r *rig) serve(t *testing.T, url string) *site {
	s := &site{told: make(chan told, 100)}
	ending, end := context.WithCancel(t.Context())
	s.first = end
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprintf(w, page, url) })
	mux.HandleFunc("GET /events", func(w http.ResponseWriter, request *http.Request) {
		if s.lastH.Swap(request.Header.Get("Last-Event-ID")) == nil {
			ctx, cancel := context.WithCancel(request.Context())
			defer cancel()
			defer context.AfterFunc(ending, cancel)()
			request = request.WithContext(ctx)
		}
		r.ServeHTTP(w, request)
	})
	mux.HandleFunc("POST /told", func(_ http.ResponseWriter, request *http.Request) {
		var got told
		if json.NewDecoder(request.Body).Decode(&got) == nil {
			s.told <- got
		}
	})
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

// await waits until a page has said something.
func (s *site) await(t *testing.T, why string, events int) told {
	t.Helper()
	for late := time.After(patience); ; {
		select {
		case got := <-s.told:
			if got.Why == why && len(got.Got) >= events {
				return got
			}
		case <-late:
			t.Fatalf("got no word %s with %d events from the browser", why, events)
		}
	}
}

// browse opens a page in Chromium, until the end of the test.
func browse(t *testing.T, url string) {
	t.Helper()
	binary, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("REQUIRE_BROWSER") != "" {
			t.Fatal(err)
		}
		t.Skipf("no Chromium: %v", err)
	}
	cmd := exec.Command(binary, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-port=0", "--user-data-dir="+t.TempDir(), url)
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt) // it ends its children, and lets go of its folder
		_ = cmd.Wait()
	})
}

// TestBrowser asserts that a real browser gets each event by its name, and after a lost connection exactly those that it has not seen.
func TestBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	r := start(t, nil)
	r.create(t, "qlik.apps", 2)
	s := r.serve(t, "/events?type=com.qlik.app.*")
	browse(t, s.URL)
	s.await(t, "open", 0)
	r.put(t, "qlik.apps", 0, "first")
	r.put(t, "qlik.apps", 0, "second", func(r *kgo.Record) { r.Headers[1].Value = []byte("com.qlik.app.deleted") })
	s.await(t, "event", 2)
	s.first()
	s.await(t, "again", 2)
	r.put(t, "qlik.apps", 1, "third")
	got := s.await(t, "event", 3)
	if diff := cmp.Diff([]string{"com.qlik.app.created first", "com.qlik.app.deleted second", "com.qlik.app.created third"}, got.Got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if last := s.lastH.Load(); last != "qlik.apps/0/1;apps=2" {
		t.Errorf("got Last-Event-ID %v, want the position", last)
	}
}

// TestBrowserElsewhere asserts that a page of another site gets nothing.
func TestBrowserElsewhere(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	r := start(t, nil)
	r.create(t, "qlik.apps", 1)
	s := r.serve(t, r.http.URL+"/events?family=apps")
	browse(t, s.URL)
	if got := s.await(t, "refused", 0); len(got.Got) > 0 {
		t.Errorf("got %v, want nothing", got.Got)
	}
	if n := r.metric(t, "qlik_bridge_events_refused_total", "elsewhere"); n != 1 {
		t.Errorf("got %v refused, want 1", n)
	}
}
