package main_test

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// TestRedriveProgress asserts that a terminal shows how far the reading is, and that nothing else does where it is short.
func TestRedriveProgress(t *testing.T) {
	t.Parallel()
	r := startRedriven(t)
	var records []*kgo.Record
	for range 5000 { // of which a bar is drawn in between
		records = append(records, &kgo.Record{Topic: "qlik.apps", Value: make([]byte, 100), Timestamp: time.Now()})
	}
	must(t, r.client.ProduceSync(t.Context(), records...).FirstErr())
	r.commit(t, "billing", "qlik.apps", 0, 5000)
	outside, inside := terminal(t)
	cmd := exec.Command(binary, "redrive", r.brokers, "--group", "billing", "--to-earliest")
	cmd.Env, cmd.Stderr = environment(), inside
	must(t, cmd.Run())
	buffer := make([]byte, 1<<16)
	n, err := outside.Read(buffer)
	must(t, err)
	if got := string(buffer[:n]); !strings.Contains(got, "reading") || !strings.Contains(got, "/5000") {
		t.Errorf("got %q on the terminal, want a bar", got)
	}
	if got := r.run(t, "--group", "billing", "--to-earliest"); strings.Contains(got.err, "reading") {
		t.Errorf("got %s, want no word of a reading that takes no time", got.err)
	}
}
