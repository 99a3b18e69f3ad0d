package proof

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What write returned for is read back, whoever wrote it; a line that a kill cut off is left out, one that is broken is an error.
func TestLedgerKeepsWhatItTook(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger")
	l, err := CreateLedger(path)
	if err != nil {
		t.Fatal(err)
	}
	var writers sync.WaitGroup
	for thing := range 20 {
		writers.Go(func() {
			for seq := range 50 {
				if err := l.write(Attempt{ID: Event{"t", thing, seq}.ID(), Seq: seq, Status: 200}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	before, err := ReadLedger(path) // not closed: as after a kill
	if err != nil || len(before) != 1000 {
		t.Fatalf("got %d attempts and %v, want 1000", len(before), err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	appendTo(t, path, `{"id":"t-000-0`)
	after, err := ReadLedger(path)
	if diff := cmp.Diff(before, after); err != nil || diff != "" {
		t.Errorf("with a line cut off: got %v and (-want +got):\n%s", err, diff)
	}
	appendTo(t, path, "\n")
	if _, err := ReadLedger(path); err == nil {
		t.Error("with a broken line: got no error")
	}
}

func appendTo(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}
