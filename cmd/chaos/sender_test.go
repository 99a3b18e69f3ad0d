package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	domain "qlikbridge/bridge"
	"qlikbridge/topics"
)

// The sender posts a thing's events one after another, again what was refused, and its ledger says what it was answered.
func TestSenderKeepsToOneEventPerKey(t *testing.T) {
	var mu sync.Mutex
	busy, refused, seen := map[string]bool{}, map[string]bool{}, map[string]int{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Header.Get("Qlik-Signature") != sign(body) {
			t.Error("a body is not signed")
		}
		var got struct{ ID, EventID string }
		if err := json.Unmarshal(body, &got); err != nil {
			t.Error(err)
		}
		e, ok := parseID("t", cmp.Or(got.ID, got.EventID))
		mu.Lock()
		if !ok || busy[e.key()] || e.seq != seen[e.key()]+1 {
			t.Errorf("got %+v while busy: %t, after %d", got, busy[e.key()], seen[e.key()])
		}
		busy[e.key()] = true
		mu.Unlock()
		time.Sleep(time.Millisecond)
		mu.Lock()
		defer mu.Unlock()
		busy[e.key()] = false
		if !refused[e.id()] {
			refused[e.id()] = true
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		seen[e.key()]++
		fmt.Fprint(w, `{"outcome":"published","topic":"p.apps","partition":1,"offset":7}`)
	}))
	defer server.Close()
	path := filepath.Join(t.TempDir(), "ledger")
	l, err := createLedger(path)
	if err != nil {
		t.Fatal(err)
	}
	s := &sender{run: "t", url: server.URL, ledger: l, rate: 1000, seqs: make([]int, 20)}
	s.start()
	for s.acknowledged.Load() < 100 {
		time.Sleep(time.Millisecond)
	}
	if err := s.finish(); err != nil {
		t.Fatal(err)
	}
	attempts, err := readLedger(path)
	if err != nil {
		t.Fatal(err)
	}
	f := newCheck("t", "p.", answerBound, attempts).found
	total := 0
	for _, n := range seen {
		total += n
	}
	if f.Acknowledged != total || f.Posts != len(refused)+total || f.Sent != len(refused) {
		t.Errorf("got %d sent, %d posts, %d acknowledged; the server saw %d, %d, %d", f.Sent, f.Posts, f.Acknowledged, len(refused), len(refused)+total, total)
	}
}

// What the sender posts is what the bridge reads as it is meant: each family, envelope, key and data.
func TestEventsAreReadAsMeant(t *testing.T) {
	for thing := range len(kinds) * len(envelopes) {
		e := event{"t", thing, thing + 1}
		got, err := domain.Normalise(domain.Delivery{Body: e.body(), ReceivedAt: time.Now()}, topics.Default())
		if err != nil {
			t.Errorf("%s: %v", e.body(), err)
			continue
		}
		if got.ID != e.id() || got.Type != e.typ() || got.Key != e.key() || got.Family.Name != e.family() || string(got.Data) != e.data() {
			t.Errorf("%s: got id %s, type %s, key %s, family %s", e.body(), got.ID, got.Type, got.Key, got.Family.Name)
		}
	}
}

func TestParseID(t *testing.T) {
	e := event{"run-1", 7, 12}
	if got, ok := parseID("run-1", e.id()); !ok || got != e {
		t.Errorf("got %v, %t, want %v", got, ok, e)
	}
	for _, id := range []string{"", "run-1", "run-2-007-000012", "run-1-7-12", "run-1-007-000012x", "run-1-x-y"} {
		if _, ok := parseID("run-1", id); ok {
			t.Errorf("%q is taken for an id of the run", id)
		}
	}
}

func TestSumOf(t *testing.T) {
	text := "# HELP spool_events x\nspool_events 3\nspool_events_total{a=\"b c\"} 1e+02\nspool_events_total{a=\"d\"} 2\nother 9\n"
	for name, want := range map[string]float64{"spool_events": 3, "spool_events_total": 102, "none": 0} {
		if got, err := sumOf(strings.NewReader(text), name); err != nil || got != want {
			t.Errorf("%s: got %v, %v, want %v", name, got, err, want)
		}
	}
}
