package main

import (
	"strings"
	"testing"

	"qlikbridge/bridge/proof"
)

// A run fails for a request that failed where none may, and for a ledger that is not clean, and says which; and for nothing else.
func TestFailed(t *testing.T) {
	sound := account{release: "a", Findings: proof.Findings{Acknowledged: 10, Duplicate: 3}}
	with := func(change func(*account)) account {
		a := sound
		change(&a)
		return a
	}
	for _, tt := range []struct {
		name    string
		row     row
		account account
		want    string // "": none
	}{
		{"sound", row{counts: counts{posts: 9, taken: 9}, faultless: true}, sound, ""},
		{"a request failed in an upgrade", row{release: "a", what: "upgrade", counts: counts{posts: 9, taken: 8}, faultless: true}, sound, "a: upgrade: 1 of 9 requests failed"},
		{"a request failed as a pod was killed", row{counts: counts{posts: 9, taken: 8}}, sound, ""},
		{"lost", row{}, with(func(a *account) { a.Lost, a.Examples = 1, []string{"x is in no topic"} }), "x is in no topic"},
		{"corrupt", row{}, with(func(a *account) { a.Corrupt = 1 }), "not clean"},
		{"misrouted", row{}, with(func(a *account) { a.Misrouted = 1 }), "not clean"},
		{"wrong answer", row{}, with(func(a *account) { a.Wrong = 1 }), "not clean"},
		{"out of order", row{}, with(func(a *account) { a.Disordered = 1 }), "not clean"},
		{"out of order where none is promised", row{}, with(func(a *account) { a.Disordered, a.unordered = 1, true }), ""},
		{"nothing shown", row{}, with(func(a *account) { a.Acknowledged = 0 }), "not clean"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			table := table{rows: []row{tt.row}, accounts: []account{tt.account}}
			var out strings.Builder
			table.print(&out)
			err := table.failed()
			if (err != nil) != (tt.want != "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if lines := strings.Count(strings.TrimSpace(out.String()), "\n"); lines < 4 {
				t.Errorf("got a table of %d lines, want both rows:\n%s", lines, out.String())
			}
		})
	}
}

// What is missing is wrong usage, and named.
func TestParse(t *testing.T) {
	for _, tt := range []struct {
		name, kubeconfig string
		args             []string
		want             string // "": none
	}{
		{"all", "k", []string{"-kafka-host", "10.0.0.1"}, ""},
		{"no cluster", "", []string{"-kafka-host", "10.0.0.1"}, "KUBECONFIG"},
		{"no address", "k", nil, "-kafka-host"},
		{"a rate that is none", "k", []string{"-kafka-host", "10.0.0.1", "-rate", "1"}, "-rate"},
		{"an image without a tag", "k", []string{"-kafka-host", "10.0.0.1", "-image", "localhost:5000/qlik-bridge"}, "-image"},
		{"a word", "k", []string{"-kafka-host", "10.0.0.1", "now"}, "now"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("KUBECONFIG", tt.kubeconfig)
			t.Setenv("KAFKA_HOST", "")
			_, err := parse(tt.args)
			if (err != nil) != (tt.want != "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}
