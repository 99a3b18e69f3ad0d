package proof

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
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
		e, ok := ParseID("t", cmp.Or(got.ID, got.EventID))
		mu.Lock()
		if !ok || busy[e.Key()] || e.seq != seen[e.Key()]+1 {
			t.Errorf("got %+v while busy: %t, after %d", got, busy[e.Key()], seen[e.Key()])
		}
		busy[e.Key()] = true
		mu.Unlock()
		time.Sleep(time.Millisecond)
		mu.Lock()
		defer mu.Unlock()
		busy[e.Key()] = false
		if !refused[e.ID()] {
			refused[e.ID()] = true
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		seen[e.Key()]++
		fmt.Fprint(w, `{"outcome":"published","topic":"p.apps","partition":1,"offset":7}`)
	}))
	defer server.Close()
	path := filepath.Join(t.TempDir(), "ledger")
	l, err := CreateLedger(path)
	if err != nil {
		t.Fatal(err)
	}
	s := &Sender{Run: "t", URL: server.URL, Ledger: l, Rate: 1000, Seqs: make([]int, 20)}
	s.Start()
	for s.Acknowledged.Load() < 100 {
		time.Sleep(time.Millisecond)
	}
	if err := s.Finish(); err != nil {
		t.Fatal(err)
	}
	attempts, err := ReadLedger(path)
	if err != nil {
		t.Fatal(err)
	}
	f := NewCheck("t", "p.", testBound, attempts).found
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
		e := Event{"t", thing, thing + 1}
		got, err := domain.Normalise(domain.Delivery{Body: e.Body(), ReceivedAt: time.Now()}, topics.Default())
		if err != nil {
			t.Errorf("%s: %v", e.Body(), err)
			continue
		}
		if got.ID != e.ID() || got.Type != e.Type() || got.Key != e.Key() || got.Family.Name != e.Family() || string(got.Data) != e.Data() {
			t.Errorf("%s: got id %s, type %s, key %s, family %s", e.Body(), got.ID, got.Type, got.Key, got.Family.Name)
		}
	}
}

func TestParseID(t *testing.T) {
	e := Event{"run-1", 7, 12}
	if got, ok := ParseID("run-1", e.ID()); !ok || got != e {
		t.Errorf("got %v, %t, want %v", got, ok, e)
	}
	for _, id := range []string{"", "run-1", "run-2-007-000012", "run-1-7-12", "run-1-007-000012x", "run-1-x-y"} {
		if _, ok := ParseID("run-1", id); ok {
			t.Errorf("%q is taken for an id of the run", id)
		}
	}
}
