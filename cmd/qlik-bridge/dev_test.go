package main_test

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"qlikbridge/bridge/sandbox"
)

var anywhere = []string{"dev", "--listen", ":0", "--admin-listen", ":0", "--kafka-port", "0"}

var eventLine = regexp.MustCompile(`^\S+Z  qlik\.[a-z-]+/\d+@\d+  com\.qlik\S+  \S+$`)

// TestDev asserts that dev shows its screen, prints as many events as asked for, ends by itself, and leaves nothing behind.
func TestDev(t *testing.T) {
	t.Parallel()
	got := run(t, append(anywhere, "--rate", "100", "--count", "5")...)
	got.expect(t, 0, "NOT SAFE FOR PRODUCTION USE", "webhooks ", "status ", "events ", "kafka ", "kcat -b ", "-t qlik.apps -o beginning", "curl -sS ", "qlik-bridge send --url ")
	_, events, _ := strings.Cut(got.out, "(Ctrl-C ends):\n")
	lines := strings.Split(strings.TrimSpace(events), "\n")
	for _, line := range lines {
		if !eventLine.MatchString(line) {
			t.Errorf("got the line %q, want time, place, type and id", line)
		}
	}
	if len(lines) != 5 {
		t.Errorf("got %d events, want 5: %s", len(lines), events)
	}
	if _, err := os.Stat(filepath.Dir(field(t, got.out, "secret"))); !os.IsNotExist(err) {
		t.Errorf("got %v, want the temporary directory gone", err)
	}
}

// TestDevEveryType asserts that every type takes its turn: of as many events as three turns have, each type has some.
func TestDevEveryType(t *testing.T) {
	t.Parallel()
	types := sandbox.SampleTypes()
	got := run(t, append(anywhere, "--rate", "1000", "--count", strconv.Itoa(3*len(types)))...)
	got.expect(t, 0)
	for _, eventType := range types {
		if !strings.Contains(got.out, "  "+eventType+"  ") {
			t.Errorf("got no event of type %s", eventType)
		}
	}
}

// TestDevDataDir asserts that a restart with the same directory has the same secret and the records from before, that the screen's curl
// line works as it stands, and that an interrupt ends dev in order.
func TestDevDataDir(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	run(t, append(anywhere, "--data-dir", dir, "--rate", "100", "--count", "3")...).expect(t, 0, filepath.Join(dir, "secrets"))
	before, err := os.ReadFile(filepath.Join(dir, "secrets"))
	must(t, err)

	p := launch(t, append(anywhere, "--data-dir", dir, "--rate", "0")...)
	p.await(t, &p.out, "(Ctrl-C ends):\n")
	after, err := os.ReadFile(filepath.Join(dir, "secrets"))
	must(t, err)
	if string(before) != string(after) {
		t.Error("got another secret after the restart, want the same")
	}
	brokers, _, _ := strings.Cut(field(t, p.out.String(), "kafka"), " ")
	old := run(t, "tail", "--kafka-brokers", brokers, "--since", "1h", "--count", "3")
	old.expect(t, 0)

	if answer := byHand(t, field(t, p.out.String(), "by hand")); !strings.HasPrefix(answer, `{"outcome":"published","id":"try-`) {
		t.Errorf("got %s, want the event of the curl line published", answer)
	}
	p.await(t, &p.out, "com.qlik.app.created  try-")
	p.signal(t, syscall.SIGINT)
	p.wait(t).expect(t, 0)
}

// TestDevPortTaken asserts that dev says which port is taken and which flag chooses another, and names no variable: it reads none.
func TestDevPortTaken(t *testing.T) {
	t.Parallel()
	k := startFake(t, 0)
	_, port, _ := strings.Cut(k.Brokers()[0], ":")
	run(t, "dev", "--listen", ":0", "--admin-listen", ":0", "--kafka-port", port).expect(t, 1, "--kafka-port")
	got := run(t, "dev", "--listen", k.Brokers()[0], "--admin-listen", ":0", "--kafka-port", "0")
	got.expect(t, 1, "listen tcp "+k.Brokers()[0], "--listen", "make run DEV=")
	if strings.Contains(got.err, "QLIK_BRIDGE_") {
		t.Errorf("got %s, want no variable: dev ignores them", got.err)
	}
}

// field is what stands behind a word of the screen.
func field(t *testing.T, screen, word string) string {
	t.Helper()
	for line := range strings.Lines(screen) {
		if rest, ok := strings.CutPrefix(line, "  "+word+" "); ok {
			return strings.TrimSpace(rest)
		}
	}
	t.Fatalf("got %s, want a line %q", screen, word)
	return ""
}

var curlLine = regexp.MustCompile(`^curl -sS (\S+) -H 'Qlik-Signature: (\w+)' -d '(.+)'$`)

// byHand runs the curl line in a shell, or does the same where there is no curl.
func byHand(t *testing.T, line string) string {
	t.Helper()
	parts := curlLine.FindStringSubmatch(line)
	if parts == nil {
		t.Fatalf("got the line %s, want one like %s", line, curlLine)
	}
	if _, err := exec.LookPath("curl"); err == nil {
		out, err := exec.Command("sh", "-c", line).Output()
		must(t, err)
		return string(out)
	}
	request, err := http.NewRequest(http.MethodPost, parts[1], strings.NewReader(parts[3]))
	must(t, err)
	request.Header.Set("Qlik-Signature", parts[2])
	response, err := (&http.Client{Timeout: patience}).Do(request)
	must(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	must(t, err)
	return string(body)
}

// TestDevUsage asserts that rates and counts that mean nothing are wrong usage, and not a panic.
func TestDevUsage(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--rate", "NaN"}, {"--rate", "1e10"}, {"--rate", "-1"}, {"--rate", "Inf"}, {"--count", "-1"}, {"--kafka-port", "70000"}} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			run(t, append([]string{"dev"}, args...)...).expect(t, 2, args[0])
		})
	}
}
