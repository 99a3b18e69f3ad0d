package main_test

import (
	"os/exec"
	"strings"
	"testing"
)

// TestTailColours asserts that lines have colours on a terminal alone, and not where NO_COLOR or TERM say so.
func TestTailColours(t *testing.T) {
	t.Parallel()
	g := startTarget(t)
	g.tell(t, told[0])
	for _, tt := range []struct {
		name    string
		env     []string
		colours bool
	}{
		{"a terminal", []string{"TERM=xterm"}, true},
		{"NO_COLOR", []string{"TERM=xterm", "NO_COLOR=1"}, false},
		{"a dumb terminal", []string{"TERM=dumb"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			outside, inside := terminal(t)
			cmd := exec.Command(binary, "tail", "--kafka-brokers", g.brokers, "--since", "1h", "--count", "1")
			cmd.Env, cmd.Stdout = append(without(environment(), "NO_COLOR"), tt.env...), inside
			must(t, cmd.Run())
			buffer := make([]byte, 1<<10)
			n, err := outside.Read(buffer)
			must(t, err)
			got := string(buffer[:n])
			if has := strings.Contains(got, "\x1b["); has != tt.colours || !strings.Contains(got, "com.qlik.app.created") {
				t.Errorf("got %q, want colours: %v", got, tt.colours)
			}
		})
	}
}

func without(env []string, name string) (rest []string) {
	for _, v := range env {
		if !strings.HasPrefix(v, name+"=") {
			rest = append(rest, v)
		}
	}
	return rest
}
