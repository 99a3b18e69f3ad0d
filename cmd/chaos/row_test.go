package main

import (
	"testing"

	"qlikbridge/bridge/proof"
)

// A row passes only when nothing is wrong and something was shown; damage is excused as far as the bridge reports it, and no further.
func TestVerdict(t *testing.T) {
	sound := proof.Findings{Acknowledged: fewest}
	with := func(change func(*proof.Findings)) proof.Findings {
		f := sound
		change(&f)
		return f
	}
	for _, tt := range []struct {
		name      string
		findings  proof.Findings
		setAside  float64
		mayDamage bool
		kills     int
		want      string
	}{
		{"sound", sound, 0, false, 0, "pass"},
		{"duplicates", with(func(f *proof.Findings) { f.Duplicate = 9 }), 0, false, 0, "pass"},
		{"deleted", with(func(f *proof.Findings) { f.Deleted = 9 }), 0, false, 0, "pass"},
		{"lost", with(func(f *proof.Findings) { f.Lost = 1 }), 0, false, 0, "FAIL"},
		{"lost and set aside, untouched", with(func(f *proof.Findings) { f.Lost = 1 }), 1, false, 0, "FAIL"},
		{"set aside, untouched", sound, 1, false, 0, "FAIL"},
		{"damaged and told", with(func(f *proof.Findings) { f.Lost = 3 }), 3, true, 0, "pass"},
		{"damaged, and not all of it told", with(func(f *proof.Findings) { f.Lost = 3 }), 2, true, 0, "FAIL"},
		{"damaged without a word", with(func(f *proof.Findings) { f.Lost = 1 }), 0, true, 0, "FAIL"},
		{"out of order", with(func(f *proof.Findings) { f.Disordered = 1 }), 0, false, 0, "FAIL"},
		{"corrupt", with(func(f *proof.Findings) { f.Corrupt = 1 }), 0, false, 0, "FAIL"},
		{"misrouted", with(func(f *proof.Findings) { f.Misrouted = 1 }), 0, false, 0, "FAIL"},
		{"late", with(func(f *proof.Findings) { f.Late = 1 }), 0, false, 0, "FAIL"},
		{"wrong answer", with(func(f *proof.Findings) { f.Wrong = 1 }), 0, false, 0, "FAIL"},
		{"repeated", with(func(f *proof.Findings) { f.Duplicate, f.Repeated = 1, 1 }), 0, false, 0, "FAIL"},
		{"a write torn by a kill", sound, 1, false, 1, "pass"},
		{"more torn than kills", sound, 2, false, 1, "FAIL"},
		{"torn and lost", with(func(f *proof.Findings) { f.Lost = 1 }), 1, false, 1, "FAIL"},
		{"nothing shown", proof.Findings{Acknowledged: fewest - 1}, 0, false, 0, "FAIL"},
	} {
		r := row{Findings: tt.findings, SetAside: tt.setAside}
		r.judge(tt.mayDamage, true, tt.kills)
		if got := r.verdict(); got != tt.want {
			t.Errorf("%s: got %s (%q), want %s", tt.name, got, r.Failures, tt.want)
		}
	}
}
