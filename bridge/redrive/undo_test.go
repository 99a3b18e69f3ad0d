package redrive_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"qlikbridge/bridge/redrive"
)

// TestUndoFile asserts that a file says what was done, and is read again as it was written.
func TestUndoFile(t *testing.T) {
	moves := []redrive.Move{{Partition: apps, Current: 70, Beside: "mine", Target: 40, Restored: "yours"}, {Partition: redrive.Partition{Topic: "qlik.users"}, Current: redrive.None, Target: 0}}
	u := redrive.NewUndo("billing", "cluster-1", "by-duration 2h", moves, now)
	text, err := u.Text()
	if err != nil {
		t.Fatal(err)
	}
	want := `{
  "version": 1,
  "made": "2026-11-25T12:00:00Z",
  "cluster": "cluster-1",
  "group": "billing",
  "target": "by-duration 2h",
  "offsets": [
    {
      "topic": "qlik.apps",
      "partition": 3,
      "before": 70,
      "metadata": "mine",
      "after": 40,
      "after_metadata": "yours"
    },
    {
      "topic": "qlik.users",
      "partition": 0,
      "before": null,
      "after": 0
    }
  ]
}
`
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("the file (-want +got):\n%s", diff)
	}
	again, err := redrive.ParseUndo(text)
	if diff := cmp.Diff(u, again); err != nil || diff != "" {
		t.Errorf("read again (-want +got):\n%s%v", diff, err)
	}
}

func TestUndoFileRefused(t *testing.T) {
	good := `{"version":1,"made":"2026-11-25T12:00:00Z","cluster":"c","group":"g","target":"t","offsets":[{"topic":"t","partition":0,"before":1,"after":0}]}`
	if _, err := redrive.ParseUndo([]byte(good)); err != nil {
		t.Fatalf("got %v, want a file", err)
	}
	tests := []struct{ name, text string }{
		{"nothing", ""},
		{"no JSON", "group: g"},
		{"another version", strings.Replace(good, `"version":1`, `"version":2`, 1)},
		{"no group", strings.Replace(good, `"g"`, `""`, 1)},
		{"no offsets", strings.Replace(good, `{"topic":"t","partition":0,"before":1,"after":0}`, "", 1)},
		{"a name that is not known", strings.Replace(good, `"partition":0`, `"partition":0,"skip":true`, 1)},
		{"something behind it", good + "{}"},
		{"no topic", strings.Replace(good, `"topic":"t"`, `"topic":""`, 1)},
		{"a negative offset", strings.Replace(good, `"before":1`, `"before":-1`, 1)},
		{"a negative partition", strings.Replace(good, `"partition":0`, `"partition":-2`, 1)},
		{"a partition twice", strings.Replace(good, `"offsets":[`, `"offsets":[{"topic":"t","partition":0,"before":1,"after":0},`, 1)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if u, err := redrive.ParseUndo([]byte(tt.text)); err == nil {
				t.Errorf("got %+v, want an error", u)
			}
		})
	}
}

// TestBack asserts when a reset is taken back, and when that would lose what the group has done since.
func TestBack(t *testing.T) {
	const none = redrive.None
	tests := []struct {
		name                   string
		before, after, current int64
		moved                  bool
	}{
		{"back, untouched", 70, 40, 40, false},
		{"back, some handled again", 70, 40, 55, false},
		{"back, all handled again", 70, 40, 70, false},
		{"back, and the group has gone on", 70, 40, 71, true},
		{"back, and reset once more", 70, 40, 39, true},
		{"ahead, untouched", 70, 90, 90, false},
		{"ahead, and the group has gone on", 70, 90, 91, true},
		{"ahead, and reset once more", 70, 90, 80, true},
		{"ahead, never set", 70, 90, 70, false},
		{"none before, untouched", none, 40, 40, false},
		{"none before, and the group has gone on", none, 40, 41, true},
		{"none before, reset once more", none, 40, 39, true},
		{"none after, untouched", 70, none, none, false},
		{"none after, and the group has begun", 70, none, 12, true},
		{"the offset is gone", 70, 40, none, false},
	}
	offset := func(n int64) *int64 {
		if n == none {
			return nil
		}
		return &n
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := redrive.Reset{Topic: apps.Topic, Partition: apps.Number, Before: offset(tt.before), After: offset(tt.after)}
			s := redrive.Standing{Partition: apps, Committed: tt.current, End: 100}
			m, moved, outside := r.Back(s, false, false)
			if (moved != nil) != tt.moved || outside != nil {
				t.Fatalf("got %+v, %+v, want moved: %t", moved, outside, tt.moved)
			}
			if moved != nil && (moved.Reason == "" || moved.Before != tt.before || moved.After != tt.after || moved.Current != tt.current) {
				t.Errorf("got %+v, want how it moved and why that matters", moved)
			}
			if moved != nil {
				m, moved, _ = r.Back(s, true, false)
			}
			if moved != nil || m.Current != tt.current || m.Target != tt.before {
				t.Errorf("got %+v, %+v, want from %d to %d", m, moved, tt.current, tt.before)
			}
		})
	}
}

// TestBetween asserts where a group may stand for having handled some of its events again, or for a later reset.
func TestBetween(t *testing.T) {
	before, after := int64(70), int64(40)
	for offset, want := range map[int64]bool{redrive.None: false, 39: false, 40: false, 41: true, 69: true, 70: false} {
		if got := (redrive.Reset{Before: &before, After: &after}).Between(offset); got != want {
			t.Errorf("%d: got %t, want %t", offset, got, want)
		}
		if (redrive.Reset{After: &after}).Between(offset) || (redrive.Reset{Before: &after, After: &before}).Between(offset) {
			t.Errorf("%d: got true of a group that was given nothing again, want false", offset)
		}
	}
}

// TestBackBeyond asserts that what a group has done beyond its offset counts as done: it is given back what it had noted, and has gone on where it
// has noted more since.
func TestBackBeyond(t *testing.T) {
	const none = redrive.None
	tests := []struct {
		name                   string
		before, after, current int64
		had, beside            string
		effect                 redrive.Effect
		events, opposed        int64
		moved                  bool
	}{
		{"untouched", 70, 40, 40, note(80, 70, 75), "", redrive.Skipped, 38, 0, false},
		{"the note alone was dropped", 70, 70, 70, note(80, 70, 75), "", redrive.Skipped, 8, 0, false},
		{"the note stands there", 70, 70, 70, note(80, 70, 75), note(80, 70, 75), redrive.Same, 0, 0, false},
		{"some handled again beyond", 70, 40, 40, note(80, 70, 75), note(60, 40), redrive.Skipped, 19, 0, false},
		{"gone on beyond the note", 70, 40, 40, note(80, 70, 75), note(81, 40), "", 0, 0, true},
		{"gone on beyond the offset", 70, 40, 40, "", note(71, 40), "", 0, 0, true},
		{"events were skipped, and some handled", 40, 70, 70, "", note(72, 70), "", 0, 0, true},
		{"none after, and the note comes back", 70, none, none, note(80, 70, 75), "", redrive.Ahead, 22, 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := redrive.Reset{Topic: apps.Topic, Partition: apps.Number, Before: &tt.before, Metadata: tt.had}
			if tt.after != none {
				r.After = &tt.after
			}
			m, moved, outside := r.Back(redrive.Standing{Partition: apps, Committed: tt.current, Beside: tt.beside, End: 100}, false, false)
			if (moved != nil) != tt.moved || outside != nil {
				t.Fatalf("got %+v, %+v, want moved: %t", moved, outside, tt.moved)
			}
			if moved == nil && (m.Effect() != tt.effect || m.Events() != tt.events || m.Opposed() != tt.opposed || m.Restored != tt.had) {
				t.Errorf("got %d %s, %d opposed, %q, want %d %s, %d and the note", m.Events(), m.Effect(), m.Opposed(), m.Restored, tt.events, tt.effect, tt.opposed)
			}
		})
	}
}

// TestBackOfUndo asserts that an undo is itself taken back where the group stands as that left it, what was put beside the offset included, or has lost
// that since. The file of an undo by a qlik-bridge that did not write down what it put there is read, and says of such a group that it has moved.
func TestBackOfUndo(t *testing.T) {
	had := note(80, 70, 75)
	tests := []struct {
		name   string
		first  int64 // where the group was reset to, and the undo brought it back to 70
		unsaid bool  // what was put beside that
		beside string
		events int64 // handled again
		moved  bool
	}{
		{name: "untouched", first: 40, beside: had, events: 38},
		{name: "untouched, at the same offset", first: 70, beside: had, events: 8},
		{name: "the note was dropped", first: 40, events: 30},
		{name: "some handled that the note has as unfinished", first: 40, beside: note(80, 70), moved: true},
		{name: "gone on beyond the note", first: 40, beside: note(81, 70, 75), moved: true},
		{name: "a file that does not say what was put there", first: 40, unsaid: true, beside: had, moved: true},
		{name: "a file that need not say, and the note was dropped", first: 40, unsaid: true, events: 30},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			undo := func(m redrive.Move) redrive.Reset {
				return redrive.NewUndo("billing", "cluster-1", "to-offset", []redrive.Move{m}, now).Offsets[0]
			}
			reset := undo(redrive.Move{Partition: apps, Current: 70, Beside: had, Target: tt.first, End: 100})
			back, moved, outside := reset.Back(redrive.Standing{Partition: apps, Committed: tt.first, End: 100}, false, false)
			if moved != nil || outside != nil || back.Target != 70 || back.Restored != had {
				t.Fatalf("the undo: got %+v, %+v, %+v, want it to go back to 70 and the note", back, moved, outside)
			}
			second := undo(back)
			if tt.unsaid {
				second.AfterMetadata = ""
			}
			m, moved, outside := second.Back(redrive.Standing{Partition: apps, Committed: 70, Beside: tt.beside, End: 100}, false, false)
			if (moved != nil) != tt.moved || outside != nil {
				t.Fatalf("got %+v, %+v, want moved: %t", moved, outside, tt.moved)
			}
			if moved == nil && (m.Target != tt.first || m.Restored != "" || m.Effect() != redrive.Again || m.Events() != tt.events || m.Opposed() != 0) {
				t.Errorf("got %+v, %d %s, want %d again from %d alone", m, m.Events(), m.Effect(), tt.events, tt.first)
			}
		})
	}
}

func TestGone(t *testing.T) {
	before := int64(5)
	for asked, r := range map[string]redrive.Reset{"offset 5": {Topic: apps.Topic, Partition: apps.Number, Before: &before}, "no offset": {Topic: apps.Topic, Partition: apps.Number}} {
		if o := r.Gone(); o.Partition != apps || o.Asked != asked || o.Nearest != redrive.None || !strings.Contains(o.Reason, "does not exist") {
			t.Errorf("got %+v, want %s, and nothing near it", o, asked)
		}
	}
}

// TestBackOutside asserts that a group is not sent back to where its topic does not reach any more.
func TestBackOutside(t *testing.T) {
	before, after := int64(5), int64(70)
	r := redrive.Reset{Topic: apps.Topic, Partition: apps.Number, Before: &before, After: &after}
	s := redrive.Standing{Partition: apps, Committed: 70, Start: 10, End: 100}
	if _, moved, outside := r.Back(s, false, false); moved != nil || outside == nil || outside.Nearest != 10 {
		t.Errorf("got %+v, %+v, want it to be outside", moved, outside)
	}
	if m, _, outside := r.Back(s, false, true); outside != nil || m.Target != 10 {
		t.Errorf("got %+v, %+v, want the nearest", m, outside)
	}
	if m, _, outside := r.Back(redrive.Standing{Partition: apps, Committed: 5, Start: 10, End: 100}, false, false); outside != nil || m.Effect() != redrive.Same {
		t.Errorf("got %+v, %+v, want what stands there already to stay", m, outside)
	}
}
