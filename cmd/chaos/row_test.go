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
		want      string
	}{
		{"sound", sound, 0, false, "pass"},
		{"duplicates", with(func(f *proof.Findings) { f.Duplicate = 9 }), 0, false, "pass"},
		{"deleted", with(func(f *proof.Findings) { f.Deleted = 9 }), 0, false, "pass"},
		{"lost", with(func(f *proof.Findings) { f.Lost = 1 }), 0, false, "FAIL"},
		{"lost and set aside, untouched", with(func(f *proof.Findings) { f.Lost = 1 }), 1, false, "FAIL"},
		{"set aside, untouched", sound, 1, false, "FAIL"},
		{"damaged and told", with(func(f *proof.Findings) { f.Lost = 3 }), 3, true, "pass"},
		{"damaged, and not all of it told", with(func(f *proof.Findings) { f.Lost = 3 }), 2, true, "FAIL"},
		{"damaged without a word", with(func(f *proof.Findings) { f.Lost = 1 }), 0, true, "FAIL"},
		{"out of order", with(func(f *proof.Findings) { f.Disordered = 1 }), 0, false, "FAIL"},
		{"corrupt", with(func(f *proof.Findings) { f.Corrupt = 1 }), 0, false, "FAIL"},
		{"misrouted", with(func(f *proof.Findings) { f.Misrouted = 1 }), 0, false, "FAIL"},
		{"late", with(func(f *proof.Findings) { f.Late = 1 }), 0, false, "FAIL"},
		{"wrong answer", with(func(f *proof.Findings) { f.Wrong = 1 }), 0, false, "FAIL"},
		{"repeated", with(func(f *proof.Findings) { f.Duplicate, f.Repeated = 1, 1 }), 0, false, "FAIL"},
		{"nothing shown", proof.Findings{Acknowledged: fewest - 1}, 0, false, "FAIL"},
	} {
		r := row{Findings: tt.findings, SetAside: tt.setAside}
		r.judge(tt.mayDamage, true)
		if got := r.verdict(); got != tt.want {
			t.Errorf("%s: got %s (%q), want %s", tt.name, got, r.Failures, tt.want)
		}
	}
}
