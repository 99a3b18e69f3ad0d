package redrive_test

import (
	"math"
	"testing"
	"time"

	"qlikbridge/bridge"
	"qlikbridge/bridge/redrive"
)

// now is when every test runs.
var now = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func ago(d time.Duration) time.Time { return now.Add(-d) }

var apps = redrive.Partition{Topic: "qlik.apps", Number: 3}

// TestTarget asserts where a target lies in a partition, what is refused, and what is the nearest then.
func TestTarget(t *testing.T) {
	whole := redrive.Standing{Partition: apps, Committed: 70, Start: 0, End: 100, First: ago(48 * time.Hour), Mark: 40}
	cut := redrive.Standing{Partition: apps, Committed: 70, Start: 17, End: 100, First: ago(24 * time.Hour), Mark: 17}
	kept := cut
	kept.Keeps = ago(30 * 24 * time.Hour)
	emptied := redrive.Standing{Partition: apps, Committed: 100, Start: 100, End: 100, Mark: 100}
	emptiedKept := emptied
	emptiedKept.Keeps = ago(24 * time.Hour)
	fresh := redrive.Standing{Partition: apps, Committed: redrive.None, Start: 0, End: 0}
	event := bridge.Place{Topic: "qlik.apps", Position: bridge.Position{Partition: 3, Offset: 42}}
	elsewhere := bridge.Place{Topic: "qlik.users", Position: bridge.Position{Partition: 3, Offset: 42}}

	tests := []struct {
		name    string
		target  redrive.Target
		in      redrive.Standing
		want    int64
		outside bool
		nearest int64
	}{
		{name: "earliest", target: redrive.Target{Kind: redrive.ToEarliest}, in: cut, want: 17},
		{name: "earliest of nothing", target: redrive.Target{Kind: redrive.ToEarliest}, in: fresh, want: 0},
		{name: "latest", target: redrive.Target{Kind: redrive.ToLatest}, in: cut, want: 100},
		{name: "offset", target: redrive.Target{Kind: redrive.ToOffset, Number: 18}, in: cut, want: 18},
		{name: "offset at the beginning", target: redrive.Target{Kind: redrive.ToOffset, Number: 17}, in: cut, want: 17},
		{name: "offset at the end", target: redrive.Target{Kind: redrive.ToOffset, Number: 100}, in: cut, want: 100},
		{name: "offset before", target: redrive.Target{Kind: redrive.ToOffset, Number: 16}, in: cut, outside: true, nearest: 17},
		{name: "offset beyond", target: redrive.Target{Kind: redrive.ToOffset, Number: 101}, in: cut, outside: true, nearest: 100},
		{name: "back", target: redrive.Target{Kind: redrive.ShiftBy, Number: -30}, in: cut, want: 40},
		{name: "ahead", target: redrive.Target{Kind: redrive.ShiftBy, Number: 30}, in: cut, want: 100},
		{name: "nowhere", target: redrive.Target{Kind: redrive.ShiftBy}, in: cut, want: 70},
		{name: "back too far", target: redrive.Target{Kind: redrive.ShiftBy, Number: -54}, in: cut, outside: true, nearest: 17},
		{name: "ahead too far", target: redrive.Target{Kind: redrive.ShiftBy, Number: 31}, in: cut, outside: true, nearest: 100},
		{name: "as far ahead as there are numbers", target: redrive.Target{Kind: redrive.ShiftBy, Number: math.MaxInt64}, in: cut, outside: true, nearest: 100},
		{name: "as far back", target: redrive.Target{Kind: redrive.ShiftBy, Number: math.MinInt64}, in: cut, outside: true, nearest: 17},
		{name: "shift of no offset", target: redrive.Target{Kind: redrive.ShiftBy, Number: -1}, in: fresh, outside: true, nearest: redrive.None},
		{name: "time", target: redrive.Target{Kind: redrive.ToDateTime, Time: ago(25 * time.Hour)}, in: whole, want: 40},
		{name: "duration", target: redrive.Target{Kind: redrive.ByDuration, Time: ago(25 * time.Hour)}, in: whole, want: 40},
		{name: "time before all, of a whole partition", target: redrive.Target{Kind: redrive.ToDateTime, Time: ago(1000 * time.Hour)}, in: whole, want: 40},
		{name: "time of nothing", target: redrive.Target{Kind: redrive.ToDateTime, Time: ago(time.Hour)}, in: fresh, want: 0},
		{name: "time that is still to come", target: redrive.Target{Kind: redrive.ToDateTime, Time: ago(-time.Second)}, in: whole, outside: true, nearest: 100},
		{name: "time that is now", target: redrive.Target{Kind: redrive.ToDateTime, Time: now}, in: whole, want: 40},
		{name: "time before what was cut", target: redrive.Target{Kind: redrive.ToDateTime, Time: ago(25 * time.Hour)}, in: cut, outside: true, nearest: 17},
		{name: "time of the first that is left", target: redrive.Target{Kind: redrive.ToDateTime, Time: ago(24 * time.Hour)}, in: cut, want: 17},
		{name: "time within what retention keeps", target: redrive.Target{Kind: redrive.ToDateTime, Time: ago(25 * time.Hour)}, in: kept, want: 17},
		{name: "time before what retention keeps", target: redrive.Target{Kind: redrive.ToDateTime, Time: ago(31 * 24 * time.Hour)}, in: kept, outside: true, nearest: 17},
		{name: "time of a partition that was emptied", target: redrive.Target{Kind: redrive.ToDateTime, Time: ago(time.Hour)}, in: emptied, outside: true, nearest: 100},
		{name: "time after what an emptied one keeps", target: redrive.Target{Kind: redrive.ToDateTime, Time: ago(time.Hour)}, in: emptiedKept, want: 100},
		{name: "event", target: redrive.Target{Kind: redrive.ToEvent, Event: event, Time: ago(25 * time.Hour)}, in: whole, want: 42},
		{name: "event of another partition", target: redrive.Target{Kind: redrive.ToEvent, Event: elsewhere, Time: ago(25 * time.Hour)}, in: whole, want: 40},
		{name: "event older than what was cut", target: redrive.Target{Kind: redrive.ToEvent, Event: elsewhere, Time: ago(25 * time.Hour)}, in: cut, outside: true, nearest: 17},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, outside := tt.target.In(tt.in, now)
			if (outside != nil) != tt.outside || !tt.outside && got != tt.want {
				t.Errorf("got %d, %+v, want %d, refused %t", got, outside, tt.want, tt.outside)
			}
			if outside != nil && (outside.Nearest != tt.nearest || outside.Reason == "" || outside.Asked == "") {
				t.Errorf("got %+v, want the nearest to be %d, and what was asked and why not", outside, tt.nearest)
			}
		})
	}
}

// TestKeeps asserts what topics have surely not deleted, by their settings.
func TestKeeps(t *testing.T) {
	settings := func(policy, bytes, ms string) map[string]string {
		return map[string]string{"cleanup.policy": policy, "retention.bytes": bytes, "retention.ms": ms}
	}
	tests := []struct {
		name     string
		settings map[string]string
		want     time.Time
	}{
		{"by time", settings("delete", "-1", "3600000"), ago(time.Hour)},
		{"for ever", settings("delete", "-1", "-1"), time.UnixMilli(0)},
		{"longer than there is time", settings("delete", "-1", "9223372036854775807"), time.UnixMilli(0)},
		{"by size as well", settings("delete", "1000", "3600000"), time.Time{}},
		{"compacted", settings("compact", "-1", "3600000"), time.Time{}},
		{"both", settings("compact,delete", "-1", "3600000"), time.Time{}},
		{"unknown", nil, time.Time{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := redrive.Keeps(tt.settings, now); !got.Equal(tt.want) {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}
