package main_test

import (
	"net/http"
	"strings"
	"testing"
)

// requeued sets bodies aside in topics of its own, raises the limit that one of them was too large for, and requeues that one: it is where the
// command says, and a second run passes over it.
func (r *realKafka) requeued(t *testing.T) {
	prefix, brokers, limit := "aside.", "--kafka-brokers="+strings.Join(r.cluster.Brokers(), ","), "--kafka-max-message-bytes=4194304"
	s := r.serve(t, "QLIK_BRIDGE_TOPICS_PREFIX="+prefix)
	large := `{"id":"big","type":"com.qlik.app.created","meta":["` + strings.Repeat(`\"`, 1<<19-30) + `"]}`
	for _, body := range []string{"{\x1b", large, ""} {
		if a := s.post(t.Context(), "", []byte(body)); a.Err != nil || a.Status != http.StatusOK || a.Outcome != "dead-letter" {
			t.Fatalf("got %d %s (%v), want 200 dead-letter", a.Status, a.Outcome, a.Err)
		}
	}
	do := func(args ...string) ended { return run(t, append(args, brokers, "--topics-prefix="+prefix, limit)...) }
	do("dead-letter", "list").expect(t, 0, "3 dead letters: empty_body 1, invalid_json 1, record_too_large 1")
	if got := do("dead-letter", "show", "0/1"); got.code != 0 || got.out != large {
		t.Errorf("got %d and %d bytes, want the %d of the body: %s", got.code, len(got.out), len(large), got.err)
	}
	do("dead-letter", "requeue", "--all").expect(t, 0, "0/1  stays  record_too_large", "0 dead letters would be requeued, 3 stay")
	do("topics", "apply").expect(t, 0)
	realEventually(t, "requeue", func() error { // the brokers hear of a new limit a moment after they have acknowledged it
		if got := do("dead-letter", "requeue", "--all", "--execute"); !strings.Contains(got.out, "0/1  requeued  aside.apps/") {
			return &failed{got}
		}
		return nil
	})
	do("dead-letter", "requeue", "--all", "--execute").expect(t, 0, "0 dead letters requeued, 2 stay", "1 requeued before")
	got := do("tail", "--family", "apps", "--since", "1h", "--count", "1", "--output", "json")
	got.expect(t, 0, `"requeued-from":"aside.dead-letter/0/1"`, `"requeuedtime":`)
}

// failed is a run of the command as an error.
type failed struct{ ended }

func (f *failed) Error() string { return f.out + f.ended.err }
