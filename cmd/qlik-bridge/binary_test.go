package main_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"qlikbridge/bridge/app"
	"qlikbridge/bridge/sandbox"
)

// patience is how long a test waits for what must come.
const patience = 40 * time.Second

// binary is the command, built once for all tests.
var binary string

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "qlik-bridge-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "qlik-bridge")
	flags := "-s -w -X qlikbridge/bridge.release=v1.2.3 -X main.linked=0123abc"
	if out, err := exec.Command("go", "build", "-ldflags", flags, "-o", binary, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building the command: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// ended is what a command left behind.
type ended struct {
	code     int
	out, err string
}

// run runs the command to its end.
func run(t *testing.T, args ...string) ended {
	t.Helper()
	return runWith(t, "", nil, args...)
}

// runWith runs the command with a standard input and further variables.
func runWith(t *testing.T, input string, env []string, args ...string) ended {
	t.Helper()
	return runIn(t, t.TempDir(), input, env, args...) // where serve would have its spool
}

// runIn runs the command in a folder.
func runIn(t *testing.T, folder, input string, env []string, args ...string) ended {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Dir = folder
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.Env = strings.NewReader(input), &out, &errs, append(environment(), env...)
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		t.Fatalf("%v: %v, %v", args, err, ctx.Err())
	}
	return ended{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}

// environment is that of the test without what would configure the bridge.
func environment() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, app.EnvPrefix) })
}

// expect compares the exit code, and looks for parts on both outputs together.
func (e ended) expect(t *testing.T, code int, parts ...string) {
	t.Helper()
	if e.code != code {
		t.Errorf("got exit code %d, want %d; output %s%s", e.code, code, e.out, e.err)
	}
	for _, part := range parts {
		if !strings.Contains(e.out+e.err, part) {
			t.Errorf("got %s%s, want %q in it", e.out, e.err, part)
		}
	}
}

// process is the command while it runs.
type process struct {
	cmd      *exec.Cmd
	out, err output
	done     chan struct{} // closed when it has ended
}

func launch(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(binary, args...), done: make(chan struct{})}
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = append(environment(), "QLIK_BRIDGE_SPOOL_DIR="+t.TempDir()), &p.out, &p.err
	must(t, p.cmd.Start())
	go func() {
		_ = p.cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.done
	})
	return p
}

func (p *process) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	must(t, p.cmd.Process.Signal(s))
}

// wait waits for the end.
func (p *process) wait(t *testing.T) ended {
	t.Helper()
	select {
	case <-p.done:
	case <-time.After(patience):
		t.Fatalf("got no end after %s, want one; output %s%s", patience, &p.out, &p.err)
	}
	return ended{p.cmd.ProcessState.ExitCode(), p.out.String(), p.err.String()}
}

// await waits for a text on an output.
func (p *process) await(t *testing.T, o *output, text string) {
	t.Helper()
	eventually(t, fmt.Sprintf("%q; output %s%s", text, &p.out, &p.err), func() bool { return strings.Contains(o.String(), text) })
}

// output gathers what a process writes.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

const secret = "secret-secret-secret-secret-secret-1"

// target is a bridge inside the test, for commands that need one.
type target struct {
	url, brokers, secrets string
}

func startTarget(t *testing.T) target {
	t.Helper()
	k := startFake(t, 0)
	c := app.DefaultConfig()
	c.Spool.Dir, c.Dedupe.Events = t.TempDir(), 0 // the same event comes again
	c.Listen, c.AdminListen, c.Kafka.Brokers, c.SecretsFile = "127.0.0.1:0", "127.0.0.1:0", k.Brokers(), file(t, "secrets", secret+"\n")
	a, err := app.New(c, slog.New(slog.DiscardHandler))
	must(t, err)
	a.Start()
	t.Cleanup(func() { _ = a.Stop() })
	eventually(t, "ready", func() bool { ready, _ := a.Ready(); return ready })
	return target{"http://" + a.Addr() + "/webhooks/qlik", strings.Join(k.Brokers(), ","), c.SecretsFile}
}

func (g target) send(t *testing.T, args ...string) ended {
	t.Helper()
	return run(t, append([]string{"send", "--url", g.url, "--secrets-file", g.secrets}, args...)...)
}

// startFake starts a Kafka of a broker for each port; 0 is any free one.
func startFake(t *testing.T, ports ...int) *sandbox.Kafka {
	t.Helper()
	k, err := sandbox.StartKafka(sandbox.KafkaOptions{Ports: ports})
	must(t, err)
	t.Cleanup(k.Close)
	return k
}

func file(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	must(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after %s: got nothing, want %s", patience, what)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
