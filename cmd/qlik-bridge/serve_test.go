package main_test

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"qlikbridge/bridge"
	"qlikbridge/bridge/sandbox"
)

// server is serve on free ports before a Kafka that a test can hold up.
type server struct {
	*process
	kafka  *sandbox.Kafka
	tenant *sandbox.Tenant
}

func startServe(t *testing.T, args ...string) *server {
	t.Helper()
	return startServeOn(t, startFake(t, 0), args...)
}

func startServeOn(t *testing.T, k *sandbox.Kafka, args ...string) *server {
	t.Helper()
	s := &server{kafka: k}
	s.process = launch(t, append([]string{"serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--kafka-brokers", strings.Join(k.Brokers(), ","),
		"--secrets-file", file(t, "secrets", secret)}, args...)...)
	s.await(t, &s.err, `"msg":"serving"`)
	keyring, err := bridge.NewKeyring(secret)
	must(t, err)
	s.tenant = sandbox.NewTenant("http://"+s.address(t, "listen")+"/webhooks/qlik", keyring.Sign)
	s.tenant.Client.Timeout = patience
	eventually(t, "ready", func() bool {
		response, err := http.Get("http://" + s.address(t, "admin_listen") + "/readyz")
		if err != nil {
			return false
		}
		_ = response.Body.Close()
		return response.StatusCode == 200
	})
	return s
}

// address is what the log says under a key.
func (s *server) address(t *testing.T, key string) string {
	t.Helper()
	for line := range strings.Lines(s.err.String()) {
		members := map[string]any{}
		if json.Unmarshal([]byte(line), &members) == nil && members["msg"] == "serving" {
			return members[key].(string)
		}
	}
	t.Fatalf("got %s, want a line serving", &s.err)
	return ""
}

// hold keeps produce requests waiting until the channel is closed; seen is closed at the first.
func (s *server) hold(until chan struct{}) (seen chan struct{}) {
	seen = make(chan struct{})
	reached := sync.OnceFunc(func() { close(seen) })
	s.kafka.Cluster().ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		reached()
		s.kafka.Cluster().SleepControl(func() { <-until })
		return nil, nil, false
	})
	return seen
}

// TestServeDrains asserts that SIGTERM lets no one new in, that a delivery in flight is answered, and that the exit code is 0.
func TestServeDrains(t *testing.T) {
	t.Parallel()
	for name, signal := range map[string]syscall.Signal{"SIGTERM": syscall.SIGTERM, "SIGINT": syscall.SIGINT} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, goOn := startServe(t, "--ack-timeout", "15s"), make(chan struct{})
			seen := s.hold(goOn)
			answers := make(chan sandbox.Answer, 1)
			go func() {
				answer, err := s.tenant.Post(context.Background(), []byte(legacyEvent))
				if err != nil {
					t.Error(err)
				}
				answers <- answer
			}()
			<-seen
			s.signal(t, signal)
			eventually(t, "the door closed", func() bool {
				c, err := net.Dial("tcp", s.address(t, "listen"))
				if err == nil {
					_ = c.Close()
				}
				return err != nil
			})
			close(goOn)
			if answer := <-answers; answer.Outcome != "published" {
				t.Errorf("got %+v, want it published", answer)
			}
			got := s.wait(t)
			got.expect(t, 0, `"msg":"stopped"`, `"outcome":"published"`)
			if got.out != "" {
				t.Errorf("got %q on standard output, want nothing", got.out)
			}
		})
	}
}

// TestServeSecondSignal asserts that a second SIGTERM ends the process at once, though a delivery is in flight.
func TestServeSecondSignal(t *testing.T) {
	t.Parallel()
	s, never := startServe(t, "--ack-timeout", "5m", "--drain-timeout", "10m"), make(chan struct{})
	defer close(never)
	seen := s.hold(never)
	go func() { _, _ = s.tenant.Post(context.Background(), []byte(legacyEvent)) }()
	<-seen
	s.signal(t, syscall.SIGTERM)
	s.await(t, &s.err, "draining what is in flight")
	eventually(t, "the end", func() bool {
		_ = s.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-s.done:
			return true
		case <-time.After(100 * time.Millisecond):
			return false
		}
	})
	if status, ok := s.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() || status.Signal() != syscall.SIGTERM {
		t.Errorf("got %v, want an end by SIGTERM", s.cmd.ProcessState)
	}
}

// TestServePortTaken asserts that a port that is taken is a failure which names the key.
func TestServePortTaken(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer taken.Close()
	secrets := file(t, "secrets", secret)
	run(t, "serve", "--secrets-file", secrets, "--listen", taken.Addr().String(), "--admin-listen", "127.0.0.1:0").expect(t, 1, "listen: ")
	run(t, "serve", "--secrets-file", secrets, "--listen", "127.0.0.1:0", "--admin-listen", taken.Addr().String()).expect(t, 1, "admin_listen: ")
}

// TestServeLogsAsText asserts that the configuration's level and format hold.
func TestServeLogsAsText(t *testing.T) {
	t.Parallel()
	p := launch(t, "serve", "--secrets-file", file(t, "secrets", secret), "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--kafka-brokers", "127.0.0.1:1",
		"--log-format", "text", "--log-level", "error")
	p.await(t, &p.err, "level=ERROR")
	p.signal(t, syscall.SIGTERM)
	if got := p.wait(t); got.code != 0 || strings.Contains(got.err, "level=INFO") || strings.Contains(got.err, "level=WARN") || strings.Contains(got.err, "{") {
		t.Errorf("got %d %s, want 0 and errors alone, as text", got.code, got.err)
	}
}
