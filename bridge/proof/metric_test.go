package proof

import (
	"strings"
	"testing"
)

func TestSumOf(t *testing.T) {
	text := "# HELP spool_events x\nspool_events 3\nspool_events_total{a=\"b c\"} 1e+02\nspool_events_total{a=\"d\"} 2\nother 9\n"
	for name, want := range map[string]float64{"spool_events": 3, "spool_events_total": 102, "none": 0} {
		if got, err := sumOf(strings.NewReader(text), name); err != nil || got != want {
			t.Errorf("%s: got %v, %v, want %v", name, got, err, want)
		}
	}
	if got, err := sumOf(strings.NewReader(text), "spool_events_total", `a="d"`); err != nil || got != 2 {
		t.Errorf("with a label: got %v, %v, want 2", got, err)
	}
}
