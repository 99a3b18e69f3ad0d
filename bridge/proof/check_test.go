package proof

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const testBound = 3 * time.Second

// published is an attempt that says that event seq of thing 0 is at an offset.
func published(seq int, offset int64) Attempt {
	e := Event{"t", 0, seq}
	return Attempt{ID: e.ID(), Key: e.Key(), Seq: seq, Status: 200, Outcome: "published", Topic: "p." + e.Family(), Offset: offset, Took: time.Second}
}

// stored is what the bridge makes of the event.
func stored(e Event, partition int32, offset int64) record {
	value := fmt.Sprintf(`{"specversion":"1.0","id":%q,"type":%q,"source":"com.qlik/chaos","partitionkey":%q,"datacontenttype":"application/json","data":%s}`,
		e.ID(), e.Type(), e.Key(), e.Data())
	return record{at: place{"p." + e.Family(), partition, offset}, id: e.ID(), key: []byte(e.Key()), value: []byte(value)}
}

func edit(r record, old, fresh string) record {
	r.value = []byte(strings.Replace(string(r.value), old, fresh, 1))
	return r
}

// faults are what a row turns red for, and duplicates.
type faults struct{ Lost, Duplicate, Disordered, Corrupt, Misrouted, Late, Wrong int }

// Each kind of fault is seen, as what it is and as nothing else; and sound runs are sound.
func TestCheckSeesEachFault(t *testing.T) {
	one, two, three := Event{"t", 0, 1}, Event{"t", 0, 2}, Event{"t", 0, 3}
	sent := []Attempt{published(1, 0), published(2, 1), published(3, 2)}
	elsewhere := stored(two, 0, 1)
	elsewhere.at.topic = "p.users"
	dead := stored(two, 0, 0)
	dead.at.topic = "p.dead-letter"
	otherKey := stored(two, 0, 1)
	otherKey.key = []byte("another")
	tests := []struct {
		name    string
		sent    []Attempt
		records []record
		want    faults
	}{
		{"sound", sent, []record{stored(one, 0, 0), stored(two, 0, 1), stored(three, 0, 2)}, faults{}},
		{"lost", sent, []record{stored(one, 0, 0), stored(three, 0, 2)}, faults{Lost: 1}},
		{"all lost", sent, nil, faults{Lost: 3}},
		{"not acknowledged is not lost", []Attempt{{ID: one.ID(), Status: 503, RetryAfter: "5"}, {ID: two.ID(), Error: "reset"}}, nil, faults{}},
		{"not acknowledged and there", []Attempt{{ID: one.ID(), Status: 503, RetryAfter: "5"}}, []record{stored(one, 0, 0)}, faults{}},
		{"spooled and lost", []Attempt{{ID: one.ID(), Status: 200, Outcome: "spooled"}}, nil, faults{Lost: 1}},
		{"answered duplicate and lost", []Attempt{{ID: one.ID(), Status: 200, Outcome: "duplicate"}}, nil, faults{Lost: 1}},
		{"duplicate", sent, []record{stored(one, 0, 0), stored(two, 0, 1), stored(three, 0, 2), stored(one, 0, 3), stored(one, 0, 4)}, faults{Duplicate: 2}},
		{"reordered", []Attempt{published(1, 1), published(2, 0), published(3, 2)}, []record{stored(two, 0, 0), stored(one, 0, 1), stored(three, 0, 2)}, faults{Disordered: 1}},
		{"overtaken, and there once more behind", []Attempt{published(1, 1), published(2, 0), published(3, 3)},
			[]record{stored(two, 0, 0), stored(one, 0, 1), stored(two, 0, 2), stored(three, 0, 3)}, faults{Disordered: 1, Duplicate: 1}},
		{"a key in two partitions", []Attempt{published(1, 0), {ID: two.ID(), Status: 200, Outcome: "spooled"}}, []record{stored(one, 0, 0), stored(two, 1, 7)}, faults{Disordered: 1}},
		{"given up makes no claim", []Attempt{{ID: one.ID(), HungUp: true}, published(2, 0)}, []record{stored(two, 0, 0), stored(one, 0, 1)}, faults{}},
		{"number rewritten", sent, []record{stored(one, 0, 0), edit(stored(two, 0, 1), "1.50", "1.5"), stored(three, 0, 2)}, faults{Corrupt: 1}},
		{"escape rewritten", sent, []record{edit(stored(one, 0, 0), `\u00e4`, "ä"), stored(two, 0, 1), stored(three, 0, 2)}, faults{Corrupt: 1}},
		{"blank left out", sent, []record{edit(stored(one, 0, 0), `{ }`, "{}"), stored(two, 0, 1), stored(three, 0, 2)}, faults{Corrupt: 1}},
		{"truncated", sent, []record{stored(one, 0, 0), stored(two, 0, 1), edit(stored(three, 0, 2), `"}}`, "")}, faults{Corrupt: 1}},
		{"another's data", sent, []record{stored(one, 0, 0), edit(stored(two, 0, 1), two.Data(), three.Data()), stored(three, 0, 2)}, faults{Corrupt: 1}},
		{"another's id inside", sent, []record{stored(one, 0, 0), edit(stored(two, 0, 1), two.ID(), three.ID()), stored(three, 0, 2)}, faults{Corrupt: 1}},
		{"no valid CloudEvent", sent, []record{edit(stored(one, 0, 0), `"com.qlik/chaos"`, `""`), stored(two, 0, 1), stored(three, 0, 2)}, faults{Corrupt: 1}},
		{"another key", sent, []record{stored(one, 0, 0), otherKey, stored(three, 0, 2)}, faults{Corrupt: 1}},
		{"another partitionkey", sent, []record{stored(one, 0, 0), edit(stored(two, 0, 1), `"partitionkey":"t`, `"partitionkey":"u`), stored(three, 0, 2)}, faults{Corrupt: 1}},
		{"nobody sent it", sent[:1], []record{stored(one, 0, 0), stored(Event{"u", 0, 1}, 0, 1)}, faults{Corrupt: 1}},
		{"the answer names another place", []Attempt{published(1, 5)}, []record{stored(one, 0, 0)}, faults{Corrupt: 1}},
		{"misrouted", sent, []record{stored(one, 0, 0), elsewhere, stored(three, 0, 2)}, faults{Misrouted: 1}},
		{"dead letter", sent, []record{stored(one, 0, 0), dead, stored(three, 0, 2)}, faults{Misrouted: 1}},
		{"late", []Attempt{{ID: one.ID(), Status: 503, RetryAfter: "5", Took: testBound + 1}}, nil, faults{Late: 1}},
		{"hanging", []Attempt{{ID: one.ID(), Error: "timeout", Took: time.Minute}}, nil, faults{Late: 1}},
		{"hung up is not late", []Attempt{{ID: one.ID(), HungUp: true, Took: time.Minute}}, nil, faults{}},
		{"503 without Retry-After", []Attempt{{ID: one.ID(), Status: 503}}, nil, faults{Wrong: 1}},
		{"500", []Attempt{{ID: one.ID(), Status: 500}}, nil, faults{Wrong: 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := examine(tt.sent, tt.records, nil)
			if diff := cmp.Diff(tt.want, faults{got.Lost, got.Duplicate, got.Disordered, got.Corrupt, got.Misrouted, got.Late, got.Wrong}); diff != "" {
				t.Errorf("faults differ (-want +got):\n%s\n%s", diff, strings.Join(got.Examples, "\n"))
			}
			if bad := tt.want != (faults{Duplicate: tt.want.Duplicate}); bad != (len(got.Examples) > 0) {
				t.Errorf("got examples %q, want some: %t", got.Examples, bad)
			}
		})
	}
}

func examine(attempts []Attempt, records []record, deleted func(Attempt) bool) Findings {
	c := NewCheck("t", "p.", testBound, attempts)
	for _, r := range records {
		c.see(r)
	}
	return c.Findings(deleted)
}

// Two instances make no promise about the order between them, each does about its own.
func TestOrderIsThatOfOneInstance(t *testing.T) {
	of := func(instance string, seq int, offset int64) Attempt {
		a := published(seq, offset)
		a.Instance = instance
		return a
	}
	var records []record
	for offset, seq := range []int{2, 1, 4, 3} {
		records = append(records, stored(Event{"t", 0, seq}, 0, int64(offset)))
	}
	apart := examine([]Attempt{of("a", 1, 1), of("b", 2, 0), of("a", 3, 3), of("b", 4, 2)}, records, nil)
	if apart.Disordered != 0 {
		t.Errorf("of two instances: got %d out of order, want 0: %v", apart.Disordered, apart.Examples)
	}
	together := examine([]Attempt{of("a", 1, 1), of("a", 2, 0), of("b", 3, 3), of("b", 4, 2)}, records, nil)
	if together.Disordered != 2 {
		t.Errorf("of one instance: got %d out of order, want 2", together.Disordered)
	}
}

// A duplicate of an event that was posted once is the bridge's own doing.
func TestRepeatedIsTheBridges(t *testing.T) {
	one, two := Event{"t", 0, 1}, Event{"t", 0, 2}
	got := examine([]Attempt{published(1, 0), {ID: two.ID(), Error: "reset"}, published(2, 1)},
		[]record{stored(one, 0, 0), stored(two, 0, 1), stored(one, 0, 2), stored(two, 0, 3)}, nil)
	if got.Duplicate != 2 || got.Repeated != 1 {
		t.Errorf("got %d duplicates, %d of them repeated, want 2 and 1", got.Duplicate, got.Repeated)
	}
}

// What went with a deleted topic is counted apart from what is lost.
func TestDeletedIsNotLost(t *testing.T) {
	gone := func(a Attempt) bool { return a.Seq < 3 }
	got := examine([]Attempt{published(1, 0), published(2, 1), published(3, 0), published(4, 1)}, []record{stored(Event{"t", 0, 3}, 0, 0)}, gone)
	if got.Deleted != 2 || got.Lost != 1 {
		t.Errorf("got %d deleted, %d lost, want 2 and 1", got.Deleted, got.Lost)
	}
}

func TestCheckCounts(t *testing.T) {
	spooled := Attempt{ID: Event{"t", 0, 2}.ID(), Status: 200, Outcome: "spooled", Took: 2 * time.Second}
	refused := Attempt{ID: spooled.ID, Status: 503, RetryAfter: "1"}
	got := examine([]Attempt{published(1, 0), refused, {ID: spooled.ID, Error: "reset"}, spooled, {ID: Event{"t", 0, 3}.ID(), HungUp: true},
		{ID: Event{"t", 0, 3}.ID(), GivenUp: true}}, []record{stored(Event{"t", 0, 1}, 0, 0), stored(Event{"t", 0, 2}, 0, 1)}, nil)
	want := Findings{Sent: 3, Posts: 5, Acknowledged: 2, Spooled: 1, Refused: 1, Unanswered: 1, HungUp: 1, Slowest: 2 * time.Second}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings differ (-want +got):\n%s", diff)
	}
}
