package main_test

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestLinkerDropsMethods asserts that nothing in the command asks for a method by a name learnt at run
// time, as text/template and html/template do: one such call, and the linker keeps every exported method
// of every type that reaches an interface. With both templates that was 6.5 MB of 29.8.
func TestLinkerDropsMethods(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "build", "-ldflags", "-s -w -dumpdep", "-o", filepath.Join(t.TempDir(), "qlik-bridge"), ".").CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte(" <UsedInIface>")) {
		t.Fatalf("got %v and %d bytes, want the linker's graph with its marks", err, len(out))
	}
	for edge := range bytes.Lines(out) {
		if edge = bytes.TrimSpace(edge); bytes.HasSuffix(edge, []byte(" <ReflectMethod>")) {
			t.Errorf("reachable by caller -> callee: %s", edge)
		}
	}
}
